//! Items as canonical CBOR. Every item, of whatever kind, says its kind under `k` and its name under `i` and `s`.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ipld_core::ipld::Ipld;

use super::blocks::Blocks;
use super::entry_codec::{from_entry, to_entry};
use super::item::{BlockRef, Id, Item, ProofHash, TokenKey, TokenState};
use crate::error::Error;
use crate::limits;
use crate::model::cbor;
use crate::model::chunks;
use crate::model::cid::{Cid, Codec};
use crate::model::fields::{Fields, link_of, malformed, to_link, unsigned};

/// Kind of a token state.
pub(super) const TOKEN: u8 = 1;
/// Kind of an entry.
pub(super) const ENTRY: u8 = 2;

pub(super) const KIND: &str = "k";
pub(super) const ID: &str = "i";
pub(super) const SUB: &str = "s";
const PREVIOUS: &str = "p";
const SUMMARY: &str = "t";
const PAYLOADS: &str = "d";
const INTENTS: &str = "n";
const PROOFS: &str = "f";
const REJECTED: &str = "r";
const TOKEN_KEYS: [&str; 9] = [KIND, ID, SUB, PREVIOUS, SUMMARY, PAYLOADS, INTENTS, PROOFS, REJECTED];

/// Longest part of a name, bytes: each of its characters takes up to four.
const NAME_BYTES: usize = limits::KEY_CHARS * 4;

/// What an item of any kind is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ItemName {
    pub kind: u8,
    pub id: String,
    pub sub: Option<String>,
}

impl ItemName {
    fn take(fields: &mut Fields) -> Result<Self, Error> {
        let kind = fields.unsigned(KIND, u8::MAX.into())?;
        let kind = fields.needed(KIND, kind)?;
        let kind = u8::try_from(kind).ok().filter(|kind| *kind > 0).ok_or_else(|| fields.wrong("kind 0"))?;
        let id = fields.text(ID)?;
        let name = Self { kind, id: fields.needed(ID, id)?, sub: fields.text(SUB)? };
        let outside = |part: &String| part.is_empty() || part.len() > NAME_BYTES;
        if outside(&name.id) || name.sub.as_ref().is_some_and(outside) {
            return Err(fields.wrong(&format!("a part of the name is not of 1 to {NAME_BYTES} bytes")));
        }
        Ok(name)
    }
}

/// The name of an encoded item.
pub(super) fn name(cbor: &[u8]) -> Result<ItemName, Error> {
    ItemName::take(&mut open(cbor)?)
}

fn open(cbor: &[u8]) -> Result<Fields, Error> {
    if cbor.len() > limits::ITEM_BYTES {
        return Err(malformed("item", &format!("{} bytes, at most {}", cbor.len(), limits::ITEM_BYTES)));
    }
    let map = cbor::decode(cbor).and_then(|item| cbor::into_map(item, "item"));
    Ok(Fields::new("item", map.map_err(|e| e.within("item"))?))
}

impl Item {
    /// Canonical CBOR.
    ///
    /// # Errors
    /// [`Code::Malformed`](crate::Code::Malformed) naming the bound of `limits` that it exceeds: what readers refuse is
    /// not written.
    pub fn encode(&self) -> Result<Bytes, Error> {
        let map = match self {
            Self::Token(key, state) => from_token(key, state)?,
            Self::Entry(key, entry) => from_entry(key, entry)?,
            Self::Unknown { cbor, .. } => return Ok(cbor.clone()),
        };
        Ok(cbor::encode(&Ipld::Map(map))?.into_boxed_slice().into())
    }

    /// Strict; bounds of `limits`; `key` is where it stood in the index (only kept for unknown kinds).
    ///
    /// # Errors
    /// [`Code::Malformed`](crate::Code::Malformed) naming what is wrong.
    pub fn decode(key: [u8; 32], cbor: &[u8]) -> Result<Self, Error> {
        let mut fields = open(cbor)?;
        let name = ItemName::take(&mut fields)?;
        match (name.kind, name.sub) {
            (TOKEN, Some(sub)) => to_token(&name.id, &sub, fields),
            (TOKEN, None) => Err(fields.wrong("a token state without a state hash")),
            (ENTRY, None) => to_entry(name.id, fields),
            (ENTRY, Some(_)) => Err(fields.wrong("an entry with a second part of its name")),
            _ => Ok(Self::Unknown { key, cbor: Bytes::copy_from_slice(cbor) }),
        }
    }
}

fn to_token(id: &str, sub: &str, mut fields: Fields) -> Result<Item, Error> {
    let id_of = |text: &str, what: &str| Id::parse(text).map_err(|e| malformed(what, e.message()));
    let key = TokenKey { token_id: id_of(id, "token id")?, state_hash: id_of(sub, "state hash")? };
    let previous = fields.text(PREVIOUS)?.map(|text| id_of(&text, "previous state hash")).transpose()?;
    let summary = fields.text(SUMMARY)?;
    let state = TokenState {
        previous,
        summary,
        payloads: to_block_set(&mut fields, PAYLOADS)?,
        intents: to_block_set(&mut fields, INTENTS)?,
        proofs: to_block_set(&mut fields, PROOFS)?,
        rejected: to_hashes(&mut fields)?,
        unknown: fields.rest(),
    };
    check_token(&state)?;
    Ok(Item::Token(key, state))
}

fn to_block_set(fields: &mut Fields, key: &str) -> Result<Blocks, Error> {
    let Some(list) = fields.list(key)? else { return Ok(Blocks::new()) };
    let blocks: Option<Vec<BlockRef>> = list.iter().map(to_block_ref).collect();
    let blocks = blocks
        .ok_or_else(|| fields.wrong(&format!("{key} holds something else than [raw link, …, size]")))?;
    if blocks.is_empty() || !is_in_order(&blocks) {
        return Err(fields.wrong(&format!("{key} is empty or not in order")));
    }
    Ok(blocks.into_iter().collect())
}

