//! The reading side: connections that cannot write.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension};

use super::connect;
use super::fault::Fault;
use super::files::Files;
use super::first_look::{self, LOOK};
use super::owner::OWNER;
use super::rows::{self, Bad, BlockRow, HeldRow, MetaRow};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::store::{BlockClass, BlockStats, Loaded, RollupRow};

/// A read-only connection.
pub(super) struct Reader(Connection);

impl Reader {
    pub(super) fn open(files: &Files) -> Result<Self, Fault> {
        Self::with(connect::reading(&files.database())?)
    }

    /// Reads a database that has no log without making a file next to it, as on a full disk or in a folder without permission.
    pub(super) fn open_closed(files: &Files) -> Result<Self, Fault> {
        Self::with(connect::without_log(&files.database())?)
    }

    /// Reads a database that has a log where no file can be made for it.
    pub(super) fn open_alone(files: &Files) -> Result<Self, Fault> {
        Self::with(connect::alone(&files.database())?)
    }

    fn with(conn: Connection) -> Result<Self, Fault> {
        settle(&conn)?;
        conn.pragma_update(None, "query_only", true)?;
        Ok(Self(conn))
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.0
    }

    /// See [`load`].
    pub(super) fn load(&self) -> Result<(Loaded, Vec<Bad>), Error> {
        // One transaction, so that all tables are of one moment.
        let transaction = self.0.unchecked_transaction().map_err(Fault::from)?;
        Ok(load(&transaction)?)
    }

    /// See [`first_look`].
    pub(super) fn first_look(&self) -> Result<Option<Bytes>, Error> {
        let transaction = self.0.unchecked_transaction().map_err(Fault::from)?;
        Ok(first_look::read(&transaction)?)
    }

    /// Blocks in the order asked, and the CIDs of those that are there but damaged.
    pub(super) fn blocks(&self, cids: &[Cid]) -> Result<FoundBlocks, Error> {
        let mut found = FoundBlocks::default();
        for cid in cids {
            match body(&self.0, cid).map(|bytes| bytes.map(|bytes| Block::verified(cid, bytes))) {
                Ok(Some(Ok(block))) => found.blocks.push(Some(block)),
                Ok(None) => found.blocks.push(None),
                Ok(Some(Err(_))) => {
                    found.damaged.push(*cid);
                    found.blocks.push(None);
                }
                Err(fault) if fault.code() == Code::Corrupt => {
                    found.unreadable = Some(fault.into());
                    found.blocks.push(None);
                }
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(found)
    }

    pub(super) fn block_stats(&self) -> Result<BlockStats, Error> {
        let mut stats = BlockStats::default();
        rows::each(&self.0, "1", &[], &mut Vec::new(), |row: BlockRow| {
            let (count, bytes) = match row.class {
                BlockClass::Data => (&mut stats.data_blocks, &mut stats.data_bytes),
                BlockClass::Cache => (&mut stats.cache_blocks, &mut stats.cache_bytes),
            };
            *count += 1;
            *bytes = bytes.saturating_add(row.size);
        })?;
        Ok(stats)
    }

    pub(super) fn rollups(&self, from_minute: i64) -> Result<(Vec<RollupRow>, Vec<Bad>), Error> {
        let mut bad = Vec::new();
        let rows = rows::read(&self.0, "minute >= ?", &[rows::Cell::Int(from_minute)], &mut bad)?;
        Ok((rows, bad))
    }
}

/// What a look for blocks brought.
#[derive(Default)]
pub(super) struct FoundBlocks {
    /// In the order asked.
    pub(super) blocks: Vec<Option<Block>>,
    /// There, but their bytes do not hash to their CID.
    pub(super) damaged: Vec<Cid>,
    /// The database could not be read at some block's place.
    pub(super) unreadable: Option<Error>,
}

/// Settings that every connection shares.
pub(super) fn settle(conn: &Connection) -> Result<(), Fault> {
    conn.busy_timeout(limits::STORE_BUSY)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "cache_size", -i64::from(limits::STORE_CACHE_KIB))?;
    Ok(())
}

/// Reads all tables but the bodies; rows that fail their check are left out and named.
pub(super) fn load(conn: &Connection) -> Result<(Loaded, Vec<Bad>), Fault> {
    let mut bad = Vec::new();
    let mut loaded = Loaded {
        items: rows::read(conn, "1", &[], &mut bad)?,
        changes: rows::read(conn, "1", &[], &mut bad)?,
        names: rows::read(conn, "1", &[], &mut bad)?,
        written: rows::read(conn, "1", &[], &mut bad)?,
        nodes: rows::read(conn, "1", &[], &mut bad)?,
        ..Loaded::default()
    };
    // They come node by node: a name of each is enough.
    let (mut node, mut cids) = (String::new(), Vec::new());
    rows::each(conn, "1", &[], &mut bad, |row: HeldRow| {
        if row.node != node {
            loaded.held.insert(std::mem::replace(&mut node, row.node), std::mem::take(&mut cids));
        }
        cids.push(row.cid);
    })?;
    loaded.held.insert(node, cids);
    loaded.held.retain(|_, cids| !cids.is_empty());
    for row in rows::read::<MetaRow>(conn, "1", &[], &mut bad)? {
        if row.name != OWNER && row.name != LOOK {
            loaded.meta.insert(row.name, row.value);
        }
    }
    rows::each(conn, "1", &[], &mut bad, |row: BlockRow| {
        if row.class == BlockClass::Data {
            loaded.data_blocks.push((row.cid, row.size));
        }
    })?;
    // For their hashes alone.
    rows::each(conn, "1", &[], &mut bad, |_: RollupRow| ())?;
    loaded.quarantined = bad.iter().map(Bad::label).collect();
    Ok((loaded, bad))
}

/// The bytes kept for a CID, unchecked.
pub(super) fn body(conn: &Connection, cid: &Cid) -> Result<Option<Vec<u8>>, Fault> {
    let mut statement = conn.prepare_cached("SELECT bytes FROM bodies WHERE cid = ?1")?;
    Ok(statement.query_row([cid.to_bytes()], |row| row.get(0)).optional()?)
}
