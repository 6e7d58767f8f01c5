//! Roots: what comes back is what was sealed, and what cannot be read says why.

use std::collections::BTreeMap;

use ipld_core::ipld::Ipld;
use proptest::prelude::*;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::model::inventory::Counts;
use tauri_plugin_wallet_sync::model::pool::PoolMark;
use tauri_plugin_wallet_sync::model::root::{FORMAT, Root};
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind};
use tauri_plugin_wallet_sync::{Code, limits};

use crate::forge::{self, envelope, links_of, map};

fn node(n: u64) -> Cid {
    Cid::of(Codec::DagCbor, &n.to_be_bytes())
}

fn slot(number: u8) -> Slot {
    Slot::new(number).unwrap()
}

fn root() -> Root {
    Root {
        format: FORMAT,
        wallet: *forge::keys().wallet_id(),
        device: [7; 16],
        slot: slot(3),
        sequence: 300,
        heads: BTreeMap::from([(slot(0), (1, node(10))), (slot(63), (limits::SEQUENCE_MAX, node(11)))]),
        counts: Counts { total: 12, unspent: 10, suspect: 2 },
        published: 1_764_336_000_000,
        predecessors: vec![node(20), node(21)],
        retired: false,
        pool: None,
        label: None,
        moved: None,
        former: None,
        index: node(1),
        keep: node(2),
        unknown: BTreeMap::new(),
    }
}

fn open(block: &Block) -> Result<Root, Code> {
    let keys = forge::keys();
    Root::open(block, keys.sealer(), keys.wallet_id()).map_err(|error| error.code())
}

fn seal(root: &Root) -> Block {
    root.seal(forge::keys().sealer()).unwrap()
}

fn number(number: u64) -> Ipld {
    Ipld::Integer(number.into())
}

fn list<const N: usize>(items: [Ipld; N]) -> Ipld {
    Ipld::List(items.into())
}

/// The body of a good root.
fn body() -> BTreeMap<String, Ipld> {
    let Ipld::Map(map) = map([
        ("v", list([number(1), number(0)])),
        ("w", Ipld::Bytes(forge::keys().wallet_id().to_vec())),
        ("d", Ipld::Bytes(vec![7; 16])),
        ("s", number(3)),
        ("n", number(300)),
        ("e", list([])),
        ("c", list([number(0), number(0), number(0)])),
        ("p", number(0)),
        ("o", list([])),
        ("r", Ipld::Bool(false)),
    ]) else {
        panic!()
    };
    map
}

fn with(field: &str, value: Option<Ipld>) -> Block {
    let mut body = body();
    match value {
        Some(value) => body.insert(field.to_owned(), value),
        None => body.remove(field),
    };
    envelope(Kind::Root, &Ipld::Map(body), &[node(1), node(2)])
}

#[test]
fn what_was_sealed_comes_back() {
    assert_eq!(open(&seal(&root())), Ok(root()));
    let links = cbor::links(&cbor::decode(seal(&root()).bytes()).unwrap()).unwrap();
    assert_eq!(links, [node(1), node(2)], "index and keep lie open for pins, heads do not");
    let full: BTreeMap<_, _> = Slot::all().map(|slot| (slot, (limits::SEQUENCE_MAX, node(9)))).collect();
    let full = Root { heads: full, ..root() };
    let block = seal(&full);
    assert!(block.bytes().len() < 5 * 1024, "{} bytes", block.bytes().len());
    assert_eq!(open(&block).as_ref(), Ok(&full));
    let unknown = (0..limits::UNKNOWN_FIELDS).map(|n| {
        let value = Ipld::Bytes(vec![7; limits::UNKNOWN_FIELD_BYTES - 6]);
        (format!("x{n:02}"), value)
    });
    let predecessors = (0..limits::PREDECESSORS as u64).map(node).collect();
    let pool = Some(PoolMark {
        version: u32::MAX,
        keys: vec!["k".repeat(limits::POOL_KEY_CHARS); limits::REPLICAS.1],
    });
    let label = Some("ä".repeat(limits::LABEL_BYTES / 2));
    let fullest = Root { unknown: unknown.collect(), predecessors, pool, label, ..full };
    assert_eq!(open(&seal(&fullest)), Ok(fullest), "every bound at once");
}

