//! Blocks on disk: what is known of each in one table, its bytes in another.

use std::collections::HashMap;

use rusqlite::Connection;

use super::fault::Fault;
use super::reader::body;
use super::rows::{self, BlockRow, Cell};
use crate::clock::UnixMs;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::store::{BlockClass, block_size};

/// Stores a block. Bytes that are already there and right are not written again; data stays data.
pub(super) fn store(conn: &Connection, block: &Block, class: BlockClass, now: UnixMs) -> Result<(), Fault> {
    let size = block_size(block)?;
    let cid = block.cid().to_bytes();
    match body(conn, block.cid())? {
        Some(bytes) if bytes == block.bytes().as_ref() => {}
        Some(_) => {
            conn.prepare_cached("UPDATE bodies SET bytes = ?2 WHERE cid = ?1")?
                .execute((&cid, block.bytes().as_ref()))?;
        }
        None => {
            conn.prepare_cached("INSERT INTO bodies (cid, bytes) VALUES (?1, ?2)")?
                .execute((&cid, block.bytes().as_ref()))?;
        }
    }
    let mut bad = Vec::new();
    let known = rows::read_one::<BlockRow>(conn, &[Cell::Blob(cid)], &mut bad)?;
    // A class that cannot be read may have been data.
    let was_data = !bad.is_empty() || known.is_some_and(|row| row.class == BlockClass::Data);
    let class = if was_data { BlockClass::Data } else { class };
    rows::put(conn, &BlockRow { cid: *block.cid(), class, size, used_at: now })
}

/// Removes a block of any class.
pub(super) fn remove(conn: &Connection, cid: &Cid) -> Result<(), Fault> {
    for table in ["blocks", "bodies"] {
        conn.prepare_cached(&format!("DELETE FROM {table} WHERE cid = ?1"))?.execute([cid.to_bytes()])?;
    }
    Ok(())
}

/// Removes a block that is known to be cached.
pub(super) fn uncache(conn: &Connection, cid: &Cid) -> Result<(), Fault> {
    match rows::read_one::<BlockRow>(conn, &[Cell::Blob(cid.to_bytes())], &mut Vec::new())? {
        Some(row) if row.class == BlockClass::Cache => remove(conn, cid),
        _ => Ok(()),
    }
}

/// Moves a block to the quarantine if its bytes are still not those of its CID.
pub(super) fn quarantine_block(conn: &Connection, cid: &Cid, now: UnixMs) -> Result<(), Fault> {
    match body(conn, cid)? {
        Some(bytes) if Block::verified(cid, bytes.clone()).is_err() => {
            rows::keep_raw(conn, "bodies", &bytes, "hash", now)?;
            remove(conn, cid)
        }
        _ => Ok(()),
    }
}

/// Gives bytes of which nothing is known a row again, as data; those that are damaged go to the quarantine.
pub(super) fn adopt(conn: &Connection, now: UnixMs) -> Result<(), Fault> {
    let orphans = {
        let mut statement =
            conn.prepare("SELECT cid, id FROM bodies WHERE cid NOT IN (SELECT cid FROM blocks)")?;
        let found = statement.query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?)))?;
        found.collect::<Result<Vec<_>, _>>()?
    };
    for (cid, id) in orphans {
        let bytes: Vec<u8> = conn
            .prepare_cached("SELECT bytes FROM bodies WHERE id = ?1")?
            .query_row([id], |row| row.get(0))?;
        let size = bytes.len() as u64;
        match Cid::from_bytes(&cid) {
            Ok(cid) if Block::verified(&cid, bytes.clone()).is_ok() => {
                rows::put(conn, &BlockRow { cid, class: BlockClass::Data, size, used_at: now })?;
            }
            _ => {
                rows::keep_raw(conn, "bodies", &bytes, "hash", now)?;
                conn.prepare_cached("DELETE FROM bodies WHERE id = ?1")?.execute([id])?;
            }
        }
    }
    Ok(())
}

/// Writes when cached blocks were last read. Data is never evicted, so its time does not matter.
pub(super) fn note_uses(conn: &Connection, touched: HashMap<Cid, UnixMs>, now: UnixMs) -> Result<(), Fault> {
    for (cid, used_at) in touched {
        let known = rows::read_one::<BlockRow>(conn, &[Cell::Blob(cid.to_bytes())], &mut Vec::new())?;
        if let Some(row) = known.filter(|row| row.class == BlockClass::Cache) {
            // A clock that was set back must not make everything else look recent for ever.
            rows::put(conn, &BlockRow { used_at: used_at.min(now), ..row })?;
        }
    }
    Ok(())
}
