//! Items: one encoding each, every bound, and nothing of a later release lost.

use std::collections::BTreeMap;

use ipld_core::ipld::Ipld;
use proptest::prelude::*;
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::inventory::{
    BlockRef, Entry, EntryValue, Hlc, Id, Item, Rest, Seen, TokenState, Version,
};
use tauri_plugin_wallet_sync::{Code, limits};

use crate::forge::{self, map};
use crate::items::{block, entry, future_item, good_item, key, live, token, version, with_unknown};

const AT: [u8; 32] = [5; 32];

fn text(text: &str) -> Ipld {
    Ipld::String(text.to_owned())
}

fn number(number: u64) -> Ipld {
    Ipld::Integer(number.into())
}

fn reference(block: &BlockRef) -> Ipld {
    let chunks = block.chunks().map(|cid| Ipld::Link(cid.to_ipld()));
    Ipld::List(chunks.chain([number(block.size.into())]).collect())
}

/// A reference to this many chunks.
fn chunks(name: &str, count: usize, size: usize) -> BlockRef {
    let chunks = (0..count).map(|n| block(&format!("{name}{n}")).cid);
    BlockRef::new(chunks, size as u32).unwrap()
}

/// A token state's map with one field set to another value, or taken away.
fn token_with(field: &str, value: Option<Ipld>) -> Vec<u8> {
    with(map([("k", number(1)), ("i", text("t")), ("s", text("s0"))]), field, value)
}

/// The same for an entry.
fn entry_with(field: &str, value: Option<Ipld>) -> Vec<u8> {
    let one = an_actor(1, 1, vec![a_version(number(1), number(0), Ipld::Bytes(vec![]))]);
    with(map([("k", number(2)), ("i", text("key")), ("v", Ipld::List(vec![one]))]), field, value)
}

fn with(item: Ipld, field: &str, value: Option<Ipld>) -> Vec<u8> {
    let Ipld::Map(mut map) = item else { panic!() };
    match value {
        Some(value) => map.insert(field.to_owned(), value),
        None => map.remove(field),
    };
    cbor::encode(&Ipld::Map(map)).unwrap()
}

fn a_version(ms: Ipld, count: Ipld, value: Ipld) -> Ipld {
    Ipld::List(vec![ms, count, value])
}

/// An actor with its last counter and what was set with it.
fn an_actor(id: u8, counter: u64, versions: Vec<Ipld>) -> Ipld {
    Ipld::List([Ipld::Bytes(vec![id; 16]), number(counter)].into_iter().chain(versions).collect())
}

fn refuse(what: &str, bytes: &[u8]) {
    match Item::decode(AT, bytes) {
        Ok(item) => panic!("{what}: {item:?}"),
        Err(error) => assert_eq!(error.code(), Code::Malformed, "{what}: {error}"),
    }
}

#[test]
fn length_prefix_keeps_ids_apart() {
    let keys = forge::keys();
    let places: Vec<_> = [
        token("A1", "23", &[], &[], &[]),
        token("A12", "3", &[], &[], &[]),
        token("A123", "x", &[], &[], &[]),
        entry("A1", &[]),
        entry("A123", &[]),
        Item::Unknown { key: AT, cbor: future_item(3, "A123", "").into() },
        Item::Unknown { key: AT, cbor: future_item(4, "A123", "").into() },
    ]
    .iter()
    .map(|item| item.index_key(keys.sealer()))
    .collect();
    for (at, place) in places.iter().enumerate() {
        assert!(!places[..at].contains(place), "{at}");
    }
    let expected = keys.sealer().index_key(&[&[1, 0, 2], b"A1", &[0, 2], b"23"]);
    assert_eq!(places[0], expected);
    assert_eq!(places[4], keys.sealer().index_key(&[&[2, 0, 4], b"A123", &[0, 0]]));
    assert_eq!(places[5], keys.sealer().index_key(&[&[3, 0, 4], b"A123", &[0, 0]]));
}

