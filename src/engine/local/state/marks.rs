//! Single facts of an account: those that survive, and those that end with the process.

use std::collections::BTreeSet;

use crate::clock::UnixMs;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::store::Level;

/// What was verified last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The index as of then; none when it has to be published again.
    pub index: Option<Cid>,
    /// Sequence of the record; 0 when nothing is verified.
    pub sequence: u64,
}

/// Facts that survive.
#[derive(Debug, Default)]
pub struct Marks {
    pub(super) verified: Verified,
    pub(super) first_read: bool,
    pub(super) remote_level: Option<Level>,
    pub(super) remote_low: bool,
    pub(super) gap_at: UnixMs,
    pub(super) failed_at: Option<UnixMs>,
}

impl Marks {
    pub fn verified(&self) -> Verified {
        self.verified
    }

    /// Whether the wallet was read once; a restored one publishes nothing before.
    pub fn first_read(&self) -> bool {
        self.first_read
    }

    /// Level of what other devices published.
    pub fn remote_level(&self) -> Option<Level> {
        self.remote_level
    }

    /// Whether two readings in a row showed less of it than is safe: what this device holds of it is worth publishing.
    pub fn is_remote_low(&self) -> bool {
        self.remote_low
    }

    /// When the slots beyond the known ones were last asked for.
    pub fn gap_at(&self) -> UnixMs {
        self.gap_at
    }

    /// When every node failed, if no read succeeded since.
    pub fn failed_at(&self) -> Option<UnixMs> {
        self.failed_at
    }
}

/// Facts that end with the process.
#[derive(Debug, Default)]
pub struct SessionFacts {
    pub(super) revision: u64,
    pub(super) unread: bool,
    pub(super) read_only: BTreeSet<Slot>,
}

impl SessionFacts {
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether the last read met a record whose content no node gave.
    pub fn has_unread(&self) -> bool {
        self.unread
    }

    /// Whether content of a newer format was met.
    pub fn is_read_only(&self) -> bool {
        !self.read_only.is_empty()
    }
}
