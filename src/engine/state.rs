//! What an account holds in memory: everything of the store except blocks, kept in step with it.
//!
//! Written only after the store said yes ([`super::account`] holds the order lock meanwhile), read at any time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::report::{Ack, LastSync, TokenCounts};
use crate::clock::UnixMs;
use crate::model::cid::Cid;
use crate::model::identity::{DeviceId, Slot};
use crate::model::index::Index;
use crate::model::inventory::{Inventory, Item};
use crate::model::keep::Keep;
use crate::model::record::Record;
use crate::store::{ItemKey, Level, NodeRow};

/// A name of this wallet and the best that was ever seen of it.
#[derive(Clone, Debug)]
pub(super) struct KnownName {
    /// Highest sequence ever seen.
    pub sequence: u64,
    /// The record that had it; none when only a pin told of it.
    pub record: Option<Record>,
    /// Its root, once merged completely.
    pub merged_root: Option<Cid>,
    pub verified_at: UnixMs,
    pub changed_at: UnixMs,
    pub occupied: bool,
}

/// This device's own place among the names.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    pub device: DeviceId,
    pub slot: Option<Slot>,
    /// The claim was seen by a majority, undisputed.
    pub owned: bool,
    /// When the claim was last put.
    pub claim_put_at: UnixMs,
}

/// Contents of a record this device signed last.
#[derive(Clone, Debug)]
pub(super) struct Edition {
    pub slot: Slot,
    pub sequence: u64,
    pub root: Cid,
    pub index: Cid,
    pub keep: Cid,
    /// Highest change number it contains.
    pub upto: u64,
    pub signed_at: UnixMs,
}

/// A digest of every record this device signed: what tells a crash from a clone.
pub(super) type WrittenLog = BTreeMap<(u8, u64), [u8; 32]>;

#[derive(Debug, Default)]
pub(super) struct State {
    pub revision: u64,
    pub inventory: Inventory,
    pub index: Index,
    pub keep: Keep,
    /// Data blocks on disk and their sizes.
    pub on_disk: HashMap<Cid, u64>,
    /// Blocks that live items refer to and that are not on disk; true for payloads.
    pub missing: BTreeMap<Cid, bool>,
    pub changes: BTreeMap<ItemKey, (u64, Level)>,
    /// Changes per level, so that status is cheap: local, published, verified.
    pub levels: [usize; 3],
    pub last_change: u64,
    pub names: BTreeMap<Slot, KnownName>,
    pub written: WrittenLog,
    pub edition: Option<Edition>,
    pub own: Own,
    pub nodes: BTreeMap<String, NodeRow>,
    pub held: HashMap<String, HashSet<Cid>>,
    /// Roots whose content is in the inventory, newest last.
    pub merged: Vec<Cid>,
    /// The index CID as of the last time it was verified on enough nodes.
    pub verified_index: Option<Cid>,
    /// Our own sequence at that time; 0 when nothing is verified.
    pub verified_sequence: u64,
    /// A restored wallet publishes nothing before this is set.
    pub first_read: bool,
    /// Level of content that other devices published.
    pub remote_level: Option<Level>,
    pub gap_at: UnixMs,
    /// When every known record was put again.
    pub reput_at: UnixMs,
    /// Every node failed at this time.
    pub failed_at: Option<UnixMs>,
    /// The last read met a record whose content no node gave.
    pub unread: bool,
    pub last_sync: Option<LastSync>,
    pub read_only: BTreeSet<Slot>,
    pub alerts: Vec<(&'static str, String)>,
}

impl State {
    /// Lowest level of any change of ours.
    pub fn ack(&self) -> Ack {
        match self.levels {
            [0, 0, 0] => Ack::None,
            [0, 0, _] => Ack::Verified,
            [0, _, _] => Ack::Published,
            _ => Ack::Local,
        }
    }

    /// Changes below `verified`.
    pub fn pending(&self) -> usize {
        let [local, published, _] = self.levels;
        local.saturating_add(published)
    }

    pub fn counts(&self) -> TokenCounts {
        let counts = self.inventory.counts();
        TokenCounts { total: counts.total, unspent: counts.unspent, suspect: counts.suspect }
    }

    /// Payloads of live states not on disk.
    pub fn missing_payloads(&self) -> usize {
        self.missing.values().filter(|payload| **payload).count()
    }