#[test]
fn a_place_does_not_depend_on_content() {
    let keys = forge::keys();
    let full = token("t", "s0", &["p"], &["i"], &["f"]);
    assert_eq!(full.index_key(keys.sealer()), token("t", "s0", &[], &[], &[]).index_key(keys.sealer()));
}

#[test]
fn old_client_keeps_unknown_fields() {
    let nested = map([("deep", Ipld::List(vec![Ipld::Null, Ipld::Link(block("x").cid.to_ipld())]))]);
    for bytes in [token_with("new", Some(nested.clone())), entry_with("new", Some(nested.clone()))] {
        let item = Item::decode(AT, &bytes).unwrap();
        let unknown = match &item {
            Item::Token(_, state) => &state.unknown,
            Item::Entry(_, entry) => &entry.unknown,
            other => panic!("{other:?}"),
        };
        assert_eq!(unknown, &BTreeMap::from([("new".to_owned(), nested.clone())]));
        assert_eq!(item.encode().unwrap(), bytes);
    }
}

#[test]
fn old_client_keeps_items_of_unknown_kinds() {
    for kind in [3, 200, 255] {
        let bytes = future_item(kind, "id", "anything");
        let item = Item::decode(AT, &bytes).unwrap();
        assert_eq!(item, Item::Unknown { key: AT, cbor: bytes.clone().into() });
        assert_eq!((item.encode().unwrap(), item.refs()), (bytes.into(), vec![]));
    }
}

