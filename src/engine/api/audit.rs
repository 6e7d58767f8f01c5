//! What an audit and a rehearsal report. The serialised form is that of the command line contract.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::rehearsal::Missed;
use crate::error::Error;
use crate::shown::{counted, plain_or_none};

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
    /// What is listed, and on no node that answers nor here: looked for where something is listed and not here.
    pub lost: Vec<Lost>,
}

/// What of one device is nowhere any more. Only that device, or a backup of it, brings it back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// The slot of the device that had it when it published last; none where that is not known.
    pub slot: Option<u8>,
    /// What its owner calls it.
    pub label: Option<String>,
    /// Blocks that are on no node.
    pub blocks: usize,
    /// Whose they are: the first of them by name.
    pub named: Vec<Missed>,
    /// Its list was seen and did not come: what it has is not known.
    pub is_unread: bool,
}

impl Lost {
    /// What is lost, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let label = self.label.as_deref().and_then(|label| plain_or_none(label.to_owned()));
        let whose = match (self.slot, label) {
            (Some(slot), Some(label)) => format!("the device of slot {slot} ({label})"),
            (Some(slot), None) => format!("the device of slot {slot}"),
            (None, _) => "a device that is not known".to_owned(),
        };
        let mut words = Vec::new();
        if self.is_unread {
            words.push("its newest list could not be read".to_owned());
        }
        if self.blocks > 0 {
            let tokens = self.named.iter().filter(|missed| matches!(missed, Missed::Token(..))).count();
            let other = self.named.len() - tokens;
            let mut what = Vec::new();
            what.extend((tokens > 0).then(|| counted(tokens, "token", "tokens")));
            what.extend(
                (other > 0).then(|| counted(other, "setting or other item", "settings or other items")),
            );
            let blocks = counted(self.blocks, "block", "blocks");
            words.push(format!("{blocks} of {} on no node any more, and not here", what.join(" and ")));
        }
        format!("of {whose}: {}", words.join("; "))
    }
}

impl AuditReport {
    /// Whether enough machines hold everything, and nothing that is listed is lost.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.needed > 0 && self.whole_machines >= self.needed && self.lost.is_empty()
    }

    /// Why it is not, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { whole_machines, needed, .. } = self;
        let mut words = Vec::new();
        if whole_machines < needed || *needed == 0 {
            let whole = counted(*whole_machines, "machine is", "machines are");
            words.push(format!(
                "{whole} known to hold everything, and {}",
                counted(*needed, "has to", "have to")
            ));
        }
        let silent = self.nodes.iter().filter(|node| node.record.is_none()).count();
        if silent > 0 {
            words.push(counted(silent, "node did not answer", "nodes did not answer"));
        }
        words.extend(self.lost.iter().map(Lost::words));
        words.join("; ")
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
