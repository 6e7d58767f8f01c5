//! Whether somebody is looking: how often the engine's own schedule reads, and reading at once after a pause.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::millis;
use crate::config::PollConfig;
use crate::engine::account::Account;
use crate::engine::api::request::SyncRequest;
use crate::limits;

/// What the app said of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    is_in_front: bool,
    /// Grows with each return from suspension.
    resumed: u64,
}

impl Presence {
    pub fn in_front() -> Self {
        Self { is_in_front: true, resumed: 0 }
    }

    /// Whether this is news.
    pub fn set_in_front(&mut self, is_in_front: bool) -> bool {
        std::mem::replace(&mut self.is_in_front, is_in_front) != is_in_front
    }

    pub fn resume(&mut self) {
        self.is_in_front = true;
        self.resumed = self.resumed.wrapping_add(1);
    }
}

/// A reason to read now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// The interval is over.
    Interval,
    /// The app is in front again.
    Front,
    /// The machine or the app was suspended: what was believed fresh is not.
    Resumed,
    /// Live push may have missed something.
    Missed,
}

/// A gap between wall and monotonic time that means the machine slept.
const SLEEP_MS: i64 = 30_000;

/// How often that gap is looked for; the monotonic clock stops while the machine sleeps, so a long wait would end late.
const LOOK: Duration = Duration::from_secs(15);

/// Waits until the next read is due. `heard` is kept from call to call.
pub async fn next_reading(account: &Account, heard: &mut watch::Receiver<Presence>) -> Occasion {
    let mut before = *heard.borrow_and_update();
    let (started, wall) = (account.clock.monotonic(), account.clock.now());
    let luck = account.entropy.below(u64::MAX);
    let mut push = account.push.changes();
    loop {
        let now = account.clock.monotonic();
        if account.clock.now().saturating_sub(wall) > millis(now - started).saturating_add(SLEEP_MS) {
            return Occasion::Resumed;
        }
        let wanted = account.push.read_at();
        if wanted.is_some_and(|at| now >= at) {
            account.push.note_reading(now);
            return Occasion::Missed;
        }
        let until = started + interval(&account.config.poll, before, account.push.is_proven(now), luck);
        if now >= until {
            return Occasion::Interval;
        }
        let wake = wanted.map_or(until, |at| at.min(until));
        tokio::select! {
            biased;
            () = tokio::time::sleep_until(wake.min(now + LOOK)) => {}
            () = push.next() => {}
            changed = heard.changed() => {
                let now = *heard.borrow_and_update();
                if changed.is_err() {
                    // The account is gone and this task with it.
                    std::future::pending::<()>().await;
                }
                if now.resumed != before.resumed {
                    return Occasion::Resumed;
                }
                if now.is_in_front && !before.is_in_front {
                    return Occasion::Front;
                }
                before = now;
            }
        }
    }
}

/// The same draw of luck gives a place in either range, so that going back and forth does not put the read off.
fn interval(poll: &PollConfig, presence: Presence, is_pushed: bool, luck: u64) -> Duration {
    let [from, to] = if presence.is_in_front { poll.foreground } else { poll.background };
    let span = to.saturating_sub(from).saturating_add(1);
    let within = luck.checked_rem(span).unwrap_or(0);
    let interval = Duration::from_millis(from.saturating_add(within));
    // What is new comes by itself.
    let slow = limits::PUSH_POLL + Duration::from_millis(within).min(limits::PUSH_HEARTBEAT);
    if is_pushed { interval.max(slow) } else { interval }
}

impl Occasion {
    /// What to ask for. A cache that is still fresh answers an app that comes to the front.
    pub fn request(self) -> SyncRequest {
        let fresh = matches!(self, Self::Resumed | Self::Missed);
        SyncRequest { fresh, deadline: None, wait: None }
    }
}
