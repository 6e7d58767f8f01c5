//! Which tokens' rows changed lately, so that a list is brought up to date without being read again.
//!
//! Kept in memory only: whoever knows an older revision than this reads the list anew.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::limits;
use crate::model::inventory::Id;
use crate::store::ItemKey;

/// What a batch of changes alters of the list.
#[derive(Debug, Default)]
pub struct Touched {
    tokens: BTreeSet<Id>,
    /// More than is known by name.
    all: bool,
}

/// The rows that changed since the account was opened, the newest [`limits::CHANGES_KEPT`] of them.
#[derive(Debug, Default)]
pub struct Shown {
    changes: VecDeque<(u64, Id)>,
    /// What changed up to this revision is not known any more.
    floor: u64,
    /// Token of an item that changed lately; none of an entry.
    recent: HashMap<ItemKey, Option<Id>>,
    order: VecDeque<ItemKey>,
}

impl Shown {
    /// Tokens of which a row changed after a revision; none when that is not known any more.
    pub fn since(&self, revision: u64) -> Option<BTreeSet<Id>> {
        if revision < self.floor {
            return None;
        }
        let newer = self.changes.iter().rev().take_while(|(at, _)| *at > revision);
        Some(newer.map(|(_, id)| id.clone()).collect())
    }

    pub(super) fn remember(&mut self, key: ItemKey, token: Option<Id>) {
        if self.recent.insert(key, token).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > limits::CHANGES_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.recent.remove(&oldest);
        }
    }

    pub(super) fn note(&mut self, revision: u64, touched: Touched) {
        if touched.all {
            self.changes.clear();
            self.floor = revision;
            return;
        }
        self.changes.extend(touched.tokens.into_iter().map(|id| (revision, id)));
        while self.changes.len() > limits::CHANGES_KEPT
            && let Some((at, _)) = self.changes.pop_front()
        {
            self.floor = at;
        }
    }
}

impl Touched {
    pub(super) fn token(&mut self, id: Option<Id>) {
        self.tokens.extend(id);
    }

    pub(super) fn everything(&mut self) {
        self.all = true;
    }

    pub(super) fn items<'a>(&mut self, shown: &Shown, keys: impl IntoIterator<Item = &'a ItemKey>) {
        for key in keys {
            match shown.recent.get(key) {
                Some(Some(id)) => drop(self.tokens.insert(id.clone())),
                Some(None) => {}
                None => self.all = true,
            }
        }
    }
}

#[cfg(test)]
mod tests;
