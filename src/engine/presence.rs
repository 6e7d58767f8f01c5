//! Whether somebody is looking: how often the engine's own schedule reads, and reading at once after a pause.

use std::time::Duration;

use tokio::sync::watch;

use super::account::Account;
use super::resolve::millis;
use super::{Engine, SyncRequest};
use crate::config::PollConfig;

/// What the app told of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Presence {
    is_in_front: bool,
    /// Grows with each return from suspension.
    resumed: u64,
}

/// The app is taken to be in front until it says otherwise.
pub(super) fn channel() -> watch::Sender<Presence> {
    watch::channel(Presence { is_in_front: true, resumed: 0 }).0
}

/// A reason to read now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// The interval is over.
    Interval,
    /// The app came to the front.
    Front,
    /// The machine or the app was suspended: what was believed fresh is not.
    Resumed,
}

/// A gap between wall and monotonic time that means the machine slept.
const SLEEP_MS: i64 = 30_000;

/// How often that gap is looked for; the monotonic clock stands still while the machine sleeps, so a long wait would end late.
const LOOK: Duration = Duration::from_secs(15);

/// Waits until the next read is due. `heard` is a receiver of [`channel`] kept from call to call.
pub(super) async fn next_due(account: &Account, heard: &mut watch::Receiver<Presence>) -> Due {
    let mut before = *heard.borrow_and_update();
    let (started, wall) = (account.clock.monotonic(), account.clock.now());
    let luck = account.entropy.below(u64::MAX);
    loop {
        let now = account.clock.monotonic();
        if account.clock.now().saturating_sub(wall) > millis(now - started).saturating_add(SLEEP_MS) {
            return Due::Resumed;
        }
        let until = started + interval(&account.config.poll, before, luck);
        if now >= until {
            return Due::Interval;
        }
        tokio::select! {
            () = tokio::time::sleep_until(until.min(now + LOOK)) => {}
            changed = heard.changed() => {
                let now = *heard.borrow_and_update();
                if changed.is_err() {
                    // The account is gone and this task with it.
                    std::future::pending::<()>().await;
                }
                if now.resumed != before.resumed {
                    return Due::Resumed;
                }
                if now.is_in_front && !before.is_in_front {
                    return Due::Front;
                }
                before = now;
            }
        }
    }
}

/// The same draw of luck gives a place in either range, so that going back and forth does not put the read off.
fn interval(poll: &PollConfig, presence: Presence, luck: u64) -> Duration {
    let [from, to] = if presence.is_in_front { poll.foreground } else { poll.background };
    let span = to.saturating_sub(from).saturating_add(1);
    Duration::from_millis(from.saturating_add(luck.checked_rem(span).unwrap_or(0)))
}

impl Due {
    /// What to ask for. A cache that is still fresh answers an app that comes to the front.
    pub(super) fn request(self) -> SyncRequest {
        SyncRequest { fresh: self == Self::Resumed, deadline: None, wait: None }
    }
}

impl Engine {
    /// Tells whether the app is in front. With [`Mode::Background`](super::Mode::Background) this decides how often the
    /// nodes are read; coming to the front reads at once unless the cache is fresh.
    pub fn set_foreground(&self, is_in_front: bool) {
        self.account.presence.send_if_modified(|presence| {
            std::mem::replace(&mut presence.is_in_front, is_in_front) != is_in_front
        });
    }

    /// Tells that the app was suspended and runs again: the nodes are read at once, whatever the cache says.
    pub fn resume(&self) {
        self.account.presence.send_modify(|presence| {
            presence.is_in_front = true;
            presence.resumed = presence.resumed.wrapping_add(1);
        });
    }
}