fn to_hashes(fields: &mut Fields) -> Result<BTreeSet<ProofHash>, Error> {
    let Some(list) = fields.list(REJECTED)? else { return Ok(BTreeSet::new()) };
    let hash = |value: Ipld| match value {
        Ipld::Bytes(bytes) => bytes.try_into().ok(),
        _ => None,
    };
    let hashes: Option<Vec<ProofHash>> = list.into_iter().map(hash).collect();
    let hashes = hashes.filter(|hashes| !hashes.is_empty() && hashes.is_sorted_by(|a, b| a < b));
    let hashes = hashes.ok_or_else(|| fields.wrong("rejected proofs are not 32 bytes each, in order"))?;
    Ok(hashes.into_iter().collect())
}

pub(super) fn to_block_ref(value: &Ipld) -> Option<BlockRef> {
    let Ipld::List(list) = value else { return None };
    let (size, chunks) = list.split_last()?;
    let size = unsigned(size, u32::MAX.into()).and_then(|size| u32::try_from(size).ok())?;
    let chunks: Option<Vec<Cid>> = chunks.iter().map(|link| link_of(link, Codec::Raw)).collect();
    BlockRef::new(chunks?, size)
}

fn from_token(key: &TokenKey, state: &TokenState) -> Result<BTreeMap<String, Ipld>, Error> {
    check_token(state)?;
    let mut map = state.unknown.clone();
    let mut put = |name: &str, value: Ipld| map.insert(name.to_owned(), value);
    put(KIND, Ipld::Integer(TOKEN.into()));
    put(ID, Ipld::String(key.token_id.as_str().to_owned()));
    put(SUB, Ipld::String(key.state_hash.as_str().to_owned()));
    if let Some(previous) = &state.previous {
        put(PREVIOUS, Ipld::String(previous.as_str().to_owned()));
    }
    if let Some(summary) = &state.summary {
        put(SUMMARY, Ipld::String(summary.clone()));
    }
    for (name, set) in [(PAYLOADS, &state.payloads), (INTENTS, &state.intents), (PROOFS, &state.proofs)] {
        if !set.is_empty() {
            put(name, Ipld::List(set.iter().map(from_block_ref).collect()));
        }
    }
    if !state.rejected.is_empty() {
        put(REJECTED, Ipld::List(state.rejected.iter().map(|hash| Ipld::Bytes(hash.to_vec())).collect()));
    }
    Ok(map)
}

pub(super) fn from_block_ref(block: &BlockRef) -> Ipld {
    let size = std::iter::once(Ipld::Integer(block.size.into()));
    Ipld::List(block.chunks().map(to_link).chain(size).collect())
}

/// Bounds that hold both ways, so that nothing is written that would not be read.
fn check_token(state: &TokenState) -> Result<(), Error> {
    let wrong = |what: &str| malformed("token state", what);
    if state.summary.as_ref().is_some_and(|text| text.len() > limits::SUMMARY_BYTES) {
        return Err(wrong("summary too long"));
    }
    for (set, max) in [
        (&state.payloads, limits::PAYLOAD_BYTES),
        (&state.intents, limits::EVIDENCE_BYTES),
        (&state.proofs, limits::EVIDENCE_BYTES),
    ] {
        if set.len() > limits::SET_ITEMS || !is_in_order(set) {
            return Err(wrong(&format!(
                "a set of more than {} blocks, or one block twice",
                limits::SET_ITEMS
            )));
        }
        if set.iter().any(|block| !is_raw_within(block, max)) {
            return Err(wrong(&format!(
                "a block that is not raw, of more than {max} bytes, or in too many chunks"
            )));
        }
    }
    if state.rejected.len() > limits::SET_ITEMS {
        return Err(wrong(&format!("more than {} rejected proofs", limits::SET_ITEMS)));
    }
    check_unknown("token state", &state.unknown, &TOKEN_KEYS)
}

/// Whether no two name the same blocks, and the smaller ones come first.
fn is_in_order<'a>(blocks: impl IntoIterator<Item = &'a BlockRef>) -> bool {
    blocks.into_iter().is_sorted_by(|a, b| (a.cid, &a.rest) < (b.cid, &b.rest))
}

pub(super) fn is_raw_within(block: &BlockRef, max: usize) -> bool {
    let size = block.size as usize;
    block.chunks().all(|cid| cid.codec() == Codec::Raw)
        && size <= max
        && block.chunks().count() <= chunks::most(size).min(limits::CHUNKS)
}

/// Bounds on the fields of later releases; `known` are the names they cannot have.
pub(in crate::model) fn check_unknown(
    what: &str,
    unknown: &BTreeMap<String, Ipld>,
    known: &[&str],
) -> Result<(), Error> {
    if unknown.len() > limits::UNKNOWN_FIELDS {
        let (count, max) = (unknown.len(), limits::UNKNOWN_FIELDS);
        return Err(malformed(what, &format!("{count} unknown fields, at most {max}")));
    }
    for (key, value) in unknown {
        if known.contains(&key.as_str()) {
            return Err(malformed(what, "an unknown field with the name of a known one"));
        }
        if key.len() + cbor::encode(value)?.len() > limits::UNKNOWN_FIELD_BYTES {
            let max = limits::UNKNOWN_FIELD_BYTES;
            return Err(malformed(what, &format!("an unknown field of more than {max} bytes")));
        }
    }
    Ok(())
}
