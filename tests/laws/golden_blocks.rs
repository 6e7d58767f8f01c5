//! The exact bytes of items, nodes and roots; they are published and cannot change (`docs/format.md`).

use std::collections::{BTreeMap, HashSet};

use ipld_core::ipld::Ipld;
use sha2::{Digest, Sha256};
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::Slot;
use tauri_plugin_wallet_sync::model::index::{Diff, Index};
use tauri_plugin_wallet_sync::model::inventory::{
    BlockRef, Counts, Entry, EntryValue, Hlc, Id, Item, Seen, TokenState, Version,
};
use tauri_plugin_wallet_sync::model::keep::{Keep, parse_node};
use tauri_plugin_wallet_sync::model::root::Root;
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind};

use crate::forge::{self, map};
use crate::items::{self, block, blocks, key, version};

macro_rules! golden {
    ($name:literal) => {
        forge::unhex(include_str!(concat!("../data/golden/", $name, ".hex")).trim_end())
    };
}

fn token() -> Item {
    let state = TokenState {
        previous: Some(Id::parse("state-0").unwrap()),
        summary: Some("1.5 UCT".to_owned()),
        payloads: blocks(&["payload"]),
        intents: blocks(&["intent one", "intent two"]),
        proofs: blocks(&["proof", "false proof"]),
        rejected: [block("false proof").hash()].into(),
        unknown: BTreeMap::from([("later".to_owned(), Ipld::Bool(true))]),
    };
    Item::Token(key("token:1", "state-1"), state)
}

/// A token whose payload was cut.
fn chunked() -> Item {
    let chunks = ["first", "second", "third"].map(|name| block(name).cid);
    let payloads = [BlockRef::new(chunks, 600_000).unwrap()].into();
    Item::Token(key("token:2", "state-1"), TokenState { payloads, ..TokenState::default() })
}

/// Three actors: a version in a block and one inline that had not seen each other, and one that was replaced.
fn entry() -> Item {
    let value = EntryValue::Block(block("a long value"));
    let newer = Version { hlc: Hlc { ms: 1_767_225_600_000, count: 1 }, value };
    let all = [
        items::live(1, 4, 1_767_225_600_000, "short value"),
        Entry::of([2; 16], 300, Seen::Live(newer)),
        Entry::of([3; 16], 2, Seen::Replaced(version(1_767_225_500_000, "older").hash())),
    ];
    items::entry("label/ä", &all)
}

fn index(items: &[Item]) -> Vec<Block> {
    let keys = forge::keys();
    let mut index = Index::new();
    items.iter().for_each(|item| index.insert(item.index_key(keys.sealer()), item.encode().unwrap()));
    index.seal(keys.sealer()).unwrap();
    index.blocks()
}

/// Enough tokens for an inner node.
fn many() -> Vec<Item> {
    (0..40).map(|n| items::token(&format!("t{n}"), "s0", &[&format!("payload {n}")], &[], &[])).collect()
}

fn keep(count: usize) -> Vec<Block> {
    let mut keep = Keep::new();
    (0..count).for_each(|n| assert!(keep.insert(block(&format!("payload {n}")).cid)));
    keep.seal().unwrap();
    keep.blocks()
}

fn root() -> Root {
    let node = |name: &str| Cid::of(Codec::DagCbor, name.as_bytes());
    let slot = |number| Slot::new(number).unwrap();
    Root {
        format: (1, 0),
        wallet: *forge::keys().wallet_id(),
        device: [7; 16],
        slot: slot(3),
        sequence: 300,
        heads: BTreeMap::from([(slot(0), (1, node("head 0"))), (slot(2), (70_000, node("head 2")))]),
        counts: Counts { total: 12, unspent: 10, suspect: 2 },
        published: 1_764_336_000_000,
        predecessors: vec![node("older"), node("oldest")],
        retired: false,
        pool: None,
        label: None,
        moved: None,
        former: None,
        index: node("index"),
        keep: node("keep"),
        unknown: BTreeMap::new(),
    }
}

