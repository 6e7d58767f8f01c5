//! What a wallet puts in and gets out: tokens, spends, entries.

use serde::Serialize;

use crate::clock::UnixMs;
use crate::model::inventory::{Id, ProofHash, Spend, TokenKey};
use crate::store::Level;

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

/// Result of recording a spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SpendReport {
    /// Whether the state itself is here. If not, the spend is kept and counts when the state arrives, for it may be known
    /// before; but with a wrong token id or state hash it spends nothing, and the state that was meant stays on offer.
    pub known: bool,
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
    /// Whether `ack` is the state's own. Else it is that of everything this device did not change, with which it rises and falls.
    pub own: bool,
}

impl TokenRow {
    /// Whether it may be offered for spending: no spend of it is known, it has no rival, and its payload is here.
    #[must_use]
    pub fn is_spendable(&self) -> bool {
        self.spend == Spend::None && !self.forked && self.has_payload
    }
}

/// What changed in the token list after a revision.
#[derive(Clone, Debug)]
pub struct TokenChanges {
    /// Revision that the list has with these changes.
    pub revision: u64,
    /// Tokens of which a row changed; `None` when that is not known any more, or there are too many.
    pub tokens: Option<Vec<Id>>,
    /// The rows that these tokens have now.
    pub rows: Vec<TokenRow>,
}

/// A part of the list of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entries {
    /// Rows in key order.
    pub rows: Vec<EntryRow>,
    /// Whether there are rows after these.
    pub is_more: bool,
}

/// A row of the list of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryRow {
    /// Its key.
    pub key: String,
    /// When the shown version was set, by the clock of the device that set it.
    pub at: UnixMs,
    /// Bytes of the value.
    pub size: usize,
    /// The value; none while its bytes are not on this disk.
    pub value: Option<bytes::Bytes>,
}

/// The versions of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryVersions {
    /// The one that is shown first, the others in the order in which they would be.
    pub rows: Vec<EntryVersionRow>,
    /// Whether there are rows after these.
    pub is_more: bool,
}

/// A version of an entry that no other one replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryVersionRow {
    /// Whether this version says that the entry was deleted.
    pub is_deleted: bool,
    /// When it was set, by the clock of the device that set it.
    pub at: UnixMs,
    /// Bytes of the value.
    pub size: usize,
    /// The value; none while its bytes are not on this disk.
    pub value: Option<bytes::Bytes>,
}

/// A proof that a state was spent, as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofRow {
    /// What it is called by where it is rejected.
    pub hash: ProofHash,
    /// Somebody declared it void.
    pub is_rejected: bool,
    /// This device declared it void.
    pub is_confirmed: bool,
    /// Bytes of the evidence.
    pub size: usize,
    /// The evidence; none while its bytes are not on this disk.
    pub evidence: Option<bytes::Bytes>,
}
