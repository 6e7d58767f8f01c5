//! Opening: the lock, the checks, and what is done when a check fails.

use std::sync::Arc;

use bytes::Bytes;
use rusqlite::Connection;

use super::aside::{self, Warning};
use super::fault::Fault;
use super::files::Files;
use super::lock::Lock;
use super::owner::Owner;
use super::place::{self, NetworkFolder};
use super::reader::{self, Reader};
use super::reader_notes::{Touched, Unsaid};
use super::rows::Bad;
use super::writer::{self, Writer};
use super::{connect, disk, first_look, quarantine};
use crate::clock::Clock;
use crate::error::{Code, Error};
use crate::limits;
use crate::store::{Loaded, schema};

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
pub(super) fn own(
    files: &Files,
    network: NetworkFolder,
    clock: Arc<dyn Clock>,
    touched: Touched,
    unsaid: Unsaid,
) -> Result<Owned, Fault> {
    files.make_folder()?;
    let files = &place::fit(files, network)?;
    let lock = Lock::take(files)?;
    place::tighten(files)?;
    let now = clock.now();
    files.remove_unfinished()?;
    let mut warnings: Vec<Warning> = aside::finish(files, now)?.into_iter().collect();
    warnings.extend(foreign_log_aside(files)?);
    if !disk::present(&files.database()) {
        aside::build(files, None, now)?;
    }
    let (conn, loaded) = match examine(files, now) {
        Err(fault) if fault.code() == Code::Corrupt => {
            warnings.push(aside::set_aside(files, &Error::from(fault), now)?);
            examine(files, now)?
        }
        examined => examined?,
    };
    let owner = Owner::new(files, &lock, &conn)?;
    let writer = Writer::new(conn, clock, touched, unsaid, files.clone(), owner, lock);
    Ok(Owned { writer, loaded, warnings })
}

/// Opens the database of another process, or of none, for reading.
pub(super) fn read_along(files: &Files, network: NetworkFolder) -> Result<Reader, Fault> {
    if !disk::present(&files.database()) {
        return Err(Error::new(Code::NotFound, "there is no wallet in this folder").into());
    }
    let files = &place::fit(files, network)?;
    let opened = Reader::open(files).and_then(current);
    match opened {
        Err(fault) if matches!(fault.code(), Code::StorageFull | Code::StorageIo) => {
            // Where no file can be made, what is there can still be read; the first failure tells more than a second.
            let is_closed = disk::size(&files.wal()) == 0;
            let apart = if is_closed { Reader::open_closed(files) } else { Reader::open_alone(files) };
            apart.and_then(current).map_err(|_| fault)
        }
        opened => opened,
    }
}

/// What the last owner left for a first look, if nothing was written since and no damage is known.
pub(super) fn first_look(files: &Files, network: NetworkFolder) -> Result<Option<Bytes>, Error> {
    let reader = read_along(files, network)?;
    if files.damaged()?.is_some() {
        return Ok(None);
    }
    reader.first_look()
}

/// A reader whose database has this release's tables.
fn current(reader: Reader) -> Result<Reader, Fault> {
    if version(reader.connection())? == schema::VERSION {
        return Ok(reader);
    }
    Err(Error::new(Code::Locked, "the database must be opened by its owner first").into())
}

/// A log without its database, or one that is none, would be mixed into the new database or hide that there was one.
fn foreign_log_aside(files: &Files) -> Result<Option<Warning>, Fault> {
    let start = match disk::read_start(&files.wal(), WAL_HEADER_BYTES as u64) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Fault::io("read the write-ahead log", &error)),
    };
    let lonely = !start.is_empty() && !disk::present(&files.database());
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
    let unclean = disk::size(&files.wal()) > 0;
    let small = disk::size(&files.database()) <= limits::STORE_CHECK_BYTES;
    let found = version(Reader::open(files)?.connection())?;
    if unclean && !files.in_session() {
        return Err(Fault::corrupt("its write-ahead log is another's"));
    }
    files.begin_session()?;
    let mut conn = connect::writing(&files.database())?;
    writer::settle(&conn)?;
    let mode: String = conn.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode != "wal" {
        return Err(Fault::corrupt("no write-ahead log"));
    }
    if unclean && small {
        quick_check(&conn, "1")?;
    }
    if unclean {
        // What a crash left in the log may never have reached the disk: written again it is synced for sure.
        writer::checkpoint(&conn)?;
    }
    check_length(&conn, files)?;
    schema::migrate(&mut conn, found, schema::MIGRATIONS, &files.before_migration(found))?;
    if !schema::is_current(&conn)? {
        return Err(Fault::corrupt("its tables are not those of its version"));
    }
    let (loaded, bad) = checked_and_read(&conn, files)?;
    quarantine_found(&mut conn, &bad, now)?;
    Ok((conn, loaded))
}

/// All rows, of tables whose structure is whole: each takes as long as the other, so that they are done side by side.
fn checked_and_read(conn: &Connection, files: &Files) -> Result<(Loaded, Vec<Bad>), Fault> {
    let (checked, read) = std::thread::scope(|scope| {
        let checked = scope.spawn(|| {
            let reader = Reader::open(files)?;
            schema::CHECKED.iter().try_for_each(|table| quick_check(reader.connection(), table))
        });
        let read = reader::load(conn);
        (checked.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), read)
    });
    checked?;
    read
}

fn quarantine_found(conn: &mut Connection, bad: &[Bad], now: i64) -> Result<(), Fault> {
    if bad.is_empty() {
        return Ok(());
    }
    let moved = writer::in_transaction(conn, |conn| {
        quarantine::move_rows(conn, bad, now, &mut Vec::new())?;
        // Last: its own row may be among them.
        first_look::remove(conn)
    });
    match moved {
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

/// Lets SQLite check the structure of one table, or with a number all of them up to so many errors. Finds rows that would be
/// missing without a word; of 200 flipped bits it finds few, so that it replaces no row hash.
fn quick_check(conn: &Connection, what: &str) -> Result<(), Fault> {
    let verdict: String = conn.query_row(&format!("PRAGMA quick_check({what})"), [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(Fault::corrupt("its structure")) }
}

/// A cut file shows nowhere else until a missing page is needed.
fn check_length(conn: &Connection, files: &Files) -> Result<(), Fault> {
    let pages: u64 = conn
        .pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0))?
        .try_into()
        .map_err(|_| Fault::corrupt("its size"))?;
    let page: i64 = conn.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let needed = pages.saturating_mul(page.unsigned_abs());
    // With a log that could not be folded in, pages may be there that the file does not have yet.
    if disk::size(&files.wal()) == 0 && disk::size(&files.database()) < needed {
        return Err(Fault::corrupt("it was cut off"));
    }
    Ok(())
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
