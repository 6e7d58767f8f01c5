//! The live states, kept in step with the inventory so that counting and paging cost nothing.

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use super::item::{Spend, TokenKey, TokenState};

/// A row of the view.
#[derive(Clone, Debug)]
pub struct ViewRow<'a> {
    /// Which state of which token.
    pub key: &'a TokenKey,
    /// What is known of it.
    pub state: &'a TokenState,
    /// Its spend; an intent makes it suspect.
    pub spend: Spend,
    /// Another state of the same token is live too; the ledger knows which one counts.
    pub forked: bool,
}

/// Counts of the view: live states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All live states.
    pub total: usize,
    /// Those nothing is known to have spent.
    pub unspent: usize,
    /// Those with an intent.
    pub suspect: usize,
}

impl Counts {
    fn of(&mut self, spend: Spend) -> [&mut usize; 2] {
        [&mut self.total, if spend == Spend::Intent { &mut self.suspect } else { &mut self.unspent }]
    }
}

/// Keys of the live states, and whether each is forked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Live {
    forked: BTreeMap<TokenKey, bool>,
    counts: Counts,
}

impl Live {
    pub(super) const fn counts(&self) -> Counts {
        self.counts
    }

    pub(super) fn is_forked(&self, key: &TokenKey) -> bool {
        self.forked.get(key).copied().unwrap_or(false)
    }

    /// Keys after this one, in order.
    pub(super) fn after(&self, key: Option<&TokenKey>) -> impl Iterator<Item = (&TokenKey, bool)> {
        let from = key.map_or(Unbounded, Excluded);
        self.forked.range::<TokenKey, _>((from, Unbounded)).map(|(key, forked)| (key, *forked))
    }

    /// Takes over a change of one state: its spend before and now, where it is in the view.
    pub(super) fn note(&mut self, key: &TokenKey, old: Option<Spend>, new: Option<Spend>) {
        old.into_iter().for_each(|spend| self.counts.of(spend).into_iter().for_each(|count| *count -= 1));
        new.into_iter().for_each(|spend| self.counts.of(spend).into_iter().for_each(|count| *count += 1));
        if old.is_some() == new.is_some() {
            return;
        }
        // Only neighbours can be states of the same token.
        let same = |other: &&TokenKey| other.token_id == key.token_id;
        let before = self.before(key).filter(same).cloned();
        let behind = self.behind(key).filter(same).cloned();
        if new.is_some() {
            self.forked.insert(key.clone(), before.is_some() || behind.is_some());
        } else {
            self.forked.remove(key);
        }
        for near in [before, behind].into_iter().flatten() {
            let forked = new.is_some() || self.has_sibling(&near);
            if let Some(flag) = self.forked.get_mut(&near) {
                *flag = forked;
            }
        }
    }

    /// Another state of the same token is in the view.
    fn has_sibling(&self, key: &TokenKey) -> bool {
        let same = |other: &TokenKey| other.token_id == key.token_id;
        self.before(key).is_some_and(same) || self.behind(key).is_some_and(same)
    }

    fn before(&self, key: &TokenKey) -> Option<&TokenKey> {
        self.forked.range(..key).next_back().map(|(key, _)| key)
    }

    fn behind(&self, key: &TokenKey) -> Option<&TokenKey> {
        self.forked.range::<TokenKey, _>((Excluded(key), Unbounded)).next().map(|(key, _)| key)
    }
}
