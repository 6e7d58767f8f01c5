//! A store in memory, for tests and simulations. It keeps the rules of the one on disk and can fail when told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    BlockClass, BlockStats, ChangeRow, ItemKey, ItemRow, Level, Loaded, NameRow, NodeRow, RollupRow, Store,
    Write, WrittenRow, block_size, column_number, second_record,
};
use crate::error::{Code, Error};
use crate::model::block::Block;
use crate::model::cid::Cid;

/// A handle to a store in memory.
///
/// A clone is a newly opened handle to the same content: closing one, or a failed disk, ends that one only. What was
/// committed stays until the last handle goes.
pub struct MemoryStore {
    shared: Arc<Mutex<Shared>>,
    handle: Mutex<Handle>,
}

/// State of one opening.
#[derive(Clone, Default)]
struct Handle {
    closed: bool,
    failed: Option<Error>,
    /// A crash ends every handle opened before it.
    epoch: u64,
}

#[derive(Default)]
struct Shared {
    epoch: u64,
    durable: Durable,
    fail_next: Option<(Code, bool)>,
}

/// What survives a crash.
#[derive(Clone, Default)]
struct Durable {
    items: BTreeMap<ItemKey, ItemRow>,
    changes: BTreeMap<ItemKey, ChangeRow>,
    names: BTreeMap<u8, NameRow>,
    written: BTreeMap<(u8, u64), WrittenRow>,
    nodes: BTreeMap<(String, u8), NodeRow>,
    held: BTreeMap<String, BTreeSet<Cid>>,
    meta: BTreeMap<String, Bytes>,
    rollups: BTreeMap<i64, RollupRow>,
    blocks: BTreeMap<Cid, Kept>,
    damaged_items: BTreeSet<ItemKey>,
    damaged_blocks: BTreeSet<Cid>,
    uses: u64,
}

#[derive(Clone)]
struct Kept {
    block: Block,
    class: BlockClass,
    used: u64,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        let epoch = self.handle().epoch;
        Self { shared: self.shared.clone(), handle: Mutex::new(Handle { epoch, ..Handle::default() }) }
    }
}

impl std::fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryStore")
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self { shared: Arc::default(), handle: Mutex::default() }
    }

    /// Crashes: this and every other handle answers [`Code::Closed`] from now on, and the one returned has what was committed.
    #[must_use]
    pub fn crash(&self) -> Self {
        let mut shared = self.shared();
        shared.epoch = shared.epoch.wrapping_add(1);
        shared.fail_next = None;
        let handle = Handle { epoch: shared.epoch, ..Handle::default() };
        Self { shared: self.shared.clone(), handle: Mutex::new(handle) }
    }

    /// A copy of what is committed now, as of a cloned disk; it and the original go separate ways.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        let shared = Shared { durable: self.shared().durable.clone(), ..Shared::default() };
        Self { shared: Arc::new(Mutex::new(shared)), handle: Mutex::default() }
    }

    /// Makes the next commit fail with this code and write nothing. After [`Code::StorageIo`] and [`Code::Corrupt`] the handle
    /// refuses further work; a clone is the store opened again.
    pub fn fail_next(&self, code: Code) {
        self.shared().fail_next = Some((code, false));
    }

    /// Makes the next commit fail with this code although it writes its batch: the outcome of a failed fsync is unknown.
    pub fn fail_next_after_write(&self, code: Code) {
        self.shared().fail_next = Some((code, true));
    }

    /// Damages an item at rest: the next load leaves it out and names it.
    pub fn damage_item(&self, key: &ItemKey) {
        self.shared().durable.damaged_items.insert(*key);
    }

    /// Damages a block at rest: it is not found any more.
    pub fn damage_block(&self, cid: &Cid) {
        self.shared().durable.damaged_blocks.insert(*cid);
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self) -> MutexGuard<'_, Handle> {
        self.handle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The content, if this handle is open.
    fn open(&self) -> Result<MutexGuard<'_, Shared>, Error> {
        let handle = self.handle().clone();
        let shared = self.shared();
        if handle.closed || handle.epoch != shared.epoch {
            return Err(Error::new(Code::Closed, "the store is closed"));
        }
        Ok(shared)
    }

    /// The content, if this handle may still write.
    fn writable(&self) -> Result<MutexGuard<'_, Shared>, Error> {
        let shared = self.open()?;
        match &self.handle().failed {
            Some(error) => Err(error.within("the store stopped")),
            None => Ok(shared),
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self) -> Result<Loaded, Error> {
        Ok(self.open()?.durable.load())
    }

    async fn commit(&self, batch: Vec<Write>) -> Result<(), Error> {
        let mut shared = self.writable()?;
        let failure = shared.fail_next.take();
        if let Some((code, written)) = failure {
            if written && shared.durable.check(&batch).is_ok() {
                batch.into_iter().for_each(|write| shared.durable.apply(write));
            }
            let error = Error::new(code, "a failure asked for by the test");
            if matches!(code, Code::StorageIo | Code::Corrupt) {
                self.handle().failed = Some(error.clone());
            }
            return Err(error);
        }
        shared.durable.check(&batch)?;
        batch.into_iter().for_each(|write| shared.durable.apply(write));
        Ok(())
    }

    async fn block(&self, cid: &Cid) -> Result<Option<Block>, Error> {
        Ok(self.open()?.durable.block(cid))
    }

    async fn blocks(&self, cids: &[Cid]) -> Result<Vec<Option<Block>>, Error> {
        let mut shared = self.open()?;
        Ok(cids.iter().map(|cid| shared.durable.block(cid)).collect())
    }

    async fn block_stats(&self) -> Result<BlockStats, Error> {
        Ok(self.open()?.durable.stats())
    }

    async fn trim_cache(&self, max_bytes: u64) -> Result<u64, Error> {
        Ok(self.writable()?.durable.trim(max_bytes))
    }

    async fn rollups(&self, from_minute: i64) -> Result<Vec<RollupRow>, Error> {
        Ok(self.open()?.durable.rollups.range(from_minute..).map(|(_, row)| row.clone()).collect())
    }

    async fn close(&self) -> Result<(), Error> {
        self.handle().closed = true;
        Ok(())
    }
}

