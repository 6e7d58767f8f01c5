//! What each part of a document means.

use bytes::Bytes;

use super::document::{self, elements, is_json, is_no_list, members, quoted};
use super::token::{self, Token, text_at};
use super::{LegacyToken, Part, Reading};
use crate::limits;
use crate::model::inventory::Id;

/// Kinds of parts, in the order in which their bytes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    Active,
    Forked,
    Archived,
    Sent,
    Invalid,
    Nametags,
    Outbox,
    Tombstones,
    /// Of the predecessor, and about no token.
    Notes,
    Other,
}

impl Section {
    /// Everything that is not listed here is something else, whatever it looks like.
    pub(super) fn of(key: &str) -> Self {
        match key {
            "_sent" => Self::Sent,
            "_invalid" => Self::Invalid,
            "_nametag" | "_nametags" => Self::Nametags,
            "_outbox" | "_mintOutbox" => Self::Outbox,
            "_tombstones" => Self::Tombstones,
            "_meta" | "_history" | "_invalidatedNametags" => Self::Notes,
            key if archived_id(key).is_some() => Self::Archived,
            key if forked_parts(key).is_some() => Self::Forked,
            key if key.strip_prefix('_').is_some_and(is_token_id) => Self::Active,
            _ => Self::Other,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Forked => "forked",
            Self::Archived => "archived",
            Self::Sent => "sent",
            Self::Invalid => "invalid",
            Self::Nametags => "nametag",
            Self::Outbox => "outbox",
            Self::Tombstones => "tombstone",
            Self::Notes | Self::Other => "other",
        }
    }

    /// Whether the predecessor itself did not offer its tokens: they are asked for at the ledger first.
    const fn is_doubtful(self) -> bool {
        matches!(self, Self::Forked | Self::Archived | Self::Sent | Self::Invalid)
    }
}

fn is_token_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn archived_id(key: &str) -> Option<&str> {
    key.strip_prefix("_archived_").or_else(|| key.strip_prefix("archived-")).filter(|id| !id.is_empty())
}

fn forked_parts(key: &str) -> Option<(&str, &str)> {
    let parts = key.strip_prefix("_forked_").or_else(|| key.strip_prefix("forked-"))?;
    let (id, hash) = parts.split_once('_').or_else(|| parts.split_once('-'))?;
    (!id.is_empty() && !hash.is_empty()).then_some((id, hash))
}

impl Reading {
    /// Takes up one member of the document.
    pub(super) fn member(&mut self, section: Section, key: &str, value: &[u8]) {
        let part = Part { key, text: value, in_list: false };
        match section {
            Section::Active => self.token_member(section, part, key.strip_prefix('_'), None),
            Section::Archived => self.token_member(section, part, archived_id(key), None),
            Section::Forked => {
                let (id, hash) = forked_parts(key).unzip();
                self.token_member(section, part, id, hash);
            }
            Section::Other => {
                self.legacy.found.other += 1;
                self.keep(part);
            }
            // An empty list says nothing.
            _ if is_no_list(value) => {}
            Section::Notes => {
                self.legacy.found.other += 1;
                self.keep(part);
            }
            Section::Sent | Section::Invalid | Section::Nametags | Section::Outbox | Section::Tombstones => {
                self.list(section, part);
            }
        }
    }

    fn count(&mut self, section: Section) {
        let found = &mut self.legacy.found;
        let count = match section {
            Section::Active => &mut found.active,
            Section::Forked => &mut found.forked,
            Section::Archived => &mut found.archived,
            Section::Sent => &mut found.sent,
            Section::Invalid => &mut found.invalid,
            Section::Nametags => &mut found.nametags,
            Section::Outbox => &mut found.outbox,
            Section::Tombstones => &mut found.tombstones,
            Section::Notes | Section::Other => &mut found.other,
        };
        *count += 1;
    }

    /// A token under a key of its own.
    fn token_member(&mut self, section: Section, part: Part<'_>, id: Option<&str>, hash: Option<&str>) {
        self.count(section);
        let evidence = section.is_doubtful().then(|| said(section, b""));
        let read = self.read_token(part.text, id, hash, evidence);
        self.keep_unread(part, part.key, read);
    }

    /// Keeps a token whose bytes are in no state now; names it where it could not be read.
    fn keep_unread(&mut self, part: Part<'_>, name: &str, read: Result<(), Option<&'static str>>) {
        match read {
            Ok(()) => {}
            Err(None) => self.keep(part),
            Err(Some(why)) => self.refuse(part, name, why),
        }
    }

