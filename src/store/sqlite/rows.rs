//! Rows as SQLite has them: their columns, their hash, and the way into quarantine.

mod typed;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use sha2::{Digest, Sha256};

use super::fault::Fault;
use crate::clock::UnixMs;
use crate::limits;

pub(super) use typed::{BlockRow, Columns, HeldRow, MetaRow, Row, level_number};

const HASH_BYTES: usize = 16;

/// One column's value, kept as found, valid or not.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(super) enum Cell {
    Null,
    Int(i64),
    Real(f64),
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl From<ValueRef<'_>> for Cell {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Int(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(bytes) => Self::Text(bytes.to_vec()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.value()))
    }
}

impl Cell {
    fn value(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(bytes) => ValueRef::Text(bytes),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }

    /// Takes over a value without giving up the room that it has.
    fn take_over(&mut self, value: ValueRef<'_>) {
        match (&mut *self, value) {
            (Self::Text(old), ValueRef::Text(new)) | (Self::Blob(old), ValueRef::Blob(new)) => {
                old.clear();
                old.extend_from_slice(new);
            }
            _ => *self = value.into(),
        }
    }

    /// Whether it comes before a value in the order that keys have: of one type.
    fn is_before(&self, value: ValueRef<'_>) -> Option<bool> {
        match (self, value) {
            (Self::Int(old), ValueRef::Integer(new)) => (*old != new).then_some(*old < new),
            (Self::Text(old), ValueRef::Text(new)) | (Self::Blob(old), ValueRef::Blob(new)) => {
                (old.as_slice() != new).then(|| old.as_slice() < new)
            }
            (old, new) => {
                let new = Self::from(new);
                (*old != new).then(|| *old < new)
            }
        }
    }
}

/// Columns as bytes that tell any two lists of columns apart: type, length, content of each.
pub(super) fn encode(cells: &[Cell]) -> Vec<u8> {
    let mut out = Vec::new();
    cells.iter().for_each(|cell| append(&mut out, cell.value()));
    out
}

/// One more column of these bytes.
fn append(out: &mut Vec<u8>, value: ValueRef<'_>) {
    let number;
    let (kind, bytes): (u8, &[u8]) = match value {
        ValueRef::Null => (b'n', &[]),
        ValueRef::Integer(value) => {
            number = value.to_be_bytes();
            (b'i', &number)
        }
        ValueRef::Real(value) => {
            number = value.to_be_bytes();
            (b'r', &number)
        }
        ValueRef::Text(bytes) => (b't', bytes),
        ValueRef::Blob(bytes) => (b'b', bytes),
    };
    out.push(kind);
    out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// A table whose rows carry a hash. The first `key` columns are its primary key; `hash` follows after the last.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
    pub(super) key: usize,
}

impl Table {
    /// What a row's hash column must be.
    pub(super) fn hash(&self, cells: &[Cell]) -> Cell {
        Cell::Blob(Self::short(self.begun().chain_update(encode(cells))).to_vec())
    }

    /// What the hash of every row begins with.
    fn begun(&self) -> Sha256 {
        Sha256::new().chain_update(encode(&[Cell::Text(self.name.into())]))
    }

    fn short(hash: Sha256) -> [u8; HASH_BYTES] {
        let mut short = [0; HASH_BYTES];
        short.iter_mut().zip(hash.finalize()).for_each(|(out, byte)| *out = byte);
        short
    }

    pub(super) fn key_columns(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().copied().take(self.key)
    }

    fn key_list(&self) -> String {
        self.key_columns().collect::<Vec<_>>().join(", ")
    }

    fn key_match(&self) -> String {
        self.key_columns().map(|column| format!("{column} = ?")).collect::<Vec<_>>().join(" AND ")
    }

    /// Selects rows that meet a condition, in the order of their key.
    pub(super) fn select(&self, condition: &str) -> String {
        let columns = self.columns.join(", ");
        format!("SELECT {columns}, hash FROM {} WHERE {condition} ORDER BY {}", self.name, self.key_list())
    }

