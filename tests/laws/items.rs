//! Items for tests: short ways to write one, and strategies whose items meet each other often.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ipld_core::ipld::Ipld;
use proptest::prelude::*;
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::inventory::{
    BlockRef, Blocks, Entry, EntryValue, Hlc, Id, Inventory, Item, Seen, TokenKey, TokenState, Version,
};

pub fn key(token: &str, state: &str) -> TokenKey {
    TokenKey { token_id: Id::parse(token).unwrap(), state_hash: Id::parse(state).unwrap() }
}

/// The reference of a block that is called by a name.
pub fn block(name: &str) -> BlockRef {
    BlockRef::new([Cid::of(Codec::Raw, name.as_bytes())], name.len() as u32).unwrap()
}

pub fn blocks(names: &[&str]) -> Blocks {
    names.iter().map(|name| block(name)).collect()
}

/// A state with these payloads, intents and proofs.
pub fn token(token: &str, state: &str, payloads: &[&str], intents: &[&str], proofs: &[&str]) -> Item {
    let sets = [payloads, intents, proofs].map(blocks);
    let [payloads, intents, proofs] = sets;
    Item::Token(key(token, state), TokenState { payloads, intents, proofs, ..TokenState::default() })
}

pub fn version(ms: i64, value: &str) -> Version {
    let value = EntryValue::Inline(Bytes::copy_from_slice(value.as_bytes()));
    Version { hlc: Hlc { ms, count: 0 }, value }
}

/// A live version: which actor set it, with which counter, when, to what.
pub fn live(actor: u8, counter: u64, ms: i64, value: &str) -> Entry {
    Entry::of([actor; 16], counter, Seen::Live(version(ms, value)))
}

pub fn with_unknown(mut entry: Entry, unknown: BTreeMap<String, Ipld>) -> Entry {
    entry.unknown = unknown;
    entry
}

/// An item of all of these, as they stand: one of each actor.
pub fn entry(key: &str, entries: &[Entry]) -> Item {
    let none = Inventory::default();
    let joined = entries.iter().fold(none, |mut held, one| {
        join(&mut held, &Item::Entry(key.to_owned(), one.clone()));
        held
    });
    let entry = joined.entry(key).cloned().unwrap_or_default();
    Item::Entry(key.to_owned(), entry)
}

/// The values of an entry that nothing replaces, the shown one first.
pub fn values(entry: &Entry, now: i64) -> Vec<String> {
    let text = |value: &EntryValue| match value {
        EntryValue::Inline(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        EntryValue::Block(block) => block.cid.to_string(),
    };
    entry.by_preference(now).iter().map(|live| text(&live.version.value)).collect()
}

/// An encoded item of a kind of the future.
pub fn future_item(kind: u8, id: &str, more: &str) -> Vec<u8> {
    let map = [
        ("k".to_owned(), Ipld::Integer(kind.into())),
        ("i".to_owned(), Ipld::String(id.to_owned())),
        ("x".to_owned(), Ipld::String(more.to_owned())),
    ];
    cbor::encode(&Ipld::Map(map.into())).unwrap()
}

/// Joins an item as the engine does.
pub fn join(inventory: &mut Inventory, item: &Item) {
    if let Some(changed) = inventory.joined(item).unwrap().changed {
        inventory.apply(changed);
    }
}

pub fn inventory<'a>(items: impl IntoIterator<Item = &'a Item>) -> Inventory {
    let mut inventory = Inventory::default();
    items.into_iter().for_each(|item| join(&mut inventory, item));
    inventory
}

/// The join of two inventories.
pub fn merged(a: &Inventory, b: &Inventory) -> Inventory {
    let mut joined = a.clone();
    b.items().for_each(|item| join(&mut joined, &item));
    joined
}

fn id() -> impl Strategy<Value = Id> {
    prop::sample::select(vec!["a", "b", "A1", "A12"]).prop_map(|text| Id::parse(text).unwrap())
}

/// One of few references, of one chunk or of two; those of two agree in the second or, at times, in the first.
fn reference(n: u8, size: u32, is_cut: bool) -> BlockRef {
    let cid = |n: u8| Cid::of(Codec::Raw, &[n]);
    if is_cut {
        BlockRef::new([cid(n / 2), cid(n % 2)], 262_140 + size).unwrap()
    } else {
        BlockRef::new([cid(n)], size).unwrap()
    }
}