#[test]
fn d13_a_root_of_a_higher_major_is_read_only() {
    let text = Ipld::String("anything".to_owned());
    for (what, body) in [
        ("nothing that is known", map([("v", list([number(2), number(0)]))])),
        ("a longer version", map([("v", list([number(2), number(7), text.clone()])), ("w", text.clone())])),
        ("all fields of other types", {
            let all = ["c", "d", "e", "h", "n", "s", "w"].map(|key| (key.to_owned(), text.clone()));
            let version = ("v".to_owned(), list([number(u32::MAX.into()), number(0)]));
            Ipld::Map(all.into_iter().chain([version]).collect())
        }),
        ("many large fields", {
            let many = (0..100).map(|n| (format!("x{n}"), Ipld::Bytes(vec![1; 1_000])));
            Ipld::Map(many.chain([("v".to_owned(), list([number(2), number(0)]))]).collect())
        }),
    ] {
        let plain = cbor::encode(&body).unwrap();
        let sealed = forge::keys().sealer().seal(Kind::Root, &plain, Compression::Never).unwrap();
        let outer =
            map([("b", Ipld::Bytes(sealed)), ("l", list([Ipld::Link(forge::raw(b"x").cid().to_ipld())]))]);
        assert_eq!(open(&forge::node(&outer)), Err(Code::ReadOnly), "{what}");
    }
}

#[test]
fn old_client_keeps_unknown_fields() {
    let nested = map([("deep", list([Ipld::Null, Ipld::Link(node(5).to_ipld())]))]);
    let block = with("new", Some(nested.clone()));
    let opened = open(&block).unwrap();
    assert_eq!(opened.unknown, BTreeMap::from([("new".to_owned(), nested)]));
    assert_eq!(seal(&opened), block);
}

#[test]
fn later_minors_are_merged() {
    let later = with("v", Some(list([number(1), number(9)])));
    assert_eq!(open(&later).unwrap().format, (1, 9));
    let third = envelope(Kind::Root, &Ipld::Map(body()), &[node(1), node(2), *forge::raw(b"x").cid()]);
    let opened = open(&third).unwrap();
    assert_eq!((opened.index, opened.keep), (node(1), node(2)));
}

#[test]
fn b15_roots_of_others_are_told_apart() {
    let mut other = root();
    other.wallet = [9; 16];
    assert_eq!(open(&seal(&other)), Err(Code::WrongWallet));
    let keys = WalletKeys::derive(&forge::secret(2), None);
    assert_eq!(open(&root().seal(keys.sealer()).unwrap()), Err(Code::DecryptFailed));
    let keys = WalletKeys::derive(&forge::secret(1), Some("test"));
    assert_eq!(open(&root().seal(keys.sealer()).unwrap()), Err(Code::DecryptFailed));
    let index = envelope(Kind::Index, &Ipld::Map(body()), &[node(1), node(2)]);
    assert_eq!(open(&index), Err(Code::DecryptFailed), "a block of another kind");
}

#[test]
fn links_around_a_body_cannot_be_changed() {
    let Ipld::Map(mut outer) = cbor::decode(seal(&root()).bytes()).unwrap() else { panic!() };
    for links in [
        vec![],
        vec![node(1)],
        vec![node(2), node(1)],
        vec![node(1), node(3)],
        vec![node(1), node(2), node(3)],
    ] {
        outer.insert("l".to_owned(), links_of(&links));
        assert_eq!(open(&forge::node(&Ipld::Map(outer.clone()))), Err(Code::Malformed), "{links:?}");
    }
}

