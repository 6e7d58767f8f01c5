//! The predecessor's wallet: one clear-text JSON object. It is only ever read; see `docs/migration.md` for what becomes of what.
//!
//! Nothing of it is dropped: what is a token becomes one, its bytes as they stand; what says something about a token goes with it as
//! evidence; everything else, what cannot be read too, is kept as it stands.

mod document;
mod kept;
mod sections;
mod soft;
mod token;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde::Serialize;

pub use self::kept::{Kept, PREFIX, PartKey, joined};
use self::sections::Section;
use crate::error::{Code, Error};
use crate::limits;

/// A state of a token, with the predecessor's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegacyToken {
    /// Which token.
    pub token_id: String,
    /// Which state of it.
    pub state_hash: String,
    /// The state before, where it is known.
    pub previous: Option<String>,
    /// Amounts and coins.
    pub summary: Option<String>,
    /// JSON, as it stands in the document.
    pub payload: Bytes,
}

/// What the predecessor knew about a state that makes it doubtful: not to be offered before the ledger was asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LegacySpend {
    /// Which token.
    pub token_id: String,
    /// Which state of it.
    pub state_hash: String,
    /// JSON with the section it is from.
    pub evidence: Bytes,
}

/// Something that could not be read, and is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// Its place in the document.
    pub name: String,
    /// Why.
    pub reason: String,
    /// Under which key it is kept, as it stands.
    pub key: String,
}

/// How much was found of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// Tokens in use.
    pub active: usize,
    /// Tokens put away, mostly because they were spent.
    pub archived: usize,
    /// States of tokens beside the one in use.
    pub forked: usize,
    /// Tokens sent to somebody.
    pub sent: usize,
    /// Tokens that the predecessor did not accept.
    pub invalid: usize,
    /// Name tags.
    pub nametags: usize,
    /// Transfers and mints under way.
    pub outbox: usize,
    /// States that the predecessor took for spent.
    pub tombstones: usize,
    /// Anything else.
    pub other: usize,
}

/// A document taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Legacy {
    /// One for each state; the first place that had it gave its bytes.
    pub tokens: Vec<LegacyToken>,
    /// What makes states doubtful.
    pub spends: Vec<LegacySpend>,
    /// What is kept as it stands.
    pub kept: Vec<Kept>,
    /// What could not be read.
    pub unreadable: Vec<Unreadable>,
    /// How much there was.
    pub found: Found,
}

/// Takes a document apart.
///
/// # Errors
/// [`Code::TooLarge`] above [`limits::LEGACY_BYTES`] or [`limits::LEGACY_ITEMS`]; [`Code::Malformed`] where it is no JSON object, or has nothing
/// that a wallet of the predecessor has.
pub fn read(document: &[u8]) -> Result<Legacy, Error> {
    if document.len() > limits::LEGACY_BYTES {
        return Err(Error::new(Code::TooLarge, format!("more than {} bytes", limits::LEGACY_BYTES)));
    }
    let document = document.strip_prefix(b"\xef\xbb\xbf").unwrap_or(document);
    let members = document::members(document).map_err(|why| malformed(&why))?;
    let mut known: Vec<(Section, &str, &[u8])> =
        members.iter().map(|(key, value)| (Section::of(key), key.as_str(), *value)).collect();
    if known.iter().all(|(section, ..)| *section == Section::Other) {
        return Err(malformed("it has nothing that a wallet of the predecessor has"));
    }
    // Of what stands in several places the first one gives the bytes: tokens in use before all others.
    known.sort_by_key(|(section, ..)| *section);
    let mut reading = Reading::default();
    for (section, key, value) in known {
        reading.member(section, key, value);
        if reading.size() > limits::LEGACY_ITEMS {
            return Err(Error::new(Code::TooLarge, format!("more than {} parts", limits::LEGACY_ITEMS)));
        }
    }
    Ok(reading.ended())
}

/// The entries in which a part is kept, under a key of the document.
#[must_use]
pub fn keep(key: &str, value: &[u8]) -> Vec<Kept> {
    let cut = kept::cut(key, value, false);
    cut.entries.into_iter().map(|(key, value)| Kept { key, value }).collect()
}

fn malformed(why: &str) -> Error {
    Error::new(Code::Malformed, format!("not a wallet of the predecessor: {why}"))
}

/// A part of a document: the key that it stands under, and its text.
#[derive(Clone, Copy)]
struct Part<'a> {
    key: &'a str,
    text: &'a [u8],
    /// It is one of several under that key.
    in_list: bool,
}

/// A document that is being taken apart.
#[derive(Default)]
struct Reading {
    legacy: Legacy,
    /// Bytes of each state that was found.
    states: BTreeMap<(String, String), Bytes>,
    spends: BTreeSet<LegacySpend>,
    /// Tokens of which something is under way, whichever their state is.
    under_way: Vec<(String, Bytes)>,
    kept: BTreeMap<String, Bytes>,
}

impl Reading {
    fn size(&self) -> usize {
        [self.states.len(), self.spends.len(), self.under_way.len(), self.kept.len()].iter().sum()
    }

    /// Takes a state up; whether its bytes are in it now. What is there with other bytes stays as it is.
    fn token(&mut self, token: LegacyToken) -> bool {
        let key = (token.token_id.clone(), token.state_hash.clone());
        match self.states.get(&key) {
            Some(payload) => *payload == token.payload,
            None => {
                self.states.insert(key, token.payload.clone());
                self.legacy.tokens.push(token);
                true
            }
        }
    }

    fn spend(&mut self, token_id: &str, state_hash: &str, evidence: Bytes) {
        let (token_id, state_hash) = (document::one_case(token_id), document::one_case(state_hash));
        self.spends.insert(LegacySpend { token_id, state_hash, evidence });
    }

    /// Keeps a part as it stands.
    fn keep(&mut self, part: Part<'_>) {
        self.kept.extend(kept::cut(part.key, part.text, part.in_list).entries);
    }

    /// Keeps a part of which no use can be made, and names it.
    fn refuse(&mut self, part: Part<'_>, name: &str, reason: &str) {
        let cut = kept::cut(part.key, part.text, part.in_list);
        self.kept.extend(cut.entries);
        let (name, reason) = (name.to_owned(), reason.to_owned());
        self.legacy.unreadable.push(Unreadable { name, reason, key: cut.whole });
    }

    fn ended(mut self) -> Legacy {
        for (token_id, evidence) in std::mem::take(&mut self.under_way) {
            let token_id = document::one_case(&token_id);
            let states: Vec<String> =
                self.states.keys().filter(|(id, _)| *id == token_id).map(|(_, hash)| hash.clone()).collect();
            states.iter().for_each(|hash| self.spend(&token_id, hash, evidence.clone()));
        }
        self.legacy.spends = self.spends.into_iter().collect();
        self.legacy.kept = self.kept.into_iter().map(|(key, value)| Kept { key, value }).collect();
        self.legacy
    }
}