    pub fn level_slot(levels: &mut [usize; 3], level: Level) -> &mut usize {
        let [local, published, verified] = levels;
        match level {
            Level::Local => local,
            Level::Published => published,
            Level::Verified => verified,
        }
    }

    /// Notes a change of ours at level `local`.
    pub fn note_change(&mut self, key: ItemKey, number: u64) {
        if let Some((_, old)) = self.changes.insert(key, (number, Level::Local)) {
            let count = Self::level_slot(&mut self.levels, old);
            *count = count.saturating_sub(1);
        }
        let [local, ..] = &mut self.levels;
        *local = local.saturating_add(1);
        self.last_change = self.last_change.max(number);
    }

    /// Raises changes up to a number; says whether anything rose.
    pub fn raise_level(&mut self, upto: u64, level: Level) -> bool {
        self.set_level(|number, old| number <= upto && old < level, level)
    }

    /// Lowers every change above a level; says whether anything fell.
    pub fn lower_level(&mut self, level: Level) -> bool {
        self.set_level(|_, old| old > level, level)
    }

    fn set_level(&mut self, which: impl Fn(u64, Level) -> bool, level: Level) -> bool {
        let mut moved = false;
        for (number, old) in self.changes.values_mut() {
            if which(*number, *old) {
                let from = Self::level_slot(&mut self.levels, *old);
                *from = from.saturating_sub(1);
                *old = level;
                let to = Self::level_slot(&mut self.levels, level);
                *to = to.saturating_add(1);
                moved = true;
            }
        }
        moved
    }

    /// Puts a joined item into inventory, index, keep and the list of missing blocks.
    pub fn put_item(&mut self, key: ItemKey, encoded: bytes::Bytes, item: Item) {
        self.track_blocks(&item);
        self.index.insert(key, encoded);
        self.inventory.apply(item);
    }

    /// Notes which blocks of an item are here and which are wanted.
    fn track_blocks(&mut self, item: &Item) {
        for (cid, wanted, payload) in wanted_blocks(item) {
            if self.on_disk.contains_key(&cid) {
                self.missing.remove(&cid);
                self.keep.insert(cid);
            } else if wanted {
                self.missing.insert(cid, payload);
            } else {
                self.missing.remove(&cid);
            }
        }
    }

    /// Notes that a data block came to the disk.
    pub fn put_block(&mut self, cid: Cid, size: u64) {
        self.on_disk.insert(cid, size);
        self.missing.remove(&cid);
        self.keep.insert(cid);
    }

    /// Builds the keep anew, after a block on disk was found damaged.
    pub fn rebuild_keep(&mut self) {
        let mut keep = Keep::new();
        for item in self.inventory.items() {
            for block in item.refs().into_iter().filter(|block| self.on_disk.contains_key(&block.cid)) {
                keep.insert(block.cid);
            }
        }
        self.keep = keep;
    }

    /// Whether a wallet without any name was asked for recently.
    pub fn verified_recently(&self, now: UnixMs, ttl_ms: i64) -> bool {
        !self.names.is_empty() || (0..ttl_ms).contains(&now.saturating_sub(self.gap_at))
    }

    /// Remembers a root as merged; says whether it is new.
    pub fn note_merged(&mut self, root: Cid) -> bool {
        if self.merged.contains(&root) {
            return false;
        }
        self.merged.push(root);
        let surplus = self.merged.len().saturating_sub(MERGED_ROOTS);
        self.merged.drain(..surplus);
        true
    }

    /// Nodes proven to hold our latest edition.
    pub fn verified_nodes(&self) -> usize {
        let Some(edition) = &self.edition else { return 0 };
        self.nodes
            .values()
            .filter(|row| row.slot == edition.slot.number() && row.verified_sequence == edition.sequence)
            .count()
    }
}

/// Merged roots remembered: eight per slot, so that a stale node's old root is not fetched at every sync.
const MERGED_ROOTS: usize = 512;

/// The blocks an item refers to: CID, whether this device wants it on disk, whether it is a payload.
pub(super) fn wanted_blocks(item: &Item) -> Vec<(Cid, bool, bool)> {
    match item {
        Item::Token(_, state) => {
            let live = state.proofs.is_empty();
            let payloads = state.payloads.iter().map(|block| (block.cid, live, true));
            let evidence = state.intents.iter().chain(&state.proofs).map(|block| (block.cid, true, false));
            payloads.chain(evidence).collect()
        }
        other => other.refs().into_iter().map(|block| (block.cid, true, false)).collect(),
    }
}