#[test]
fn malformed_roots_are_refused() {
    let bytes = |length| Ipld::Bytes(vec![1; length]);
    let head = |slot: u64, sequence: u64, cid: Cid| {
        list([number(slot), number(sequence), Ipld::Link(cid.to_ipld())])
    };
    assert!(open(&with("e", Some(list([head(0, 1, node(1)), head(1, 1, node(1))])))).is_ok());
    for (what, block) in [
        ("raw bytes", forge::raw(b"x")),
        ("no map", forge::node(&Ipld::Null)),
        ("no body", forge::node(&map([("l", links_of(&[]))]))),
        ("a body that is no map", envelope(Kind::Root, &list([]), &[node(1), node(2)])),
        ("no version", with("v", None)),
        ("a version of one", with("v", Some(list([number(1)])))),
        ("a version of three", with("v", Some(list([number(1), number(0), number(0)])))),
        ("major 0", with("v", Some(list([number(0), number(9)])))),
        ("a version in words", with("v", Some(Ipld::String("1.0".to_owned())))),
        ("no wallet", with("w", None)),
        ("a short wallet id", with("w", Some(bytes(15)))),
        ("no device", with("d", None)),
        ("a long device id", with("d", Some(bytes(17)))),
        ("no slot", with("s", None)),
        ("slot 64", with("s", Some(number(64)))),
        ("slot 256", with("s", Some(number(256)))),
        ("no sequence", with("n", None)),
        ("sequence 0", with("n", Some(number(0)))),
        ("sequence 2^63", with("n", Some(number(1 << 63)))),
        ("no heads", with("e", None)),
        ("heads out of order", with("e", Some(list([head(1, 1, node(1)), head(0, 1, node(1))])))),
        ("one head twice", with("e", Some(list([head(1, 1, node(1)), head(1, 2, node(2))])))),
        ("a head of slot 64", with("e", Some(list([head(64, 1, node(1))])))),
        ("a head at sequence 0", with("e", Some(list([head(1, 0, node(1))])))),
        ("a head that is raw", with("e", Some(list([head(1, 1, *forge::raw(b"x").cid())])))),
        ("no counts", with("c", None)),
        ("a time of 2^63", with("p", Some(number(1 << 63)))),
        ("no time", with("p", None)),
        ("a raw predecessor", with("o", Some(list([Ipld::Link(forge::raw(b"x").cid().to_ipld())])))),
        ("too many predecessors", with("o", Some(links_of(&(0..9).map(node).collect::<Vec<_>>())))),
        ("no predecessors", with("o", None)),
        ("retired by a number", with("r", Some(number(1)))),
        ("a pool that is a number", with("k", Some(number(1)))),
        ("a pool without keys", with("k", Some(Ipld::List(vec![number(1)])))),
        ("a label of bytes", with("l", Some(Ipld::Bytes(vec![b'x'; 3])))),
        ("an empty label", with("l", Some(Ipld::String(String::new())))),
        ("a long label", with("l", Some(Ipld::String("x".repeat(limits::LABEL_BYTES + 1))))),
        ("two counts", with("c", Some(list([number(1), number(1)])))),
        ("a count of 33 bits", with("c", Some(list([number(1 << 32), number(1), number(1)])))),
        ("a large unknown field", with("x", Some(bytes(limits::UNKNOWN_FIELD_BYTES)))),
        ("one link", envelope(Kind::Root, &Ipld::Map(body()), &[node(1)])),
        ("no link", envelope(Kind::Root, &Ipld::Map(body()), &[])),
        ("a raw keep", envelope(Kind::Root, &Ipld::Map(body()), &[node(1), *forge::raw(b"x").cid()])),
        ("33 links", envelope(Kind::Root, &Ipld::Map(body()), &(0..33).map(node).collect::<Vec<_>>())),
    ] {
        assert_eq!(open(&block), Err(Code::Malformed), "{what}");
    }
}

