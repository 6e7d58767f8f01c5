//! Whether somebody is looking: how often the engine's own schedule reads, and reading at once after a pause.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::clock::{UnixMs, millis};
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
    /// The same while live push brings what is new: a look at one node is enough.
    Glance,
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

/// When the nodes are read, one reading after the other.
pub struct Readings<'a> {
    account: &'a Account,
    heard: watch::Receiver<Presence>,
    /// What was heard last: news that comes during a reading leads to another.
    before: Presence,
    /// When it was last looked whether the machine slept: monotonic and wall time.
    awake_at: (Instant, UnixMs),
    /// When one was last due of all nodes.
    all_at: Instant,
}

impl<'a> Readings<'a> {
    pub fn new(account: &'a Account, mut heard: watch::Receiver<Presence>) -> Self {
        let before = *heard.borrow_and_update();
        let all_at = account.clock.monotonic();
        Self { account, heard, before, awake_at: awake_at(account), all_at }
    }

    /// Waits until the next one is due: an interval after the one before ended, or when something happens.
    pub async fn next(&mut self) -> Occasion {
        let occasion = self.due().await;
        if occasion != Occasion::Glance {
            self.all_at = self.account.clock.monotonic();
        }
        occasion
    }

    async fn due(&mut self) -> Occasion {
        let account = self.account;
        let (started, luck) = (account.clock.monotonic(), account.entropy.below(u64::MAX));
        let mut push = account.push.changes();
        loop {
            let now = account.clock.monotonic();
            if self.has_slept() {
                return Occasion::Resumed;
            }
            let wanted = account.push.read_at();
            if wanted.is_some_and(|at| now >= at) {
                account.push.note_reading(now);
                return Occasion::Missed;
            }
            let until = started + self.interval(now, luck);
            if now >= until {
                return self.by_the_clock(now);
            }
            let wake = wanted.map_or(until, |at| at.min(until));
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(wake.min(now + LOOK)) => {}
                () = push.next() => {}
                occasion = self.news() => if let Some(occasion) = occasion {
                    return occasion;
                },
            }
        }
    }

    /// Whether the machine slept since the last time.
    fn has_slept(&mut self) -> bool {
        let (before, now) = (self.awake_at, awake_at(self.account));
        self.awake_at = now;
        now.1.saturating_sub(before.1) > millis(now.0 - before.0).saturating_add(SLEEP_MS)
    }

    fn interval(&self, now: Instant, luck: u64) -> Duration {
        interval(&self.account.config.poll, self.before, self.account.push.is_proven(now), luck)
    }

    fn by_the_clock(&self, now: Instant) -> Occasion {
        let is_enough = now < self.all_at + limits::PUSH_READ_ALL && self.account.push.is_proven(now);
        if is_enough { Occasion::Glance } else { Occasion::Interval }
    }

    /// Waits for news of the app; whether they are a reason to read.
    async fn news(&mut self) -> Option<Occasion> {
        if self.heard.changed().await.is_err() {
            // The account is gone and this task with it.
            std::future::pending::<()>().await;
        }
        let now = *self.heard.borrow_and_update();
        let before = std::mem::replace(&mut self.before, now);
        if now.resumed != before.resumed {
            return Some(Occasion::Resumed);
        }
        (now.is_in_front && !before.is_in_front).then_some(Occasion::Front)
    }
}

fn awake_at(account: &Account) -> (Instant, UnixMs) {
    (account.clock.monotonic(), account.clock.now())
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
