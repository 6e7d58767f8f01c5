//! What each node was proven, or is believed, to hold.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::clock::UnixMs;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::store::NodeRow;

/// Nodes by their configured id.
#[derive(Debug, Default)]
pub struct Nodes {
    rows: BTreeMap<(String, u8), NodeRow>,
    held: HashMap<String, HashSet<Cid>>,
}

impl Nodes {
    /// What is known of a node for a slot.
    pub fn row(&self, node: &str, slot: Slot) -> Option<&NodeRow> {
        self.rows.get(&(node.to_owned(), slot.number()))
    }

    /// What is known of a node, for the slot that was published there last.
    pub fn newest_row(&self, node: &str) -> Option<&NodeRow> {
        self.rows.range((node.to_owned(), 0)..=(node.to_owned(), u8::MAX)).next_back().map(|(_, row)| row)
    }

    /// Whether something of ours was once proven there.
    pub fn is_known(&self, node: &str) -> bool {
        self.newest_row(node).is_some()
    }

    /// Whether the node was proven to hold the record of this slot and sequence.
    pub fn is_proven(&self, node: &str, slot: Slot, sequence: u64) -> bool {
        self.row(node, slot).is_some_and(|row| row.verified_sequence == sequence)
    }

    /// How many nodes were proven to hold the record of this slot and sequence.
    pub fn proven(&self, slot: Slot, sequence: u64) -> usize {
        self.of_slot(slot).filter(|row| row.verified_sequence == sequence).count()
    }

    /// How many nodes were proven to hold this record or a later one.
    pub fn proven_from(&self, slot: Slot, sequence: u64) -> usize {
        self.of_slot(slot).filter(|row| row.verified_sequence >= sequence).count()
    }

    /// When a record of ours was last put on any node.
    pub fn last_put(&self) -> Option<UnixMs> {
        self.rows.values().map(|row| row.put_at).max()
    }

    /// Blocks that a node is known to hold.
    pub fn held(&self, node: &str) -> Option<&HashSet<Cid>> {
        self.held.get(node)
    }

    fn of_slot(&self, slot: Slot) -> impl Iterator<Item = &NodeRow> {
        self.rows.values().filter(move |row| row.slot == slot.number())
    }

    /// Everything that must survive, in an order that does not depend on chance.
    #[cfg(test)]
    pub fn durable(&self) -> String {
        let sorted = |cids: &HashSet<Cid>| cids.iter().copied().collect::<std::collections::BTreeSet<_>>();
        let held: BTreeMap<_, _> = self.held.iter().map(|(node, cids)| (node, sorted(cids))).collect();
        format!("{:?} {held:?}", self.rows)
    }

    pub(super) fn put_row(&mut self, row: NodeRow) {
        self.rows.insert((row.node.clone(), row.slot), row);
    }

    pub(super) fn add_held(&mut self, node: String, cids: Vec<Cid>) {
        if !cids.is_empty() {
            self.held.entry(node).or_default().extend(cids);
        }
    }

    pub(super) fn set_held(&mut self, node: String, cids: Vec<Cid>) {
        self.held.remove(&node);
        self.add_held(node, cids);
    }
}
