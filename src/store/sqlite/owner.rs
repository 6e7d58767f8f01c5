//! Whether this process is still the account's only owner.
//!
//! The lock is worth what its path is: where the lock file was deleted a second process gets in, and where the database was replaced
//! or the folder moved, what is written here is not what the next one opens. So every transaction looks: the files behind the
//! paths are those that were opened, and nobody else has claimed the database since it was read. What fails that look is not
//! written.

use std::path::Path;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension};

use super::disk::{self, Identity};
use super::fault::Fault;
use super::files::Files;
use super::lock::Lock;
use super::rows::{self, MetaRow};
use crate::clock::Entropy;
use crate::error::{Code, Error};

/// Name of the row that holds the token of who wrote last. It is the store's own, and not loaded.
pub(super) const OWNER: &str = "owner";

/// What this owner knows itself, and the database, by.
pub(super) struct Owner {
    files: Files,
    lock: Identity,
    database: Identity,
    token: Bytes,
    /// The token that is in the database, as far as this owner knows.
    last: Option<Bytes>,
}

impl Owner {
    /// Of a database that is open and of which all was read.
    pub(super) fn new(files: &Files, lock: &Lock, conn: &Connection) -> Result<Self, Fault> {
        let database = disk::identity(&files.database());
        Ok(Self {
            files: files.clone(),
            lock: lock.identity(),
            database: database.map_err(|error| Fault::io("look at the database", &error))?,
            token: Bytes::copy_from_slice(&Entropy::system()?.draw::<16>()),
            last: token(conn)?,
        })
    }

    /// Claims the database at the beginning of a transaction.
    ///
    /// # Errors
    /// [`Code::Locked`] when another owner has claimed it meanwhile.
    pub(super) fn claim(&self, conn: &Connection) -> Result<(), Fault> {
        let there = token(conn)?;
        if there.as_ref() == Some(&self.token) {
            return Ok(());
        }
        // Without a token nobody has claimed it: the row was damaged.
        if there.is_some() && there != self.last {
            return Err(locked("another process has taken it over"));
        }
        rows::put(conn, &MetaRow { name: OWNER.to_owned(), value: self.token.clone() })
    }

    /// The claim is on disk.
    pub(super) fn claimed(&mut self) {
        if self.last.as_ref() != Some(&self.token) {
            self.last = Some(self.token.clone());
        }
    }

    /// Looks whether the files are still where they were.
    ///
    /// # Errors
    /// [`Code::Locked`] when the lock file or the database is gone or another one.
    pub(super) fn check_files(&self) -> Result<(), Fault> {
        let is_there =
            |path: &Path, known: &Identity| disk::identity(path).is_ok_and(|found| found == *known);
        if !is_there(&self.files.lock(), &self.lock) {
            return Err(locked("it was moved, or its lock file was removed"));
        }
        if !is_there(&self.files.database(), &self.database) {
            return Err(locked("the database in it was replaced"));
        }
        Ok(())
    }
}

fn locked(why: &str) -> Fault {
    Error::new(Code::Locked, format!("nothing more is written to the data folder: {why}; open it again"))
        .into()
}

fn token(conn: &Connection) -> Result<Option<Bytes>, Fault> {
    let mut statement = conn.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    let value: Option<Vec<u8>> = statement.query_row([OWNER], |row| row.get(0)).optional()?;
    Ok(value.map(Bytes::from))
}
