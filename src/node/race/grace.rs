//! How long to wait for the answers of a round.
//!
//! Without a usable answer: until the call's deadline. After the first one: until every node that counts as healthy has
//! answered, but no longer than the grace window. A usable answer is a record at or above the high-water mark, or any
//! answer of a majority for every name; a failure is none. A node that answered without saying that it shows what is known here is
//! waited for as long again as that took, at least one window: it may be the only one that has news. Nodes of which nothing is
//! known are strangers: once a majority has answered every name they are waited for little longer than the slowest of those took.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits;

/// The window of one round.
#[derive(Debug)]
pub struct Grace {
    window: Duration,
    names: usize,
    majority: usize,
    healthy: BTreeSet<usize>,
    /// Healthy ones of which nothing is known.
    strangers: BTreeSet<usize>,
    started: Instant,
    /// When a majority had answered every name, and the last since.
    settled: Option<Instant>,
    /// Names answered or refused, by node.
    answered: BTreeMap<usize, BTreeSet<usize>>,
    /// Names that were refused or failed, by node: these are nothing to answer with.
    failed: BTreeSet<usize>,
    opened: Option<Instant>,
    /// Answers that were announced, and the last moment to wait for them.
    owed: BTreeMap<(usize, usize), Instant>,
}

impl Grace {
    /// A round that asks `which` nodes for a number of names from now on; the `healthy` ones are waited for within the window.
    #[must_use]
    pub fn new(
        window: Duration,
        which: &[usize],
        names: usize,
        healthy: BTreeSet<usize>,
        now: Instant,
    ) -> Self {
        let majority = which.len() / 2 + 1;
        Self {
            window,
            names,
            majority,
            healthy,
            strangers: BTreeSet::new(),
            started: now,
            settled: None,
            answered: BTreeMap::new(),
            failed: BTreeSet::new(),
            opened: None,
            owed: BTreeMap::new(),
        }
    }

    /// The same, where nothing is known of some nodes.
    #[must_use]
    pub fn with_strangers(mut self, strangers: BTreeSet<usize>) -> Self {
        self.strangers = strangers;
        self
    }

    /// Records that a node answered, so long after it was asked, and that what it shows of a name is still to come.
    pub fn owes(&mut self, node: usize, name: usize, took: Duration, now: Instant) {
        if !self.answered.get(&node).is_some_and(|names| names.contains(&name)) {
            self.owed.insert((node, name), now + took.max(self.window));
        }
    }

    /// Records that a node failed for a name.
    pub fn failed(&mut self, node: usize, name: usize) {
        self.owed.remove(&(node, name));
        self.answered.entry(node).or_default().insert(name);
        self.failed.insert(node);
    }

    /// Records one answer; `usable` when it is a record at or above the high-water mark.
    pub fn heard(&mut self, node: usize, name: usize, usable: bool, now: Instant) {
        self.owed.remove(&(node, name));
        self.answered.entry(node).or_default().insert(name);
        let is_whole = |(node, names): &(&usize, &BTreeSet<usize>)| {
            names.len() >= self.names && !self.failed.contains(*node)
        };
        let complete = self.answered.iter().filter(is_whole).count();
        if complete >= self.majority {
            self.settled = Some(now);
        }
        if self.opened.is_none() && (usable || complete >= self.majority) {
            self.opened = Some(now);
        }
    }

    /// When to stop waiting.
    #[must_use]
    pub fn deadline(&self, end: Instant) -> Instant {
        let owed = self.owed.values().max().copied();
        let window = |opened: Instant| {
            self.strangers_until().map_or(opened + self.window, |soon| soon.min(opened + self.window))
        };
        self.opened.map_or(end, |opened| end.min(owed.unwrap_or(opened).max(window(opened))))
    }

    /// Until when strangers are waited for, if nobody else is.
    fn strangers_until(&self) -> Option<Instant> {
        let settled = self.settled?;
        let mut silent = self.healthy.iter().filter(|node| !self.is_complete(node));
        let slowest = settled.saturating_duration_since(self.started);
        let more = (slowest / 4).max(limits::STRANGER_PATIENCE);
        silent.all(|node| self.strangers.contains(node)).then(|| settled + more)
    }

