//! The way of damaged rows out of the tables: kept as they were read, never answered with, named for an alert.

use rusqlite::Connection;

use super::blocks;
use super::fault::Fault;
use super::rows::{self, Bad, BlockRow, Row};
use crate::clock::UnixMs;

/// Moves bad rows to the quarantine and lists them.
pub(super) fn move_rows(
    conn: &Connection,
    bad: &[Bad],
    now: UnixMs,
    moved: &mut Vec<String>,
) -> Result<(), Fault> {
    for row in bad {
        rows::quarantine_row(conn, row, now)?;
        moved.push(row.label());
    }
    if bad.iter().any(|row| row.table.name == BlockRow::TABLE.name) {
        blocks::adopt(conn, now)?;
    }
    Ok(())
}
