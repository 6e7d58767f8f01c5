//! Each row type and its columns.

use bytes::Bytes;
use rusqlite::types::ValueRef;

use super::{Cell, Table};
use crate::clock::UnixMs;
use crate::error::Error;
use crate::model::cid::Cid;
use crate::store::{
    BlockClass, ChangeRow, ItemRow, Level, NameRow, NodeRow, RollupRow, WrittenRow, column_number,
};

/// Length of a CID in binary form.
const CID_BYTES: usize = 36;

/// A row type with a table of its own.
pub(in super::super) trait Row: Sized {
    const TABLE: &'static Table;

    fn to_cells(&self) -> Result<Vec<Cell>, Error>;

    /// `None` when the columns are not such a row.
    fn from_columns(take: &mut Columns<'_>) -> Option<Self>;
}

/// A block that a node holds.
pub(in super::super) struct HeldRow {
    pub(in super::super) node: String,
    pub(in super::super) cid: Cid,
}

/// A small value.
pub(in super::super) struct MetaRow {
    pub(in super::super) name: String,
    pub(in super::super) value: Bytes,
}

/// What is known of a block on disk.
pub(in super::super) struct BlockRow {
    pub(in super::super) cid: Cid,
    pub(in super::super) class: BlockClass,
    pub(in super::super) size: u64,
    pub(in super::super) used_at: UnixMs,
}

/// Columns taken one after the other, of a row as SQLite shows it or of a copy.
pub(in super::super) struct Columns<'a> {
    source: Source<'a>,
    next: usize,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    /// And how many of its columns count.
    Row(&'a rusqlite::Row<'a>, usize),
    Cells(&'a [Cell]),
}

impl<'a> Columns<'a> {
    pub(in super::super) fn of_row(row: &'a rusqlite::Row<'a>, count: usize) -> Self {
        Self { source: Source::Row(row, count), next: 0 }
    }

    pub(in super::super) fn of_cells(cells: &'a [Cell]) -> Self {
        Self { source: Source::Cells(cells), next: 0 }
    }

    fn value(&mut self) -> Option<ValueRef<'a>> {
        let at = self.next;
        self.next += 1;
        match self.source {
            Source::Row(row, count) if at < count => row.get_ref(at).ok(),
            Source::Row(..) => None,
            Source::Cells(cells) => cells.get(at).map(Cell::value),
        }
    }

    fn int(&mut self) -> Option<i64> {
        match self.value()? {
            ValueRef::Integer(number) => Some(number),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<u64> {
        u64::try_from(self.int()?).ok()
    }

    fn slot(&mut self) -> Option<u8> {
        u8::try_from(self.int()?).ok()
    }

    fn text(&mut self) -> Option<String> {
        match self.value()? {
            ValueRef::Text(bytes) => String::from_utf8(bytes.to_vec()).ok(),
            _ => None,
        }
    }

    fn blob(&mut self) -> Option<&'a [u8]> {
        match self.value()? {
            ValueRef::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn bytes(&mut self) -> Option<Bytes> {
        self.blob().map(Bytes::copy_from_slice)
    }

    fn cid(&mut self) -> Option<Cid> {
        Cid::from_bytes(self.blob()?).ok()
    }
}

fn number(value: u64) -> Result<Cell, Error> {
    column_number(value).map(Cell::Int)
}

fn text(value: &str) -> Cell {
    Cell::Text(value.into())
}

fn blob(value: impl Into<Vec<u8>>) -> Cell {
    Cell::Blob(value.into())
}

/// The number a level is stored as.
pub(in super::super) const fn level_number(level: Level) -> i64 {
    match level {
        Level::Local => 0,
        Level::Published => 1,
        Level::Verified => 2,
    }
}

impl Row for ItemRow {
    const TABLE: &'static Table =
        &Table { name: "items", columns: &["key", "token_id", "state_hash", "sealed"], key: 1 };

    fn to_cells(&self) -> Result<Vec<Cell>, Error> {
        Ok(vec![blob(self.key), text(&self.token_id), text(&self.state_hash), blob(self.sealed.as_ref())])
    }

    fn from_columns(take: &mut Columns<'_>) -> Option<Self> {
        Some(Self {
            key: take.blob()?.try_into().ok()?,
            token_id: take.text()?,
            state_hash: take.text()?,
            sealed: take.bytes()?,
        })
    }
}

impl Row for ChangeRow {
    const TABLE: &'static Table = &Table { name: "changes", columns: &["key", "number", "level"], key: 1 };

    fn to_cells(&self) -> Result<Vec<Cell>, Error> {
        Ok(vec![blob(self.key), number(self.number)?, Cell::Int(level_number(self.level))])
    }

    fn from_columns(take: &mut Columns<'_>) -> Option<Self> {
        Some(Self {
            key: take.blob()?.try_into().ok()?,
            number: take.number()?,
            level: match take.int()? {
                0 => Level::Local,
                1 => Level::Published,
                2 => Level::Verified,
                _ => return None,
            },
        })
    }
}

impl Row for NameRow {
    const TABLE: &'static Table = &Table {
        name: "names",
        columns: &["slot", "sequence", "record", "merged_root", "verified_at", "changed_at", "occupied"],
        key: 1,
    };

    fn to_cells(&self) -> Result<Vec<Cell>, Error> {
        Ok(vec![
            Cell::Int(self.slot.into()),
            number(self.sequence)?,
            blob(self.record.as_ref()),
            blob(self.merged_root.map(|root| root.to_bytes()).unwrap_or_default()),
            Cell::Int(self.verified_at),
            Cell::Int(self.changed_at),
            Cell::Int(self.occupied.into()),
        ])
    }

    fn from_columns(take: &mut Columns<'_>) -> Option<Self> {
        Some(Self {
            slot: take.slot()?,
            sequence: take.number()?,
            record: take.bytes()?,
            merged_root: match take.blob()? {
                [] => None,
                root => Some(Cid::from_bytes(root).ok()?),
            },
            verified_at: take.int()?,
            changed_at: take.int()?,
            occupied: take.int()? != 0,
        })
    }
}

impl Row for WrittenRow {
    const TABLE: &'static Table = &Table {
        name: "written",
        columns: &["slot", "sequence", "record", "root", "upto", "signed_at"],
        key: 2,
    };

    fn to_cells(&self) -> Result<Vec<Cell>, Error> {
        Ok(vec![
            Cell::Int(self.slot.into()),
            number(self.sequence)?,
            blob(self.record.as_ref()),
            blob(self.root.to_bytes()),
            number(self.upto)?,
            Cell::Int(self.signed_at),
        ])
    }

    fn from_columns(take: &mut Columns<'_>) -> Option<Self> {
        Some(Self {
            slot: take.slot()?,
            sequence: take.number()?,
            record: take.bytes()?,
            root: take.cid()?,
            upto: take.number()?,
            signed_at: take.int()?,
        })
    }
}

impl Row for NodeRow {
    const TABLE: &'static Table =
        &Table { name: "nodes", columns: &["node", "slot", "pinned", "verified_sequence", "put_at"], key: 2 };

