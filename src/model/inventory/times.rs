//! The times of all live versions, so that the highest is known without looking at every entry.

use std::collections::BTreeMap;

use super::entry::{Entry, Hlc};

/// How many live versions have each time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Times(BTreeMap<Hlc, usize>);

impl Times {
    pub(super) fn add(&mut self, entry: &Entry) {
        for live in entry.live() {
            *self.0.entry(live.version.hlc).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, entry: &Entry) {
        for live in entry.live() {
            match self.0.get_mut(&live.version.hlc) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(self.0.remove(&live.version.hlc)),
            }
        }
    }

    /// The highest up to `latest`.
    pub(super) fn highest(&self, latest: Hlc) -> Hlc {
        self.0.range(..=latest).next_back().map_or_else(Hlc::default, |(hlc, _)| *hlc)
    }
}
