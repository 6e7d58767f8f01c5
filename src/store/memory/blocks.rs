//! The blocks of a store in memory, with the order of their last use.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::store::{BlockClass, BlockStats};

#[derive(Clone, Default)]
pub(super) struct Blocks {
    by_cid: BTreeMap<Cid, StoredBlock>,
    damaged: BTreeSet<Cid>,
    /// Counts reads and writes; used instead of a clock.
    uses: u64,
}

#[derive(Clone)]
struct StoredBlock {
    block: Block,
    class: BlockClass,
    used: u64,
}

impl Blocks {
    /// Stores a block; one that is already there as data stays data.
    pub(super) fn put(&mut self, block: Block, class: BlockClass) {
        let cid = *block.cid();
        self.damaged.remove(&cid);
        let was_data = self.by_cid.get(&cid).is_some_and(|stored| stored.class == BlockClass::Data);
        let class = if was_data { BlockClass::Data } else { class };
        let used = self.next_use();
        self.by_cid.insert(cid, StoredBlock { block, class, used });
    }

    pub(super) fn uncache(&mut self, cid: &Cid) {
        if self.by_cid.get(cid).is_some_and(|stored| stored.class == BlockClass::Cache) {
            self.by_cid.remove(cid);
            self.damaged.remove(cid);
        }
    }

    /// A block; a damaged one is removed.
    pub(super) fn get(&mut self, cid: &Cid) -> Option<Block> {
        if self.damaged.remove(cid) {
            self.by_cid.remove(cid);
        }
        let used = self.next_use();
        let stored = self.by_cid.get_mut(cid)?;
        stored.used = used;
        Some(stored.block.clone())
    }

    pub(super) fn damage(&mut self, cid: Cid) {
        self.damaged.insert(cid);
    }

    /// CIDs and sizes of the data blocks.
    pub(super) fn data(&self) -> Vec<(Cid, u64)> {
        let data = self.by_cid.iter().filter(|(_, stored)| stored.class == BlockClass::Data);
        data.map(|(cid, stored)| (*cid, stored.size())).collect()
    }

    pub(super) fn stats(&self) -> BlockStats {
        let mut stats = BlockStats::default();
        for stored in self.by_cid.values() {
            let (count, bytes) = match stored.class {
                BlockClass::Data => (&mut stats.data_blocks, &mut stats.data_bytes),
                BlockClass::Cache => (&mut stats.cache_blocks, &mut stats.cache_bytes),
            };
            *count += 1;
            *bytes += stored.size();
        }
        stats
    }

    /// Removes cached blocks until at most `max_bytes` are left, oldest use first; returns the bytes removed.
    pub(super) fn trim(&mut self, max_bytes: u64) -> u64 {
        let mut cached: Vec<(u64, Cid, u64)> = self
            .by_cid
            .iter()
            .filter(|(_, stored)| stored.class == BlockClass::Cache)
            .map(|(cid, stored)| (stored.used, *cid, stored.size()))
            .collect();
        cached.sort_unstable();
        let mut left: u64 = cached.iter().map(|(_, _, size)| size).sum();
        let mut removed = 0;
        for (_, cid, size) in cached {
            if left <= max_bytes {
                break;
            }
            self.by_cid.remove(&cid);
            left -= size;
            removed += size;
        }
        removed
    }

    fn next_use(&mut self) -> u64 {
        self.uses += 1;
        self.uses
    }
}

impl StoredBlock {
    fn size(&self) -> u64 {
        self.block.bytes().len() as u64
    }
}
