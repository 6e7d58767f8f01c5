//! What an account says of itself without asking the network: counts, levels, names, nodes, cache.

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
pub use crate::node::check::{Ability, Finding};
use crate::node::health::NodeHealth;
use crate::store::Level;

/// Lowest level of any change made on this device, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ack {
    /// Nothing was ever written here.
    None,
    /// On this disk only.
    Local,
    /// On at least one node.
    Published,
    /// Read back from enough nodes.
    Verified,
}

impl From<Level> for Ack {
    fn from(level: Level) -> Self {
        match level {
            Level::Local => Self::Local,
            Level::Published => Self::Published,
            Level::Verified => Self::Verified,
        }
    }
}

/// Live states: no proof of spending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenCounts {
    /// Unspent and suspect.
    pub total: usize,
    /// Without any spend.
    pub unspent: usize,
    /// With an intent and no proof.
    pub suspect: usize,
}

/// A name of the wallet in both text forms.
#[derive(Clone, Debug, Serialize)]
pub struct NameInfo {
    /// Its slot.
    pub slot: u8,
    /// `12D3KooW…`.
    pub name: String,
    /// `k51…`.
    pub cid: String,
}

/// The last sync, as remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LastSync {
    /// When, Unix milliseconds.
    pub at: UnixMs,
    /// Its source.
    pub source: String,
    /// Its outcome.
    pub outcome: String,
}

/// A name's high-water mark.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HighWater {
    /// `12D3KooW…`.
    pub name: String,
    /// Highest sequence seen.
    pub sequence: u64,
}

/// State of an account, from local data only.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Grows with every change of what is shown.
    pub revision: u64,
    /// Counts of the view.
    pub tokens: TokenCounts,
    /// Changes of ours below `verified`.
    pub pending: usize,
    /// Lowest level of any change of ours.
    pub ack: Ack,
    /// The last sync.
    pub last_sync: Option<LastSync>,
    /// Our slot, once claimed.
    pub slot: Option<u8>,
    /// High-water marks of the known names.
    pub high_water: Vec<HighWater>,
    /// Nodes proven to hold our latest root.
    pub verified_nodes: usize,
    /// Payloads of live states not here yet.
    pub missing_payloads: usize,
    /// Slots that were seen and whose content is not here: the wallet is not whole without them.
    pub unread: Vec<u8>,
    /// Slots of which only a part fits here.
    pub left_out: Vec<LeftOut>,
    /// The wallet has another secret since: nothing is read or published under this one any more.
    pub moved: bool,
}

/// What of another device's content does not fit here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Its slot.
    pub slot: u8,
    /// Items that were left out. They are on the nodes.
    pub items: u32,
}

/// A device of the wallet: who publishes under a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceRow {
    /// Its slot.
    pub slot: u8,
    /// What its owner calls it.
    pub label: Option<String>,
    /// Whether it is this device.
    #[serde(rename = "self")]
    pub is_self: bool,
    /// Sequence of its last record.
    pub sequence: u64,
    /// When that was made, by the device's own clock, ms since 1970; none where its root is not here.
    pub published_at: Option<u64>,
    /// Whether the slot was given back: the next device that needs one takes it.
    pub retired: bool,
    /// Whether all it published is here.
    pub contained: bool,
}

/// Statistics of the cache.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct CacheStats {
    /// Known records.
    pub records: usize,
    /// Blocks on disk, data and cache.
    pub blocks: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Syncs answered from cache.
    pub hits: u64,
    /// Syncs that asked the network.
    pub misses: u64,
    /// Syncs that failed.
    pub failures: u64,
}

/// A configured node and how it has been doing.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// How it has been doing.
    #[serde(flatten)]
    pub health: NodeHealth,
    /// Whether it is in use.
    pub enabled: bool,
    /// Whether it can be written to.
    pub writable: bool,
}

/// What `clear_cache` clears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheKind {
    /// The freshness of records: the next sync asks the nodes.
    Records,
    /// Blocks that can be fetched or built again.
    Content,
    /// Both.
    All,
}
