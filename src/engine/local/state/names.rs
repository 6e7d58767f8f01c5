//! The names of a wallet: the best record that was ever seen of each, what this device signed, and its own slot.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::partly::{Partly, PartlyHere};
use crate::clock::UnixMs;
use crate::model::cid::Cid;
use crate::model::identity::{DeviceId, Slot};
use crate::model::inventory::Actor;
use crate::model::record::Record;
use crate::model::root::Root;

/// A name and the best that was ever seen of it: its high-water mark.
#[derive(Clone, Debug)]
pub struct KnownName {
    /// Highest sequence ever seen.
    pub sequence: u64,
    /// The record that had it; none when only a pin showed it.
    pub record: Option<Record>,
    /// Its root, once merged completely.
    pub merged_root: Option<Cid>,
    /// When a node last showed this record.
    pub verified_at: UnixMs,
    /// When the record last changed.
    pub changed_at: UnixMs,
    /// The record is valid and points at something that is no root of this wallet.
    pub occupied: bool,
}

/// This device among the writers of the wallet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnSlot {
    pub device: DeviceId,
    /// Under which it sets entries.
    pub actor: Actor,
    /// None before the first record, and after the slot was left to another device.
    pub slot: Option<Slot>,
}

/// The record that this device signed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition {
    pub slot: Slot,
    pub sequence: u64,
    pub root: Cid,
    pub index: Cid,
    pub keep: Cid,
    /// Highest change number it contains.
    pub upto: u64,
    pub signed_at: UnixMs,
}

/// Whose record it is, as far as this device knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// This device signed it.
    Ours,
    /// Somebody else's, under the name that this device writes to: a clone, a restored backup, a rival claim.
    Rival,
    /// Another device's.
    Other,
}

/// What the written log keeps of a record.
pub type RecordDigest = [u8; 32];

/// Merged roots that are remembered: eight per slot, so that an old root on a stale node is not fetched at every sync.
const MERGED_ROOTS: usize = 512;

/// Names, written log, own slot, merged roots.
#[derive(Debug, Default)]
pub struct Names {
    known: BTreeMap<Slot, KnownName>,
    /// Every record this device signed: how a crash is distinguished from a clone.
    pub(super) written: BTreeMap<(u8, u64), Written>,
    own: OwnSlot,
    edition: Option<Edition>,
    /// Roots whose content is in the inventory, newest last.
    merged: Vec<Cid>,
    /// Roots that may be replaced, newest last.
    contained: Vec<Contained>,
    /// Roots that are here in part.
    partly: Partly,
    /// The root of each slot that says its device is done with it.
    retired: BTreeMap<Slot, Cid>,
    /// Roots of other devices that are here, and gave way to one that may not contain them.
    displaced: BTreeSet<(Slot, Cid)>,
}

/// A record that this device signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    pub digest: RecordDigest,
    /// Highest change number in it.
    pub upto: u64,
    pub root: Cid,
    pub signed_at: UnixMs,
}

/// The last record of this device that a twin knows too; nothing where none is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shared {
    /// Highest change number in it.
    pub upto: u64,
    /// When it was signed.
    pub at: UnixMs,
}

/// A root whose items and blocks are all in what this device signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contained {
    pub root: Cid,
    /// From this sequence of the own slot on.
    pub from: u64,
}

