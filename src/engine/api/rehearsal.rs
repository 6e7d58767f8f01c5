//! What a rehearsal of a restore found.

use serde::Serialize;

use super::status::TokenCounts;
use crate::limits;
use crate::model::inventory::Item;
use crate::shown::counted;

/// What a fresh device, made from the secret and the nodes alone, would show, compared with this one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rehearsal {
    /// Tokens of this device.
    pub tokens: TokenCounts,
    /// Tokens of the fresh one.
    pub tokens_there: TokenCounts,
    /// Entries of this device.
    pub entries: usize,
    /// Entries of the fresh one.
    pub entries_there: usize,
    /// Items of this device that the fresh one does not have, or of which it knows less.
    pub items_missing: usize,
    /// Blocks of payloads, evidence and values that were fetched and hashed, or should have been.
    pub payloads: usize,
    /// Payloads, evidence and values that did not come whole.
    pub payloads_missing: usize,
    /// Items of which the fresh one knows more: other devices published them, and a sync brings them here.
    pub newer: usize,
    /// Slots that were seen and whose content did not come.
    pub unread: Vec<u8>,
    /// Changes of this device that are not verified yet.
    pub unpublished: usize,
    /// The first of what is missing, by name.
    pub missing: Vec<Missed>,
    /// Until the list was there, milliseconds.
    pub list_ms: f64,
    /// Until every payload had been fetched.
    pub elapsed_ms: f64,
    /// Body bytes that were received.
    pub bytes_in: u64,
}

/// Something that a fresh device would not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Missed {
    /// A token state, or what it refers to: token id and state hash.
    Token(String, String),
    /// An entry, or its value: its key.
    Entry(String),
    /// Something of a later release.
    Unknown,
}

impl Missed {
    /// What is missing where this item is, or what it refers to.
    pub(crate) fn of(item: &Item) -> Self {
        match item {
            Item::Token(key, _) => {
                Self::Token(key.token_id.as_str().to_owned(), key.state_hash.as_str().to_owned())
            }
            Item::Entry(key, _) => Self::Entry(key.clone()),
            Item::Unknown { .. } => Self::Unknown,
        }
    }
}

impl Rehearsal {
    /// Whether a restore would bring everything that is here.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.items_missing == 0 && self.payloads_missing == 0 && self.unread.is_empty()
    }

    /// The result in words, one sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { tokens_there: there, entries_there, .. } = self;
        let (tokens, entries) = (there.total, entries_there);
        if self.is_whole() {
            let (tokens, entries) =
                (counted(tokens, "live token", "live tokens"), counted(*entries, "setting", "settings"));
            return format!(
                "a new device would have everything that is here: {tokens} and {entries}, each payload fetched and checked"
            );
        }
        let parts = [
            (
                self.items_missing,
                "token or setting is not on the nodes",
                "tokens or settings are not on the nodes",
            ),
            (self.payloads_missing, "payload or value did not come", "payloads or values did not come"),
            (self.unread.len(), "device's content could not be read", "devices' content could not be read"),
        ];
        let parts = parts.iter().filter(|(count, ..)| *count > 0);
        let parts: Vec<String> = parts.map(|(count, one, more)| counted(*count, one, more)).collect();
        let why = if self.unpublished > 0 {
            let changes = counted(self.unpublished, "change is", "changes are");
            format!("; {changes} not verified yet: sync first")
        } else {
            String::new()
        };
        format!("a new device would NOT have everything that is here: {}{why}", parts.join(", "))
    }

    /// An item is missing.
    pub(crate) fn note_item(&mut self, missed: Missed) {
        self.items_missing += 1;
        self.name(missed);
    }

    /// A payload is missing.
    pub(crate) fn note_payload(&mut self, missed: Missed) {
        self.name(missed);
    }

    fn name(&mut self, missed: Missed) {
        if self.missing.len() < limits::REHEARSAL_NAMES && !self.missing.contains(&missed) {
            self.missing.push(missed);
        }
    }
}