    fn is_complete(&self, node: &usize) -> bool {
        self.answered.get(node).is_some_and(|names| names.len() >= self.names)
    }

    /// Whether there is a usable answer and every node that counts as healthy has answered for every name.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.opened.is_some()
            && self.owed.is_empty()
            && self.healthy.iter().all(|node| self.is_complete(node))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::monotonic;

    const WINDOW: Duration = Duration::from_millis(150);

    #[test]
    fn a_usable_record_opens_the_window_and_the_last_healthy_node_closes_it() {
        let (start, end) = (monotonic(), monotonic() + Duration::from_secs(2));
        let mut grace = Grace::new(WINDOW, &[0, 1, 2], 1, [0, 1].into(), start);
        grace.heard(2, 0, false, start);
        assert_eq!(grace.deadline(end), end, "an old record is nothing to answer with");
        grace.heard(0, 0, true, start);
        assert_eq!(grace.deadline(end), start + WINDOW);
        assert!(!grace.is_done(), "a healthy node is still silent");
        grace.heard(1, 0, false, start);
        assert!(grace.is_done());
    }

    #[test]
    fn a_hung_node_does_not_keep_a_majority_of_absents_waiting() {
        let (start, end) = (monotonic(), monotonic() + Duration::from_secs(2));
        let mut grace = Grace::new(WINDOW, &[0, 1, 2], 2, [0, 1, 2].into(), start);
        for node in [0, 1] {
            grace.heard(node, 0, false, start);
            assert_eq!(grace.deadline(end), end, "one name of two is no answer");
        }
        grace.heard(0, 1, false, start);
        grace.heard(1, 1, false, start);
        assert_eq!(grace.deadline(end), start + WINDOW);
        assert!(!grace.is_done());
    }

    #[test]
    fn announced_news_is_waited_for_as_long_again() {
        let (start, end) = (monotonic(), monotonic() + Duration::from_secs(2));
        let mut grace = Grace::new(WINDOW, &[0, 1], 1, [0].into(), start);
        grace.heard(0, 0, true, start);
        let said = start + WINDOW;
        grace.owes(1, 0, 2 * WINDOW, said);
        assert!(!grace.is_done(), "whether or not the node is believed in");
        assert_eq!(grace.deadline(end), said + 2 * WINDOW);
        grace.heard(1, 0, true, said);
        assert!(grace.is_done());
        grace.owes(1, 0, WINDOW, said);
        assert!(grace.is_done(), "it is here already");
    }

    #[test]
    fn strangers_are_waited_for_little_longer_than_a_majority_took() {
        let (start, end) = (monotonic(), monotonic() + Duration::from_secs(2));
        let all: BTreeSet<usize> = (0..5).collect();
        let which = [0, 1, 2, 3, 4];
        let took = 2 * limits::STRANGER_PATIENCE;
        let mut grace = Grace::new(WINDOW, &which, 1, all.clone(), start).with_strangers(all.clone());
        let mut known = Grace::new(WINDOW, &which, 1, all, start).with_strangers([0, 1, 2, 3].into());
        for node in [0, 1] {
            grace.heard(node, 0, true, start + took);
            known.heard(node, 0, true, start + took);
        }
        assert_eq!(grace.deadline(end), start + took + WINDOW, "two of five are few");
        for node in [2, 3] {
            grace.heard(node, 0, false, start + took);
            known.heard(node, 0, false, start + took);
        }
        assert_eq!(grace.deadline(end), start + took + limits::STRANGER_PATIENCE);
        assert_eq!(known.deadline(end), start + took + WINDOW, "one that is known to be well is waited for");
    }

    #[test]
    fn the_call_ends_first_when_it_is_shorter() {
        let start = monotonic();
        let mut grace = Grace::new(WINDOW, &[0], 1, [0].into(), start);
        grace.heard(0, 0, true, start);
        assert_eq!(grace.deadline(start), start);
    }
}
