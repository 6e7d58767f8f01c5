//! The one connection that writes, and the only one that checkpoints.

use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, TransactionBehavior};

use super::fault::Fault;
use super::files::Files;
use super::lock::Lock;
use super::owner::Owner;
use super::reader;
use super::reader_notes::{Touched, Unsaid};
use super::rows::{self, Bad, BlockRow};
use super::{blocks, first_look, quarantine, tables};
use crate::clock::{Clock, UnixMs};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::store::{BlockClass, Write};

/// Owns the write connection and the account's lock, which it lets go of last.
pub(super) struct Writer {
    conn: Connection,
    clock: Arc<dyn Clock>,
    touched: Touched,
    unsaid: Unsaid,
    files: Files,
    owner: Owner,
    /// A first look stands, which the next write makes untrue.
    has_look: bool,
    /// Why nothing is written any more: the disk failed or the database is damaged.
    stopped: Option<Error>,
    _lock: Lock,
}

impl Writer {
    pub(super) fn new(
        conn: Connection,
        clock: Arc<dyn Clock>,
        touched: Touched,
        unsaid: Unsaid,
        files: Files,
        owner: Owner,
        lock: Lock,
    ) -> Self {
        Self { conn, clock, touched, unsaid, files, owner, has_look: false, stopped: None, _lock: lock }
    }

    /// Writes a batch, whole or not at all.
    pub(super) fn commit(&mut self, batch: Vec<Write>) -> Result<(), Error> {
        let leaves_look = batch.iter().any(|write| matches!(write, Write::FirstLook(_)));
        // What waits now is not to be written after it.
        let touched = (leaves_look || self.touched.is_full()).then(|| self.touched.take());
        let had_look = self.has_look;
        self.has_look &= !leaves_look;
        let written = self.transaction(|conn, now, moved| {
            if let Some(touched) = touched {
                blocks::note_uses(conn, touched, now)?;
            }
            batch.into_iter().try_for_each(|write| tables::write(conn, write, now, moved))
        });
        // What failed has left the row as it was.
        self.has_look = if written.is_ok() { leaves_look } else { had_look };
        written
    }

    /// Moves bad rows, which the caller names, to the quarantine; block rows whose bytes are whole come back as data.
    pub(super) fn quarantine_rows(&mut self, bad: &[Bad]) -> Result<(), Error> {
        self.transaction(|conn, now, _| quarantine::move_rows(conn, bad, now, &mut Vec::new()))
    }

    /// Moves blocks whose bytes are not those of their CID to the quarantine.
    pub(super) fn quarantine_blocks(&mut self, cids: &[Cid]) -> Result<(), Error> {
        self.transaction(|conn, now, _| {
            cids.iter().try_for_each(|cid| blocks::quarantine_block(conn, cid, now))
        })
    }

    /// See [`Store::trim_cache`](crate::store::Store::trim_cache).
    pub(super) fn trim_cache(&mut self, max_bytes: u64) -> Result<u64, Error> {
        let touched = self.touched.take();
        let doomed = self.transaction(|conn, now, moved| {
            blocks::note_uses(conn, touched, now)?;
            oldest_beyond(conn, max_bytes, now, moved)
        })?;
        let mut removed: u64 = 0;
        for some in doomed.chunks(limits::STORE_TRIM_BLOCKS) {
            self.transaction(|conn, _, _| some.iter().try_for_each(|row| blocks::remove(conn, &row.cid)))?;
            removed = some.iter().fold(removed, |sum, row| sum.saturating_add(row.size));
        }
        if !doomed.is_empty() {
            let result = give_back_space(&self.conn);
            self.heed(result)?;
        }
        Ok(removed)
    }

    /// Bounds the database file; see [`SqliteStore::limit_size`](super::SqliteStore::limit_size).
    pub(super) fn limit_size(&mut self, bytes: u64) -> Result<(), Error> {
        let result = set_page_limit(&self.conn, bytes);
        self.heed(result)
    }

