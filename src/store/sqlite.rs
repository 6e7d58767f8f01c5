//! The store on disk: one SQLite database per account.
//!
//! One thread owns the only connection that writes; two more read, one for lists and one for blocks, so that a long list does
//! not hold up a payload. The folder holds `wallet.sqlite3`, its write-ahead log while it is open, and `lock`. It must be this
//! user's alone and on a disk of this machine: a network drive or a folder kept by a cloud service breaks the locks and the log.
//!
//! The file needs no secret, since sealed values come in; deleted rows are overwritten.

mod aside;
mod blocks;
mod connect;
pub(crate) mod disk;
pub(crate) mod fault;
mod files;
mod first_look;
mod lock;
mod open;
mod owner;
mod place;
mod quarantine;
mod reader;
mod reader_notes;
mod rows;
mod salvage;
mod tables;
mod worker;
mod writer;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

pub use self::aside::Warning;
use self::files::Files;
pub use self::place::NetworkFolder;
use self::reader::Reader;
use self::reader_notes::{Touched, Unsaid};
use self::rows::Bad;
use self::worker::Worker;
use self::writer::Writer;
use super::{BlockStats, Loaded, RollupRow, Store, Write};
use crate::clock::Clock;
use crate::error::{Code, Error};
use crate::model::block::Block;
use crate::model::cid::Cid;

/// How a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// As the account's only owner: takes the lock, makes what is missing, may write.
    Own,
    /// Beside the owner, or without one: takes no lock and changes nothing. Works on a full disk too.
    ReadAlong,
}

/// An opened store and what there is to say about it.
#[derive(Debug)]
#[non_exhaustive]
pub struct OpenedStore {
    /// The store.
    pub store: SqliteStore,
    /// What was set aside; after any warning the wallet must be synced again.
    pub warnings: Vec<Warning>,
}

/// The store of one account on disk.
///
/// Dropping it ends its threads soon, without waiting; [`Store::close`] waits, and then the account can be opened again.
pub struct SqliteStore {
    lists: Worker<Reader>,
    blocks: Worker<Reader>,
    /// None when reading along.
    writer: Option<Worker<Writer>>,
    clock: Arc<dyn Clock>,
    touched: Touched,
    unsaid: Unsaid,
    /// What opening has read anyway, until it is asked for or out of date.
    first: Mutex<Option<Loaded>>,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("owned", &self.writer.is_some()).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the account in a folder. Blocks the thread for as long as reading the tables takes.
    ///
    /// A database that is damaged is set aside under another name and a new one made with what is whole; a warning says so.
    ///
    /// # Errors
    /// [`Code::Locked`] with the holder's process id when another process owns the account; [`Code::NewerSchema`] with both
    /// versions when a newer release wrote it (nothing is touched); [`Code::StorageIo`] when the folder cannot be used or the
    /// disk fails, and when the folder is no fit place: another user's, one that others may change, links in the place of its files, a
    /// network file system; [`Code::StorageFull`]; reading along also [`Code::NotFound`] when there is no database and
    /// [`Code::Corrupt`] when it is damaged, since only the owner replaces it.
    pub fn open(dir: &Path, clock: Arc<dyn Clock>, mode: OpenMode) -> Result<OpenedStore, Error> {
        Self::open_on(dir, NetworkFolder::Refused, clock, mode)
    }

