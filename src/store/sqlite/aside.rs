//! Setting a damaged database aside and carrying over what is whole.
//!
//! Each step is a rename or can be done again, and a marker file says which number was chosen, so that a crash in between is
//! made good by the next opening. Nothing is deleted.

use std::fmt;
use std::path::Path;

use rusqlite::Connection;

use super::fault::Fault;
use super::files::Files;
use super::salvage::{self, Salvaged};
use super::{connect, disk, writer};
use crate::clock::UnixMs;
use crate::error::{Code, Error};
use crate::store::schema;

/// Something found at opening that the user should know of; afterwards the wallet must be synced again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Name, without its folder, under which the damaged file was set aside.
    pub file: String,
    /// What was wrong with it.
    pub reason: String,
    /// Rows and blocks that were whole and carried over.
    pub salvaged: u64,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "set aside as {} ({}); {} rows were saved", self.file, self.reason, self.salvaged)
    }
}

/// Sets the database aside and puts a new one with its whole rows in its place.
pub(super) fn set_aside(files: &Files, why: &Error, now: UnixMs) -> Result<Warning, Fault> {
    let number = files.free_aside()?;
    files.mark_damaged(Some(number))?;
    replace(files, number, why.message(), now)
}

/// Does or completes what the marker asks for.
pub(super) fn finish(files: &Files, now: UnixMs) -> Result<Option<Warning>, Fault> {
    let reason = "the database is damaged: found earlier";
    match files.damaged()? {
        None => Ok(None),
        Some(Some(number)) => replace(files, number, reason, now).map(Some),
        Some(None) => set_aside(files, &Error::new(Code::Corrupt, reason), now).map(Some),
    }
}

/// Sets a write-ahead log aside that does not belong to the database.
pub(super) fn set_log_aside(files: &Files) -> Result<Warning, Fault> {
    let number = files.free_aside()?;
    files.rename(&files.wal(), &files.aside(number, "-wal"))?;
    Ok(Warning {
        file: format!("{}-wal", Files::aside_name(number)),
        reason: "a write-ahead log that does not belong to the database".into(),
        salvaged: 0,
    })
}

fn replace(files: &Files, number: u32, reason: &str, now: UnixMs) -> Result<Warning, Fault> {
    let aside = files.aside(number, "");
    if disk::present(&files.database()) && !disk::present(&aside) {
        files.rename(&files.database(), &aside)?;
    }
    let mut salvaged = Salvaged::default();
    if !disk::present(&files.database()) {
        for part in Files::PARTS.iter().filter(|part| !part.is_empty()) {
            if disk::present(&files.part(part)) {
                files.rename(&files.part(part), &files.aside(number, part))?;
            }
        }
        salvaged = build(files, Some(&aside), now)?;
    }
    files.tidy_aside(number)?;
    files.unmark_damaged()?;
    Ok(Warning { file: Files::aside_name(number), reason: reason.into(), salvaged: salvaged.rows })
}

/// Makes a new database under another name, fills it from a damaged one if there is one, and gives it its name when it is whole.
pub(super) fn build(files: &Files, damaged: Option<&Path>, now: UnixMs) -> Result<Salvaged, Fault> {
    let path = files.unfinished();
    let salvaged = match fill(&path, damaged, now) {
        Ok(salvaged) => salvaged,
        Err(fault) => {
            // The failure itself is what matters; the next opening removes the rest too.
            let _ = files.remove_unfinished();
            return Err(fault);
        }
    };
    disk::sync(&path).map_err(|error| Fault::io("sync the new database", &error))?;
    files.rename(&path, &files.database())?;
    Ok(salvaged)
}

/// Needs no journal: until it is synced and renamed nobody reads it.
fn fill(path: &Path, damaged: Option<&Path>, now: UnixMs) -> Result<Salvaged, Fault> {
    disk::open_private(disk::private().create_new(true), path)
        .map_err(|error| Fault::io("make a database in the data folder", &error))?;
    let mut conn = connect::writing(path)?;
    writer::settle(&conn)?;
    conn.pragma_update(None, "auto_vacuum", "incremental")?;
    conn.pragma_update_and_check(None, "journal_mode", "off", |_| Ok(()))?;
    conn.pragma_update(None, "synchronous", "off")?;
    let salvaged = writer::in_transaction(&mut conn, |conn| {
        schema::create(conn)?;
        damaged.map_or(Ok(Salvaged::default()), |damaged| salvage::copy(damaged, conn, now))
    })?;
    if !keeps_log(&conn)? {
        return Err(Fault::folder("its file system has no write-ahead log (a network drive?)"));
    }
    conn.close().map_err(|(_, error)| Fault::from(error))?;
    Ok(salvaged)
}

/// Lets the database have a write-ahead log; tells whether it can. What that writes is written after the answer was given, so that
/// only who goes on to the end hears of a disk that failed there.
fn keeps_log(conn: &Connection) -> Result<bool, Fault> {
    let mut statement = conn.prepare("PRAGMA journal_mode = wal")?;
    let mut rows = statement.query([])?;
    let mut keeps = false;
    while let Some(row) = rows.next()? {
        keeps = row.get::<_, String>(0)? == "wal";
    }
    Ok(keeps)
}
