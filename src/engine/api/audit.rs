//! What an audit and a rehearsal report. The serialised form is that of the command line contract.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::error::Error;

/// What an audit looks at, and whether it mends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditRequest {
    /// Read and hash every block. Default: a random sample, and of the rest how many bytes they have together.
    pub all: bool,
    /// Put back what is missing or damaged, and look once more. Default: it is put back by the next publish.
    pub repair: bool,
}

/// How far an audit has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditProgress {
    /// Blocks that were looked at, on all nodes.
    pub checked: u64,
    /// Blocks that are to be looked at. It grows where a node turns out to lack something.
    pub total: u64,
}

/// Called while an audit runs.
pub type OnAudit = Arc<dyn Fn(AuditProgress) + Send + Sync>;

/// How one thing stands on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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

/// What one node's own store holds of the wallet.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeAudit {
    /// Its configured id.
    pub id: String,
    /// Its machine, by peer id; none where that is not known.
    pub machine: Option<String>,
    /// Version of its Kubo; none where it does not say.
    pub kubo: Option<String>,
    /// The record of this device; none where the node did not answer.
    pub record: Option<Mark>,
    /// The beacon that names its root.
    pub beacon: Option<Mark>,
    /// The pin of the root.
    pub pin: Option<Mark>,
    /// The root itself.
    pub root: Option<Mark>,
    /// Blocks that were read and hashed, or whose size was asked for.
    pub checked: u64,
    /// Blocks that are not there.
    pub missing: u64,
    /// Blocks that have other bytes there.
    pub damaged: u64,
    /// Of all that was found missing, stale or damaged, so much was put back and read back: blocks, and each of record, beacon,
    /// pin and root.
    pub repaired: u64,
    /// Whether it holds everything now, as far as was looked.
    pub whole: bool,
    /// Why it could not be looked at, or not all of it: code and message.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "reason")]
    pub error: Option<Error>,
}

impl NodeAudit {
    /// The four things beside the blocks, in the order of the report.
    #[must_use]
    pub fn marks(&self) -> [Option<Mark>; 4] {
        [self.record, self.beacon, self.pin, self.root]
    }

    /// How much was found missing, stale or damaged.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        let marks = self.marks().into_iter().flatten().filter(|mark| *mark != Mark::Ok).count();
        self.missing.saturating_add(self.damaged).saturating_add(marks as u64)
    }
}

/// An audit of all nodes.
#[derive(Clone, Debug)]
pub struct AuditReport {
    /// Each node that can be written to, in the order of the configuration.
    pub nodes: Vec<NodeAudit>,
    /// Machines that hold everything now.
    pub whole_machines: usize,
    /// Machines that have to.
    pub needed: usize,
    /// Changes of this device that are in no edition yet: of them nothing can be said.
    pub unpublished: usize,
}

impl AuditReport {
    /// Whether enough machines hold everything.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.needed > 0 && self.whole_machines >= self.needed
    }
}

// Serde hands the field over by reference.
#[allow(clippy::ref_option)]
fn reason<S: Serializer>(error: &Option<Error>, serializer: S) -> Result<S::Ok, S::Error> {
    match error {
        Some(error) => serializer.serialize_str(&format!("{}: {}", error.code(), error.message())),
        None => serializer.serialize_none(),
    }
}
