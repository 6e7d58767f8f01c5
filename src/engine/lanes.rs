//! The state of the lanes: one for each node, each with a back-off of its own. What they bring, and how, is `publish`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;
use crate::limits;

/// The lanes of one account, which bring `T`.
pub struct Lanes<T>(Mutex<Inner<T>>);

struct Inner<T> {
    current: Option<T>,
    lanes: BTreeMap<usize, LaneState>,
    /// An error of the store ended a lane.
    storage: Option<Error>,
    /// Something was found that calls for another edition or slot.
    again: bool,
}

#[derive(Default)]
struct LaneState {
    is_running: bool,
    /// Failures since it last got through.
    failures: u32,
    retry_at: Option<Instant>,
    /// It waits with what it has brought; something new it may bring at once.
    is_held: bool,
    /// Why it failed last.
    error: Option<Error>,
    /// Its node shows what the edition does not contain.
    is_foreign: bool,
    /// The highest sequence that was ever proven, and the most blocks that were ever held, since the account was opened.
    furthest: (u64, u64),
    /// When it last came a step further, or began.
    stepped_at: Option<Instant>,
    /// The longest step since it was started last.
    longest: Duration,
    /// Whether it brings bulk that another node has already.
    bulk: Bulk,
}

/// Bulk that goes to several nodes at once comes in long steps.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Bulk {
    /// What it brings is small, it waits until another node has it, or its node is the first.
    #[default]
    No,
    /// It has begun, and its node said nothing yet.
    Begun,
    /// It has begun, and its node has answered something since.
    Alive,
}

/// What is so of all lanes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overview {
    /// No lane is under way.
    pub is_at_rest: bool,
    /// Some lane has nothing to do.
    pub has_free: bool,
    /// Another edition or slot is called for.
    pub again: bool,
}

