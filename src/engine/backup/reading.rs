//! Reads a backup file from its beginning to its end, on a thread that may wait for the disk.

use std::path::PathBuf;

use crate::engine::api::backup::{BackupProgress, BackupReport};
use crate::engine::tasks::Tasks;
use crate::error::{Code, Error};
use crate::model::backup::{Backup, BackupReader};
use crate::model::block::Block;
use crate::model::car;
use crate::model::identity::WalletKeys;
use crate::model::inventory::Item;
use crate::model::record::Record;
use crate::store::whole_file::ReadFile;

/// Who hears how far it is.
pub type Hears<'a> = &'a (dyn Fn(BackupProgress) + Send + Sync);

/// A file that is read from its beginning to its end.
pub struct Reading<'a> {
    /// None while another thread has it.
    file: Option<ReadFile>,
    reader: BackupReader<'a>,
    chunk: Vec<u8>,
    done: u64,
    total: u64,
}

impl<'a> Reading<'a> {
    /// Begins; `done` bytes of `total` were done before.
    ///
    /// # Errors
    /// `bad_request` where it cannot be read; `malformed` where it is no backup.
    pub async fn begin(
        file: ReadFile,
        keys: Option<&'a WalletKeys>,
        done: u64,
        total: u64,
    ) -> Result<Self, Error> {
        let (file, chunk) = next(file).await?;
        if chunk.is_empty() {
            return Err(Error::new(Code::Malformed, "the file is empty"));
        }
        let reader = BackupReader::new(car::root_of(&chunk).map_err(|e| no_car(&e))?, keys);
        Ok(Self { file: Some(file), reader, chunk, done, total })
    }

    /// The data blocks of the next part; none at the end.
    ///
    /// # Errors
    /// `bad_request` where it cannot be read; `malformed`, `hash_mismatch`, `decrypt_failed` and the like for what is in it.
    ///
    /// # Cancel safety
    /// Reads only; not to be called again when dropped early.
    pub async fn next(&mut self, hears: Hears<'_>) -> Result<Option<Vec<Block>>, Error> {
        if self.chunk.is_empty() {
            return Ok(None);
        }
        let blocks = self.reader.push(&self.chunk)?;
        self.done = self.done.saturating_add(self.chunk.len() as u64);
        hears(BackupProgress { done: self.done, total: self.total.max(self.done) });
        let file = self.file.take().ok_or_else(stopped)?;
        let (file, chunk) = next(file).await?;
        (self.file, self.chunk) = (Some(file), chunk);
        Ok(Some(blocks))
    }

    /// What it holds, once it was read to its end.
    ///
    /// # Errors
    /// `malformed` where it is cut short or lacks a block.
    pub fn finish(self) -> Result<Backup, Error> {
        self.reader.finish()
    }

    /// Reads on to the end and forgets the data blocks.
    ///
    /// # Errors
    /// As [`Reading::next`] and [`Reading::finish`].
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn check(mut self, hears: Hears<'_>, tasks: Option<&Tasks>) -> Result<Backup, Error> {
        while self.next(hears).await?.is_some() {
            tasks.map_or(Ok(()), Tasks::check_open)?;
        }
        self.finish()
    }
}

/// Opens a file that a person names; gives its size too.
///
/// # Errors
/// `bad_request` where it cannot be read.
pub async fn open(path: PathBuf) -> Result<(ReadFile, u64), Error> {
    let opened = tokio::task::spawn_blocking(move || ReadFile::open(&path));
    let file = opened.await.map_err(|_| stopped())??;
    let size = file.size();
    Ok((file, size))
}

/// A file that is none of ours is called so, whatever its first bytes are.
fn no_car(e: &Error) -> Error {
    Error::new(Code::Malformed, format!("not a backup file: {}", e.message()))
}

async fn next(mut file: ReadFile) -> Result<(ReadFile, Vec<u8>), Error> {
    let read = tokio::task::spawn_blocking(move || file.read_on().map(|chunk| (file, chunk)));
    read.await.map_err(|_| stopped())?
}

fn stopped() -> Error {
    Error::new(Code::TaskFailed, "reading the file ended unexpectedly")
}

/// What there is to say of a file.
pub fn report(backup: &Backup) -> BackupReport {
    let opened = backup.opened.as_ref();
    let count = |counts: fn(&Item) -> bool| {
        opened.map(|opened| opened.items.iter().filter(|item| counts(item)).count())
    };
    BackupReport {
        tokens: count(|item| matches!(item, Item::Token(..))),
        live: count(|item| matches!(item, Item::Token(_, state) if state.is_live())),
        entries: count(|item| matches!(item, Item::Entry(..))),
        missing: opened.map(|opened| opened.missing),
        unreadable: opened.map(|opened| opened.unreadable),
        blocks: backup.car.blocks,
        bytes: backup.car.bytes,
        made_at: opened.and_then(|opened| i64::try_from(opened.root.published).ok()),
        sequence: backup.head.record.as_ref().map(Record::sequence),
    }
}