impl Names {
    pub fn get(&self, slot: Slot) -> Option<&KnownName> {
        self.known.get(&slot)
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    pub fn len(&self) -> usize {
        self.known.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (Slot, &KnownName)> {
        self.known.iter().map(|(slot, known)| (*slot, known))
    }

    /// Slots whose newest root was seen and is not here, nor the part of it that fits.
    pub fn unread(&self) -> impl Iterator<Item = Slot> {
        let is_unread = |slot, known: &KnownName| {
            known.merged_root.is_none() && !known.occupied && self.partly_of(slot, known).is_none()
        };
        self.known.iter().filter(move |(slot, known)| is_unread(**slot, known)).map(|(slot, _)| *slot)
    }

    /// Roots that are here in part.
    pub fn partly(&self) -> &Partly {
        &self.partly
    }

    /// The newest root of a name, where only a part of it is here.
    pub fn partly_of(&self, slot: Slot, known: &KnownName) -> Option<&PartlyHere> {
        if known.merged_root.is_some() || known.occupied {
            return None;
        }
        match known.record.as_ref().and_then(Record::root) {
            Some(root) => self.partly.get(&root),
            None => self.partly.of_edition(slot, known.sequence),
        }
    }

    /// The highest known slot.
    pub fn highest(&self) -> Option<Slot> {
        self.known.keys().next_back().copied()
    }

    /// Highest sequence ever seen of a name; 0 when it is unknown.
    pub fn high_water(&self, slot: Slot) -> u64 {
        self.known.get(&slot).map_or(0, |known| known.sequence)
    }

    pub fn own(&self) -> OwnSlot {
        self.own
    }

    pub fn edition(&self) -> Option<&Edition> {
        self.edition.as_ref()
    }

    /// Whose record this is.
    pub fn standing(&self, slot: Slot, record: &Record) -> Standing {
        let written = self.written.get(&(slot.number(), record.sequence()));
        if written.is_some_and(|written| written.digest == digest(record)) {
            Standing::Ours
        } else if self.own.slot == Some(slot) {
            Standing::Rival
        } else {
            Standing::Other
        }
    }

    /// Where a root comes from a device with this one's id, and not from this one as its written log has it (from a clone, or
    /// from before this folder was set back): what both have in common.
    pub fn twin(&self, root: &Root, cid: &Cid) -> Option<Shared> {
        if root.device != self.own.device || self.is_signed_root(root.slot, cid) {
            return None;
        }
        let mut log = self.of_slot(root.slot).rev();
        let last = log.find(|(_, written)| root.predecessors.contains(&written.root));
        Some(last.map_or_else(Shared::default, |(_, last)| Shared { upto: last.upto, at: last.signed_at }))
    }

    /// The newest root of a name, where it is here or what fits of it.
    pub fn root_here(&self, slot: Slot) -> Option<Cid> {
        let known = self.known.get(&slot)?;
        known.merged_root.or_else(|| self.partly_of(slot, known).map(|partly| partly.root))
    }

    /// Whether any root was merged, or a part of it.
    pub fn has_merged(&self) -> bool {
        !self.merged.is_empty()
            || !self.partly.is_empty()
            || self.known.values().any(|known| known.merged_root.is_some())
    }

    /// Whether the content of a root is in the inventory.
    pub fn is_merged(&self, root: &Cid) -> bool {
        self.merged.contains(root)
            || self.contained.iter().any(|known| known.root == *root)
            || self.known.values().any(|known| known.merged_root.as_ref() == Some(root))
    }

    /// Whether the content of a root is in the inventory, or what fits of it.
    pub fn is_read(&self, root: &Cid) -> bool {
        self.is_merged(root) || self.partly.get(root).is_some()
    }

    /// Whether a record of the own slot with this sequence has all that a root has.
    pub fn is_contained(&self, root: &Cid, sequence: u64) -> bool {
        self.contained.iter().any(|known| known.root == *root && known.from <= sequence)
    }

    /// The list of contained roots with one more.
    pub fn contained_with(&self, one: Contained) -> Vec<Contained> {
        let mut contained = self.contained.clone();
        match contained.iter_mut().find(|known| known.root == one.root) {
            Some(known) => known.from = known.from.min(one.from),
            None => contained.push(one),
        }
        let surplus = contained.len().saturating_sub(MERGED_ROOTS);
        contained.split_off(surplus)
    }

    /// The same list for a slot that nothing was signed for yet: whatever is signed next has them all.
    pub fn contained_anew(&self) -> Vec<Contained> {
        self.contained.iter().map(|known| Contained { from: 0, ..*known }).collect()
    }

    /// Every root of which all is here: whatever is signed of what is here now has them all.
    pub fn all_contained(&self) -> Vec<Cid> {
        self.contained.iter().map(|known| known.root).collect()
    }

    /// The list of contained roots with those that a contained one contains.
    pub fn contained_with_all(&self, roots: &[Cid], from: u64) -> Vec<Contained> {
        let mut contained = self.contained.clone();
        let is_new = |root: &&Cid| !self.contained.iter().any(|known| known.root == **root);
        // They are older: the first to be forgotten.
        let news = roots.iter().filter(is_new).map(|root| Contained { root: *root, from });
        contained.splice(0..0, news);
        let surplus = contained.len().saturating_sub(MERGED_ROOTS);
        contained.split_off(surplus)
    }

    /// Whether the last root of a slot says that its device is done with it.
    pub fn is_retired(&self, slot: Slot) -> bool {
        let last = self.known.get(&slot).and_then(|known| known.merged_root);
        last.is_some_and(|root| self.says_retired(slot, &root))
    }

    /// Whether this root of a slot says so.
    pub fn says_retired(&self, slot: Slot, root: &Cid) -> bool {
        self.retired.get(&slot) == Some(root)
    }

    /// The list of roots that say so with one more.
    pub fn retired_with(&self, slot: Slot, root: Cid) -> BTreeMap<Slot, Cid> {
        let one = std::iter::once((slot, root));
        self.retired.iter().map(|(slot, root)| (*slot, *root)).chain(one).collect()
    }

    /// Roots that gave way to one of which is not known whether it contains them.
    pub fn displaced(&self) -> &BTreeSet<(Slot, Cid)> {
        &self.displaced
    }

    /// The list of these with the newest root of a slot that is here, should another one take its place; none where that has all that it
    /// has. The own slot's is in what this device signs.
    pub fn displaced_with(
        &self,
        slot: Slot,
        by: Option<Cid>,
        contained: &[Cid],
    ) -> Option<BTreeSet<(Slot, Cid)>> {
        let here = self.root_here(slot).filter(|_| self.own.slot != Some(slot))?;
        let is_new =
            by != Some(here) && !contained.contains(&here) && !self.displaced.contains(&(slot, here));
        is_new.then(|| self.displaced.iter().copied().chain([(slot, here)]).collect())
    }

    /// Slots that somebody writes to, or something that is none of this wallet's.
    pub fn in_use(&self) -> usize {
        self.known.keys().filter(|slot| !self.is_retired(**slot)).count()
    }

    /// The list of merged roots with some more.
    pub fn merged_with(&self, roots: &[Cid]) -> Vec<Cid> {
        let mut merged = self.merged.clone();
        for root in roots {
            if !merged.contains(root) {
                merged.push(*root);
            }
        }
        let surplus = merged.len().saturating_sub(MERGED_ROOTS);
        merged.split_off(surplus)
    }

    /// Slots that nothing is known of and that this device never signed for, lowest first.
    pub fn free_slots(&self) -> impl Iterator<Item = Slot> {
        Slot::all().filter(|slot| !self.known.contains_key(slot) && !self.signed_for(*slot))
    }

    /// Slots of other devices that hold a root of this wallet, with the time since when each is the same here; the quietest
    /// first.
    pub fn others_by_quiet(&self) -> Vec<(Slot, UnixMs)> {
        let others =
            self.known.iter().filter(|(slot, known)| self.own.slot != Some(**slot) && !known.occupied);
        let mut slots: Vec<(Slot, UnixMs)> = others.map(|(slot, known)| (*slot, known.changed_at)).collect();
        slots.sort_by_key(|(slot, since)| (*since, *slot));
        slots
    }

    pub(super) fn put(&mut self, slot: Slot, known: KnownName) {
        self.known.insert(slot, known);
    }

    pub(super) fn set_own(&mut self, own: OwnSlot) {
        self.own = own;
    }

    pub(super) fn set_edition(&mut self, edition: Option<Edition>) {
        self.edition = edition;
    }

    pub(super) fn set_contained(&mut self, contained: Vec<Contained>) {
        self.contained = contained;
    }

    pub(super) fn set_partly(&mut self, partly: Partly) {
        self.partly = partly;
    }

    pub(super) fn set_retired(&mut self, retired: BTreeMap<Slot, Cid>) {
        self.retired = retired;
    }

    pub(super) fn set_displaced(&mut self, displaced: BTreeSet<(Slot, Cid)>) {
        self.displaced = displaced;
    }

    pub(super) fn set_merged(&mut self, merged: Vec<Cid>) {
        self.merged = merged;
    }
}

/// The digest of a record's signed data.
pub fn digest(record: &Record) -> RecordDigest {
    Sha256::digest(record.data()).into()
}
