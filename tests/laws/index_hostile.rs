//! Index nodes that no honest writer makes are refused, and nothing is taken from them.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use ipld_core::ipld::Ipld;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::WalletKeys;
use tauri_plugin_wallet_sync::model::index::{Diff, Index};
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind};
use tauri_plugin_wallet_sync::{Code, Error, limits};

use crate::forge::{self, envelope, links_of, map};

fn pair(key: &[u8], item: Ipld) -> Ipld {
    Ipld::List(vec![Ipld::Bytes(key.to_vec()), item])
}

fn leaf(pairs: Vec<Ipld>) -> Block {
    envelope(Kind::Index, &map([("i", Ipld::List(pairs))]), &[])
}

fn leaf_of(first: &[u8]) -> Block {
    leaf(first.iter().map(|byte| pair(&[*byte; 32], Ipld::Bytes(vec![*byte]))).collect())
}

fn inner(bitmap: i128, links: &[Cid]) -> Block {
    envelope(Kind::Index, &map([("m", Ipld::Integer(bitmap))]), links)
}

fn offer(diff: &mut Diff, block: &Block) -> Result<Vec<([u8; 32], Bytes)>, Error> {
    diff.offer(block, forge::keys().sealer())
}

fn refuse(what: &str, block: &Block, code: Code) {
    let mut diff = Diff::new(*block.cid(), HashSet::new());
    match offer(&mut diff, block) {
        Ok(items) => panic!("{what}: {items:?}"),
        Err(error) => assert_eq!(error.code(), code, "{what}: {error}"),
    }
    assert_eq!(diff.wanted(), [*block.cid()], "{what}: nothing was taken from it");
}

#[test]
fn malformed_nodes_are_refused() {
    let (a, b) = (*leaf_of(b"a").cid(), *leaf_of(b"b").cid());
    let raw = *forge::raw(b"x").cid();
    let item = || Ipld::Bytes(vec![1]);
    let key = [1; 32];
    let sealed = |body: &Ipld| {
        let plain = tauri_plugin_wallet_sync::model::cbor::encode(body).unwrap();
        Ipld::Bytes(forge::keys().sealer().seal(Kind::Index, &plain, Compression::Never).unwrap())
    };
    let full = |count: u8| (0..count).map(|n| pair(&[n; 32], Ipld::Bytes(vec![]))).collect();
    assert_eq!(
        offer(&mut Diff::new(*leaf(full(32)).cid(), HashSet::new()), &leaf(full(32))).unwrap().len(),
        32
    );
    let unbound = map([("m", Ipld::Integer(1))]);
    let bound_to_b =
        map([("m", Ipld::Integer(1)), ("h", Ipld::Bytes(Sha256::digest(b.to_bytes()).to_vec()))]);
    for (what, block) in [
        ("no CBOR", Block::new(Codec::DagCbor, b"\xff".to_vec())),
        ("no map", forge::node(&Ipld::Null)),
        ("no body", forge::node(&map([("l", links_of(&[]))]))),
        ("no links", forge::node(&map([("b", sealed(&map([("i", Ipld::List(vec![]))])))]))),
        ("a body in words", forge::node(&map([("b", Ipld::String("x".to_owned())), ("l", links_of(&[]))]))),
        ("a body that is no map", envelope(Kind::Index, &Ipld::List(vec![]), &[])),
        ("neither leaf nor inner node", envelope(Kind::Index, &map([]), &[])),
        ("both", envelope(Kind::Index, &map([("i", Ipld::List(vec![])), ("m", Ipld::Integer(1))]), &[a])),
        ("a leaf with a link", envelope(Kind::Index, &map([("i", Ipld::List(vec![]))]), &[a])),
        ("33 items", leaf(full(33))),
        ("keys out of order", leaf(vec![pair(&[2; 32], item()), pair(&key, item())])),
        ("one key twice", leaf(vec![pair(&key, item()), pair(&key, item())])),
        ("a short key", leaf(vec![pair(&[1; 31], item())])),
        ("an item in words", leaf(vec![pair(&key, Ipld::String("x".to_owned()))])),
        ("three parts", leaf(vec![Ipld::List(vec![Ipld::Bytes(key.to_vec()), item(), item()])])),
        ("no children", inner(0, &[])),
        ("more children than links", inner(0b11, &[a])),
        ("more links than children", inner(0b1, &[a, b])),
        ("33 bits", inner(1 << 32, &[a])),
        ("negative", inner(-1, &[a])),
        ("33 links", inner(0xffff_ffff, &[a; 33])),
        ("a link to raw bytes", inner(1, &[raw])),
        ("one child twice", inner(0b11, &[a, a])),
        ("links nobody sealed", forge::node(&map([("b", sealed(&unbound)), ("l", links_of(&[a]))]))),
        ("other links", forge::node(&map([("b", sealed(&bound_to_b)), ("l", links_of(&[a]))]))),
    ] {
        refuse(what, &block, Code::Malformed);
    }
    refuse("a root", &envelope(Kind::Root, &map([("i", Ipld::List(vec![]))]), &[]), Code::DecryptFailed);
    let other = WalletKeys::derive(&forge::secret(2), None);
    let (_, mut index) = sealed_of_other(&other);
    refuse("another wallet's", &index.remove(0), Code::DecryptFailed);
    let large = leaf(vec![pair(&key, Ipld::Bytes(vec![0; limits::NODE_BYTES]))]);
    refuse("a large node", &large, Code::TooLarge);
}

