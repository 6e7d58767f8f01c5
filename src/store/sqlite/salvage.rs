//! What can still be proven whole in a damaged database.
//!
//! Items, changes, names, the log of signed records and blocks are carried over, each only with a good hash. Changes come back
//! at level `local`, so that they are published and read back again. What nodes hold and the small values (device id, own slot)
//! are left behind: the device takes a new slot, since the last sequences it signed may be among what was lost.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, params_from_iter};

use super::blocks;
use super::connect;
use super::fault::Fault;
use super::rows::{self, BlockRow, Cell, Columns, Row, Table};
use crate::clock::UnixMs;
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::store::{BlockClass, ChangeRow, ItemRow, Level, NameRow, WrittenRow};

/// What was carried over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Salvaged {
    /// Rows and blocks.
    pub(super) rows: u64,
}

/// Copies what is whole from a damaged database into a new one. Failures of the damaged one end nothing but the part they hit.
///
/// # Errors
/// Only those of the new database.
pub(super) fn copy(damaged: &Path, new: &Connection, now: UnixMs) -> Result<Salvaged, Fault> {
    let mut salvaged = Salvaged::default();
    // The second look leaves the write-ahead log out: it may be another database's.
    for from in [connect::reading(damaged), connect::without_log(damaged)].into_iter().flatten() {
        table::<ItemRow>(&from, new, now, &mut salvaged)?;
        table::<ChangeRow>(&from, new, now, &mut salvaged)?;
        table::<NameRow>(&from, new, now, &mut salvaged)?;
        table::<WrittenRow>(&from, new, now, &mut salvaged)?;
        blocks(&from, new, now, &mut salvaged)?;
    }
    Ok(salvaged)
}

fn table<R: Row>(
    from: &Connection,
    new: &Connection,
    now: UnixMs,
    salvaged: &mut Salvaged,
) -> Result<(), Fault> {
    for key in keys(from, R::TABLE) {
        let Ok(Some(found)) = rows::raw(from, R::TABLE, &key) else { continue };
        match rows::check(R::TABLE, found) {
            Ok(cells) => {
                let Some(row) = R::from_columns(&mut Columns::of_cells(&cells)) else { continue };
                if rows::raw(new, R::TABLE, &key)?.is_none() {
                    rows::put_if_missing(new, R::TABLE, as_local(R::TABLE, row.to_cells()?))?;
                    salvaged.rows += 1;
                }
            }
            Err(bad) => {
                rows::keep_raw(new, bad.table.name, &rows::encode(&bad.cells), bad.reason, now)?;
            }
        }
    }
    Ok(())
}

/// What nodes held may have been lost with the rest: every change must be published and read back again.
fn as_local(table: &Table, mut cells: Vec<Cell>) -> Vec<Cell> {
    let level = table.columns.iter().position(|column| *column == "level");
    if let Some(cell) = level.and_then(|place| cells.get_mut(place)) {
        *cell = Cell::Int(rows::level_number(Level::Local));
    }
    cells
}

fn blocks(from: &Connection, new: &Connection, now: UnixMs, salvaged: &mut Salvaged) -> Result<(), Fault> {
    for id in keys(from, &BODIES) {
        let Some(block) = whole_block(from, &id) else { continue };
        let key = [Cell::Blob(block.cid().to_bytes())];
        if rows::raw(new, BlockRow::TABLE, &key)?.is_some() {
            continue;
        }
        let known = rows::read_one::<BlockRow>(from, &key, &mut Vec::new()).ok().flatten();
        let class = known.map_or(BlockClass::Data, |row| row.class);
        blocks::store(new, &block, class, now)?;
        salvaged.rows += 1;
    }
    Ok(())
}

/// Bodies have no hash column; of this entry only the key is used.
static BODIES: Table = Table { name: "bodies", columns: &["id"], key: 1 };

fn whole_block(from: &Connection, id: &[Cell]) -> Option<Block> {
    let mut statement = from.prepare_cached("SELECT cid, bytes FROM bodies WHERE id = ?1").ok()?;
    let (cid, bytes): (Vec<u8>, Vec<u8>) =
        statement.query_row(params_from_iter(id), |row| Ok((row.get(0)?, row.get(1)?))).ok()?;
    Block::verified(&Cid::from_bytes(&cid).ok()?, bytes).ok()
}

/// Keys of a table from its start and, if that ends at a damaged page, from its end.
fn keys(conn: &Connection, table: &Table) -> Vec<Vec<Cell>> {
    let mut found = BTreeMap::new();
    for order in ["ASC", "DESC"] {
        if walk(conn, table, order, &mut found).is_ok() {
            break;
        }
    }
    found.into_values().collect()
}

fn walk(
    conn: &Connection,
    table: &Table,
    order: &str,
    found: &mut BTreeMap<Vec<u8>, Vec<Cell>>,
) -> Result<(), Fault> {
    let mut statement = conn.prepare(&table.select_keys(order))?;
    let mut rows = statement.query([])?;
    for _ in 0..limits::STORE_SALVAGE_ROWS {
        let Some(row) = rows.next()? else { break };
        let key = rows::cells(row, table.key)?;
        found.insert(rows::encode(&key), key);
    }
    Ok(())
}
