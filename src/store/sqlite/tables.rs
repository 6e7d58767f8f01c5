//! What each write of a batch does to the tables. A row that is changed in place is checked first, so that damage never gets
//! a good hash.

use std::collections::HashSet;

use rusqlite::Connection;

use super::fault::Fault;
use super::rows::{self, Cell, HeldRow, MetaRow, Row, level_number};
use super::{blocks, first_look, quarantine};
use crate::clock::UnixMs;
use crate::model::cid::Cid;
use crate::store::{ChangeRow, Level, Write, WrittenRow, second_record};

/// Does one write; rows it had to move to the quarantine are listed in `moved`.
pub(super) fn write(
    conn: &Connection,
    write: Write,
    now: UnixMs,
    moved: &mut Vec<String>,
) -> Result<(), Fault> {
    match write {
        Write::Item(row) => rows::put(conn, &row),
        Write::Change { key, number, level } => rows::put(conn, &ChangeRow { key, number, level }),
        Write::RaiseLevel { upto, level } => raise(conn, upto, level, now, moved),
        Write::LowerLevel { level } => lower(conn, level, now, moved),
        Write::Block { block, class } => blocks::store(conn, &block, class, now),
        Write::Uncache(cids) => cids.iter().try_for_each(|cid| blocks::uncache(conn, cid)),
        Write::Name(row) => rows::put(conn, &row),
        Write::Written(row) => log_written(conn, &row),
        Write::Node(row) => rows::put(conn, &row),
        Write::Held { node, cids } => add_held(conn, &node, cids),
        Write::HeldExactly { node, cids } => replace_held(conn, &node, cids),
        Write::Meta { key, value: Some(value) } => rows::put(conn, &MetaRow { name: key.into(), value }),
        Write::Meta { key, value: None } => {
            rows::delete(conn, MetaRow::TABLE, &[Cell::Text(key.into())]).map(|_| ())
        }
        Write::FirstLook(look) => first_look::put(conn, &look),
        Write::Rollup(row) => rows::put(conn, &row),
        Write::PruneRollups { before_minute } => {
            conn.prepare_cached("DELETE FROM rollups WHERE minute < ?1")?.execute([before_minute])?;
            Ok(())
        }
    }
}

fn raise(
    conn: &Connection,
    upto: u64,
    level: Level,
    now: UnixMs,
    moved: &mut Vec<String>,
) -> Result<(), Fault> {
    let upto = i64::try_from(upto).unwrap_or(i64::MAX);
    let mut bad = Vec::new();
    let parameters = [Cell::Int(level_number(level)), Cell::Int(upto)];
    let changes = rows::read(conn, "level < ? AND number <= ?", &parameters, &mut bad)?;
    quarantine::move_rows(conn, &bad, now, moved)?;
    put_at_level(conn, changes, level)
}

fn lower(conn: &Connection, level: Level, now: UnixMs, moved: &mut Vec<String>) -> Result<(), Fault> {
    let mut bad = Vec::new();
    let changes = rows::read(conn, "level > ?", &[Cell::Int(level_number(level))], &mut bad)?;
    quarantine::move_rows(conn, &bad, now, moved)?;
    put_at_level(conn, changes, level)
}

fn put_at_level(conn: &Connection, changes: Vec<ChangeRow>, level: Level) -> Result<(), Fault> {
    changes.into_iter().try_for_each(|row| rows::put(conn, &ChangeRow { level, ..row }))
}

/// No two records are ever signed with one sequence; a damaged row has used its sequence too.
fn log_written(conn: &Connection, row: &WrittenRow) -> Result<(), Fault> {
    let key: Vec<Cell> = row.to_cells()?.into_iter().take(WrittenRow::TABLE.key).collect();
    let mut bad = Vec::new();
    match rows::read_one::<WrittenRow>(conn, &key, &mut bad)? {
        Some(is) if is.record == row.record && is.root == row.root => Ok(()),
        None if bad.is_empty() => rows::put(conn, row),
        _ => Err(second_record(row).into()),
    }
}

fn add_held(conn: &Connection, node: &str, cids: Vec<Cid>) -> Result<(), Fault> {
    cids.into_iter().try_for_each(|cid| rows::put(conn, &HeldRow { node: node.into(), cid }))
}

/// Touches only what differs: a node's list has one row per block of the wallet.
fn replace_held(conn: &Connection, node: &str, cids: Vec<Cid>) -> Result<(), Fault> {
    let known = rows::read::<HeldRow>(conn, "node = ?", &[Cell::Text(node.into())], &mut Vec::new())?;
    let known: HashSet<Cid> = known.into_iter().map(|row| row.cid).collect();
    let wanted: HashSet<Cid> = cids.into_iter().collect();
    for gone in known.difference(&wanted) {
        rows::delete(conn, HeldRow::TABLE, &[Cell::Text(node.into()), Cell::Blob(gone.to_bytes())])?;
    }
    add_held(conn, node, wanted.difference(&known).copied().collect())
}