fn sealed_of_other(keys: &WalletKeys) -> (Cid, Vec<Block>) {
    let mut index = Index::new();
    let root = index.seal(keys.sealer()).unwrap();
    (root, index.blocks())
}

#[test]
fn a_node_must_belong_where_it_stands() {
    // Chunk 12 of the first level is the keys that begin with 0x60 to 0x67.
    let (right, wrong, empty) = (leaf_of(b"abc"), leaf_of(b"ax"), leaf(vec![]));
    for (child, code) in [(&right, None), (&wrong, Some(Code::Malformed)), (&empty, Some(Code::Malformed))] {
        let parent = inner(1 << 12, &[*child.cid()]);
        let mut diff = Diff::new(*parent.cid(), HashSet::new());
        assert_eq!(offer(&mut diff, &parent).unwrap(), []);
        assert_eq!(diff.wanted(), [*child.cid()]);
        assert_eq!(offer(&mut diff, child).err().map(|error| error.code()), code);
        assert_eq!(diff.wanted().is_empty(), code.is_none());
    }
}

#[test]
fn b10_a_node_linked_from_two_places_is_refused() {
    let leaf = leaf_of(b"a");
    let (one, two) = (inner(1, &[*leaf.cid()]), inner(2, &[*leaf.cid()]));
    let root = inner(0b11, &[*one.cid(), *two.cid()]);
    let mut diff = Diff::new(*root.cid(), HashSet::new());
    offer(&mut diff, &root).unwrap();
    offer(&mut diff, &one).unwrap();
    assert_eq!(offer(&mut diff, &two).unwrap_err().code(), Code::Malformed);
}

#[test]
fn b11_an_index_is_no_deeper_than_its_keys() {
    let mut chain = vec![leaf(vec![pair(&[0; 32], Ipld::Bytes(vec![]))])];
    for _ in 0..=limits::TRIE_DEPTH {
        chain.push(inner(1, &[*chain.last().unwrap().cid()]));
    }
    let mut diff = Diff::new(*chain.last().unwrap().cid(), HashSet::new());
    for block in chain.iter().rev().take(limits::TRIE_DEPTH) {
        offer(&mut diff, block).unwrap();
    }
    assert_eq!(offer(&mut diff, &chain[1]).unwrap_err().code(), Code::Malformed);
}

#[test]
fn b14_an_index_of_too_many_items_is_refused() {
    let leaves = limits::INDEX_ITEMS / limits::TRIE_LEAF + 1;
    let mut index = Index::new();
    for n in 0..leaves * limits::TRIE_LEAF {
        // Fifteen bits name a leaf on the third level.
        let (leaf, item) = (((n / limits::TRIE_LEAF) << 1) as u16, (n % limits::TRIE_LEAF) as u8);
        let mut key = [0; 32];
        key[..2].copy_from_slice(&leaf.to_be_bytes());
        key[31] = item;
        index.insert(key, Bytes::new());
    }
    let keys = forge::keys();
    let root = index.seal(keys.sealer()).unwrap();
    let blocks: HashMap<Cid, Block> = index.blocks().into_iter().map(|block| (*block.cid(), block)).collect();
    let mut diff = Diff::new(root, HashSet::new());
    let mut found = 0;
    let error = loop {
        let wanted = diff.wanted();
        assert!(!wanted.is_empty(), "the walk ended with {found} items");
        let result: Result<usize, Error> =
            wanted.iter().map(|cid| diff.offer(&blocks[cid], keys.sealer()).map(|items| items.len())).sum();
        match result {
            Ok(items) => found += items,
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), Code::InventoryTooLarge);
}

#[test]
fn a_block_that_was_not_wanted_is_ignored() {
    let (wanted, other) = (leaf_of(b"a"), leaf_of(b"b"));
    let mut diff = Diff::new(*wanted.cid(), HashSet::new());
    assert_eq!(offer(&mut diff, &other).unwrap(), []);
    assert_eq!(offer(&mut diff, &wanted).unwrap(), [([b'a'; 32], Bytes::from_static(b"a"))]);
    assert_eq!(offer(&mut diff, &wanted).unwrap(), [], "once");
    assert!(diff.wanted().is_empty());
}

#[test]
fn keys_of_later_minors_are_ignored_in_nodes() {
    let leaf = envelope(
        Kind::Index,
        &map([
            ("i", Ipld::List(vec![pair(b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Ipld::Bytes(vec![1]))])),
            ("new", Ipld::Null),
        ]),
        &[],
    );
    let parent = envelope(
        Kind::Index,
        &map([("m", Ipld::Integer(1 << 12)), ("more", Ipld::Bool(true))]),
        &[*leaf.cid()],
    );
    let mut diff = Diff::new(*parent.cid(), HashSet::new());
    offer(&mut diff, &parent).unwrap();
    assert_eq!(offer(&mut diff, &leaf).unwrap(), [([b'a'; 32], Bytes::from_static(&[1]))]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn p06_any_body_ends_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..100), links in 0..4_usize,
    ) {
        let sealed = forge::keys().sealer().seal(Kind::Index, &bytes, Compression::Never).unwrap();
        let links = vec![*leaf_of(b"a").cid(); links];
        let block = forge::node(&map([("b", Ipld::Bytes(sealed)), ("l", links_of(&links))]));
        let _ = offer(&mut Diff::new(*block.cid(), HashSet::new()), &block);
    }
}
