//! The largest items there can be are within their bounds, and so is a leaf of them.

use std::collections::HashSet;

use ipld_core::ipld::Ipld;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::chunks::most;
use tauri_plugin_wallet_sync::model::index::{Diff, Index};
use tauri_plugin_wallet_sync::model::inventory::{
    BlockRef, Entry, EntryValue, Hlc, Id, Item, Seen, TokenKey, TokenState, Version,
};

use crate::forge;
use crate::items::{block, entry, with_unknown};

const AT: [u8; 32] = [5; 32];

/// A reference to this many chunks.
fn chunks(name: &str, count: usize, size: usize) -> BlockRef {
    let chunks = (0..count).map(|n| block(&format!("{name}{n}")).cid);
    BlockRef::new(chunks, size as u32).unwrap()
}

/// The largest item there can be.
fn fullest() -> Item {
    let long = Id::parse(&"x".repeat(limits::KEY_CHARS)).unwrap();
    let set = |kind: &str, size: usize| {
        (0..limits::SET_ITEMS).map(|n| chunks(&format!("{kind}{n}"), most(size), size)).collect()
    };
    let unknown = (0..limits::UNKNOWN_FIELDS).map(|n| {
        let key = format!("u{n:02}");
        (key, Ipld::Bytes(vec![7; limits::UNKNOWN_FIELD_BYTES - 3 - 3]))
    });
    let state = TokenState {
        previous: Some(long.clone()),
        summary: Some("x".repeat(limits::SUMMARY_BYTES)),
        payloads: set("p", limits::PAYLOAD_BYTES),
        intents: set("i", limits::EVIDENCE_BYTES),
        proofs: set("f", limits::EVIDENCE_BYTES),
        rejected: (0..limits::SET_ITEMS).map(|n| [n as u8; 32]).collect(),
        unknown: unknown.collect(),
    };
    Item::Token(TokenKey { token_id: long.clone(), state_hash: long }, state)
}

/// The largest entry there can be.
fn fullest_entry() -> Item {
    let versions = (0..limits::ENTRY_ACTORS as u8).flat_map(|actor| {
        (0..limits::ENTRY_SAME as u32).map(move |count| {
            let value = EntryValue::Inline(vec![7; limits::VALUE_INLINE_BYTES].into());
            let version = Version { hlc: Hlc { ms: i64::MAX - 1, count: u32::MAX - count }, value };
            Entry::of([actor; 16], limits::ENTRY_COUNTER_MAX, Seen::Live(version))
        })
    });
    let key = "😀".repeat(limits::KEY_CHARS);
    let Item::Entry(key, entry) = entry(&key, &versions.collect::<Vec<_>>()) else { panic!() };
    let Item::Token(_, TokenState { unknown, .. }) = fullest() else { panic!() };
    Item::Entry(key, with_unknown(entry, unknown))
}

#[test]
fn the_fullest_item_is_within_its_bound() {
    for (fullest, at_least) in [(fullest(), 20_400), (fullest_entry(), 51_700)] {
        let bytes = fullest.encode().unwrap();
        assert!((at_least..limits::ITEM_BYTES).contains(&bytes.len()), "{}", bytes.len());
        assert_eq!(Item::decode(AT, &bytes).unwrap(), fullest);
    }
}

#[test]
fn a_leaf_of_the_fullest_items_is_within_its_bound() {
    let keys = forge::keys();
    let mut index = Index::new();
    let item = fullest_entry().encode().unwrap();
    (0..limits::TRIE_LEAF as u8).for_each(|n| index.insert([n; 32], item.clone()));
    index.seal(keys.sealer()).unwrap();
    let blocks = index.blocks();
    assert!(blocks.len() == 1 && blocks[0].bytes().len() <= limits::BLOCK_BYTES);
    let found = Diff::new(*blocks[0].cid(), HashSet::new()).offer(&blocks[0], keys.sealer()).unwrap();
    assert_eq!(found.len(), limits::TRIE_LEAF);
}
