//! What a first look at the account shows, kept for the next opening: it spares whoever asks for a figure the reading of everything.
//!
//! It stands behind the token of the owner who left it. Another owner's first write changes the token, and this owner's next write
//! removes the row: so it is what the database holds, or it is not there. An older release knows nothing of it, but has a token too.

use bytes::Bytes;
use rusqlite::Connection;

use super::fault::Fault;
use super::owner::OWNER;
use super::rows::{self, Cell, MetaRow, Row};

/// Name of its row. It is the store's own, and not loaded.
pub(super) const LOOK: &str = "first_look";

/// Leaves it, in a transaction that has claimed the database.
pub(super) fn put(conn: &Connection, look: &Bytes) -> Result<(), Fault> {
    let Some(owner) = value(conn, OWNER)? else { return Ok(()) };
    let value = [owner.as_ref(), look].concat().into();
    rows::put(conn, &MetaRow { name: LOOK.to_owned(), value })
}

/// It is not true any more.
pub(super) fn remove(conn: &Connection) -> Result<(), Fault> {
    rows::delete(conn, MetaRow::TABLE, &[Cell::Text(LOOK.into())]).map(|_| ())
}

/// What was left, if nothing was written since.
pub(super) fn read(conn: &Connection) -> Result<Option<Bytes>, Fault> {
    let (Some(owner), Some(look)) = (value(conn, OWNER)?, value(conn, LOOK)?) else { return Ok(None) };
    Ok(look.strip_prefix(owner.as_ref()).map(Bytes::copy_from_slice))
}

/// A small value whose row is whole.
fn value(conn: &Connection, name: &str) -> Result<Option<Bytes>, Fault> {
    let row = rows::read_one::<MetaRow>(conn, &[Cell::Text(name.into())], &mut Vec::new())?;
    Ok(row.map(|row| row.value))
}
