//! Whether a record is news of its name, and what is known of the name then.

use super::state::names::KnownName;
use crate::model::cid::Cid;
use crate::model::record::Record;
use crate::planted::{Bug, is_planted};

/// What became of the root that a record points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootFate {
    /// It is in the inventory.
    Merged(Cid),
    /// It is no root of this wallet.
    Foreign,
    /// It was not read.
    Unread,
}

impl RootFate {
    pub fn merged_root(self) -> Option<Cid> {
        match self {
            Self::Merged(root) => Some(root),
            Self::Foreign | Self::Unread => None,
        }
    }
}

/// Whether a record lies above what is known of its name.
pub fn rises(old: &KnownName, record: &Record) -> bool {
    if is_planted(Bug::HighWaterSkipped) {
        return true;
    }
    record.sequence() >= old.sequence && old.record.as_ref().is_none_or(|best| record.cmp_order(best).is_gt())
}

/// A record that does not rise can still bring news of its root; `None` when it does not.
pub fn seen_again(old: &KnownName, record: &Record, fate: RootFate) -> Option<KnownName> {
    if !old.record.as_ref().is_some_and(|best| best.same_as(record)) {
        return None;
    }
    let merged_root = fate.merged_root().or(old.merged_root);
    let occupied = old.occupied || fate == RootFate::Foreign;
    (merged_root != old.merged_root || occupied != old.occupied).then(|| KnownName {
        merged_root,
        occupied,
        ..old.clone()
    })
}

/// What is known of a name from now on, by a record that rises.
pub fn new_mark(record: &Record, fate: RootFate, verified_at: i64, changed_at: i64) -> KnownName {
    KnownName {
        sequence: record.sequence(),
        record: Some(record.clone()),
        merged_root: fate.merged_root(),
        verified_at,
        changed_at,
        occupied: fate == RootFate::Foreign,
    }
}
