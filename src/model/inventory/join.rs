//! Joins: commutative, associative and idempotent for any input, bounds included.
//!
//! A bound is part of the join: of a set the smallest elements stay, by an order that no join changes. What a larger
//! union would keep is then never among what a smaller one dropped, and the order of merging cannot show.

use std::collections::BTreeMap;

use bytes::Bytes;
use ipld_core::ipld::Ipld;

use super::blocks::Blocks;
use super::entry::{Actor, Entry, Last};
use super::item::{BlockRef, TokenState};
use crate::limits;
use crate::model::cbor;

pub(super) fn tokens(a: &TokenState, b: &TokenState) -> TokenState {
    TokenState {
        previous: least(a.previous.as_ref(), b.previous.as_ref()),
        summary: least(a.summary.as_ref(), b.summary.as_ref()),
        payloads: blocks(&a.payloads, &b.payloads),
        intents: blocks(&a.intents, &b.intents),
        proofs: blocks(&a.proofs, &b.proofs),
        rejected: a.rejected.union(&b.rejected).copied().take(limits::SET_ITEMS).collect(),
        unknown: unknown(&a.unknown, &b.unknown),
    }
}

/// Of each actor what it set with its highest counter. Too many actors lose those with the lowest counters, which wrote
/// longest ago: what is lower than all of so many is as good as replaced, on every device alike.
pub(super) fn entries(a: &Entry, b: &Entry) -> Entry {
    let mut actors: BTreeMap<Actor, Last> = BTreeMap::new();
    for (actor, last) in a.actors.iter().chain(&b.actors) {
        join_last(actors.entry(*actor).or_default(), last);
    }
    while actors.len() > limits::ENTRY_ACTORS {
        let lowest = actors.iter().map(|(actor, last)| (last.counter, *actor)).min();
        lowest.map(|(_, actor)| actors.remove(&actor));
    }
    Entry { actors, unknown: unknown(&a.unknown, &b.unknown) }
}

/// Of one counter all versions, a replaced one replaced; of too many the smallest.
fn join_last(into: &mut Last, other: &Last) {
    if other.counter < into.counter {
        return;
    }
    if other.counter > into.counter {
        *into = Last { counter: other.counter, versions: Vec::new() };
    }
    for (hash, version) in &other.versions {
        match into.find(hash) {
            Err(at) => into.versions.insert(at, (*hash, version.clone())),
            Ok(at) => {
                if let Some((_, old)) = into.versions.get_mut(at).filter(|(_, old)| version < old) {
                    old.clone_from(version);
                }
            }
        }
    }
    into.versions.truncate(limits::ENTRY_SAME);
}

/// Of two encodings of an item this release cannot read: the longer, since items grow; of equal length the smaller.
pub(super) fn unread<'a>(a: &'a (Bytes, [u8; 32]), b: &'a (Bytes, [u8; 32])) -> &'a (Bytes, [u8; 32]) {
    let order = b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b));
    if order.is_le() { a } else { b }
}

/// Present beats missing, then the smaller bytes.
fn least<T: Ord + Clone>(a: Option<&T>, b: Option<&T>) -> Option<T> {
    a.into_iter().chain(b).min().cloned()
}

/// The smallest of both, ordered by the CIDs of their chunks; of the same chunks the smaller size.
fn blocks(a: &Blocks, b: &Blocks) -> Blocks {
    let mut all: Vec<&BlockRef> = a.iter().chain(b).collect();
    all.sort();
    all.dedup_by(|block, before| block.is_same(before));
    all.into_iter().take(limits::SET_ITEMS).cloned().collect()
}

/// Key by key the smaller encoding; of too many keys the smallest.
fn unknown(a: &BTreeMap<String, Ipld>, b: &BTreeMap<String, Ipld>) -> BTreeMap<String, Ipld> {
    let mut joined = a.clone();
    for (key, value) in b {
        match joined.get_mut(key) {
            None => {
                joined.insert(key.clone(), value.clone());
            }
            Some(old) => *old = std::cmp::min_by_key(&*old, value, |value| encoded(value)).clone(),
        }
    }
    while joined.len() > limits::UNKNOWN_FIELDS {
        joined.pop_last();
    }
    joined
}

/// What was decoded always encodes.
fn encoded(value: &Ipld) -> Vec<u8> {
    cbor::encode(value).unwrap_or_default()
}
