//! What the engine tells: reports, rows, counts. Serialised forms are those of the command line contract.

use serde::{Serialize, Serializer};

use crate::Error;
use crate::clock::UnixMs;
use crate::model::inventory::{Spend, TokenKey};
use crate::node::Source;
use crate::store::Level;

/// Lowest level of any change made on this device, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

/// How a sync ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SyncOutcome {
    /// Nothing new anywhere.
    UpToDate,
    /// Something was merged here.
    Merged,
    /// Something of ours was published.
    Published,
    /// No source answered; told from what is here.
    Offline,
    /// Content of a newer format was met and not merged.
    ReadOnly,
}

/// What one node contributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeOutcome {
    /// It showed at least one verified record.
    Found,
    /// It said that it has none.
    Absent,
    /// It gave no usable answer.
    Unreachable,
    /// What it gave failed verification.
    Invalid,
    /// It was not asked (backing off, or answered from cache).
    Skipped,
}

/// One node's part in a sync.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeReport {
    /// Its configured id.
    pub id: String,
    /// What it contributed.
    pub outcome: NodeOutcome,
    /// Milliseconds until its last answer.
    pub ms: f64,
    /// The way its record came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// Why it is unreachable or invalid: code and message.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "reason")]
    pub error: Option<Error>,
}

// Serde hands the field over by reference.
#[allow(clippy::ref_option)]
fn reason<S: Serializer>(error: &Option<Error>, serializer: S) -> Result<S::Ok, S::Error> {
    match error {
        Some(error) => serializer.serialize_str(&format!("{}: {}", error.code(), error.message())),
        None => serializer.serialize_none(),
    }
}

/// Live states: no proof of spending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TokenCounts {
    /// Unspent and suspect.
    pub total: usize,
    /// Without any spend.
    pub unspent: usize,
    /// With an intent and no proof.
    pub suspect: usize,
}

/// A name as a sync found it.
#[derive(Clone, Debug, Serialize)]
pub struct NameReport {
    /// Its slot.
    pub slot: u8,
    /// `12D3KooW…`.
    pub name: String,
    /// High-water mark.
    pub sequence: u64,
    /// Root of the record at the high-water mark.
    pub root: Option<String>,
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

/// What a sync did.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncReport {
    /// Whether a source gave a usable answer, or none was needed.
    pub ok: bool,
    /// Where the answer came from.
    #[serde(serialize_with = "source")]
    pub source: Source,
    /// How it ended.
    pub outcome: SyncOutcome,
    /// Milliseconds until list and balance were known and merged.
    pub list_ms: f64,
    /// Milliseconds until the payloads of live states were here too, or the deadline passed.
    pub elapsed_ms: f64,
    /// Payloads of live states not here yet.
    pub missing_payloads: usize,
    /// Lowest level of any change of ours.
    pub ack: Ack,
    /// Nodes proven to hold our latest root.
    pub verified_nodes: usize,
    /// Counts of the view.
    pub tokens: TokenCounts,
    /// States new on this device.
    pub added: usize,
    /// States whose first proof came with this sync.
    pub spent: usize,
    /// Known names.
    pub names: Vec<NameReport>,
    /// HTTP requests sent.
    pub requests: u64,
    /// Their answers' body bytes.
    pub bytes_in: u64,
    /// Their own body bytes.
    pub bytes_out: u64,
    /// Each node's part.
    pub nodes: Vec<NodeReport>,
    /// What the user should know, one sentence each.
    pub warnings: Vec<String>,
}

fn source<S: Serializer>(source: &Source, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(source.as_str())
}

/// A sync that gave no usable answer although one was needed.
#[derive(Clone, Debug)]
pub struct SyncFailure {
    /// `unreachable`, `invalid`, `denied`, or a storage code.
    pub error: Error,
    /// What each node said.
    pub nodes: Vec<NodeReport>,
}

impl From<Error> for SyncFailure {
    fn from(error: Error) -> Self {
        Self { error, nodes: Vec::new() }
    }
}

/// A token state to add.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// 1–128 characters of `A–Z a–z 0–9 . _ : -`.
    pub token_id: String,
    /// The same alphabet.
    pub state_hash: String,
    /// State hash that this one follows.
    pub previous: Option<String>,
    /// At most 256 UTF-8 bytes: what a list shows.
    pub summary: Option<String>,
    /// The wallet's own bytes, at most 1 MiB.
    pub payload: bytes::Bytes,
}

/// Result of adding token states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PutReport {
    /// States that are new here.
    pub added: usize,
    /// States that were here with the same content.
    pub unchanged: usize,
}

/// What is recorded of a spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpendKind {
    /// The wallet is about to spend; whatever is needed to finish or undo it.
    Intent,
    /// The ledger has it.
    Proof,
}

/// A row of the token list.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// Token id and state hash.
    pub key: TokenKey,
    /// State hash that this one follows.
    pub previous: Option<String>,
    /// What a list shows.
    pub summary: Option<String>,
    /// Payload bytes.
    pub size: u32,
    /// Spend state.
    pub spend: Spend,
    /// Another live state of the same token exists.
    pub forked: bool,
    /// Level of this state.
    pub ack: Level,
    /// Whether the payload is on this disk.
    pub has_payload: bool,
}

/// The last sync, as remembered.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub struct LastSync {
    /// When, Unix milliseconds.
    pub at: UnixMs,
    /// Its source.
    pub source: String,
    /// Its outcome.
    pub outcome: String,
}

/// A name's high-water mark.
#[derive(Clone, Debug, Serialize)]
pub struct HighWater {
    /// `12D3KooW…`.
    pub name: String,
    /// Highest sequence seen.
    pub sequence: u64,
}

/// State of an account, told without any network.
#[derive(Clone, Debug, Serialize)]
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
