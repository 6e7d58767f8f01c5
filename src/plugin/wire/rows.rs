//! Pages of tokens and entries.

use serde::{Deserialize, Serialize};

use super::{Ack, Content, Spend, count};
use crate::engine;
use crate::shown::plain_or_none;

/// Key of a token state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenRef {
    /// Token id.
    pub token_id: String,
    /// State hash.
    pub state_hash: String,
}

/// Which tokens to list.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenRange {
    /// Rows after this one.
    pub after: Option<TokenRef>,
    /// Rows at most, 1–1000. Default 100.
    pub limit: Option<u32>,
    /// Show states that are proven spent too. Default: no.
    pub all: Option<bool>,
    /// Show only states that may be offered for spending: no spend is known, no rival, the payload is here. Default: no. A page may
    /// have fewer rows than asked for and still be followed by another one.
    pub spendable: Option<bool>,
}

/// A page of the token list.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct TokenPage {
    /// Number of the account's opening: revisions of another one count anew. 0 while it is being opened.
    pub opening: u32,
    /// Revision of the account when this was read.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
    /// Number of live states in the wallet.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub total: u64,
    /// Level of every state that this device did not change itself.
    pub others: Ack,
    /// Rows in key order.
    pub tokens: Vec<TokenRow>,
    /// Pass as `after` for the next page; none at the end.
    pub next: Option<TokenRef>,
}

/// A token state.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct TokenRow {
    /// Token id.
    pub token_id: String,
    /// State hash.
    pub state_hash: String,
    /// State hash of the state before.
    pub previous: Option<String>,
    /// Text to show in a list, without characters that are not shown themselves (control and direction marks).
    pub summary: Option<String>,
    /// Payload bytes.
    pub size: u32,
    /// Spend state.
    pub spend: Spend,
    /// Another live state of the same token exists.
    pub forked: bool,
    /// Level of this state.
    pub ack: Ack,
    /// Whether the payload is on this device.
    pub has_payload: bool,
    /// Whether `ack` is this state's own. Else it is that of `others`, and at most `published` while the payload of a state that is not
    /// proven spent is not here.
    pub own: bool,
}

/// Which state of a list is known.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Since {
    /// Number of the account's opening.
    pub opening: u32,
    /// Revision of the list.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
    /// Show states that are proven spent too. Default: no.
    pub all: Option<bool>,
}

/// What changed in the token list.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct TokenChanges {
    /// Number of the account's opening.
    pub opening: u32,
    /// Revision that the list has with these changes.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
    /// Number of live states in the wallet.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub total: u64,
    /// Level of every state that this device did not change itself.
    pub others: Ack,
    /// Tokens of which a row changed: all their rows are in `tokens`, and no other ones exist. None when that is not known any
    /// more, or there are too many: read the list again.
    pub changed: Option<Vec<String>>,
    /// Their rows.
    pub tokens: Vec<TokenRow>,
}

impl TokenChanges {
    pub(in crate::plugin) fn of(
        opening: u32,
        total: u64,
        others: Ack,
        changes: engine::TokenChanges,
    ) -> Self {
        let changed = changes.tokens.map(|ids| ids.iter().map(|id| id.as_str().to_owned()).collect());
        let tokens = changes.rows.into_iter().map(TokenRow::from).collect();
        Self { opening, revision: changes.revision, total, others, changed, tokens }
    }
}

impl From<engine::TokenRow> for TokenRow {
    fn from(row: engine::TokenRow) -> Self {
        Self {
            token_id: row.key.token_id.as_str().to_owned(),
            state_hash: row.key.state_hash.as_str().to_owned(),
            previous: row.previous,
            summary: row.summary.and_then(plain_or_none),
            size: row.size,
            spend: row.spend.into(),
            forked: row.forked,
            ack: engine::Ack::from(row.ack).into(),
            has_payload: row.has_payload,
            own: row.own,
        }
    }
}

impl From<engine::TokenKey> for TokenRef {
    fn from(key: engine::TokenKey) -> Self {
        Self { token_id: key.token_id.as_str().to_owned(), state_hash: key.state_hash.as_str().to_owned() }
    }
}

/// Which entries to list.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntryRange {
    /// Only keys that start with this.
    pub prefix: Option<String>,
    /// Keys after this one.
    pub after: Option<String>,
    /// Entries at most, 1–1000. Default 100.
    pub limit: Option<u32>,
}

/// A page of the entries.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct EntryPage {
    /// Revision of the account when this was read.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
    /// Rows in key order.
    pub entries: Vec<EntryRow>,
    /// Pass as `after` for the next page; none at the end.
    pub next: Option<String>,
}

/// A synced entry.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct EntryRow {
    /// Its key.
    pub key: String,
    /// When it was set, by the clock of the device that set it.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub at: i64,
    /// Bytes of the value.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub size: u64,
    /// The value; none while its bytes are not on this device.
    pub content: Option<Content>,
}

/// The versions of one entry.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct EntryVersions {
    /// Revision of the account when this was read.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
    /// The one that is shown first; more where devices set the entry without having seen each other's.
    pub versions: Vec<EntryVersion>,
    /// Whether there are more than fit one answer.
    pub is_more: bool,
}

/// A version of an entry that no other one replaces.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct EntryVersion {
    /// Whether this version says that the entry was deleted; it has no value then.
    pub deleted: bool,
    /// When it was set, by the clock of the device that set it.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub at: i64,
    /// Bytes of the value.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub size: u64,
    /// The value; none while its bytes are not on this device.
    pub content: Option<Content>,
}

impl From<engine::EntryVersionRow> for EntryVersion {
    fn from(row: engine::EntryVersionRow) -> Self {
        let content = row.value.as_deref().filter(|_| !row.is_deleted).map(Content::from);
        let size = if row.is_deleted { 0 } else { count(row.size) };
        Self { deleted: row.is_deleted, at: row.at, size, content }
    }
}

impl From<engine::EntryRow> for EntryRow {
    fn from(row: engine::EntryRow) -> Self {
        let content = row.value.as_deref().map(Content::from);
        Self { key: row.key, at: row.at, size: count(row.size), content }
    }
}

/// A proof that a state was spent, as it was recorded.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct ProofRow {
    /// What it is called by where it is rejected: 64 hex digits.
    pub proof: String,
    /// Bytes of the evidence.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub size: u64,
    /// Somebody declared it void.
    pub rejected: bool,
    /// This device declared it void.
    pub confirmed: bool,
    /// The evidence; none while its bytes are not on this device.
    pub evidence: Option<Content>,
}

impl From<engine::ProofRow> for ProofRow {
    fn from(row: engine::ProofRow) -> Self {
        Self {
            proof: multibase::Base::Base16Lower.encode(row.hash),
            size: count(row.size),
            rejected: row.is_rejected,
            confirmed: row.is_confirmed,
            evidence: row.evidence.as_deref().map(Content::from),
        }
    }
}
