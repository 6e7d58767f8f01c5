//! Opening: the lock, the checks, and what is done when a check fails.

use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use super::aside::{self, Warning};
use super::fault::Fault;
use super::files::{self, Files};
use super::lock::Lock;
use super::reader::{self, Reader, Touched};
use super::rows::Bad;
use super::writer::{self, Writer};
use crate::clock::Clock;
use crate::store::{Loaded, schema};
use crate::{Code, Error, limits};

/// First SQLite without the bug by which a reset of the write-ahead log could lose committed pages (3.7.0 to 3.51.2).
const SQLITE_FLOOR: i32 = 3_051_003;

/// First bytes of a write-ahead log, big and little endian checksums.
const WAL_MAGIC: [[u8; 4]; 2] = [[0x37, 0x7f, 0x06, 0x82], [0x37, 0x7f, 0x06, 0x83]];
const WAL_HEADER_BYTES: usize = 32;

/// What opening for writing brought.
pub(super) struct Owned {
    pub(super) writer: Writer,
    /// The content, read to check it.
    pub(super) loaded: Loaded,
    pub(super) warnings: Vec<Warning>,
}

/// Refuses an SQLite that can lose committed pages, whatever a lockfile says.
pub(super) fn check_sqlite(number: i32) -> Result<(), Error> {
    if number >= SQLITE_FLOOR {
        return Ok(());
    }
    Err(Error::new(Code::StorageIo, format!("SQLite {number} is older than {SQLITE_FLOOR}")))
}

/// Takes the account's lock and opens the database for writing, making or replacing it where needed.
pub(super) fn own(files: &Files, clock: Arc<dyn Clock>, touched: Touched) -> Result<Owned, Fault> {
    files.make_folder()?;
    let lock = Lock::take(&files.lock())?;
    let now = clock.now();
    files.remove_unfinished()?;
    let mut warnings: Vec<Warning> = aside::finish(files, now)?.into_iter().collect();
    warnings.extend(foreign_log_aside(files)?);
    if !files::present(&files.database()) {
        aside::build(files, None, now)?;
    }
    let (conn, loaded) = match examine(files, now) {
        Err(fault) if fault.code() == Code::Corrupt => {
            warnings.push(aside::set_aside(files, &Error::from(fault), now)?);
            examine(files, now)?
        }
        examined => examined?,
    };
    let writer = Writer::new(conn, clock, touched, files.clone(), lock);
    Ok(Owned { writer, loaded, warnings })
}

/// Opens the database of another process, or of none, for reading.
pub(super) fn read_along(files: &Files) -> Result<Reader, Fault> {
    if !files::present(&files.database()) {
        return Err(Error::new(Code::NotFound, "there is no wallet in this folder").into());
    }
    let reader = Reader::open(files)?;
    if version(reader.connection())? != schema::VERSION {
        return Err(Error::new(Code::Locked, "the database must be opened by its owner first").into());
    }
    Ok(reader)
}

/// A log without its database, or one that is none, would be mixed into the new database or hide that there was one.
fn foreign_log_aside(files: &Files) -> Result<Option<Warning>, Fault> {
    let start = match files::read_start(&files.wal(), WAL_HEADER_BYTES as u64) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Fault::io("read the write-ahead log", &error)),
    };
    let lonely = !start.is_empty() && !files::present(&files.database());
    let no_log = start.len() == WAL_HEADER_BYTES && !WAL_MAGIC.iter().any(|magic| start.starts_with(magic));
    if lonely || no_log {
        return aside::set_log_aside(files).map(Some);
    }
    Ok(None)
}

/// Opens and checks a database that is there; moves bad rows to the quarantine.
///
/// # Errors
/// [`Code::NewerSchema`] before anything is written, [`Code::Corrupt`] when it must be set aside.
fn examine(files: &Files, now: i64) -> Result<(Connection, Loaded), Fault> {
    let unclean = files::size(&files.wal()) > 0;
    let small = files::size(&files.database()) <= limits::STORE_CHECK_BYTES;
    let found = version(Reader::open(files)?.connection())?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(files.database(), flags)?;
    writer::settle(&conn)?;
    let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fault::corrupt("no write-ahead log"));
    }
    if unclean && small {
        quick_check(&conn)?;
    }
    if unclean {
        // What a crash left in the log may never have reached the disk: written anew it is synced for sure.
        writer::checkpoint(&conn)?;
    }
    schema::migrate(&mut conn, found, schema::MIGRATIONS, &files.before_migration(found))?;
    if !schema::is_current(&conn)? {
        return Err(Fault::corrupt("its tables are not those of its version"));
    }
    let (loaded, bad) = reader::load(&conn)?;
    quarantine(&mut conn, &bad, now)?;
    Ok((conn, loaded))
}

fn quarantine(conn: &mut Connection, bad: &[Bad], now: i64) -> Result<(), Fault> {
    if bad.is_empty() {
        return Ok(());
    }
    match writer::in_transaction(conn, |conn| writer::quarantine(conn, bad, now)) {
        // Left where they are they stay out of every answer, and are tried again next time.
        Err(fault) if fault.code() == Code::StorageFull => Ok(()),
        done => done,
    }
}

/// The version of a database that is ours.
fn version(conn: &Connection) -> Result<i64, Fault> {
    let found = schema::version(conn)?;
    if !schema::is_ours(conn)? {
        return Err(Fault::corrupt("it is not a wallet's database"));
    }
    if found > schema::VERSION {
        let message =
            format!("the database has version {found}, this release reads up to {}", schema::VERSION);
        return Err(Error::new(Code::NewerSchema, message).into());
    }
    if found < 1 {
        return Err(Fault::corrupt("it has no version"));
    }
    Ok(found)
}

fn quick_check(conn: &Connection) -> Result<(), Fault> {
    let verdict: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(Fault::corrupt("its structure")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wal_reset_version_floor() {
        check_sqlite(rusqlite::version_number()).unwrap();
        for bad in [3_007_000, 3_040_001, 3_051_002] {
            assert_eq!(check_sqlite(bad).unwrap_err().code(), Code::StorageIo);
        }
        check_sqlite(3_051_003).unwrap();
    }
}