    fn to_cells(&self) -> Result<Vec<Cell>, Error> {
        Ok(vec![
            text(&self.node),
            Cell::Int(self.slot.into()),
            blob(self.pinned.iter().flat_map(Cid::to_bytes).collect::<Vec<u8>>()),
            number(self.verified_sequence)?,
            Cell::Int(self.put_at),
        ])
    }

    fn from_columns(take: &mut Columns<'_>) -> Option<Self> {
        Some(Self {
            node: take.text()?,
            slot: take.slot()?,
            pinned: take
                .blob()?
                .chunks(CID_BYTES)
                .map(|cid| Cid::from_bytes(cid).ok())
                .collect::<Option<_>>()?,
            verified_sequence: take.number()?,
            put_at: take.int()?,
        })
    }
}

impl Row for HeldRow {
    const TABLE: &'static Table = &Table { name: "held", columns: &["node", "cid"], key: 2 };

    fn to_cells(&self) -> Result<Vec<Cell>, Error> {
        Ok(vec![text(&self.node), blob(self.cid.to_bytes())])
    }

    fn from_columns(take: &mut Columns<'_>) -> Option<Self> {
        Some(Self { node: take.text()?, cid: take.cid()? })
    }
}

impl Row for MetaRow {
    const TABLE: &'static Table = &Table { name: "meta", columns: &["name", "value"], key: 1 };

    fn to_cells(&self) -> Result<Vec<Cell>, Error> {
        Ok(vec![text(&self.name), blob(self.value.as_ref())])
    }

    fn from_columns(take: &mut Columns<'_>) -> Option<Self> {
        Some(Self { name: take.text()?, value: take.bytes()? })
    }
}

impl Row for RollupRow {
    const TABLE: &'static Table = &Table { name: "rollups", columns: &["minute", "json"], key: 1 };

    fn to_cells(&self) -> Result<Vec<Cell>, Error> {
        Ok(vec![Cell::Int(self.minute), text(&self.json)])
    }

    fn from_columns(take: &mut Columns<'_>) -> Option<Self> {
        Some(Self { minute: take.int()?, json: take.text()? })
    }
}

impl Row for BlockRow {
    const TABLE: &'static Table =
        &Table { name: "blocks", columns: &["cid", "class", "size", "used_at"], key: 1 };

    fn to_cells(&self) -> Result<Vec<Cell>, Error> {
        let class = match self.class {
            BlockClass::Data => 0,
            BlockClass::Cache => 1,
        };
        Ok(vec![blob(self.cid.to_bytes()), Cell::Int(class), number(self.size)?, Cell::Int(self.used_at)])
    }

    fn from_columns(take: &mut Columns<'_>) -> Option<Self> {
        Some(Self {
            cid: take.cid()?,
            class: match take.int()? {
                0 => BlockClass::Data,
                1 => BlockClass::Cache,
                _ => return None,
            },
            size: take.number()?,
            used_at: take.int()?,
        })
    }
}
