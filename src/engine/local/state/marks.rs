//! Single facts of an account: those that survive, and those that end with the process.

use std::collections::{BTreeMap, BTreeSet};

use super::shown::Shown;
use crate::clock::{UnixMs, millis};
use crate::engine::api::window::Tally;
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::{Slot, WalletId};
use crate::model::pool::PoolMark;
use crate::store::Level;

/// So many readings in a row must show too little before this device publishes what others wrote.
pub const LOW_READINGS: u8 = 2;

/// What was verified last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// The index as of then; none when it has to be published again.
    pub index: Option<Cid>,
    /// The keep as of then.
    pub keep: Option<Cid>,
    /// Sequence of the record; 0 when nothing is verified.
    pub sequence: u64,
}

/// What the owner calls this device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    pub text: Option<String>,
    /// The last root of this device does not say so yet.
    pub is_due: bool,
}

/// How far a change of secret has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moving {
    /// It was begun on this device: what is here is on its way to the new one.
    Begun,
    /// It was made on this device, which puts the markers.
    Made,
    /// Another device made it, as a marker or the new wallet says.
    MadeElsewhere,
    /// Another device made it, and this one has brought what it had.
    Joined,
}

/// The wallet has another secret since, or is about to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The wallet that goes on.
    pub to: WalletId,
    pub how: Moving,
}

impl Moved {
    /// Whether nothing is read or published under this secret any more.
    pub fn is_over(&self) -> bool {
        self.how != Moving::Begun
    }

    /// Whether what this device signs now is a marker.
    pub fn marks(&self) -> bool {
        matches!(self.how, Moving::Made | Moving::Joined)
    }
}

/// Facts that survive.
#[derive(Debug, Default)]
pub struct Marks {
    pub(super) moved: Option<Moved>,
    pub(super) former: Option<WalletId>,
    pub(super) label: Label,
    pub(super) verified: Verified,
    pub(super) first_read: bool,
    pub(super) remote_level: Option<Level>,
    pub(super) remote_low: u8,
    pub(super) stray: bool,
    pub(super) proved_at: UnixMs,
    pub(super) checked_at: UnixMs,
    pub(super) gap_at: UnixMs,
    pub(super) searched: u8,
    pub(super) searched_at: UnixMs,
    pub(super) failed_at: Option<UnixMs>,
    pub(super) pool: Option<PoolMark>,
    pub(super) windows: Tally,
}

impl Marks {
    /// What the owner calls this device.
    pub fn label(&self) -> &Label {
        &self.label
    }

    /// What windows added lately.
    pub fn windows(&self) -> &Tally {
        &self.windows
    }

    /// Where the wallet goes on under another secret.
    pub fn moved(&self) -> Option<Moved> {
        self.moved
    }

    /// The wallet whose secret was changed for this one's.
    pub fn former(&self) -> Option<WalletId> {
        self.former
    }

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

    /// How many readings in a row showed less of it than is safe, up to [`LOW_READINGS`].
    pub fn remote_low(&self) -> u8 {
        self.remote_low
    }

    /// A reading showed less of it than is safe: the next one tells whether that was a publish under way.
    pub fn is_remote_doubted(&self) -> bool {
        (1..LOW_READINGS).contains(&self.remote_low)
    }

    /// Whether what this device holds of it is worth publishing.
    pub fn is_remote_low(&self) -> bool {
        self.remote_low >= LOW_READINGS
    }

    /// Whether something came from an edition that another one has displaced without containing it: nobody answers for it but
    /// this device, until its own root has it.
    pub fn is_stray(&self) -> bool {
        self.stray
    }

    /// When a node was last proven to hold something; 0 when none was.
    pub fn proved_at(&self) -> UnixMs {
        self.proved_at
    }

    /// When all of them were last asked whether they still have it.
    pub fn checked_at(&self) -> UnixMs {
        self.checked_at
    }

    /// When the slots beyond the known ones were last asked for.
    pub fn gap_at(&self) -> UnixMs {
        self.gap_at
    }

    /// Slots below this one were all asked for by the search that is under way, or was the last.
    pub fn searched(&self) -> u8 {
        self.searched
    }

    /// When a search last came to its end; 0 when none did.
    pub fn searched_at(&self) -> UnixMs {
        self.searched_at
    }

    /// The newest pool that a root named.
    pub fn pool(&self) -> Option<&PoolMark> {
        self.pool.as_ref()
    }

    /// Whether a root names one that is as new.
    pub fn is_pool_news(&self, mark: &PoolMark) -> bool {
        self.pool.as_ref().is_none_or(|known| known.version <= mark.version && known != mark)
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
    pub(super) shown: Shown,
    pub(super) unread: bool,
    pub(super) read_only: BTreeSet<Slot>,
    /// Roots whose content did not come: how often in a row, and when it is asked for again.
    pub(super) in_vain: BTreeMap<Cid, (u32, UnixMs)>,
    /// When a search for all slots was last left without an answer.
    pub(super) searched_in_vain: Option<UnixMs>,
    pub(super) ending: bool,
}

impl SessionFacts {
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether this device is done with its slot: what it signs from now on says so.
    pub fn is_ending(&self) -> bool {
        self.ending
    }

    /// Whether the last read met a record whose content no node gave.
    pub fn has_unread(&self) -> bool {
        self.unread
    }

    /// Whether the content of a root came so often not that it is asked for later.
    pub fn is_put_off(&self, root: &Cid, now: UnixMs) -> bool {
        self.in_vain.get(root).is_some_and(|(_, retry_at)| now < *retry_at)
    }

    /// Whether a search for all slots went unanswered so lately that it is tried again later.
    pub fn is_search_put_off(&self, now: UnixMs) -> bool {
        let pause = 0..millis(limits::SEARCH_RETRY);
        self.searched_in_vain.is_some_and(|at| pause.contains(&now.saturating_sub(at)))
    }

    pub(super) fn note_in_vain(&mut self, root: Cid, now: UnixMs) {
        if self.in_vain.len() >= limits::ROOTS_IN_VAIN {
            self.in_vain.clear();
        }
        let (times, retry_at) = self.in_vain.entry(root).or_insert((0, now));
        *times = times.saturating_add(1);
        let Some(doubled) = times.checked_sub(limits::ROOT_TRIES) else { return };
        let wait = limits::MISSING_RETRY.saturating_mul(1 << doubled.min(limits::MISSING_DOUBLINGS));
        *retry_at = now.saturating_add(millis(wait));
    }

    /// Whether a slot holds content of a newer format.
    pub fn is_read_only_in(&self, slot: Slot) -> bool {
        self.read_only.contains(&slot)
    }

    /// Whether content of a newer format was met.
    pub fn is_read_only(&self) -> bool {
        !self.read_only.is_empty()
    }
}