    /// Selects the keys only, which reads no overflow page.
    pub(super) fn select_keys(&self, order: &str) -> String {
        let order =
            self.key_columns().map(|column| format!("{column} {order}")).collect::<Vec<_>>().join(", ");
        format!("SELECT {} FROM {} ORDER BY {order}", self.key_list(), self.name)
    }

    fn insert(&self, or: &str) -> String {
        let marks = vec!["?"; self.columns.len() + 1].join(", ");
        format!("INSERT OR {or} INTO {} ({}, hash) VALUES ({marks})", self.name, self.columns.join(", "))
    }
}

/// A row that failed its check.
#[derive(Debug)]
pub(super) struct Bad {
    pub(super) table: &'static Table,
    pub(super) cells: Vec<Cell>,
    pub(super) reason: &'static str,
}

impl Bad {
    /// How the row is named in an alert.
    pub(super) fn label(&self) -> String {
        let place = self.table.columns.iter().position(|column| *column == "token_id");
        match place.and_then(|place| self.cells.get(place)) {
            Some(Cell::Text(bytes)) if !bytes.is_empty() => {
                String::from_utf8_lossy(bytes).chars().take(limits::KEY_CHARS).collect()
            }
            _ => format!("{} row", self.table.name),
        }
    }
}

/// Splits the hash off a row and checks it.
pub(super) fn check(table: &'static Table, mut cells: Vec<Cell>) -> Result<Vec<Cell>, Bad> {
    let hash = cells.pop();
    if hash.as_ref() == Some(&table.hash(&cells)) {
        return Ok(cells);
    }
    cells.extend(hash);
    Err(Bad { table, cells, reason: "hash" })
}

/// All columns of a result row.
pub(super) fn cells(row: &rusqlite::Row<'_>, count: usize) -> rusqlite::Result<Vec<Cell>> {
    (0..count).map(|column| row.get_ref(column).map(Cell::from)).collect()
}

/// Reads the rows that meet a condition; those that fail their check go to `bad`.
///
/// # Errors
/// [`Code::Corrupt`](crate::Code::Corrupt) also when keys do not come in strictly ascending order: then rows can no longer be
/// found by their key, and some may be listed twice.
pub(super) fn read<R: Row>(
    conn: &Connection,
    condition: &str,
    parameters: &[Cell],
    bad: &mut Vec<Bad>,
) -> Result<Vec<R>, Fault> {
    let mut read = Vec::new();
    each(conn, condition, parameters, bad, |row| read.push(row))?;
    Ok(read)
}

/// The same for a table of which there is no need to have all rows at once.
///
/// # Errors
/// As [`read`]; what was taken before is no part of an answer then.
pub(super) fn each<R: Row>(
    conn: &Connection,
    condition: &str,
    parameters: &[Cell],
    bad: &mut Vec<Bad>,
    mut take: impl FnMut(R),
) -> Result<(), Fault> {
    let mut statement = conn.prepare_cached(&R::TABLE.select(condition))?;
    let mut rows = statement.query(params_from_iter(parameters))?;
    let (begun, columns) = (R::TABLE.begun(), R::TABLE.columns.len());
    // Nothing is made anew for each row: a large wallet has more than a million.
    let (mut before, mut encoded): (Vec<Cell>, Vec<u8>) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        step_key(&mut before, row, R::TABLE.key)?;
        encoded.clear();
        for column in 0..columns {
            append(&mut encoded, row.get_ref(column)?);
        }
        let hash = Table::short(begun.clone().chain_update(&encoded));
        if row.get_ref(columns)? != ValueRef::Blob(&hash) {
            bad.push(Bad { table: R::TABLE, cells: cells(row, columns + 1)?, reason: "hash" });
            continue;
        }
        match R::from_columns(&mut Columns::of_row(row, columns)) {
            Some(found) => take(found),
            None => bad.push(Bad { table: R::TABLE, cells: cells(row, columns)?, reason: "columns" }),
        }
    }
    Ok(())
}