    /// The same where the user may have said that a network file system can be relied on.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_on(
        dir: &Path,
        network: NetworkFolder,
        clock: Arc<dyn Clock>,
        mode: OpenMode,
    ) -> Result<OpenedStore, Error> {
        open::check_sqlite(rusqlite::version_number())?;
        let files = Files::new(dir);
        let (touched, unsaid) = (Touched::default(), Unsaid::default());
        let (first, writer, warnings) = match mode {
            OpenMode::Own => {
                let owned = open::own(&files, network, clock.clone(), touched.clone(), unsaid.clone())?;
                let writer = Worker::start("wallet-store-write", owned.writer)?;
                (Some(owned.loaded), Some(writer), owned.warnings)
            }
            OpenMode::ReadAlong => (None, None, Vec::new()),
        };
        let store = Self {
            lists: Worker::start("wallet-store-lists", open::read_along(&files, network)?)?,
            blocks: Worker::start("wallet-store-blocks", open::read_along(&files, network)?)?,
            writer,
            clock,
            touched,
            unsaid,
            first: Mutex::new(first),
        };
        Ok(OpenedStore { store, warnings })
    }

    /// What [`Write::FirstLook`] left in a folder, if nothing was written since. Takes no lock, changes nothing, and reads two rows.
    ///
    /// # Errors
    /// As [`SqliteStore::open`] for reading along.
    pub fn first_look(dir: &Path, network: NetworkFolder) -> Result<Option<Bytes>, Error> {
        open::check_sqlite(rusqlite::version_number())?;
        open::first_look(&Files::new(dir), network)
    }

    /// Bounds the database file to about `bytes`; a commit beyond fails with [`Code::StorageFull`] until the bound is raised or
    /// something was removed. Without it only the disk is the bound.
    ///
    /// # Errors
    /// [`Code::Locked`] when the store only reads along, else as [`Store::commit`].
    ///
    /// # Cancel safety
    /// Once queued it takes effect.
    pub async fn limit_size(&self, bytes: u64) -> Result<(), Error> {
        self.owner()?.call(move |writer| writer.limit_size(bytes)).await?
    }

    fn owner(&self) -> Result<&Worker<Writer>, Error> {
        self.writer
            .as_ref()
            .ok_or_else(|| Error::new(Code::Locked, "the account was opened for reading only"))
    }

    /// Hands bad rows to the writer. What fails there is said by the next commit, not by a read that succeeded.
    async fn quarantine_behind(&self, bad: Vec<Bad>) {
        if let (Some(writer), false) = (&self.writer, bad.is_empty()) {
            let _ = writer.call(move |writer| writer.quarantine_rows(&bad)).await;
        }
    }

    /// Lets the writer know what a reader ran into.
    async fn heed<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if let (Err(error), Some(writer)) = (&result, &self.writer)
            && error.code() == Code::Corrupt
        {
            let error = error.clone();
            let _ = writer.call(move |writer| writer.found_damage(&error)).await;
        }
        result
    }

    fn take_first(&self) -> Option<Loaded> {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Forgets what opening has read, but not what it found damaged.
    fn outdate_first(&self) {
        if let Some(first) = self.take_first() {
            self.unsaid.add(first.quarantined);
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn load(&self) -> Result<Loaded, Error> {
        if let Some(mut loaded) = self.take_first() {
            loaded.quarantined.extend(self.unsaid.take());
            return Ok(loaded);
        }
        let result = self.lists.call(|reader| reader.load()).await?;
        let (mut loaded, bad) = self.heed(result).await?;
        self.quarantine_behind(bad).await;
        loaded.quarantined.extend(self.unsaid.take());
        Ok(loaded)
    }

    async fn commit(&self, batch: Vec<Write>) -> Result<(), Error> {
        let writer = self.owner()?;
        self.outdate_first();
        writer.call(move |writer| writer.commit(batch)).await?
    }

    async fn block(&self, cid: &Cid) -> Result<Option<Block>, Error> {
        Ok(self.blocks(std::slice::from_ref(cid)).await?.pop().flatten())
    }

    async fn blocks(&self, cids: &[Cid]) -> Result<Vec<Option<Block>>, Error> {
        let cids = cids.to_vec();
        let found = self.blocks.call(move |reader| reader.blocks(&cids)).await??;
        self.touched.note(&found.blocks, self.clock.now());
        if let (Some(writer), false) = (&self.writer, found.damaged.is_empty()) {
            let damaged = found.damaged;
            self.outdate_first();
            let _ = writer.call(move |writer| writer.quarantine_blocks(&damaged)).await;
        }
        if let Some(error) = found.unreadable {
            // The block counts as missing, like any damaged one; what it needs is a new database.
            let _ = self.heed::<()>(Err(error)).await;
        }
        Ok(found.blocks)
    }

    async fn block_stats(&self) -> Result<BlockStats, Error> {
        let result = self.lists.call(|reader| reader.block_stats()).await?;
        self.heed(result).await
    }

    async fn trim_cache(&self, max_bytes: u64) -> Result<u64, Error> {
        let writer = self.owner()?;
        self.outdate_first();
        writer.call(move |writer| writer.trim_cache(max_bytes)).await?
    }

    async fn rollups(&self, from_minute: i64) -> Result<Vec<RollupRow>, Error> {
        let result = self.lists.call(move |reader| reader.rollups(from_minute)).await?;
        let (rows, bad) = self.heed(result).await?;
        if self.writer.is_some() {
            self.unsaid.add(bad.iter().map(Bad::label).collect());
        }
        self.quarantine_behind(bad).await;
        Ok(rows)
    }

    async fn close(&self) -> Result<(), Error> {
        drop(self.take_first());
        // Readers first: the last connection to close is the one that empties the log.
        self.lists.end().await;
        self.blocks.end().await;
        let Some(writer) = &self.writer else { return Ok(()) };
        let finished = writer.call(|writer| writer.finish()).await;
        writer.end().await;
        match finished {
            Err(error) if error.code() == Code::Closed => Ok(()),
            Err(error) => Err(error),
            Ok(result) => result,
        }
    }
}