    /// Reads a token and takes it up. Where its bytes are not in a state now they are to be kept; without a reason where the state is there
    /// with other bytes.
    fn read_token(
        &mut self,
        text: &[u8],
        id: Option<&str>,
        hash: Option<&str>,
        evidence: Option<Bytes>,
    ) -> Result<(), Option<&'static str>> {
        let Token { id, state_hash, previous, summary, is_pending } =
            token::read(text, id, hash).map_err(Some)?;
        if let Some(evidence) = evidence {
            self.spend(&id, &state_hash, evidence);
        }
        if is_pending {
            self.spend(&id, &state_hash, Bytes::from_static(b"{\"legacy\":\"pending\"}"));
        }
        if text.len() > limits::PAYLOAD_BYTES {
            return Err(Some("larger than a token may be"));
        }
        let payload = Bytes::copy_from_slice(text);
        let token = LegacyToken { token_id: id, state_hash, previous, summary, payload };
        if self.token(token) { Ok(()) } else { Err(None) }
    }

    /// A list of things; the older form of name tags is one thing alone.
    fn list(&mut self, section: Section, part: Part<'_>) {
        let all = elements(part.text);
        let in_list = all.is_some();
        let one = all.unwrap_or_else(|| vec![part.text]);
        if !in_list && section != Section::Nametags {
            self.refuse(part, part.key, "not a list");
        }
        for (at, text) in one.into_iter().enumerate() {
            self.count(section);
            let name = if in_list { format!("{}[{at}]", part.key) } else { part.key.to_owned() };
            let part = Part { key: part.key, text, in_list };
            match section {
                Section::Sent | Section::Invalid => self.with_token(section, part, &name),
                Section::Nametags => self.nametag(part, &name),
                Section::Outbox => self.under_way(part, &name),
                _ => self.tombstone(part, &name),
            }
        }
    }

    /// Something that has a token inside, or is one.
    fn with_token(&mut self, section: Section, part: Part<'_>, name: &str) {
        let Ok(parts) = members(part.text) else { return self.refuse(part, name, "not a JSON object") };
        if parts.iter().any(|(key, _)| key == "genesis") {
            let read = self.read_token(part.text, None, None, Some(said(section, b"")));
            return self.keep_unread(part, name, read);
        }
        let inside = parts.iter().position(|(key, _)| key == "token");
        let Some((at, (_, token))) = inside.and_then(|at| Some((at, parts.get(at)?))) else {
            if self.about_a_state(section, part.text) {
                return self.keep(part);
            }
            return self.refuse(part, name, "it has no token and names none");
        };
        let rest = parts.iter().enumerate().filter(|(other, _)| *other != at);
        let rest: Vec<Vec<u8>> =
            rest.map(|(_, (key, value))| [b",", quoted(key).as_bytes(), b":", value].concat()).collect();
        let evidence = said(section, &rest.concat());
        let is_whole = fits(&evidence);
        let evidence = if is_whole { evidence } else { said(section, b"") };
        match self.read_token(token, None, None, Some(evidence)) {
            Ok(()) if is_whole => {}
            Ok(()) | Err(None) => self.keep(part),
            Err(Some(why)) => {
                self.about_a_state(section, part.text);
                self.refuse(part, name, why);
            }
        }
    }

    fn nametag(&mut self, part: Part<'_>, name: &str) {
        let Ok(parts) = members(part.text) else { return self.refuse(part, name, "not a JSON object") };
        if parts.is_empty() {
            return self.refuse(part, name, "there is nothing in it");
        }
        self.keep(part);
        let Some((_, token)) = parts.iter().find(|(key, _)| key == "token") else { return };
        if let Err(Some(why)) = self.read_token(token, None, None, None) {
            self.refuse(part, name, why);
        }
    }

    /// A transfer or mint: it is kept whole, for its salt cannot be had again, and goes with the token that it is about.
    fn under_way(&mut self, part: Part<'_>, name: &str) {
        let Some(entry) = document::value(part.text) else {
            return self.refuse(part, name, "not JSON that can be read");
        };
        match entry.as_object() {
            None => return self.refuse(part, name, "not a JSON object"),
            Some(fields) if fields.is_empty() => return self.refuse(part, name, "there is nothing in it"),
            Some(_) => self.keep(part),
        }
        let ids = [
            "/sourceTokenId",
            "/tokenId",
            "/sourceToken/genesis/data/tokenId",
            "/token/genesis/data/tokenId",
        ];
        let id = ids.iter().find_map(|place| text_at(&entry, place)).filter(|id| Id::parse(id).is_ok());
        let hashes = ["/sourceStateHash", "/stateHash", "/previousStateHash"];
        let hash =
            hashes.iter().find_map(|place| text_at(&entry, place)).filter(|hash| Id::parse(hash).is_ok());
        let evidence = said_of(Section::Outbox, part.text);
        match (id, hash) {
            (Some(id), Some(hash)) => self.spend(id, hash, evidence),
            (Some(id), None) => self.under_way.push((id.to_owned(), evidence)),
            (None, _) => {}
        }
    }

    fn tombstone(&mut self, part: Part<'_>, name: &str) {
        if self.about_a_state(Section::Tombstones, part.text) {
            return self.keep(part);
        }
        self.refuse(part, name, "it names no state of a token");
    }

    /// Makes the state doubtful that a part names; whether it names one.
    fn about_a_state(&mut self, section: Section, text: &[u8]) -> bool {
        let Some(entry) = document::value(text) else { return false };
        let (id, hash) = (text_at(&entry, "/tokenId"), text_at(&entry, "/stateHash"));
        let is_used = |text: &&str| Id::parse(text).is_ok();
        let Some(id) = id.filter(is_used) else { return false };
        let evidence = said_of(section, text);
        match hash.filter(is_used) {
            Some(hash) => self.spend(id, hash, evidence),
            // What was sent or refused and is in use all the same is not offered before the ledger was asked.
            None if section.is_doubtful() => self.under_way.push((id.to_owned(), evidence)),
            None => return false,
        }
        true
    }
}

/// Evidence: where it is from, and what else was said there.
fn said(section: Section, rest: &[u8]) -> Bytes {
    [b"{\"legacy\":\"", section.word().as_bytes(), b"\"", rest, b"}"].concat().into()
}

/// The same with a whole entry, where that fits: the entry is kept in any case.
fn said_of(section: Section, entry: &[u8]) -> Bytes {
    let evidence = said(section, &[b",\"entry\":", entry].concat());
    if fits(&evidence) { evidence } else { said(section, b"") }
}

/// Whether it can be evidence.
fn fits(evidence: &[u8]) -> bool {
    evidence.len() <= limits::EVIDENCE_BYTES && is_json(evidence)
}
