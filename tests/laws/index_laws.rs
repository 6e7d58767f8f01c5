//! The index: a shape that depends on the set alone, and a walk that fetches the difference alone.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;
use ipld_core::ipld::Ipld;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::model::index::{Diff, Index};
use tauri_plugin_wallet_sync::model::inventory::Item;
use tauri_plugin_wallet_sync::model::seal::Kind;

use crate::forge::{self, envelope, map};
use crate::items;

type Items = BTreeMap<[u8; 32], Bytes>;

fn build<'a>(items: impl IntoIterator<Item = (&'a [u8; 32], &'a Bytes)>) -> Index {
    let mut index = Index::new();
    items.into_iter().for_each(|(key, item)| index.insert(*key, item.clone()));
    index
}

fn sealed(items: &Items) -> (Cid, Index) {
    let mut index = build(items);
    (index.seal(forge::keys().sealer()).unwrap(), index)
}

/// Walks a remote index with its blocks at hand: the items found, and the nodes fetched in order.
fn walk(root: Cid, remote: &Index, known: HashSet<Cid>) -> (Items, Vec<Cid>) {
    let blocks: HashMap<Cid, Block> =
        remote.blocks().into_iter().map(|block| (*block.cid(), block)).collect();
    let keys = forge::keys();
    let (mut diff, mut found, mut fetched) = (Diff::new(root, known), Items::new(), Vec::new());
    loop {
        let wanted = diff.wanted();
        if wanted.is_empty() {
            return (found, fetched);
        }
        for cid in wanted {
            found.extend(diff.offer(&blocks[&cid], keys.sealer()).unwrap());
            fetched.push(cid);
        }
    }
}

/// Evenly spread, as HMACs are.
fn key(n: u64) -> [u8; 32] {
    Sha256::digest(n.to_be_bytes()).into()
}

/// What a wallet of this many tokens has in its index.
fn wallet(tokens: u64) -> Items {
    let keys = forge::keys();
    (0..tokens)
        .map(|n| {
            let id = forge::hex(&key(n));
            let item = items::token(&id, &forge::hex(&key(n << 32)), &[&id], &[], &[]);
            (item.index_key(keys.sealer()), item.encode().unwrap())
        })
        .collect()
}

#[test]
fn an_empty_index_is_one_empty_leaf() {
    let (root, index) = sealed(&Items::new());
    assert_eq!((index.len(), index.is_empty(), index.blocks().len()), (0, true, 1));
    let expected = envelope(Kind::Index, &map([("i", Ipld::List(vec![]))]), &[]);
    assert_eq!((root, index.blocks()), (*expected.cid(), vec![expected]));
    assert_eq!(walk(root, &index, HashSet::new()).0, Items::new());
    assert_eq!(walk(root, &index, HashSet::from([root])).1, []);
}

#[test]
fn a_leaf_splits_at_its_thirty_third_item() {
    let items: Items = (0..33).map(|n| (key(n), Bytes::from_static(b"x"))).collect();
    let fewer: Items = items.iter().take(32).map(|(key, item)| (*key, item.clone())).collect();
    assert_eq!(sealed(&fewer).1.blocks().len(), 1);
    let (root, index) = sealed(&items);
    let chunks: HashSet<u8> = items.keys().map(|key| key[0] >> 3).collect();
    assert_eq!(index.blocks().len(), 1 + chunks.len());
    assert_eq!(*index.blocks()[0].cid(), root);
}

#[test]
fn keys_that_differ_in_the_last_bit_end_at_the_greatest_depth() {
    let mut items = Items::new();
    for n in 0..34_u8 {
        let mut key = [7; 32];
        // Bits 250 to 254 are the last level, bit 255 tells items of one leaf apart.
        key[31] = n;
        items.insert(key, Bytes::copy_from_slice(&[n]));
    }
    let (root, index) = sealed(&items);
    assert_eq!(walk(root, &index, HashSet::new()).0, items);
    assert!(index.blocks().len() > 50, "{}", index.blocks().len());
}

#[test]
fn replacing_an_item_is_seen_and_the_same_item_is_not() {
    let keys = forge::keys();
    let items: Items = (0..500).map(|n| (key(n), Bytes::from_static(b"x"))).collect();
    let (root, mut index) = sealed(&items);
    index.insert(key(7), Bytes::from_static(b"x"));
    assert_eq!(index.cids(), sealed(&items).1.cids(), "nothing was touched");
    index.insert(key(7), Bytes::from_static(b"y"));
    let changed = index.seal(keys.sealer()).unwrap();
    assert_ne!(changed, root);
    let (found, _) = walk(changed, &index, HashSet::new());
    assert_eq!((index.len(), found.len(), &found[&key(7)]), (500, 500, &Bytes::from_static(b"y")));
    assert!(!index.is_empty());
    index.insert(key(7), Bytes::from_static(b"x"));
    assert_eq!(index.seal(keys.sealer()).unwrap(), root);
}