/// What a release to come may publish.
fn future_root() -> Block {
    let version = Ipld::List(vec![Ipld::Integer(2), Ipld::Integer(0)]);
    let body = map([("v", version), ("trees", Ipld::List(vec![Ipld::Null])), ("w", Ipld::Integer(5))]);
    let sealed = forge::keys().sealer().seal(Kind::Root, &cbor::encode(&body).unwrap(), Compression::Never);
    forge::node(&map([("b", Ipld::Bytes(sealed.unwrap())), ("tree", Ipld::String("new".to_owned()))]))
}

fn same(what: &str, made: &[u8], golden: &[u8]) {
    assert_eq!(forge::hex(made), forge::hex(golden), "{what}");
}

#[test]
fn items_have_these_bytes() {
    same("token", &token().encode().unwrap(), &golden!("item-token"));
    same("entry", &entry().encode().unwrap(), &golden!("item-entry"));
    same("chunked", &chunked().encode().unwrap(), &golden!("item-chunked"));
    assert_eq!(Item::decode([0; 32], &golden!("item-token")).unwrap(), token());
    assert_eq!(Item::decode([0; 32], &golden!("item-chunked")).unwrap(), chunked());
    assert_eq!(Item::decode([0; 32], &golden!("item-entry")).unwrap(), entry());
}

#[test]
fn index_nodes_have_these_bytes() {
    let (leaf, inner) = (index(&[token(), entry()]), index(&many()));
    same("leaf", leaf[0].bytes(), &golden!("index-leaf"));
    same("inner", inner[0].bytes(), &golden!("index-inner"));
    let golden = Block::new(Codec::DagCbor, golden!("index-leaf"));
    let found = Diff::new(*golden.cid(), HashSet::new()).offer(&golden, forge::keys().sealer()).unwrap();
    let found: Vec<Item> = found.iter().map(|(key, item)| Item::decode(*key, item).unwrap()).collect();
    assert!(found.len() == 2 && found.contains(&token()) && found.contains(&entry()));
}

#[test]
fn keep_nodes_have_these_bytes() {
    let (leaf, inner) = (keep(2), keep(40));
    same("leaf", leaf[0].bytes(), &golden!("keep-leaf"));
    same("inner", inner[0].bytes(), &golden!("keep-inner"));
    assert_eq!(parse_node(&Block::new(Codec::DagCbor, golden!("keep-leaf"))).unwrap().len(), 2);
    assert_eq!(
        parse_node(&Block::new(Codec::DagCbor, golden!("keep-inner"))).unwrap().len(),
        inner.len() - 1
    );
}

#[test]
fn roots_have_these_bytes() {
    let keys = forge::keys();
    same("root", root().seal(keys.sealer()).unwrap().bytes(), &golden!("root"));
    let block = Block::new(Codec::DagCbor, golden!("root"));
    assert_eq!(Root::open(&block, keys.sealer(), keys.wallet_id()).unwrap(), root());
}

#[test]
fn unknown_format_is_kept_and_read_only() {
    let keys = forge::keys();
    same("future root", future_root().bytes(), &golden!("root-future"));
    let block = Block::new(Codec::DagCbor, golden!("root-future"));
    let error = Root::open(&block, keys.sealer(), keys.wallet_id()).unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::ReadOnly, "a root of format 2.0, this release reads 1")
    );
}

/// What is inside a sealed node.
fn body(block: &Block, kind: Kind) -> Ipld {
    let Ipld::Map(outer) = cbor::decode(block.bytes()).unwrap() else { panic!() };
    assert_eq!(outer.keys().collect::<Vec<_>>(), ["b", "l"]);
    let Ipld::Bytes(sealed) = &outer["b"] else { panic!() };
    cbor::decode(&forge::keys().sealer().open(kind, sealed, 1 << 20).unwrap()).unwrap()
}

