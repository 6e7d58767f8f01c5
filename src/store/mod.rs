//! The data of one account on this device: a trait, with implementations in SQLite and in memory.
//!
//! # Durability contract
//! When [`Store::commit`] returns `Ok`, the whole batch is on disk (fsync) and every later [`Store::load`] returns it, also
//! after a crash or a power loss. When it returns an error, none of the batch is visible, except for
//! [`Code::StorageIo`] after a failed fsync, where the outcome is unknown: the store then refuses further work until it
//! has been opened and loaded again. Row values are encrypted by the caller; the store adds a hash to each row.
//!
//! # Damage
//! A row whose hash does not match is never returned: it moves to a quarantine table and is reported. A database with a
//! damaged structure is renamed at the next opening, and rows that are provably intact are copied to a new one. Nothing
//! is deleted because it cannot be read.

pub mod memory;
pub mod schema;
pub mod sqlite;
pub mod whole_file;

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;

pub use self::memory::MemoryStore;
pub use self::sqlite::{OpenMode, OpenedStore, SqliteStore, Warning};
use crate::clock::UnixMs;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;

/// Level of acknowledgement of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// On this device's disk.
    Local,
    /// At least one node holds it.
    Published,
    /// Read back from at least two nodes.
    Verified,
}

impl Level {
    /// Its stable text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Published => "published",
            Self::Verified => "verified",
        }
    }
}

/// Key of an item: its place in the index (HMAC).
pub type ItemKey = [u8; 32];

/// One stored inventory item. `token_id` and `state_hash` are in clear for token states, empty for entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    /// Place in the index.
    pub key: ItemKey,
    /// Token id in clear; empty for an entry.
    pub token_id: String,
    /// State hash in clear; empty for an entry.
    pub state_hash: String,
    /// The encrypted encoding of the item.
    pub sealed: Bytes,
}

/// A change made on this device and its level. `number` grows by one with every commit that changes the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// The item that was changed.
    pub key: ItemKey,
    /// Place of the change in the order of this device's commits.
    pub number: u64,
    /// Its level of acknowledgement.
    pub level: Level,
}

/// What is known about an IPNS name of this wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRow {
    /// Number of the name's slot.
    pub slot: u8,
    /// High-water mark: highest sequence ever seen and the raw record that had it.
    pub sequence: u64,
    /// The raw record with that sequence.
    pub record: Bytes,
    /// Root of that record, if its whole index has been merged.
    pub merged_root: Option<Cid>,
    /// Last time a node returned this record or a newer one.
    pub verified_at: UnixMs,
    /// Last time the record changed.
    pub changed_at: UnixMs,
    /// Whether the record is valid but does not point to a root of this wallet.
    pub occupied: bool,
}

/// A record this device signed, committed before its first put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenRow {
    /// Slot it was signed for.
    pub slot: u8,
    /// Its sequence, used once.
    pub sequence: u64,
    /// The signed bytes.
    pub record: Bytes,
    /// The root it points at.
    pub root: Cid,
    /// Highest change number it contains.
    pub upto: u64,
    /// When it was signed.
    pub signed_at: UnixMs,
}

/// What one node is known to hold of what this device published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// Id of the node.
    pub node: String,
    /// Slot of this device.
    pub slot: u8,
    /// Roots that this device pinned there, oldest first.
    pub pinned: Vec<Cid>,
    /// Sequence of the record that was last read back there twice, with root and changed blocks; 0 = none.
    pub verified_sequence: u64,
    /// When the record was last put there.
    pub put_at: UnixMs,
}

/// Why a block is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockClass {
    /// Payload, evidence or value: data, never evicted.
    Data,
    /// Index, keep and root blocks: can be fetched or built again.
    Cache,
}

/// One row of history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupRow {
    /// Minutes since the Unix epoch.
    pub minute: i64,
    /// The minute's figures as JSON.
    pub json: String,
}

/// One write of a batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Write {
    /// Stores an item, in place of the one with its key.
    Item(ItemRow),
    /// Records that this device changed the item, or that what it changed was altered.
    Change {
        /// The item.
        key: ItemKey,
        /// Number of the change.
        number: u64,
        /// How far it has come.
        level: Level,
    },
    /// Raises to `level` all changes numbered up to `upto` that are lower.
    RaiseLevel {
        /// Last change number that is raised.
        upto: u64,
        /// Level they get.
        level: Level,
    },
    /// Lowers to `level` all changes that are higher.
    LowerLevel {
        /// Level they get.
        level: Level,
    },
    /// Stores a block. A block that is already there as data stays data.
    Block {
        /// The block.
        block: Block,
        /// Why it is kept.
        class: BlockClass,
    },
    /// Removes cached blocks; data stays.
    Uncache(Vec<Cid>),
    /// Stores what is known about a name, in place of the row before.
    Name(NameRow),
    /// Logs a signed record. The same record again changes nothing; another one for its slot and sequence fails the batch with
    /// [`Code::Conflict`].
    Written(WrittenRow),
    /// Stores what a node holds, in place of the row before.
    Node(NodeRow),
    /// Adds CIDs that a node is known to hold.
    Held {
        /// Id of the node.
        node: String,
        /// What it holds.
        cids: Vec<Cid>,
    },
    /// Replaces the CIDs that a node is known to hold.
    HeldExactly {
        /// Id of the node.
        node: String,
        /// What it holds, and nothing else.
        cids: Vec<Cid>,
    },
    /// A small value by name (device id, own slot, wallet id, last sync, …); `None` removes it.
    Meta {
        /// Its name.
        key: &'static str,
        /// Its value.
        value: Option<Bytes>,
    },
    /// What a first look at the account shows, sealed by the caller. [`SqliteStore::first_look`] gives it back until anything else is
    /// written, by whomever; a store in memory keeps none.
    FirstLook(Bytes),
    /// Stores a minute of history, in place of the row before.
    Rollup(RollupRow),
    /// Removes history before a minute.
    PruneRollups {
        /// First minute that stays.
        before_minute: i64,
    },
}