/// Goes on to the key of the next row, which has to be above the one before.
fn step_key(before: &mut Vec<Cell>, row: &rusqlite::Row<'_>, key: usize) -> Result<(), Fault> {
    let mut is_above = before.is_empty();
    for (column, old) in before.iter().enumerate() {
        match old.is_before(row.get_ref(column)?) {
            None => {}
            Some(before) => {
                is_above = before;
                break;
            }
        }
    }
    if !is_above {
        return Err(Fault::corrupt("rows out of order"));
    }
    before.resize(key, Cell::Null);
    for (column, old) in before.iter_mut().enumerate() {
        old.take_over(row.get_ref(column)?);
    }
    Ok(())
}

/// One row by its key.
pub(super) fn read_one<R: Row>(
    conn: &Connection,
    key: &[Cell],
    bad: &mut Vec<Bad>,
) -> Result<Option<R>, Fault> {
    Ok(read(conn, &R::TABLE.key_match(), key, bad)?.pop())
}

/// Puts a row in place of the one with its key.
pub(super) fn put<R: Row>(conn: &Connection, row: &R) -> Result<(), Fault> {
    insert(conn, R::TABLE, row.to_cells()?, "REPLACE")
}

/// Puts a row unless there is one with its key.
pub(super) fn put_if_missing(
    conn: &Connection,
    table: &'static Table,
    cells: Vec<Cell>,
) -> Result<(), Fault> {
    insert(conn, table, cells, "IGNORE")
}

fn insert(conn: &Connection, table: &'static Table, mut cells: Vec<Cell>, or: &str) -> Result<(), Fault> {
    cells.push(table.hash(&cells));
    conn.prepare_cached(&table.insert(or))?.execute(params_from_iter(&cells))?;
    Ok(())
}

/// Deletes a row by its key; says whether there was one.
pub(super) fn delete(conn: &Connection, table: &Table, key: &[Cell]) -> Result<bool, Fault> {
    let sql = format!("DELETE FROM {} WHERE {}", table.name, table.key_match());
    Ok(conn.prepare_cached(&sql)?.execute(params_from_iter(key))? > 0)
}

/// The columns of one row, unchecked.
pub(super) fn raw(conn: &Connection, table: &Table, key: &[Cell]) -> Result<Option<Vec<Cell>>, Fault> {
    let mut statement = conn.prepare_cached(&table.select(&table.key_match()))?;
    let row = statement.query_row(params_from_iter(key), |row| cells(row, table.columns.len() + 1));
    Ok(row.optional()?)
}

/// Moves a bad row to the quarantine, if it is still there as it was read.
///
/// # Errors
/// [`Code::Corrupt`](crate::Code::Corrupt) when the row was listed but is not found by its key.
pub(super) fn quarantine_row(conn: &Connection, bad: &Bad, now: UnixMs) -> Result<(), Fault> {
    let key: Vec<Cell> = bad.cells.iter().take(bad.table.key).cloned().collect();
    match raw(conn, bad.table, &key)? {
        None => return Err(Fault::corrupt("a damaged row cannot be moved")),
        Some(found) if !found.starts_with(&bad.cells) => return Ok(()),
        Some(_) => {}
    }
    if !delete(conn, bad.table, &key)? {
        return Err(Fault::corrupt("a damaged row cannot be moved"));
    }
    keep_raw(conn, bad.table.name, &encode(&bad.cells), bad.reason, now)
}

/// Writes bytes to the quarantine and drops what is beyond its bound.
pub(super) fn keep_raw(
    conn: &Connection,
    source: &str,
    raw: &[u8],
    reason: &str,
    now: UnixMs,
) -> Result<(), Fault> {
    conn.prepare_cached("INSERT INTO quarantine (source, raw, reason, moved_at) VALUES (?1, ?2, ?3, ?4)")?
        .execute((source, raw, reason, now))?;
    conn.prepare_cached("DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?1")?
        .execute([limits::STORE_QUARANTINE_ROWS])?;
    Ok(())
}

#[cfg(test)]
mod tests;