fn block_set(most: usize) -> impl Strategy<Value = Blocks> {
    let one = (0..14_u8, 1..=2_u32, any::<bool>()).prop_map(|(n, size, is_cut)| reference(n, size, is_cut));
    prop::collection::vec(one, 0..=most).prop_map(|blocks| blocks.into_iter().collect())
}

fn value() -> impl Strategy<Value = Ipld> {
    prop_oneof![
        Just(Ipld::Null),
        any::<bool>().prop_map(Ipld::Bool),
        (-300..300_i128).prop_map(Ipld::Integer),
        "[a-c]{0,30}".prop_map(Ipld::String),
        prop::collection::vec(any::<u8>(), 0..30).prop_map(Ipld::Bytes),
        prop::collection::vec((0..9_i128).prop_map(Ipld::Integer), 0..4).prop_map(Ipld::List),
    ]
}

fn fields(most: usize) -> impl Strategy<Value = BTreeMap<String, Ipld>> {
    prop_oneof![Just(BTreeMap::new()), prop::collection::btree_map("u[0-4][0-9]", value(), 0..=most),]
}

fn seen() -> impl Strategy<Value = Seen> {
    let value = prop_oneof![
        "[a-b]{0,2}".prop_map(|text| EntryValue::Inline(text.into_bytes().into())),
        (0..3_u8, 0..9_u32).prop_map(|(n, size)| EntryValue::Block(reference(n, size, false))),
    ];
    let version =
        (0..3_i64, 0..2_u32, value).prop_map(|(ms, count, value)| Version { hlc: Hlc { ms, count }, value });
    // Those that are replaced are among those that are live elsewhere.
    (version, any::<bool>()).prop_map(|(version, is_live)| match is_live {
        true => Seen::Live(version),
        false => Seen::Replaced(version.hash()),
    })
}

/// Whatever actors may have left, in any state: gaps, counters that went back, one counter used twice.
pub fn any_entry(most: usize) -> impl Strategy<Value = Entry> {
    let one =
        (0..50_u8, 1..6_u64, seen()).prop_map(|(actor, counter, seen)| Entry::of([actor; 16], counter, seen));
    prop::collection::vec(one, 1..=most).prop_map(|all| match entry("k", &all) {
        Item::Entry(_, entry) => entry,
        other => panic!("{other:?}"),
    })
}

fn rejected(most: usize) -> impl Strategy<Value = BTreeSet<[u8; 32]>> {
    let one =
        (0..14_u8, 1..=2_u32, any::<bool>()).prop_map(|(n, size, is_cut)| reference(n, size, is_cut).hash());
    prop::collection::vec(one, 0..=most).prop_map(|blocks| blocks.into_iter().collect())
}

fn any_item(set: usize, unknown: usize, most_versions: usize) -> impl Strategy<Value = Item> {
    let sets = (block_set(set), block_set(set), block_set(set), rejected(set));
    let state = (prop::option::of(id()), prop::option::of("[a-c]{0,3}"), sets, fields(unknown)).prop_map(
        |(previous, summary, (payloads, intents, proofs, rejected), unknown)| TokenState {
            previous,
            summary,
            payloads,
            intents,
            proofs,
            rejected,
            unknown,
        },
    );
    prop_oneof![
        6 => (id(), id(), state).prop_map(|(token_id, state_hash, state)| {
            Item::Token(TokenKey { token_id, state_hash }, state)
        }),
        3 => ("[a-c]", any_entry(most_versions), fields(unknown))
            .prop_map(|(key, entry, unknown)| Item::Entry(key, with_unknown(entry, unknown))),
        1 => (3..5_u8, "[a-b]", "[a-c]{0,3}", any::<bool>()).prop_map(|(kind, id, more, place)| {
            Item::Unknown { key: [u8::from(place); 32], cbor: future_item(kind, &id, &more).into() }
        }),
    ]
}

/// Any item, with sets and fields above every bound.
pub fn wild_item() -> impl Strategy<Value = Item> {
    any_item(14, 48, 8)
}

/// An item that may be published.
pub fn good_item() -> impl Strategy<Value = Item> {
    any_item(8, 32, 8).prop_map(|mut item| {
        if let Item::Token(_, state) = &mut item {
            for set in [&mut state.payloads, &mut state.intents, &mut state.proofs] {
                let mut blocks: Vec<BlockRef> = std::mem::take(set).into_iter().collect();
                blocks.dedup_by(|block, last| block.is_same(last));
                *set = blocks.into_iter().collect();
            }
        }
        item
    })
}