#[test]
fn bodies_have_the_documented_fields() {
    let keys = forge::keys();
    let pair = |item: &Item| {
        let place = item.index_key(keys.sealer()).to_vec();
        (place.clone(), Ipld::List(vec![Ipld::Bytes(place), Ipld::Bytes(item.encode().unwrap().to_vec())]))
    };
    let pairs: BTreeMap<_, _> = [token(), entry()].iter().map(pair).collect();
    let expected = map([("i", Ipld::List(pairs.into_values().collect()))]);
    assert_eq!(body(&index(&[token(), entry()])[0], Kind::Index), expected);

    let nodes = index(&many());
    let chunks = many().iter().fold(0_u32, |bits, item| bits | 1 << (item.index_key(keys.sealer())[0] >> 3));
    let children: Vec<Cid> = nodes[1..].iter().map(|block| *block.cid()).collect();
    let plain = forge::envelope(Kind::Index, &map([("m", Ipld::Integer(chunks.into()))]), &children);
    assert_eq!(nodes[0], plain);

    let number = |n: u64| Ipld::Integer(n.into());
    let link = |name: &str| Ipld::Link(Cid::of(Codec::DagCbor, name.as_bytes()).to_ipld());
    let head = |slot, sequence, name: &str| Ipld::List(vec![number(slot), number(sequence), link(name)]);
    let expected = map([
        ("v", Ipld::List(vec![number(1), number(0)])),
        ("w", Ipld::Bytes(keys.wallet_id().to_vec())),
        ("d", Ipld::Bytes(vec![7; 16])),
        ("s", number(3)),
        ("n", number(300)),
        ("e", Ipld::List(vec![head(0, 1, "head 0"), head(2, 70_000, "head 2")])),
        ("c", Ipld::List(vec![number(12), number(10), number(2)])),
        ("p", number(1_764_336_000_000)),
        ("o", Ipld::List(["older", "oldest"].map(link).into())),
        ("r", Ipld::Bool(false)),
    ]);
    let links = ["index", "keep"].map(|name| Cid::of(Codec::DagCbor, name.as_bytes()));
    assert_eq!(root().seal(keys.sealer()).unwrap(), forge::envelope(Kind::Root, &expected, &links));
}

#[test]
fn items_have_the_documented_fields() {
    let reference = |name: &str| {
        let block = block(name);
        Ipld::List(vec![Ipld::Link(block.cid.to_ipld()), Ipld::Integer(block.size.into())])
    };
    let text = |text: &str| Ipld::String(text.to_owned());
    let mut intents = [block("intent one"), block("intent two")];
    intents.sort_unstable();
    let names = if intents[0] == block("intent one") {
        ["intent one", "intent two"]
    } else {
        ["intent two", "intent one"]
    };
    let mut proofs = ["proof", "false proof"];
    proofs.sort_by_key(|name| block(name));
    let expected = map([
        ("k", Ipld::Integer(1)),
        ("i", text("token:1")),
        ("s", text("state-1")),
        ("p", text("state-0")),
        ("t", text("1.5 UCT")),
        ("d", Ipld::List(vec![reference("payload")])),
        ("n", Ipld::List(names.map(reference).to_vec())),
        ("f", Ipld::List(proofs.map(reference).to_vec())),
        ("r", Ipld::List(vec![Ipld::Bytes(Sha256::digest(block("false proof").cid.to_bytes()).to_vec())])),
        ("later", Ipld::Bool(true)),
    ]);
    assert_eq!(cbor::decode(&token().encode().unwrap()).unwrap(), expected);
    let version =
        |count: i128, value| Ipld::List(vec![Ipld::Integer(1_767_225_600_000), Ipld::Integer(count), value]);
    let actor = |id: u8, counter: i128, version| {
        Ipld::List(vec![Ipld::Bytes(vec![id; 16]), Ipld::Integer(counter), version])
    };
    let older =
        Ipld::List(vec![Ipld::Integer(1_767_225_500_000), Ipld::Integer(0), Ipld::Bytes(b"older".to_vec())]);
    let hash = Sha256::digest(cbor::encode(&older).unwrap())[..16].to_vec();
    let actors = vec![
        actor(1, 4, version(0, Ipld::Bytes(b"short value".to_vec()))),
        actor(2, 300, version(1, reference("a long value"))),
        actor(3, 2, Ipld::Bytes(hash)),
    ];
    let expected = map([("k", Ipld::Integer(2)), ("i", text("label/ä")), ("v", Ipld::List(actors))]);
    assert_eq!(cbor::decode(&entry().encode().unwrap()).unwrap(), expected);
}
