//! The log of what this device signed, asked by slot, sequence and root.

use super::names::{Names, Written};
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;

impl Names {
    /// The roots that this device signed last for a slot, newest first.
    pub fn signed_roots(&self, slot: Slot) -> impl Iterator<Item = Cid> {
        self.of_slot(slot).rev().map(|(_, written)| written.root)
    }

    /// The roots that this device signed for a slot below a sequence and after another root, oldest first; the last few where
    /// that one is not among them.
    pub fn signed_between(&self, slot: Slot, after: Option<&Cid>, below: u64) -> Vec<Cid> {
        let newest_first = self.of_slot(slot).rev().skip_while(|(sequence, _)| *sequence >= below);
        let later = newest_first.map(|(_, written)| written.root).take_while(|root| Some(root) != after);
        let mut roots: Vec<Cid> = later.take(limits::UNPROVEN_ROOTS).collect();
        roots.dedup();
        roots.reverse();
        roots
    }

    /// Whether this device signed a record for this root.
    pub fn is_signed_root(&self, slot: Slot, root: &Cid) -> bool {
        self.of_slot(slot).any(|(_, written)| written.root == *root)
    }

    pub(super) fn of_slot(&self, slot: Slot) -> impl DoubleEndedIterator<Item = (u64, &Written)> {
        let of_slot = self.written.range((slot.number(), 0)..=(slot.number(), u64::MAX));
        of_slot.map(|((_, sequence), written)| (*sequence, written))
    }

    /// Whether this device ever signed for a slot.
    pub fn signed_for(&self, slot: Slot) -> bool {
        self.last_signed(slot).is_some()
    }

    /// Highest sequence this device signed for a slot.
    pub fn last_signed(&self, slot: Slot) -> Option<u64> {
        self.of_slot(slot).next_back().map(|(sequence, _)| sequence)
    }

    /// The slot that this device wrote to last; that it gave another one back does not count.
    pub fn last_own(&self) -> Option<Slot> {
        let own = self.written.iter().filter_map(|((slot, _), written)| {
            let slot = Slot::new(*slot)?;
            (!self.says_retired(slot, &written.root)).then_some((written.signed_at, slot))
        });
        own.max().map(|(_, slot)| slot)
    }

    /// Highest change number in a record that this device signed.
    pub fn upto(&self, slot: Slot, sequence: u64) -> Option<u64> {
        self.written.get(&(slot.number(), sequence)).map(|written| written.upto)
    }

    pub(super) fn log(&mut self, slot: u8, sequence: u64, written: Written) {
        self.written.insert((slot, sequence), written);
    }
}