/// Name of the small value that says that rows were moved to the quarantine. It is written with the move, so that a process which
/// ends before its owner has drawn the consequences does not hide them from the next one; who has drawn them removes it.
pub const SET_ASIDE: &str = "set_aside";

/// Everything needed in memory after opening, except blocks. Every list is in the order of its key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// All items.
    pub items: Vec<ItemRow>,
    /// All changes of this device.
    pub changes: Vec<ChangeRow>,
    /// All known names.
    pub names: Vec<NameRow>,
    /// The log of signed records, by slot and sequence.
    pub written: Vec<WrittenRow>,
    /// What is known of each node.
    pub nodes: Vec<NodeRow>,
    /// What each node is known to hold.
    pub held: BTreeMap<String, Vec<Cid>>,
    /// Small values by name.
    pub meta: BTreeMap<String, Bytes>,
    /// CIDs of the Data blocks on disk, and their sizes.
    pub data_blocks: Vec<(Cid, u64)>,
    /// Rows that were moved to the quarantine because their hash did not match, for an alert: the token id of an item row,
    /// `<table> row` for others (no token id contains a space).
    pub quarantined: Vec<String>,
}

/// Size of the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockStats {
    /// Number of data blocks.
    pub data_blocks: u64,
    /// Their bytes.
    pub data_bytes: u64,
    /// Number of cached blocks.
    pub cache_blocks: u64,
    /// Their bytes.
    pub cache_bytes: u64,
}

/// The store of one account.
///
/// # Cancel safety
/// Dropping the future of `commit` does not undo it: the whole batch is written, or nothing of it. The other futures may be
/// dropped at any time.
///
/// # Errors
/// Each method fails with [`Code::Closed`] after [`Store::close`], [`Code::StorageIo`]
/// when the disk fails, [`Code::Corrupt`] when the structure of the database is damaged (opening it again
/// repairs that, see above), [`Code::TaskFailed`] when a thread of the store died.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Reads everything but the blocks. Damaged rows are left out, quarantined and listed.
    async fn load(&self) -> Result<Loaded, Error>;

    /// Writes a batch in one transaction; see the durability contract.
    ///
    /// # Errors
    /// Besides those of the trait: [`Code::Conflict`] for a second record with a sequence already used,
    /// [`Code::StorageFull`] when the disk is full (nothing was written, later commits may succeed),
    /// [`Code::TooLarge`] for a number above 2^63 − 1 or a block above its limit,
    /// [`Code::Locked`] when the store only reads along.
    async fn commit(&self, batch: Vec<Write>) -> Result<(), Error>;

    /// A block, its hash checked; `None` when it is not there or damaged (it is then quarantined).
    async fn block(&self, cid: &Cid) -> Result<Option<Block>, Error>;

    /// Several blocks, in the order of the CIDs.
    async fn blocks(&self, cids: &[Cid]) -> Result<Vec<Option<Block>>, Error>;

    /// Counts blocks and their bytes.
    async fn block_stats(&self) -> Result<BlockStats, Error>;

    /// Removes cached blocks, least recently used first, until at most `max_bytes` are left; returns the bytes removed.
    async fn trim_cache(&self, max_bytes: u64) -> Result<u64, Error>;

    /// History from a minute on, oldest first.
    async fn rollups(&self, from_minute: i64) -> Result<Vec<RollupRow>, Error>;

    /// Ends all work and releases the lock. Idempotent.
    async fn close(&self) -> Result<(), Error>;
}

/// The error for a second record with the same sequence.
fn second_record(row: &WrittenRow) -> Error {
    let (slot, sequence) = (row.slot, row.sequence);
    Error::new(Code::Conflict, format!("another record of slot {slot} was signed with sequence {sequence}"))
}

/// A number as SQLite stores it.
fn column_number(value: u64) -> Result<i64, Error> {
    i64::try_from(value)
        .map_err(|_| Error::new(Code::TooLarge, format!("the number {value} is above 2^63 - 1")))
}

/// The size of a block, if it may be stored.
fn block_size(block: &Block) -> Result<u64, Error> {
    match block.bytes().len() {
        size if size > limits::BLOCK_BYTES => {
            Err(Error::new(Code::TooLarge, format!("block of {size} bytes")))
        }
        size => Ok(size as u64),
    }
}
