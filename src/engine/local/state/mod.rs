//! What an account holds in memory: everything of the store but the blocks.
//!
//! The fields are private to this folder; [`change`] is the only code that alters them, after the store said yes.

pub mod change;
pub mod holdings;
pub mod kept;
pub mod levels;
pub mod marks;
pub mod names;
pub mod nodes;
pub mod partly;
pub mod shown;
pub mod signed;
pub mod touched;

use self::holdings::Holdings;
use self::kept::KeptBlocks;
use self::levels::Levels;
use self::marks::{Marks, SessionFacts};
use self::names::Names;
use self::nodes::Nodes;
use crate::engine::api::status::TokenCounts;
use crate::model::identity::Slot;

/// The state of one account, a part for each concern.
#[derive(Debug, Default)]
pub struct State {
    holdings: Holdings,
    kept: KeptBlocks,
    levels: Levels,
    names: Names,
    nodes: Nodes,
    marks: Marks,
    session: SessionFacts,
}

impl State {
    /// Tokens, entries and the blocks they refer to.
    pub fn holdings(&self) -> &Holdings {
        &self.holdings
    }

    /// For sealing, which changes nothing but what is remembered of it.
    pub(super) fn holdings_mut(&mut self) -> &mut Holdings {
        &mut self.holdings
    }

    /// Blocks of roots that are on their way.
    pub fn kept(&self) -> &KeptBlocks {
        &self.kept
    }

    /// Slots of which something was seen, by record or beacon, whose content is not here: the wallet is not whole without it.
    pub fn unread(&self) -> Vec<Slot> {
        let is_unread = |slot| !self.session.is_read_only_in(slot);
        self.names.unread().filter(|slot| is_unread(*slot)).collect()
    }

    /// Slots whose newest root is here in part, and how many of its items found no room.
    pub fn left_out(&self) -> Vec<(Slot, u32)> {
        let left_out = |(slot, known)| Some((slot, self.names.partly_of(slot, known)?.left_out));
        self.names.iter().filter_map(left_out).collect()
    }

    /// Something was seen of a wallet, and nothing of it is here.
    pub fn is_unread_as_a_whole(&self) -> bool {
        let is_empty = self.holdings.has_empty_index() && self.levels.is_empty();
        is_empty && !self.names.has_merged() && !self.unread().is_empty()
    }

    /// Changes of this device and how far each has come.
    pub fn levels(&self) -> &Levels {
        &self.levels
    }

    /// The wallet's names, and this device's own.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// What each node was proven to hold.
    pub fn nodes(&self) -> &Nodes {
        &self.nodes
    }

    /// Single facts: times, what was verified, the first read.
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Facts that end with the process.
    pub fn session(&self) -> &SessionFacts {
        &self.session
    }

    /// Grows with every change of what is shown.
    pub fn revision(&self) -> u64 {
        self.session.revision()
    }

    /// Counts of the view.
    pub fn counts(&self) -> TokenCounts {
        let counts = self.holdings.inventory().counts();
        TokenCounts { total: counts.total, unspent: counts.unspent, suspect: counts.suspect }
    }

    /// Whether the root of this device does not say yet what its owner calls it.
    pub fn is_label_due(&self) -> bool {
        self.marks.label().is_due && self.names.own().slot.is_some()
    }

    /// Nodes proven to hold the latest edition.
    pub fn verified_nodes(&self) -> usize {
        self.names.edition().map_or(0, |edition| self.nodes.proven(edition.slot, edition.sequence))
    }
}
