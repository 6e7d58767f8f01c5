//! What a sync reports. The serialised form is that of the command line contract.

use serde::{Serialize, Serializer};

use super::status::{Ack, TokenCounts};
use crate::error::Error;
use crate::node::Source;

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
    /// No source answered; the report shows local data.
    Offline,
    /// What was seen of a slot did not come; the report shows what is here.
    Partial,
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
    /// Slots that were seen and whose content is not here: the wallet is not whole without them.
    pub unread: Vec<u8>,
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
