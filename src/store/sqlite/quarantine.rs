//! The way of damaged rows out of the tables: kept as they were read, never answered with, named for an alert.

use bytes::Bytes;
use rusqlite::Connection;

use super::blocks;
use super::fault::Fault;
use super::rows::{self, Bad, BlockRow, MetaRow, Row};
use crate::clock::UnixMs;
use crate::store::SET_ASIDE;

/// Moves bad rows to the quarantine, lists them, and leaves the mark that says so.
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
    if bad.is_empty() {
        return Ok(());
    }
    rows::put(conn, &MetaRow { name: SET_ASIDE.to_owned(), value: Bytes::from_static(&[1]) })
}
