//! Entries as canonical CBOR: a list of actors, each with its last counter and the versions that were set with it.

use std::collections::BTreeMap;

use ipld_core::ipld::Ipld;

use super::codec::{ENTRY, ID, KIND, SUB, check_unknown, from_block_ref, is_raw_within, to_block_ref};
use super::entry::{Actor, Entry, EntryValue, Hlc, Last, Version, VersionHash};
use super::item::Item;
use crate::error::Error;
use crate::limits;
use crate::model::fields::{Fields, malformed, unsigned};

const VERSIONS: &str = "v";
const KEYS: [&str; 4] = [KIND, ID, SUB, VERSIONS];

pub(super) fn to_entry(key: String, mut fields: Fields) -> Result<Item, Error> {
    let list = fields.list(VERSIONS)?;
    let list = fields.needed(VERSIONS, list)?;
    let actors: Option<Vec<(Actor, Last)>> = list.into_iter().map(to_last).collect();
    let actors = actors.ok_or_else(|| fields.wrong("an actor is not [id, counter, version or hash, …]"))?;
    if !actors.is_sorted_by(|a, b| a.0 < b.0) {
        return Err(fields.wrong("actors are not in order"));
    }
    let entry = Entry { actors: actors.into_iter().collect(), unknown: fields.rest() };
    check(&key, &entry)?;
    Ok(Item::Entry(key, entry))
}

pub(super) fn from_entry(key: &str, entry: &Entry) -> Result<BTreeMap<String, Ipld>, Error> {
    check(key, entry)?;
    let mut map = entry.unknown.clone();
    map.insert(KIND.to_owned(), Ipld::Integer(ENTRY.into()));
    map.insert(ID.to_owned(), Ipld::String(key.to_owned()));
    map.insert(VERSIONS.to_owned(), Ipld::List(entry.actors.iter().map(from_last).collect()));
    Ok(map)
}

fn to_last(value: Ipld) -> Option<(Actor, Last)> {
    let Ipld::List(parts) = value else { return None };
    let mut parts = parts.into_iter();
    let Ipld::Bytes(actor) = parts.next()? else { return None };
    let counter = unsigned(&parts.next()?, u64::MAX)?;
    let versions: Option<Vec<_>> = parts.map(to_seen).collect();
    let versions = versions?;
    if !versions.is_sorted_by(|a, b| a.0 < b.0) {
        return None;
    }
    Some((actor.try_into().ok()?, Last { counter, versions }))
}

fn to_seen(value: Ipld) -> Option<(VersionHash, Option<Version>)> {
    if let Ipld::Bytes(hash) = value {
        return Some((hash.try_into().ok()?, None));
    }
    let version = to_version(value)?;
    Some((version.hash(), Some(version)))
}

fn to_version(value: Ipld) -> Option<Version> {
    let Ipld::List(parts) = value else { return None };
    let [ms, count, value] = <[Ipld; 3]>::try_from(parts).ok()?;
    let ms = i64::try_from(unsigned(&ms, u64::MAX)?).ok()?;
    let count = u32::try_from(unsigned(&count, u64::MAX)?).ok()?;
    let value = match value {
        Ipld::Bytes(bytes) => EntryValue::Inline(bytes.into()),
        other => EntryValue::Block(to_block_ref(&other)?),
    };
    Some(Version { hlc: Hlc { ms, count }, value })
}

fn from_last((actor, last): (&Actor, &Last)) -> Ipld {
    let mut parts = vec![Ipld::Bytes(actor.to_vec()), Ipld::Integer(last.counter.into())];
    parts.extend(last.versions.iter().map(|(hash, version)| match version {
        Some(version) => from_version(version),
        None => Ipld::Bytes(hash.to_vec()),
    }));
    Ipld::List(parts)
}

/// What a version's hash is made of, too.
pub(super) fn from_version(version: &Version) -> Ipld {
    let value = match &version.value {
        EntryValue::Inline(bytes) => Ipld::Bytes(bytes.to_vec()),
        EntryValue::Block(block) => from_block_ref(block),
    };
    let Hlc { ms, count } = version.hlc;
    Ipld::List(vec![Ipld::Integer(ms.into()), Ipld::Integer(count.into()), value])
}

/// Bounds that hold both ways, so that nothing is written that would not be read.
fn check(key: &str, entry: &Entry) -> Result<(), Error> {
    let wrong = |what: &str| malformed("entry", what);
    Entry::check_key(key).map_err(|e| wrong(e.message()))?;
    if entry.actors.is_empty() || entry.actors.len() > limits::ENTRY_ACTORS {
        return Err(wrong(&format!("{} actors", entry.actors.len())));
    }
    for last in entry.actors.values() {
        if last.counter == 0 || last.counter > limits::ENTRY_COUNTER_MAX {
            return Err(wrong("a counter of 0, or too high"));
        }
        if last.versions.is_empty() || last.versions.len() > limits::ENTRY_SAME {
            return Err(wrong(&format!("{} versions of one counter", last.versions.len())));
        }
        if !last.versions.iter().filter_map(|(_, version)| version.as_ref()).all(is_within) {
            return Err(wrong("a value too large, or a time before 1970"));
        }
    }
    check_unknown("entry", &entry.unknown, &KEYS)
}

fn is_within(version: &Version) -> bool {
    let fits = match &version.value {
        EntryValue::Inline(bytes) => bytes.len() <= limits::VALUE_INLINE_BYTES,
        EntryValue::Block(block) => is_raw_within(block, limits::VALUE_BYTES),
    };
    fits && version.hlc.ms >= 0
}