    /// Writes what waited and folds the write-ahead log into the database.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        if self.stopped.is_some() {
            return Ok(());
        }
        let touched = self.touched.take();
        if !touched.is_empty() {
            self.transaction(|conn, now, _| blocks::note_uses(conn, touched, now))?;
        }
        let result = self.owner.check_files().and_then(|()| {
            keep_log_on_close(&self.conn, false);
            checkpoint(&self.conn)?;
            self.files.end_session()
        });
        self.heed(result)
    }

    /// Notes damage found by a reader.
    pub(super) fn found_damage(&mut self, error: &Error) {
        if error.code() == Code::Corrupt {
            self.stop(error.clone());
        }
    }

    /// Runs work that also lists the rows it moved to the quarantine.
    fn transaction<T>(
        &mut self,
        work: impl FnOnce(&Connection, UnixMs, &mut Vec<String>) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        if let Some(stopped) = &self.stopped {
            return Err(stopped.within("the store stopped"));
        }
        let now = self.clock.now();
        let mut moved = Vec::new();
        let (owner, has_look) = (&self.owner, self.has_look);
        let result = in_transaction(&mut self.conn, |conn| {
            owner.claim(conn)?;
            let done = work(conn, now, &mut moved)?;
            if has_look {
                first_look::remove(conn)?;
            }
            owner.check_files()?;
            Ok(done)
        });
        if result.is_ok() {
            self.owner.claimed();
            self.has_look = false;
            self.unsaid.add(moved);
        }
        self.heed(result)
    }

    /// Stops writing where going on could lose what was acknowledged.
    fn heed<T>(&mut self, result: Result<T, Fault>) -> Result<T, Error> {
        result.map_err(|fault| {
            let error = Error::from(fault);
            match error.code() {
                Code::StorageIo | Code::Corrupt => self.stop(error.clone()),
                // A log of that name may be another database's by now.
                Code::Locked => keep_log_on_close(&self.conn, true),
                _ => {}
            }
            error
        })
    }

    fn stop(&mut self, error: Error) {
        if self.stopped.is_some() {
            return;
        }
        if error.code() == Code::Corrupt {
            // Should this fail too, the damage is found again by the next opening or the next read.
            let _ = self.files.mark_damaged(None);
        }
        // A failed fsync may have lost pages that the kernel now calls clean: nothing more is built on them here.
        keep_log_on_close(&self.conn, true);
        self.stopped = Some(error);
    }
}

/// Whether closing leaves the log as it is, or folds it in and removes what has its name.
fn keep_log_on_close(conn: &Connection, keep: bool) {
    // Fails for a setting that is not known only.
    let _ = conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep);
}

/// Settings of the write connection.
pub(super) fn settle(conn: &Connection) -> Result<(), Fault> {
    reader::settle(conn)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "secure_delete", true)?;
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "fullfsync", true)?;
    conn.pragma_update(None, "checkpoint_fullfsync", true)?;
    conn.pragma_update(None, "journal_size_limit", limits::STORE_WAL_BYTES)?;
    Ok(())
}

/// Runs work in a write transaction that is undone when the work fails.
pub(super) fn in_transaction<T>(
    conn: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = work(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

/// Folds the write-ahead log into the database and empties it, as far as readers let it.
pub(super) fn checkpoint(conn: &Connection) -> Result<(), Fault> {
    Ok(conn.query_row("PRAGMA wal_checkpoint(truncate)", [], |_| Ok(()))?)
}

fn give_back_space(conn: &Connection) -> Result<(), Fault> {
    let mut statement = conn.prepare("PRAGMA incremental_vacuum")?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    checkpoint(conn)
}

/// Cached blocks, oldest use first, whose removal leaves at most `max_bytes`.
fn oldest_beyond(
    conn: &Connection,
    max_bytes: u64,
    now: UnixMs,
    moved: &mut Vec<String>,
) -> Result<Vec<BlockRow>, Fault> {
    let mut bad = Vec::new();
    let mut cached = rows::read::<BlockRow>(conn, "1", &[], &mut bad)?;
    quarantine::move_rows(conn, &bad, now, moved)?;
    cached.retain(|row| row.class == BlockClass::Cache);
    cached.sort_by_key(|row| (row.used_at, row.cid));
    let mut left = cached.iter().fold(0_u64, |sum, row| sum.saturating_add(row.size));
    let stays = cached.iter().position(|row| {
        let enough = left <= max_bytes;
        left = left.saturating_sub(row.size);
        enough
    });
    cached.truncate(stays.unwrap_or(cached.len()));
    Ok(cached)
}

fn set_page_limit(conn: &Connection, bytes: u64) -> Result<(), Fault> {
    let page: i64 = conn.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages = i64::try_from(bytes).unwrap_or(i64::MAX).checked_div(page).unwrap_or(1).clamp(1, 0xffff_fffe);
    conn.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    Ok(())
}