#[test]
fn what_readers_refuse_is_not_written() {
    let keys = forge::keys();
    let raw = *forge::raw(b"x").cid();
    for (what, root) in [
        ("sequence 0", Root { sequence: 0, ..root() }),
        ("a pool of version 0", Root { pool: pool(0, &["a"]), ..root() }),
        ("a key with a blank", Root { pool: pool(1, &["a b"]), ..root() }),
        ("nine keys", Root { pool: pool(1, &["a"; 9]), ..root() }),
        ("sequence 2^63", Root { sequence: 1 << 63, ..root() }),
        ("a raw index", Root { index: raw, ..root() }),
        ("a raw predecessor", Root { predecessors: vec![raw], ..root() }),
        ("an empty label", Root { label: Some(String::new()), ..root() }),
        ("a long label", Root { label: Some("x".repeat(limits::LABEL_BYTES + 1)), ..root() }),
        ("nine predecessors", Root { predecessors: vec![node(1); 9], ..root() }),
        ("a time of 2^63", Root { published: 1 << 63, ..root() }),
        ("a raw head", Root { heads: [(slot(1), (1, raw))].into(), ..root() }),
        ("a field of a known name", Root { unknown: [("h".to_owned(), Ipld::Null)].into(), ..root() }),
    ] {
        assert_eq!(root.seal(keys.sealer()).unwrap_err().code(), Code::Malformed, "{what}");
    }
}

fn pool(version: u32, keys: &[&str]) -> Option<PoolMark> {
    Some(PoolMark { version, keys: keys.iter().map(|key| (*key).to_owned()).collect() })
}

fn any_root() -> impl Strategy<Value = Root> {
    let heads = prop::collection::btree_map(0..64_u8, (1..=limits::SEQUENCE_MAX, any::<u64>()), 0..8);
    let unknown = prop::collection::btree_map("x[a-z]{0,6}", any::<i64>(), 0..6);
    let numbers = (0..64_u8, 1..=limits::SEQUENCE_MAX, any::<[u32; 3]>(), any::<u32>());
    let pool = prop::option::of((1..=u32::MAX, prop::collection::vec("[!-~]{1,64}", 0..=8)));
    let label = prop::option::of("[a-zä ]{1,32}");
    let words = (pool, label);
    let hints = (0..=limits::SEQUENCE_MAX, prop::collection::vec(any::<u64>(), 0..=8), any::<bool>(), words);
    (any::<[u8; 16]>(), numbers, heads, unknown, hints).prop_map(
        |(device, (number, sequence, [total, unspent, suspect], minor), heads, unknown, hints)| Root {
            published: hints.0,
            predecessors: hints.1.into_iter().map(node).collect(),
            retired: hints.2,
            pool: hints.3.0.map(|(version, keys)| PoolMark { version, keys }),
            label: hints.3.1,
            format: (1, minor),
            device,
            slot: slot(number),
            sequence,
            heads: heads.into_iter().map(|(at, (sequence, n))| (slot(at), (sequence, node(n)))).collect(),
            counts: Counts { total: total as usize, unspent: unspent as usize, suspect: suspect as usize },
            unknown: unknown.into_iter().map(|(key, n)| (key, Ipld::Integer(n.into()))).collect(),
            ..root()
        },
    )
}

proptest! {
    #[test]
    fn p08_open_undoes_seal(root in any_root()) {
        let block = seal(&root);
        prop_assert_eq!(open(&block).unwrap(), root);
    }

    #[test]
    fn p06_any_body_ends_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = open(&Block::new(Codec::DagCbor, bytes.clone()));
        let sealed = forge::keys().sealer().seal(Kind::Root, &bytes, Compression::Never).unwrap();
        let _ = open(&forge::node(&map([("b", Ipld::Bytes(sealed)), ("l", links_of(&[node(1), node(2)]))])));
    }

    #[test]
    fn p06_a_changed_body_never_panics(root in any_root(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let keys = forge::keys();
        let Ipld::Map(mut outer) = cbor::decode(seal(&root).bytes()).unwrap() else { panic!() };
        let Ipld::Bytes(sealed) = &outer["b"] else { panic!() };
        let mut plain = keys.sealer().open(Kind::Root, sealed, limits::ROOT_BYTES).unwrap();
        let at = at.index(plain.len());
        plain[at] = byte;
        let sealed = keys.sealer().seal(Kind::Root, &plain, Compression::Never).unwrap();
        outer.insert("b".to_owned(), Ipld::Bytes(sealed));
        if let Ok(changed) = open(&forge::node(&Ipld::Map(outer))) {
            prop_assert_eq!(open(&seal(&changed)).unwrap(), changed);
        }
    }
}
