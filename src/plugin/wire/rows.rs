//! Pages of tokens and entries.

use serde::{Deserialize, Serialize};

use super::{Ack, Content, Spend, count};
use crate::engine;

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
}

/// A page of the token list.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct TokenPage {
    /// Revision of the account when this was read.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub revision: u64,
    /// Number of live states in the wallet.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub total: u64,
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
    /// Text to show in a list.
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
}

impl From<engine::TokenRow> for TokenRow {
    fn from(row: engine::TokenRow) -> Self {
        Self {
            token_id: row.key.token_id.as_str().to_owned(),
            state_hash: row.key.state_hash.as_str().to_owned(),
            previous: row.previous,
            summary: row.summary,
            size: row.size,
            spend: row.spend.into(),
            forked: row.forked,
            ack: engine::Ack::from(row.ack).into(),
            has_payload: row.has_payload,
        }
    }
}

impl From<&TokenRow> for TokenRef {
    fn from(row: &TokenRow) -> Self {
        Self { token_id: row.token_id.clone(), state_hash: row.state_hash.clone() }
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
        let content = row.value.as_deref().map(Content::from);
        Self { at: row.at, size: count(row.size), content }
    }
}

impl From<engine::EntryRow> for EntryRow {
    fn from(row: engine::EntryRow) -> Self {
        let content = row.value.as_deref().map(Content::from);
        Self { key: row.key, at: row.at, size: count(row.size), content }
    }
}
