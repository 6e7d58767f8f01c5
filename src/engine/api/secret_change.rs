//! What is said of a change of secret.

use serde::Serialize;

/// What came of a change of secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretChange {
    /// Token states and entries that were here.
    pub items: usize,
    /// States that are new under the new secret.
    pub added: usize,
    /// Payloads, evidence and values that could not be taken along: neither here nor on any node that answers.
    pub missing: usize,
    /// Items of a later release: taken along as they are, without what they may refer to.
    pub unknown: usize,
    /// Nodes that are proven to hold the wallet under the new secret.
    pub verified_nodes: usize,
    /// The change was made by another device: this one has brought what it had.
    pub begun_elsewhere: bool,
    /// Slots under the old secret whose last record says that the wallet moved.
    pub marked: Vec<u8>,
    /// Slots that do not say so yet, and why. Call it again.
    pub unmarked: Vec<Unmarked>,
}

/// A slot that could not be marked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unmarked {
    /// The slot.
    pub slot: u8,
    /// Why.
    pub reason: String,
}
