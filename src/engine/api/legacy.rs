//! What is said of a predecessor's wallet.

use std::path::PathBuf;

use bytes::Bytes;
use serde::Serialize;

pub use crate::model::legacy::{Found, Unreadable};

/// Where a predecessor's wallet is.
#[derive(Clone, Debug)]
pub enum LegacySource {
    /// Behind slot 0's record, on the nodes.
    Nodes,
    /// In a file.
    File(PathBuf),
    /// Here.
    Document(Bytes),
}

/// What an import of a predecessor's wallet brought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LegacyReport {
    /// Token states in it, whichever section they are from.
    pub found: usize,
    /// States that are new here.
    pub added: usize,
    /// States that were here.
    pub unchanged: usize,
    /// States among them that are suspect: the predecessor had archived, sent, forked or refused them, or a transfer was under way.
    pub suspect: usize,
    /// Entries in which the rest is kept as it stands.
    pub kept: usize,
    /// How much there was of each kind.
    pub sections: Found,
    /// What could not be read, the first [`limits::LEGACY_NAMED`](crate::limits::LEGACY_NAMED) of it. It is kept all the same.
    pub unreadable: Vec<Unreadable>,
    /// How much that is.
    pub unreadable_count: usize,
    /// States that are here with other content: theirs is kept in entries.
    pub differing: usize,
    /// Records of slot 0 whose content did not come; always 0 from a file.
    pub not_fetched: usize,
}

/// A part of a predecessor's wallet that is kept as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LegacyPart {
    /// Its key.
    pub key: String,
    /// The section of the predecessor's document that it is from, as far as it stands in a key.
    pub section: String,
    /// Bytes of it.
    pub size: usize,
    /// Entries that hold it.
    pub entries: usize,
}