/// Everything that can fail is found here, before the first write, so that a batch is whole or not at all.
impl Durable {
    fn check(&self, batch: &[Write]) -> Result<(), Error> {
        let mut signed: BTreeMap<(u8, u64), &WrittenRow> = BTreeMap::new();
        let mut pruned: BTreeMap<u8, u64> = BTreeMap::new();
        for write in batch {
            match write {
                Write::Change { number, .. } => {
                    column_number(*number)?;
                }
                Write::Name(row) => {
                    column_number(row.sequence)?;
                }
                Write::Node(row) => {
                    column_number(row.verified_sequence)?;
                }
                Write::Block { block, .. } => {
                    block_size(block)?;
                }
                Write::PruneWritten { slot, below } => {
                    let floor = pruned.entry(*slot).or_default();
                    *floor = (*floor).max(*below);
                    signed.retain(|(of, sequence), _| of != slot || sequence >= below);
                }
                Write::Written(row) => {
                    column_number(row.sequence)?;
                    column_number(row.upto)?;
                    let key = (row.slot, row.sequence);
                    let is_pruned = pruned.get(&row.slot).is_some_and(|below| row.sequence < *below);
                    let stored = self.written.get(&key).filter(|_| !is_pruned);
                    match signed.get(&key).copied().or(stored) {
                        Some(is) if is.record != row.record || is.root != row.root => {
                            return Err(second_record(row));
                        }
                        _ => signed.insert(key, row),
                    };
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn apply(&mut self, write: Write) {
        match write {
            Write::Item(row) => {
                self.damaged_items.remove(&row.key);
                self.items.insert(row.key, row);
            }
            Write::Change { key, number } => {
                self.changes.insert(key, ChangeRow { key, number, level: Level::Local });
            }
            Write::RaiseLevel { upto, level } => {
                self.changes
                    .values_mut()
                    .filter(|row| row.number <= upto && row.level < level)
                    .for_each(|row| row.level = level);
            }
            Write::LowerLevel { level } => {
                self.changes.values_mut().for_each(|row| row.level = row.level.min(level));
            }
            Write::Block { block, class } => self.keep(block, class),
            Write::DropCacheBlock { cid } => {
                if self.blocks.get(&cid).is_some_and(|kept| kept.class == BlockClass::Cache) {
                    self.blocks.remove(&cid);
                }
            }
            Write::Name(row) => {
                self.names.insert(row.slot, row);
            }
            Write::ForgetName { slot } => {
                self.names.remove(&slot);
            }
            Write::Written(row) => {
                self.written.entry((row.slot, row.sequence)).or_insert(row);
            }
            Write::PruneWritten { slot, below } => {
                self.written.retain(|(of, sequence), _| *of != slot || *sequence >= below);
            }
            Write::Node(row) => {
                self.nodes.insert((row.node.clone(), row.slot), row);
            }
            Write::Held { node, cids } => {
                if !cids.is_empty() {
                    self.held.entry(node).or_default().extend(cids);
                }
            }
            Write::HeldExactly { node, cids } => {
                self.held.remove(&node);
                if !cids.is_empty() {
                    self.held.insert(node, cids.into_iter().collect());
                }
            }
            Write::Meta { key, value: Some(value) } => {
                self.meta.insert(key.into(), value);
            }
            Write::Meta { key, value: None } => {
                self.meta.remove(key);
            }
            Write::Rollup(row) => {
                self.rollups.insert(row.minute, row);
            }
            Write::PruneRollups { before_minute } => {
                self.rollups = self.rollups.split_off(&before_minute);
            }
        }
    }

    fn keep(&mut self, block: Block, class: BlockClass) {
        let cid = *block.cid();
        self.damaged_blocks.remove(&cid);
        let was_data = self.blocks.get(&cid).is_some_and(|kept| kept.class == BlockClass::Data);
        let class = if was_data { BlockClass::Data } else { class };
        let used = self.next_use();
        self.blocks.insert(cid, Kept { block, class, used });
    }

    fn next_use(&mut self) -> u64 {
        self.uses = self.uses.saturating_add(1);
        self.uses
    }

    fn block(&mut self, cid: &Cid) -> Option<Block> {
        if self.damaged_blocks.remove(cid) {
            self.blocks.remove(cid);
        }
        let used = self.next_use();
        let kept = self.blocks.get_mut(cid)?;
        kept.used = used;
        Some(kept.block.clone())
    }

    fn load(&mut self) -> Loaded {
        let mut quarantined = Vec::new();
        for key in std::mem::take(&mut self.damaged_items) {
            quarantined.extend(self.items.remove(&key).map(|row| match row.token_id {
                id if id.is_empty() => "items row".into(),
                id => id,
            }));
        }
        Loaded {
            items: self.items.values().cloned().collect(),
            changes: self.changes.values().cloned().collect(),
            names: self.names.values().cloned().collect(),
            written: self.written.values().cloned().collect(),
            nodes: self.nodes.values().cloned().collect(),
            held: self
                .held
                .iter()
                .map(|(node, cids)| (node.clone(), cids.iter().copied().collect()))
                .collect(),
            meta: self.meta.clone(),
            data_blocks: self
                .blocks
                .iter()
                .filter(|(_, kept)| kept.class == BlockClass::Data)
                .map(|(cid, kept)| (*cid, kept.block.bytes().len() as u64))
                .collect(),
            quarantined,
        }
    }

    fn stats(&self) -> BlockStats {
        let mut stats = BlockStats::default();
        for kept in self.blocks.values() {
            let (count, bytes) = match kept.class {
                BlockClass::Data => (&mut stats.data_blocks, &mut stats.data_bytes),
                BlockClass::Cache => (&mut stats.cache_blocks, &mut stats.cache_bytes),
            };
            *count = count.saturating_add(1);
            *bytes = bytes.saturating_add(kept.block.bytes().len() as u64);
        }
        stats
    }

    fn trim(&mut self, max_bytes: u64) -> u64 {
        let mut cached: Vec<(u64, Cid, u64)> = self
            .blocks
            .iter()
            .filter(|(_, kept)| kept.class == BlockClass::Cache)
            .map(|(cid, kept)| (kept.used, *cid, kept.block.bytes().len() as u64))
            .collect();
        cached.sort_unstable();
        let mut left = cached.iter().fold(0_u64, |sum, (_, _, size)| sum.saturating_add(*size));
        let mut removed: u64 = 0;
        for (_, cid, size) in cached {
            if left <= max_bytes {
                break;
            }
            self.blocks.remove(&cid);
            left = left.saturating_sub(size);
            removed = removed.saturating_add(size);
        }
        removed
    }
}
