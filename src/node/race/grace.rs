//! How long to wait for the answers of a round.
//!
//! Without a usable answer: until the call's deadline. After the first one: until every node that counts as healthy has
//! answered, but no longer than the grace window. A usable answer is a record at or above the high-water mark, or any
//! answer of a majority for every name; a failure is none. A node that answered without saying that it shows what is known here is
//! waited for as long again as that took, at least one window: it may be the only one that has news.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

/// The window of one round.
#[derive(Debug)]
pub struct Grace {
    window: Duration,
    names: usize,
    majority: usize,
    healthy: BTreeSet<usize>,
    /// Names answered or refused, by node.
    answered: BTreeMap<usize, BTreeSet<usize>>,
    /// Names that were refused or failed, by node: these are nothing to answer with.
    failed: BTreeSet<usize>,
    opened: Option<Instant>,
    /// Answers that were announced, and the last moment to wait for them.
    owed: BTreeMap<(usize, usize), Instant>,
}

impl Grace {
    /// A round that asks `which` nodes for a number of names; the `healthy` ones are waited for within the window.
    #[must_use]
    pub fn new(window: Duration, which: &[usize], names: usize, healthy: BTreeSet<usize>) -> Self {
        let majority = which.len() / 2 + 1;
        Self {
            window,
            names,
            majority,
            healthy,
            answered: BTreeMap::new(),
            failed: BTreeSet::new(),
            opened: None,
            owed: BTreeMap::new(),
        }
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
        if self.opened.is_none() && (usable || complete >= self.majority) {
            self.opened = Some(now);
        }
    }

    /// When to stop waiting.
    #[must_use]
    pub fn deadline(&self, end: Instant) -> Instant {
        let owed = self.owed.values().max().copied();
        self.opened.map_or(end, |opened| end.min(owed.unwrap_or(opened).max(opened + self.window)))
    }

    /// Whether there is a usable answer and every node that counts as healthy has answered for every name.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let complete = |node| self.answered.get(node).is_some_and(|names| names.len() >= self.names);
        self.opened.is_some() && self.owed.is_empty() && self.healthy.iter().all(complete)
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
        let mut grace = Grace::new(WINDOW, &[0, 1, 2], 1, [0, 1].into());
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
        let mut grace = Grace::new(WINDOW, &[0, 1, 2], 2, [0, 1, 2].into());
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
        let mut grace = Grace::new(WINDOW, &[0, 1], 1, [0].into());
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
    fn the_call_ends_first_when_it_is_shorter() {
        let start = monotonic();
        let mut grace = Grace::new(WINDOW, &[0], 1, [0].into());
        grace.heard(0, 0, true, start);
        assert_eq!(grace.deadline(start), start);
    }
}