impl<T: Clone> Lanes<T> {
    pub fn new() -> Self {
        Self(Mutex::new(Inner { current: None, lanes: BTreeMap::new(), storage: None, again: false }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is so of all lanes together now.
    pub fn standing(&self) -> Overview {
        let inner = self.inner();
        let running = inner.lanes.values().filter(|lane| lane.is_running).count();
        Overview {
            is_at_rest: running == 0,
            has_free: running < inner.lanes.len(),
            again: inner.again || inner.storage.is_some(),
        }
    }

    /// Whether a node shows what the edition does not contain.
    pub fn has_foreign(&self) -> bool {
        self.inner().lanes.values().any(|lane| lane.is_foreign)
    }

    /// Why lanes failed last, by node.
    pub fn errors(&self) -> Vec<(usize, Error)> {
        self.inner().lanes.iter().filter_map(|(at, lane)| Some((*at, lane.error.clone()?))).collect()
    }

    /// Nodes whose lanes are under way.
    pub fn running(&self) -> Vec<usize> {
        self.inner().lanes.iter().filter(|(_, lane)| lane.is_running).map(|(at, _)| *at).collect()
    }

    /// The store's error that ended a lane, once.
    pub fn take_storage_error(&self) -> Option<Error> {
        self.inner().storage.take()
    }

    /// When a lane may try again; `None` when it need not wait.
    pub fn retry_at(&self, at: usize) -> Option<Instant> {
        self.inner().lanes.get(&at)?.retry_at
    }

    /// Offers something to bring, in place of what `replaces` refuses to keep; gives those of the lanes `lacking` it that are
    /// to be started: they count as under way from now on.
    pub fn offer(
        &self,
        new: T,
        replaces: impl Fn(&T) -> bool,
        lacking: &[usize],
        now: Instant,
    ) -> Vec<usize> {
        let mut inner = self.inner();
        let is_new = inner.current.as_ref().is_none_or(replaces);
        if is_new {
            inner.current = Some(new);
        }
        inner.again = false;
        let mut started = Vec::new();
        for at in lacking {
            let lane = inner.lanes.entry(*at).or_default();
            let may_start = is_new && lane.is_held || lane.retry_at.is_none_or(|retry_at| now >= retry_at);
            if !lane.is_running && may_start {
                (lane.is_running, lane.error, lane.is_foreign, lane.is_held) = (true, None, false, false);
                (lane.stepped_at, lane.longest, lane.bulk) = (Some(now), Duration::ZERO, Bulk::No);
                started.push(*at);
            }
        }
        started
    }

    /// What a lane brings next; `None` ends it, in one step with the question, so that no offer is missed.
    pub fn next(&self, at: usize, lacks: impl FnOnce(&T) -> bool) -> Option<T> {
        let mut inner = self.inner();
        let next = inner.current.clone().filter(lacks);
        if next.is_none()
            && let Some(lane) = inner.lanes.get_mut(&at)
        {
            lane.is_running = false;
        }
        next
    }

    /// A lane is no longer under way.
    pub fn end(&self, at: usize) {
        if let Some(lane) = self.inner().lanes.get_mut(&at) {
            lane.is_running = false;
        }
    }

    /// A lane got through.
    pub fn note_through(&self, at: usize) {
        let mut inner = self.inner();
        let lane = inner.lanes.entry(at).or_default();
        (lane.failures, lane.retry_at, lane.error, lane.is_foreign) = (0, None, None, false);
        lane.is_held = false;
    }

    /// A lane failed and backs off: twice as long as last time, and up to a fifth more by `luck` (0–1).
    pub fn note_failed(&self, at: usize, error: Error, now: Instant, luck: f64) {
        let mut inner = self.inner();
        if error.is_storage() {
            inner.storage = Some(error);
            return;
        }
        let lane = inner.lanes.entry(at).or_default();
        lane.retry_at = Some(now + back_off(lane.failures).mul_f64(1.0 + luck.clamp(0.0, 1.0) / 5.0));
        lane.failures = lane.failures.saturating_add(1);
        (lane.error, lane.is_held) = (Some(error), false);
    }

    /// A lane came a step further.
    pub fn note_step(&self, at: usize, now: Instant) {
        let mut inner = self.inner();
        let lane = inner.lanes.entry(at).or_default();
        let before = lane.stepped_at.replace(now).unwrap_or(now);
        lane.longest = lane.longest.max(now.saturating_duration_since(before));
    }

    /// Another node has what this lane brings: its steps begin.
    pub fn note_bulk(&self, at: usize, now: Instant) {
        let mut inner = self.inner();
        let lane = inner.lanes.entry(at).or_default();
        (lane.stepped_at, lane.bulk) = (Some(now), Bulk::Begun);
    }

    /// A node has answered something beside what it takes.
    pub fn note_answer(&self, at: usize) {
        let mut inner = self.inner();
        let lane = inner.lanes.entry(at).or_default();
        if lane.bulk == Bulk::Begun {
            lane.bulk = Bulk::Alive;
        }
    }

    /// Until when some lane that is under way may be expected to come a step further. A node that is frozen, or whose pin has no
    /// end, is not waited for.
    pub fn promising_until(&self) -> Option<Instant> {
        let inner = self.inner();
        let usual = inner.patience().unwrap_or(limits::REPAIR_PATIENCE);
        let running = inner.lanes.values().filter(|lane| lane.is_running);
        running.filter_map(|lane| Some(lane.stepped_at? + lane.patience(usual))).max()
    }

    /// Whether some lane is done, so that its steps are a measure for the others.
    pub fn has_measure(&self) -> bool {
        self.inner().patience().is_some()
    }

    /// Until when one lane may be expected to come a step further; `None` as long as others are under way and none is done, for then nothing is to be expected of any.
    pub fn is_promising_until(&self, at: usize) -> Option<Instant> {
        let inner = self.inner();
        let is_alone = inner.lanes.iter().all(|(other, lane)| *other == at || !lane.is_running);
        let usual = inner.patience().or(is_alone.then_some(limits::REPAIR_PATIENCE));
        let lane = inner.lanes.get(&at)?;
        Some(lane.stepped_at? + lane.patience(usual?))
    }

    /// A lane got as far as it may for now; that is no failure, and it goes on then, or with something new.
    pub fn note_held(&self, at: usize, why: Error, until: Instant) {
        let mut inner = self.inner();
        let lane = inner.lanes.entry(at).or_default();
        (lane.failures, lane.retry_at, lane.error, lane.is_held) = (0, Some(until), Some(why), true);
    }

    /// Whether a node holds a later edition, or more blocks, than ever before.
    pub fn is_further(&self, at: usize, sequence: u64, blocks: u64) -> bool {
        let mut inner = self.inner();
        let lane = inner.lanes.entry(at).or_default();
        let is_further = sequence > lane.furthest.0 || blocks > lane.furthest.1;
        lane.furthest = (lane.furthest.0.max(sequence), lane.furthest.1.max(blocks));
        is_further
    }

    /// A node shows what the edition does not contain.
    pub fn note_foreign(&self, at: usize) {
        self.inner().lanes.entry(at).or_default().is_foreign = true;
    }

    /// Another edition or slot is called for.
    pub fn note_again(&self) {
        self.inner().again = true;
    }

    /// A node is tried once more, and no sooner again than after all its failures.
    pub fn try_again(&self, at: usize) {
        if let Some(lane) = self.inner().lanes.get_mut(&at) {
            lane.retry_at = None;
        }
    }

    /// A node is worth another try at once.
    pub fn forget_failures(&self, at: usize) {
        if let Some(lane) = self.inner().lanes.get_mut(&at) {
            (lane.failures, lane.retry_at) = (0, None);
        }
    }
}

impl<T> Inner<T> {
    /// Half as long again as the longest step of those lanes that are done.
    fn patience(&self) -> Option<Duration> {
        let done = self.lanes.values().filter(|lane| !lane.is_running && lane.error.is_none());
        let longest = done.filter(|lane| !lane.longest.is_zero()).map(|lane| lane.longest).max();
        longest.map(|longest| longest.mul_f64(1.5).max(limits::STEP_PATIENCE))
    }
}

impl LaneState {
    /// Kubo counts what it pulls twice a second; what is sent to several nodes shares the line.
    fn patience(&self, usual: Duration) -> Duration {
        if self.bulk == Bulk::Alive { usual.max(limits::BULK_STEP) } else { usual }
    }
}

fn back_off(failures: u32) -> Duration {
    let doubled = limits::LANE_RETRY_FIRST.saturating_mul(1 << failures.min(limits::LANE_RETRY_DOUBLINGS));
    doubled.min(limits::LANE_RETRY_MAX)
}
