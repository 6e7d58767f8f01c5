//! Changes made on this device, and how far each has come.

use std::collections::BTreeMap;

use crate::engine::api::status::Ack;
use crate::store::{ItemKey, Level};

/// One change for each item that this device changed.
#[derive(Debug, Default)]
pub struct Levels {
    changes: BTreeMap<ItemKey, (u64, Level)>,
    /// Changes at each level, so that asking is cheap: local, published, verified.
    counts: [usize; 3],
    last: u64,
}

impl Levels {
    /// Lowest level of any change.
    pub fn ack(&self) -> Ack {
        match self.counts {
            [0, 0, 0] => Ack::None,
            [0, 0, _] => Ack::Verified,
            [0, _, _] => Ack::Published,
            _ => Ack::Local,
        }
    }

    /// Changes below `verified`.
    pub fn pending(&self) -> usize {
        let [local, published, _] = self.counts;
        local + published
    }

    /// Items whose change would be raised.
    pub(super) fn below(&self, upto: u64, level: Level) -> impl Iterator<Item = &ItemKey> {
        let is_below = move |(number, old): &(u64, Level)| *number <= upto && *old < level;
        self.changes.iter().filter(move |(_, change)| is_below(change)).map(|(key, _)| key)
    }

    /// Number of the last change.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Whether this device changed nothing.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Level of the change of an item.
    pub fn of(&self, key: &ItemKey) -> Option<Level> {
        self.changes.get(key).map(|(_, level)| *level)
    }

    /// Lowest level of the changes up to a number; none when there are none.
    pub fn reached(&self, upto: u64) -> Option<Level> {
        self.changes.values().filter(|(number, _)| *number <= upto).map(|(_, level)| *level).min()
    }

    /// Whether raising all but these would move anything.
    pub fn would_rise(&self, upto: u64, level: Level, except: &[ItemKey]) -> bool {
        let rises = |(key, (number, old)): (&ItemKey, &(u64, Level))| {
            *number <= upto && *old < level && !except.contains(key)
        };
        self.changes.iter().any(rises)
    }

    /// The number of the change of an item.
    pub fn number(&self, key: &ItemKey) -> Option<u64> {
        self.changes.get(key).map(|(number, _)| *number)
    }

    /// Whether lowering would move anything.
    pub fn would_fall(&self, level: Level) -> bool {
        self.changes.values().any(|(_, old)| *old > level)
    }

    /// Notes a change, in place of an older one of the same item.
    pub(super) fn note(&mut self, key: ItemKey, number: u64, level: Level) {
        if let Some((_, old)) = self.changes.insert(key, (number, level)) {
            *count(&mut self.counts, old) -= 1;
        }
        *count(&mut self.counts, level) += 1;
        self.last = self.last.max(number);
    }

    /// Raises the changes up to a number.
    pub(super) fn raise(&mut self, upto: u64, level: Level) {
        self.set(|number, old| number <= upto && old < level, level);
    }

    /// Lowers every change above a level.
    pub(super) fn lower(&mut self, level: Level) {
        self.set(|_, old| old > level, level);
    }

    fn set(&mut self, which: impl Fn(u64, Level) -> bool, level: Level) {
        for (number, old) in self.changes.values_mut() {
            if which(*number, *old) {
                *count(&mut self.counts, *old) -= 1;
                *count(&mut self.counts, level) += 1;
                *old = level;
            }
        }
    }
}

fn count(counts: &mut [usize; 3], level: Level) -> &mut usize {
    let [local, published, verified] = counts;
    match level {
        Level::Local => local,
        Level::Published => published,
        Level::Verified => verified,
    }
}
