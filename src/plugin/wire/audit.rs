//! What an audit of the nodes and a rehearsal of a restore report.

use serde::{Deserialize, Serialize};

use super::{TokenCounts, count, sentence};
use crate::engine;
use crate::plugin::ErrorCode;

/// Options of an audit.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuditOptions {
    /// Read and hash every block, not a sample. Default: no.
    pub all: Option<bool>,
    /// Put back what is missing or damaged, and look once more. Default: no; the next publish puts it back.
    pub repair: Option<bool>,
}

/// How far an audit or a rehearsal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct AuditProgress {
    /// Blocks that were looked at.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub checked: u64,
    /// Blocks that are to be looked at; it may grow.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub total: u64,
    /// Whether this is the last message.
    pub finished: bool,
}

impl AuditProgress {
    pub(in crate::plugin) const fn of(step: engine::AuditProgress, finished: bool) -> Self {
        Self { checked: step.checked, total: step.total, finished }
    }
}

/// How one thing stands on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// As it should be.
    Ok,
    /// An older one, or another one, stands there.
    Stale,
    /// It is not there.
    Missing,
    /// What stands there is not what it says.
    Damaged,
}

impl From<engine::Mark> for Mark {
    fn from(mark: engine::Mark) -> Self {
        match mark {
            engine::Mark::Ok => Self::Ok,
            engine::Mark::Stale => Self::Stale,
            engine::Mark::Missing => Self::Missing,
            engine::Mark::Damaged => Self::Damaged,
        }
    }
}

/// What one node's own store holds of the wallet.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct NodeAudit {
    /// Its configured id.
    pub id: String,
    /// The record of this device; none where the node did not answer.
    pub record: Option<Mark>,
    /// The beacon that names its root.
    pub beacon: Option<Mark>,
    /// The pin of the root.
    pub pin: Option<Mark>,
    /// The root itself.
    pub root: Option<Mark>,
    /// Blocks that were looked at.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub checked: u64,
    /// Blocks that are not there.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub missing: u64,
    /// Blocks that have other bytes there.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub damaged: u64,
    /// Of all that was found wrong, so much was put back and read back.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub repaired: u64,
    /// Whether it holds everything now, as far as was looked.
    pub whole: bool,
    /// Why it could not be looked at, or not all of it.
    pub error: Option<ErrorCode>,
}

impl From<engine::NodeAudit> for NodeAudit {
    fn from(node: engine::NodeAudit) -> Self {
        Self {
            record: node.record.map(Into::into),
            beacon: node.beacon.map(Into::into),
            pin: node.pin.map(Into::into),
            root: node.root.map(Into::into),
            checked: node.checked,
            missing: node.missing,
            damaged: node.damaged,
            repaired: node.repaired,
            whole: node.whole,
            error: node.error.map(|error| error.code().into()),
            id: node.id,
        }
    }
}

/// An audit of all nodes.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct AuditReport {
    /// Whether enough machines hold everything.
    pub safe: bool,
    /// Machines that hold everything.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub whole_machines: u64,
    /// Machines that have to.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub needed: u64,
    /// Changes of this device that are in no edition yet, and were looked for nowhere.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub unpublished: u64,
    /// Each node that can be written to.
    pub nodes: Vec<NodeAudit>,
}

impl From<engine::AuditReport> for AuditReport {
    fn from(report: engine::AuditReport) -> Self {
        Self {
            safe: report.is_safe(),
            whole_machines: count(report.whole_machines),
            needed: count(report.needed),
            unpublished: count(report.unpublished),
            nodes: report.nodes.into_iter().map(Into::into).collect(),
        }
    }
}

/// What a fresh device, made from the secret and the nodes alone, would show, compared with this one.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Rehearsal {
    /// Whether it would have everything that is here.
    pub whole: bool,
    /// The same in one sentence.
    pub words: String,
    /// Tokens of this device.
    pub tokens: TokenCounts,
    /// Tokens of the fresh one.
    pub tokens_there: TokenCounts,
    /// Entries of this device.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub entries: u64,
    /// Entries of the fresh one.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub entries_there: u64,
    /// Tokens and entries of this device that the fresh one would not have, or know less of.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub items_missing: u64,
    /// Blocks of payloads and values that were fetched and checked, or should have been.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub payloads: u64,
    /// Payloads and values that did not come whole.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub payloads_missing: u64,
    /// Items of which the fresh one knows more; a sync brings them here.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub newer: u64,
    /// Slots that were seen and whose content did not come.
    pub unread: Vec<u8>,
    /// Changes of this device that are not verified yet.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub unpublished: u64,
    /// When it was made, by this device's clock.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub at: i64,
    /// Milliseconds that it took.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub elapsed_ms: f64,
}

impl Rehearsal {
    pub(in crate::plugin) fn of(rehearsal: &engine::Rehearsal, at: i64) -> Self {
        Self {
            whole: rehearsal.is_whole(),
            words: sentence(&rehearsal.words()),
            tokens: rehearsal.tokens.into(),
            tokens_there: rehearsal.tokens_there.into(),
            entries: count(rehearsal.entries),
            entries_there: count(rehearsal.entries_there),
            items_missing: count(rehearsal.items_missing),
            payloads: count(rehearsal.payloads),
            payloads_missing: count(rehearsal.payloads_missing),
            newer: count(rehearsal.newer),
            unread: rehearsal.unread.clone(),
            unpublished: count(rehearsal.unpublished),
            at,
            elapsed_ms: rehearsal.elapsed_ms,
        }
    }
}
