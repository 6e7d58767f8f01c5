//! What must survive: one trait, SQLite and memory behind it.
//!
//! # Durability contract
//! When [`Store::commit`] returns `Ok`, the whole batch is on disk (fsynced) and every later [`Store::load`] shows it, after a
//! crash and after power loss. When it returns an error, none of the batch is visible, except for
//! [`Code::StorageIo`](crate::Code::StorageIo) after a failed fsync, where the outcome is unknown: the store then refuses
//! further work until it was opened again and re-read.
//! Row values come in sealed; the store adds a hash to each and quarantines rows that fail it.

pub mod memory;
pub mod sqlite;

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;

use crate::Error;
use crate::clock::UnixMs;
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

/// One inventory item at rest. `token_id` and `state_hash` are in clear for token states, empty for entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemRow {
    pub key: ItemKey,
    pub token_id: String,
    pub state_hash: String,
    /// The sealed encoding of the item.
    pub sealed: Bytes,
}

/// A change made on this device and its level. `number` grows by one with every commit that changes the item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    pub key: ItemKey,
    pub number: u64,
    pub level: Level,
}

/// What is known of a name of this wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRow {
    pub slot: u8,
    /// High-water mark: highest sequence ever seen and the raw record that had it.
    pub sequence: u64,
    pub record: Bytes,
    /// Root of that record, once it has been merged completely (index); else empty.
    pub merged_root: Option<Cid>,
    /// Last time a node showed this record or a newer one.
    pub verified_at: UnixMs,
    /// Last time the record changed.
    pub changed_at: UnixMs,
    /// The slot's record is valid but not a root of ours.
    pub occupied: bool,
}

/// A record this device signed, committed before its first put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenRow {
    pub slot: u8,
    pub sequence: u64,
    pub record: Bytes,
    pub root: Cid,
    /// Highest change number it contains.
    pub upto: u64,
    pub signed_at: UnixMs,
}

/// What one node is known to hold of our own slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    pub node: String,
    pub slot: u8,
    /// Roots pinned there by us, oldest first.
    pub pinned: Vec<Cid>,
    /// Sequence of our record last read back there twice, with root and changed blocks; 0 = none.
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
    pub json: String,
}

/// One write of a batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Write {
    Item(ItemRow),
    /// Records that this device changed the item: level `local`, number as given.
    Change {
        key: ItemKey,
        number: u64,
    },
    /// Raises to `level` all changes numbered up to `upto` that are lower.
    RaiseLevel {
        upto: u64,
        level: Level,
    },
    /// Lowers to `level` all changes that are higher.
    LowerLevel {
        level: Level,
    },
    Block {
        block: Block,
        class: BlockClass,
    },
    DropCacheBlock {
        cid: Cid,
    },
    Name(NameRow),
    ForgetName {
        slot: u8,
    },
    Written(WrittenRow),
    /// Removes written-log rows of a slot below a sequence.
    PruneWritten {
        slot: u8,
        below: u64,
    },
    Node(NodeRow),
    /// CIDs the node is known to hold (added).
    Held {
        node: String,
        cids: Vec<Cid>,
    },
    /// Replaces all that the node is known to hold.
    HeldExactly {
        node: String,
        cids: Vec<Cid>,
    },
    /// A small value by name (device id, own slot, wallet id, last sync, …).
    Meta {
        key: &'static str,
        value: Option<Bytes>,
    },
    Rollup(RollupRow),
    PruneRollups {
        before_minute: i64,
    },
}

/// Everything needed in memory after opening, except blocks.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub items: Vec<ItemRow>,
    pub changes: Vec<ChangeRow>,
    pub names: Vec<NameRow>,
    pub written: Vec<WrittenRow>,
    pub nodes: Vec<NodeRow>,
    pub held: BTreeMap<String, Vec<Cid>>,
    pub meta: BTreeMap<String, Bytes>,
    /// CIDs of the Data blocks on disk, and their sizes.
    pub data_blocks: Vec<(Cid, u64)>,
    /// Rows set aside since their hash failed (token_id of item rows, for the alert); the bytes stay in the quarantine table.
    pub quarantined: Vec<String>,
}

/// Size of the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BlockStats {
    pub data_blocks: u64,
    pub data_bytes: u64,
    pub cache_blocks: u64,
    pub cache_bytes: u64,
}

/// The store of one account.
///
/// # Cancel safety
/// Dropping the future of `commit` does not undo it: the batch is written or not, whole in any case.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    async fn load(&self) -> Result<Loaded, Error>;
    /// Writes a batch in one transaction; see the durability contract.
    async fn commit(&self, batch: Vec<Write>) -> Result<(), Error>;
    /// A block, its hash checked; a damaged one is quarantined and given as `None`.
    async fn block(&self, cid: &Cid) -> Result<Option<Block>, Error>;
    /// Several, in the order asked.
    async fn blocks(&self, cids: &[Cid]) -> Result<Vec<Option<Block>>, Error>;
    async fn block_stats(&self) -> Result<BlockStats, Error>;
    /// Removes cached blocks until at most `max_bytes` are left, oldest use first. Data blocks stay.
    async fn trim_cache(&self, max_bytes: u64) -> Result<u64, Error>;
    async fn rollups(&self, from_minute: i64) -> Result<Vec<RollupRow>, Error>;
    /// Ends all work and releases the lock. Idempotent.
    async fn close(&self) -> Result<(), Error>;
}