#[test]
fn one_change_of_10_000_rewrites_one_path() {
    let keys = forge::keys();
    let mut items = wallet(10_000);
    let (_, old) = sealed(&items);
    let spent = items::token(&forge::hex(&key(77)), &forge::hex(&key(77 << 32)), &["77"], &[], &["proof"]);
    let mut new = old.clone();
    new.insert(spent.index_key(keys.sealer()), spent.encode().unwrap());
    items.insert(spent.index_key(keys.sealer()), spent.encode().unwrap());
    let root = new.seal(keys.sealer()).unwrap();
    assert_eq!(root, sealed(&items).0, "incremental sealing makes the same blocks");
    let known = old.cids();
    let fresh: Vec<Block> = new.blocks().into_iter().filter(|block| !known.contains(block.cid())).collect();
    let bytes: usize = fresh.iter().map(|block| block.bytes().len()).sum();
    assert_eq!(fresh.len(), 3, "root, inner node, leaf");
    assert!(bytes <= 100 * 1024, "{bytes} bytes");
    let (found, fetched) = walk(root, &new, known);
    assert_eq!(fetched, fresh.iter().map(|block| *block.cid()).collect::<Vec<_>>());
    assert!(
        found.len() <= limits::TRIE_LEAF && found[&spent.index_key(keys.sealer())] == spent.encode().unwrap()
    );
}

#[test]
fn wanted_is_in_breadth_first_order() {
    let items = wallet(3_000);
    let (root, index) = sealed(&items);
    let blocks: HashMap<Cid, Block> = index.blocks().into_iter().map(|block| (*block.cid(), block)).collect();
    let keys = forge::keys();
    let mut diff = Diff::new(root, HashSet::new());
    let mut levels = Vec::new();
    while !diff.wanted().is_empty() {
        let wanted = diff.wanted();
        levels.push(wanted.len());
        // Whatever order they come in.
        for cid in wanted.iter().rev() {
            diff.offer(&blocks[cid], keys.sealer()).unwrap();
        }
    }
    assert_eq!(levels[..2], [1, 32]);
    assert_eq!(levels.iter().sum::<usize>(), index.blocks().len());
}

#[test]
fn a_small_wallet_fits_beside_its_root_in_a_record() {
    let (_, index) = sealed(&wallet(25));
    let bytes: usize = index.blocks().iter().map(|block| block.bytes().len()).sum();
    assert_eq!(index.blocks().len(), 1);
    assert!(bytes < limits::EXTENSION_BYTES - 512, "{bytes} bytes");
}

#[test]
fn one_corrupt_item_does_not_stop_sync() {
    let keys = forge::keys();
    let good = items::token("t", "s0", &["p"], &[], &[]);
    let mut index = Index::new();
    index.insert(good.index_key(keys.sealer()), good.encode().unwrap());
    index.insert([9; 32], Bytes::from_static(b"\xffgarbage"));
    let root = index.seal(keys.sealer()).unwrap();
    let (found, _) = walk(root, &index, HashSet::new());
    let decoded: Vec<_> = found.iter().map(|(key, item)| Item::decode(*key, item)).collect();
    assert_eq!(decoded.iter().filter(|item| item.is_err()).count(), 1);
    assert!(decoded.into_iter().flatten().eq([good]));
}

/// Keys that share long prefixes, so that tries get deep.
fn keys_and_items() -> impl Strategy<Value = Items> {
    let key = (0..3_u8, 0..2_u8, any::<[u8; 2]>(), 0..3_u8).prop_map(|(a, b, [c, d], last)| {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&[a << 6, b, c & 0x81, d]);
        key[31] = last;
        key
    });
    let item = prop::collection::vec(any::<u8>(), 0..6).prop_map(Bytes::from);
    prop::collection::btree_map(key, item, 0..160)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn p08_the_shape_depends_on_the_set_alone(
        (items, shuffled, cut) in keys_and_items().prop_flat_map(|items| {
            let list: Vec<_> = items.clone().into_iter().collect();
            let count = list.len();
            (Just(items), Just(list).prop_shuffle(), 0..=count)
        }),
    ) {
        let keys = forge::keys();
        let (root, sorted) = sealed(&items);
        let mut index = Index::new();
        for (at, (key, item)) in shuffled.iter().enumerate() {
            if at == cut {
                index.seal(keys.sealer()).unwrap();
            }
            index.insert(*key, item.clone());
        }
        prop_assert_eq!(index.seal(keys.sealer()).unwrap(), root);
        prop_assert_eq!(index.blocks(), sorted.blocks());
        prop_assert_eq!(index.len(), items.len());
    }

    #[test]
    fn p08_a_walk_gives_back_what_was_put_in(items in keys_and_items()) {
        let (root, index) = sealed(&items);
        let (found, fetched) = walk(root, &index, HashSet::new());
        prop_assert_eq!(found, items);
        prop_assert_eq!(fetched.into_iter().collect::<HashSet<_>>(), index.cids());
    }

    #[test]
    fn a_walk_fetches_the_difference_alone(
        common in keys_and_items(), mine in keys_and_items(), theirs in keys_and_items(), few in 0..4_usize,
    ) {
        let with = |more: Items| common.clone().into_iter().chain(more.into_iter().take(few)).collect::<Items>();
        let (mine, theirs) = (with(mine), with(theirs));
        let (_, local) = sealed(&mine);
        let (root, remote) = sealed(&theirs);
        let known = local.cids();
        let (found, fetched) = walk(root, &remote, known.clone());
        let fetched: HashSet<Cid> = fetched.into_iter().collect();
        prop_assert_eq!(&fetched, &remote.cids().difference(&known).copied().collect::<HashSet<_>>());
        for (key, item) in &theirs {
            prop_assert!(mine.get(key) == Some(item) || found.get(key) == Some(item));
        }
        prop_assert!(found.iter().all(|(key, item)| theirs.get(key) == Some(item)));
    }
}
