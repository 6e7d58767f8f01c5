//! A store in memory, for tests and simulations. It has the same rules as the one on disk, and can be made to fail.

mod blocks;
mod tables;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use self::tables::Tables;
use super::{BlockStats, ItemKey, Loaded, RollupRow, Store, Write};
use crate::error::{Code, Error};
use crate::model::block::Block;
use crate::model::cid::Cid;

/// A handle to a store in memory.
///
/// A clone is a newly opened handle to the same content: closing one, or a disk failure, ends that one only. What was
/// committed stays until the last handle is dropped.
pub struct MemoryStore {
    disk: Arc<Mutex<Disk>>,
    opening: Mutex<Opening>,
}

/// State of one handle.
#[derive(Clone, Default)]
struct Opening {
    closed: bool,
    failed: Option<Error>,
    /// Number of crashes before it was opened; a crash ends all older handles.
    epoch: u64,
}

#[derive(Default)]
struct Disk {
    epoch: u64,
    tables: Tables,
    fail_next: Option<(Code, bool)>,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        let epoch = self.opening().epoch;
        Self { disk: self.disk.clone(), opening: Mutex::new(Opening { epoch, ..Opening::default() }) }
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
        Self { disk: Arc::default(), opening: Mutex::default() }
    }

    /// Simulates a crash: this and every other handle answers [`Code::Closed`] from now on; the returned one has what was committed.
    #[must_use]
    pub fn crash(&self) -> Self {
        let mut disk = self.disk();
        disk.epoch += 1;
        disk.fail_next = None;
        let opening = Opening { epoch: disk.epoch, ..Opening::default() };
        Self { disk: self.disk.clone(), opening: Mutex::new(opening) }
    }

    /// A copy of what is committed now, like a cloned disk; later changes affect only one of them.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        let disk = Disk { tables: self.disk().tables.clone(), ..Disk::default() };
        Self { disk: Arc::new(Mutex::new(disk)), opening: Mutex::default() }
    }

    /// Makes the next commit fail with this code and write nothing. After [`Code::StorageIo`] and [`Code::Corrupt`] the handle
    /// refuses further work; clone it to open the store again.
    pub fn fail_next(&self, code: Code) {
        self.disk().fail_next = Some((code, false));
    }

    /// Makes the next commit fail with this code although it writes its batch: the outcome of a failed fsync is unknown.
    pub fn fail_next_after_write(&self, code: Code) {
        self.disk().fail_next = Some((code, true));
    }

    /// Damages a stored item: the next load leaves it out and lists it.
    pub fn damage_item(&self, key: &ItemKey) {
        self.disk().tables.damage_item(*key);
    }

    /// Damages a stored block: it is not found any more.
    pub fn damage_block(&self, cid: &Cid) {
        self.disk().tables.blocks.damage(*cid);
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opening(&self) -> MutexGuard<'_, Opening> {
        self.opening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The content, if this handle is open.
    fn open(&self) -> Result<MutexGuard<'_, Disk>, Error> {
        let opening = self.opening().clone();
        let disk = self.disk();
        if opening.closed || opening.epoch != disk.epoch {
            return Err(Error::new(Code::Closed, "the store is closed"));
        }
        Ok(disk)
    }

    /// The content, if this handle may still write.
    fn writable(&self) -> Result<MutexGuard<'_, Disk>, Error> {
        let disk = self.open()?;
        match &self.opening().failed {
            Some(error) => Err(error.within("the store stopped")),
            None => Ok(disk),
        }
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self) -> Result<Loaded, Error> {
        Ok(self.open()?.tables.load())
    }

    async fn commit(&self, batch: Vec<Write>) -> Result<(), Error> {
        let mut disk = self.writable()?;
        let failure = disk.fail_next.take();
        if let Some((code, written)) = failure {
            if written && disk.tables.check(&batch).is_ok() {
                batch.into_iter().for_each(|write| disk.tables.write(write));
            }
            let error = Error::new(code, "a failure asked for by the test");
            if matches!(code, Code::StorageIo | Code::Corrupt) {
                self.opening().failed = Some(error.clone());
            }
            return Err(error);
        }
        disk.tables.check(&batch)?;
        batch.into_iter().for_each(|write| disk.tables.write(write));
        Ok(())
    }

    async fn block(&self, cid: &Cid) -> Result<Option<Block>, Error> {
        Ok(self.open()?.tables.blocks.get(cid))
    }

    async fn blocks(&self, cids: &[Cid]) -> Result<Vec<Option<Block>>, Error> {
        let mut disk = self.open()?;
        Ok(cids.iter().map(|cid| disk.tables.blocks.get(cid)).collect())
    }

    async fn block_stats(&self) -> Result<BlockStats, Error> {
        Ok(self.open()?.tables.blocks.stats())
    }

    async fn trim_cache(&self, max_bytes: u64) -> Result<u64, Error> {
        Ok(self.writable()?.tables.blocks.trim(max_bytes))
    }

    async fn rollups(&self, from_minute: i64) -> Result<Vec<RollupRow>, Error> {
        Ok(self.open()?.tables.rollups(from_minute))
    }

    async fn close(&self) -> Result<(), Error> {
        self.opening().closed = true;
        Ok(())
    }
}
