//! What commands report.

use serde::{Deserialize, Serialize};

use super::{Ack, Level, NodeOutcome, Source, SyncOutcome, TokenCounts, count, decimal, sentence};
use crate::engine;
use crate::plugin::ErrorCode;

/// Result of adding token states.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct PutReport {
    /// States that are new on this device.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub added: u64,
    /// States that were there already, with the same content.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub unchanged: u64,
    /// Revision of the account afterwards.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
}

impl PutReport {
    pub(in crate::plugin) fn of(report: engine::PutReport, revision: u64) -> Self {
        Self { added: count(report.added), unchanged: count(report.unchanged), revision }
    }
}

/// Result of recording a spend.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct SpendReport {
    /// Whether this device has the state. If not, the spend is kept until it arrives, and nothing that is on offer is spent by it.
    pub known: bool,
    /// Revision of the account afterwards.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
}

impl SpendReport {
    pub(in crate::plugin) const fn of(report: engine::SpendReport, revision: u64) -> Self {
        Self { known: report.known, revision }
    }
}

/// Result of a small change.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// Revision of the account afterwards.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
}

/// Options of a sync.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SyncOptions {
    /// Ask the nodes even when the cache is fresh. Default: no.
    pub fresh: Option<bool>,
    /// End of the whole call, 100–600000 ms.
    pub deadline_ms: Option<u32>,
    /// Return when every change of this device has this level.
    pub wait: Option<Level>,
}

/// What one node contributed to a sync.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct NodeReport {
    /// Its configured id.
    pub id: String,
    /// What it contributed.
    pub outcome: NodeOutcome,
    /// Milliseconds until its last answer.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub ms: f64,
    /// Why it is unreachable or invalid.
    pub error: Option<ErrorCode>,
}

/// A name as a sync found it.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct NameReport {
    /// Its slot.
    pub slot: u8,
    /// `12D3KooW…`.
    pub name: String,
    /// High-water mark, in decimal.
    #[serde(serialize_with = "decimal")]
    #[cfg_attr(feature = "specta", specta(type = String))]
    pub sequence: u64,
    /// Root of the record at the high-water mark.
    pub root: Option<String>,
}

/// What a sync did.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct SyncReport {
    /// Revision of the account afterwards.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
    /// Where the answer came from.
    pub source: Source,
    /// How it ended.
    pub outcome: SyncOutcome,
    /// Milliseconds until the token list and the balance were known and merged.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub list_ms: f64,
    /// Milliseconds until the payloads of live states had arrived as well, or the deadline passed.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub elapsed_ms: f64,
    /// Payloads of live states that are not on this device yet.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub missing_payloads: u64,
    /// Lowest level of any change of this device.
    pub ack: Ack,
    /// Nodes proven to hold this device's latest root.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub verified_nodes: u64,
    /// Number of live states.
    pub tokens: TokenCounts,
    /// States new on this device.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub added: u64,
    /// States whose first proof of spending was found by this sync.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub spent: u64,
    /// Known names.
    pub names: Vec<NameReport>,
    /// HTTP requests sent.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub requests: u64,
    /// Body bytes received.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub bytes_in: u64,
    /// Body bytes sent.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub bytes_out: u64,
    /// What each node contributed.
    pub nodes: Vec<NodeReport>,
    /// What the user should know, one sentence each.
    pub warnings: Vec<String>,
}

impl SyncReport {
    pub(in crate::plugin) fn of(report: engine::SyncReport, revision: u64) -> Self {
        let name = |name: engine::NameReport| NameReport {
            slot: name.slot,
            name: name.name,
            sequence: name.sequence,
            root: name.root,
        };
        let node = |node: engine::NodeReport| NodeReport {
            id: node.id,
            outcome: node.outcome.into(),
            ms: node.ms,
            error: node.error.map(|error| error.code().into()),
        };
        Self {
            revision,
            source: report.source,
            outcome: report.outcome.into(),
            list_ms: report.list_ms,
            elapsed_ms: report.elapsed_ms,
            missing_payloads: count(report.missing_payloads),
            ack: report.ack.into(),
            verified_nodes: count(report.verified_nodes),
            tokens: report.tokens.into(),
            added: count(report.added),
            spent: count(report.spent),
            names: report.names.into_iter().map(name).collect(),
            requests: report.requests,
            bytes_in: report.bytes_in,
            bytes_out: report.bytes_out,
            nodes: report.nodes.into_iter().map(node).collect(),
            warnings: report.warnings.iter().map(|warning| sentence(warning)).collect(),
        }
    }
}

/// What became of a wiped account.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct WipeReport {
    /// Which account.
    pub account: String,
    /// Whether its folder was removed; otherwise it was set aside.
    pub removed: bool,
}
