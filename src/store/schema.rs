//! The tables of the database, version by version.
//!
//! Every table is `STRICT`, every column named and `NOT NULL`. The meaning of a column never changes; a release that no longer
//! uses one leaves it for a release more. `sqlite_master` of a database of the current version equals [`CREATE`] to the byte,
//! also after a migration: a migration that alters a table makes a new one from its constant and copies the rows.
//!
//! All tables but `bodies` and `quarantine` end with `hash`: the first 16 bytes of SHA-256 over the table's name and every other
//! column. A body is checked by its CID.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::sqlite::disk;
use super::sqlite::fault::Fault;

/// Version of the tables, kept as SQLite's `user_version`. A database with a higher one is refused.
pub const VERSION: i64 = 1;

/// SQLite's `application_id` (`WSST`): tells our database from any other program's.
pub const APPLICATION_ID: i64 = 0x5753_5354;

/// Items of the inventory, by their place in the index. Token id and state hash in clear, the rest sealed.
pub const ITEMS: &str = "CREATE TABLE items (
  key BLOB NOT NULL PRIMARY KEY,
  token_id TEXT NOT NULL,
  state_hash TEXT NOT NULL,
  sealed BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID";

/// Changes made on this device and how far each has come (0 local, 1 published, 2 verified).
pub const CHANGES: &str = "CREATE TABLE changes (
  key BLOB NOT NULL PRIMARY KEY,
  number INTEGER NOT NULL,
  level INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID";

/// High-water mark of each name: the highest sequence seen and its record. `merged_root` is empty until it was merged.
pub const NAMES: &str = "CREATE TABLE names (
  slot INTEGER NOT NULL PRIMARY KEY,
  sequence INTEGER NOT NULL,
  record BLOB NOT NULL,
  merged_root BLOB NOT NULL,
  verified_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  occupied INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID";

/// Every record signed here, logged before its first put; a sequence of a slot is used once.
pub const WRITTEN: &str = "CREATE TABLE written (
  slot INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  record BLOB NOT NULL,
  root BLOB NOT NULL,
  upto INTEGER NOT NULL,
  signed_at INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (slot, sequence)
) STRICT, WITHOUT ROWID";

/// What each node holds of a slot of ours. `pinned` is a row of 36-byte CIDs, oldest first.
pub const NODES: &str = "CREATE TABLE nodes (
  node TEXT NOT NULL,
  slot INTEGER NOT NULL,
  pinned BLOB NOT NULL,
  verified_sequence INTEGER NOT NULL,
  put_at INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (node, slot)
) STRICT, WITHOUT ROWID";

/// Blocks each node is known to hold.
pub const HELD: &str = "CREATE TABLE held (
  node TEXT NOT NULL,
  cid BLOB NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (node, cid)
) STRICT, WITHOUT ROWID";

/// Small values by name.
pub const META: &str = "CREATE TABLE meta (
  name TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID";

/// History, one row a minute.
pub const ROLLUPS: &str = "CREATE TABLE rollups (
  minute INTEGER NOT NULL PRIMARY KEY,
  json TEXT NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID";

/// Bytes of the blocks, apart from what is known of them, so that listing blocks reads no payload.
pub const BODIES: &str = "CREATE TABLE bodies (
  id INTEGER NOT NULL PRIMARY KEY,
  cid BLOB NOT NULL UNIQUE,
  bytes BLOB NOT NULL
) STRICT";

/// Blocks on disk: class (0 data, 1 cache), size in bytes, time of the last use in Unix milliseconds.
pub const BLOCKS: &str = "CREATE TABLE blocks (
  cid BLOB NOT NULL PRIMARY KEY REFERENCES bodies (cid),
  class INTEGER NOT NULL,
  size INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  hash BLOB NOT NULL
) STRICT, WITHOUT ROWID";

/// Rows that failed their check: the table they came from, their columns, why and when they were moved.
pub const QUARANTINE: &str = "CREATE TABLE quarantine (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  raw BLOB NOT NULL,
  reason TEXT NOT NULL,
  moved_at INTEGER NOT NULL
) STRICT";

/// All tables in the order in which they are made.
pub const CREATE: [&str; 11] =
    [ITEMS, CHANGES, NAMES, WRITTEN, NODES, HELD, META, ROLLUPS, BODIES, BLOCKS, QUARANTINE];

/// Tables that are read whole at every opening, which is when their structure is checked too. Bodies are checked when read.
pub(crate) const CHECKED: [&str; 10] =
    ["items", "changes", "names", "written", "nodes", "held", "meta", "rollups", "blocks", "quarantine"];

/// One step from a version to the next.
pub(crate) struct Migration {
    /// Version after it.
    pub(crate) to: i64,
    /// Its statements.
    pub(crate) sql: &'static str,
}

/// The steps in order; empty, as version 1 is the first.
pub(crate) const MIGRATIONS: &[Migration] = &[];

/// Makes the tables of the current version in an empty database.
pub(crate) fn create(conn: &Connection) -> Result<(), Fault> {
    for table in CREATE {
        conn.execute_batch(table)?;
    }
    conn.pragma_update(None, "application_id", APPLICATION_ID)?;
    conn.pragma_update(None, "user_version", VERSION)?;
    Ok(())
}

/// The number that a release writes into the database.
pub(crate) fn version(conn: &Connection) -> Result<i64, Fault> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Whether the database says it is ours.
pub(crate) fn is_ours(conn: &Connection) -> Result<bool, Fault> {
    Ok(conn.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0))? == APPLICATION_ID)
}

/// Whether the tables are exactly those of the current version.
pub(crate) fn is_current(conn: &Connection) -> Result<bool, Fault> {
    let mut statement =
        conn.prepare("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")?;
    let found = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(found.len() == CREATE.len() && CREATE.iter().all(|sql| found.iter().any(|is| is == sql)))
}

/// Brings an older database to the newest version of `steps`.
///
/// A whole copy is written to `copy` first. Each step is one transaction with its version number, so that a crash leaves the
/// database at one version or the next.
pub(crate) fn migrate(
    conn: &mut Connection,
    from: i64,
    steps: &[Migration],
    copy: &Path,
) -> Result<(), Fault> {
    if steps.iter().all(|step| step.to <= from) {
        return Ok(());
    }
    write_copy(conn, copy)?;
    for step in steps.iter().filter(|step| step.to > from) {
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step.sql)?;
        transaction.pragma_update(None, "user_version", step.to)?;
        transaction.commit()?;
    }
    Ok(())
}

/// A copy that exists is whole: it is written under another name, synced and renamed.
fn write_copy(conn: &Connection, copy: &Path) -> Result<(), Fault> {
    let part = copy.with_extension("part");
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Fault::io("remove an unfinished copy", &error));
        }
        _ => {}
    }
    let Some(path) = part.to_str() else {
        return Err(Fault::folder("its path is not valid Unicode"));
    };
    // Made here first: SQLite would let others read it.
    disk::open_private(disk::private().create_new(true), &part)
        .map_err(|error| Fault::io("write the copy before a migration", &error))?;
    conn.execute("VACUUM INTO ?1", [path])?;
    disk::sync(&part)
        .and_then(|()| std::fs::rename(&part, copy))
        .map_err(|error| Fault::io("write the copy before a migration", &error))
}

#[cfg(test)]
mod tests;