#[test]
fn ids_have_1_to_128_of_the_allowed_characters() {
    let longest = "x".repeat(limits::KEY_CHARS);
    for good in ["a", "AZaz09._:-", &longest] {
        assert_eq!(Id::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", " ", "a b", "ä", "a/b", "a\0", "a\n", &"x".repeat(limits::KEY_CHARS + 1)] {
        assert_eq!(Id::parse(bad).unwrap_err().code(), Code::BadRequest, "{bad:?}");
    }
}

#[test]
fn keys_of_entries_have_1_to_128_characters_and_no_control_characters() {
    for good in ["a", " ", "Ä/b c", &"ä".repeat(limits::KEY_CHARS)] {
        assert!(Entry::check_key(good).is_ok(), "{good:?}");
    }
    for bad in ["", "a\nb", "\0", "\u{7f}", "\u{85}", &"ä".repeat(limits::KEY_CHARS + 1)] {
        let refused = Entry::check_key(bad).unwrap_err();
        assert_eq!(refused.code(), Code::BadRequest, "{bad:?}");
        let decoded = Item::decode([0; 32], &entry_with("i", Some(text(bad)))).unwrap_err();
        assert_eq!(decoded.code(), Code::Malformed, "{bad:?}");
    }
}

#[test]
fn refs_name_every_block() {
    let item = token("t", "s0", &["p"], &["i", "j"], &["f"]);
    let mut refs = item.refs();
    refs.sort_unstable();
    let mut expected = ["p", "i", "j", "f"].map(block);
    expected.sort_unstable();
    assert_eq!(refs, expected);
    let of = |actor: u8, value| {
        let version = Version { hlc: Hlc { ms: 1, count: 0 }, value };
        Entry::of([actor; 16], 1, Seen::Live(version))
    };
    let versions = [of(1, EntryValue::Inline("x".into())), of(2, EntryValue::Block(block("v")))];
    assert_eq!(entry("k", &versions).refs(), [block("v")]);
    let Item::Entry(_, both) = entry("k", &versions) else { panic!() };
    let replaced = both.set([3; 16], version(2, "y")).unwrap();
    assert_eq!(
        Item::Entry("k".to_owned(), replaced).refs(),
        [],
        "the value of a replaced version is no data"
    );
}

#[test]
fn b13_items_of_another_form_are_refused() {
    let p = block("p");
    let raw = |name: &str| reference(&block(name));
    let mut two = ["p", "q"].map(block);
    two.sort_unstable();
    let ordered = two.each_ref().map(reference);
    let backwards = Ipld::List(vec![ordered[1].clone(), ordered[0].clone()]);
    let nine = {
        let mut nine: Vec<BlockRef> = (0..9).map(|n| block(&format!("{n}"))).collect();
        nine.sort_unstable();
        Ipld::List(nine.iter().map(reference).collect())
    };
    assert!(Item::decode(AT, &token_with("d", Some(Ipld::List(ordered.to_vec())))).is_ok());
    let node = BlockRef { cid: Cid::of(Codec::DagCbor, b"x"), rest: Rest::default(), size: 1 };
    let large = |size: usize| Ipld::List(vec![reference(&BlockRef { size: size as u32, ..p.clone() })]);
    let chunked = |count: usize, size: usize| Ipld::List(vec![reference(&chunks("p", count, size))]);
    let with_node = BlockRef { rest: vec![node.cid].into(), size: 1 << 20, ..p.clone() };
    assert!(Item::decode(AT, &token_with("d", Some(chunked(5, limits::PAYLOAD_BYTES)))).is_ok());
    assert!(Item::decode(AT, &token_with("d", Some(large(limits::PAYLOAD_BYTES)))).is_ok());
    for (what, bytes) in [
        ("nothing", vec![]),
        ("a list", vec![0x80]),
        ("no kind", token_with("k", None)),
        ("kind 0", token_with("k", Some(number(0)))),
        ("kind 256", token_with("k", Some(number(256)))),
        ("a negative kind", token_with("k", Some(Ipld::Integer(-1)))),
        ("a kind in words", token_with("k", Some(text("1")))),
        ("no id", token_with("i", None)),
        ("an empty id", token_with("i", Some(text("")))),
        ("an id of other characters", token_with("i", Some(text("a b")))),
        ("no state hash", token_with("s", None)),
        ("an empty state hash", token_with("s", Some(text("")))),
        ("a previous state of other characters", token_with("p", Some(text("ü")))),
        ("a previous state of bytes", token_with("p", Some(Ipld::Bytes(vec![1])))),
        ("a long summary", token_with("t", Some(text(&"x".repeat(limits::SUMMARY_BYTES + 1))))),
        ("null for a summary", token_with("t", Some(Ipld::Null))),
        ("an empty set", token_with("d", Some(Ipld::List(vec![])))),
        ("a set that is a reference", token_with("d", Some(raw("p")))),
        ("one block twice", token_with("d", Some(Ipld::List(vec![raw("p"), raw("p")])))),
        ("blocks out of order", token_with("n", Some(backwards))),
        ("nine blocks", token_with("f", Some(nine))),
        ("a node for a block", token_with("d", Some(Ipld::List(vec![reference(&node)])))),
        ("a reference without a size", token_with("d", Some(Ipld::List(vec![forge::links_of(&[p.cid])])))),
        ("a reference of nothing", token_with("d", Some(Ipld::List(vec![Ipld::List(vec![number(1)])])))),
        ("more chunks than fit", token_with("d", Some(chunked(6, limits::PAYLOAD_BYTES)))),
        ("more chunks than the size takes", token_with("d", Some(chunked(2, 200_000)))),
        ("a node for a chunk", token_with("d", Some(Ipld::List(vec![reference(&with_node)])))),
        ("a large payload", token_with("d", Some(large(limits::PAYLOAD_BYTES + 1)))),
        ("a large evidence", token_with("n", Some(large(limits::EVIDENCE_BYTES + 1)))),
        ("a size of 33 bits", {
            let pair = Ipld::List(vec![Ipld::Link(p.cid.to_ipld()), number(1 << 32)]);
            token_with("d", Some(Ipld::List(vec![pair])))
        }),
        ("a large unknown field", token_with("x", Some(text(&"x".repeat(limits::UNKNOWN_FIELD_BYTES))))),
        ("an entry with a second name", entry_with("s", Some(text("x")))),
        ("an entry without versions", entry_with("v", None)),
        ("an entry with no versions", entry_with("v", Some(Ipld::List(vec![])))),
        ("a control character in a key", entry_with("i", Some(text("a\u{7}")))),
        ("a long key", entry_with("i", Some(text(&"ä".repeat(limits::KEY_CHARS + 1))))),
    ] {
        refuse(what, &bytes);
    }
}

#[test]
fn b13_versions_of_another_form_are_refused() {
    let inline = |length| Ipld::Bytes(vec![0; length]);
    let good = || a_version(number(1), number(0), inline(limits::VALUE_INLINE_BYTES));
    let hash = |n: u8| Ipld::Bytes(vec![n; 16]);
    let last = a_version(number(i64::MAX as u64), number(u32::MAX.into()), reference(&block("v")));
    let most = limits::ENTRY_COUNTER_MAX;
    let fine = vec![
        an_actor(1, 1, vec![good()]),
        an_actor(2, most, vec![hash(1), hash(2)]),
        an_actor(3, 9, vec![last]),
    ];
    assert!(Item::decode(AT, &entry_with("v", Some(Ipld::List(fine)))).is_ok());
    let long = BlockRef { size: limits::VALUE_BYTES as u32 + 1, ..block("v") };
    let one = |version| vec![an_actor(1, 1, vec![version])];
    let many = (0..=limits::ENTRY_ACTORS).map(|n| an_actor(n as u8, 1, vec![hash(1)])).collect();
    let of = |parts: Vec<Ipld>| vec![Ipld::List(parts)];
    for (what, actors) in [
        ("too many actors", many),
        ("actors out of order", vec![an_actor(2, 1, vec![hash(1)]), an_actor(1, 1, vec![hash(1)])]),
        ("one actor twice", vec![an_actor(1, 1, vec![hash(1)]), an_actor(1, 2, vec![hash(1)])]),
        ("no list", vec![number(1)]),
        ("an actor of nothing", vec![an_actor(1, 1, vec![])]),
        ("no counter", of(vec![hash(1)])),
        ("counter 0", vec![an_actor(1, 0, vec![hash(1)])]),
        ("too high a counter", vec![an_actor(1, most + 1, vec![hash(1)])]),
        ("three of one counter", vec![an_actor(1, 1, vec![hash(1), hash(2), hash(3)])]),
        ("hashes out of order", vec![an_actor(1, 1, vec![hash(2), hash(1)])]),
        ("one hash twice", vec![an_actor(1, 1, vec![hash(1), hash(1)])]),
        ("a short hash", vec![an_actor(1, 1, vec![Ipld::Bytes(vec![1; 15])])]),
        ("a short actor", of(vec![Ipld::Bytes(vec![1; 15]), number(1), hash(1)])),
        ("four parts", one(Ipld::List(vec![number(1), number(0), inline(0), Ipld::Null]))),
        ("a time of 64 bits", one(a_version(number(1 << 63), number(0), inline(0)))),
        ("a time before 1970", one(a_version(Ipld::Integer(-1), number(0), inline(0)))),
        ("a count of 33 bits", one(a_version(number(1), number(1 << 32), inline(0)))),
        ("a long value", one(a_version(number(1), number(0), inline(limits::VALUE_INLINE_BYTES + 1)))),
        ("a long value in a block", one(a_version(number(1), number(0), reference(&long)))),
        ("a value in words", one(a_version(number(1), number(0), text("x")))),
    ] {
        refuse(what, &entry_with("v", Some(Ipld::List(actors))));
    }
}

#[test]
fn rejected_proofs_of_another_form_are_refused() {
    let hash = |n: u8| Ipld::Bytes(vec![n; 32]);
    let decode = |list| Item::decode(AT, &token_with("r", Some(Ipld::List(list))));
    assert!(decode((1..=8).map(hash).collect()).is_ok());
    let bytes = token_with("r", Some(Ipld::List(vec![hash(1)])));
    assert_eq!(Item::decode(AT, &bytes).unwrap().encode().unwrap(), bytes);
    for (what, list) in [
        ("none", vec![]),
        ("nine", (1..=9).map(hash).collect()),
        ("out of order", vec![hash(2), hash(1)]),
        ("one twice", vec![hash(1), hash(1)]),
        ("a short one", vec![Ipld::Bytes(vec![1; 31])]),
        ("a number", vec![number(1)]),
    ] {
        assert_eq!(decode(list).unwrap_err().code(), Code::Malformed, "{what}");
    }
}

#[test]
fn unknown_items_and_fields_are_bounded() {
    let many = |count: usize| {
        let fields = (0..count).map(|n| (format!("u{n}"), Ipld::Null));
        let Ipld::Map(map) = cbor::decode(&token_with("x", None)).unwrap() else { panic!() };
        cbor::encode(&Ipld::Map(map.into_iter().chain(fields).collect())).unwrap()
    };
    assert!(Item::decode(AT, &many(limits::UNKNOWN_FIELDS)).is_ok());
    refuse("many unknown fields", &many(limits::UNKNOWN_FIELDS + 1));
    assert!(Item::decode(AT, &future_item(9, "a", &"x".repeat(limits::ITEM_BYTES - 20))).is_ok());
    refuse("a large item", &future_item(9, "a", &"x".repeat(limits::ITEM_BYTES)));
    refuse("a name of 513 bytes", &future_item(9, &"x".repeat(513), ""));
    refuse("an unknown kind without a name", &cbor::encode(&map([("k", number(9))])).unwrap());
}

#[test]
fn what_readers_refuse_is_not_written() {
    let over = |change: &dyn Fn(&mut TokenState)| {
        let mut state = TokenState::default();
        change(&mut state);
        Item::Token(key("t", "s0"), state).encode().unwrap_err().code()
    };
    let nine = || (0..9).map(|n| block(&format!("{n}"))).collect();
    assert_eq!(over(&|state| state.proofs = nine()), Code::Malformed);
    let many = || [chunks("p", 3, 262_144)].into();
    assert_eq!(over(&|state| state.proofs = many()), Code::Malformed, "three chunks for what takes two");
    let twice = || [block("p"), BlockRef { size: 9, ..block("p") }].into();
    assert_eq!(over(&|state| state.payloads = twice()), Code::Malformed, "one block of two sizes");
    assert_eq!(over(&|state| state.summary = Some("x".repeat(257))), Code::Malformed);
    assert_eq!(over(&|state| drop(state.unknown.insert("s".to_owned(), Ipld::Null))), Code::Malformed);
    assert_eq!(over(&|state| drop(state.unknown.insert("x".repeat(512), Ipld::Null))), Code::Malformed);
    let ten = || (0..10).map(|n| [n; 32]).collect();
    assert_eq!(over(&|state| state.rejected = ten()), Code::Malformed);
    for refused in
        [entry("", &[live(1, 1, 1, "")]), entry("k", &[live(1, 1, -1, "")]), entry("k", &[live(1, 0, 1, "")])]
    {
        assert_eq!(refused.encode().unwrap_err().code(), Code::Malformed);
    }
    let unknown = BTreeMap::from([("v".to_owned(), Ipld::Null)]);
    let shadowing = with_unknown(live(1, 1, 1, ""), unknown);
    assert_eq!(Item::Entry("k".to_owned(), shadowing).encode().unwrap_err().code(), Code::Malformed);
}

proptest! {
    #[test]
    fn p08_decode_undoes_encode(item in good_item()) {
        let at = match &item {
            Item::Unknown { key, .. } => *key,
            _ => AT,
        };
        let bytes = item.encode().unwrap();
        prop_assert_eq!(Item::decode(at, &bytes).unwrap(), item);
    }

    #[test]
    fn p08_what_decodes_has_one_encoding(
        item in good_item(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = item.encode().unwrap().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(changed) = Item::decode(AT, &bytes) {
            prop_assert_eq!(changed.encode().unwrap(), bytes);
        }
    }

    #[test]
    fn p06_any_bytes_end_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(item) = Item::decode(AT, &bytes) {
            prop_assert_eq!(item.encode().unwrap(), bytes);
        }
    }
}
