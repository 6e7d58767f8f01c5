//! What is just inside a bound is taken, what is just outside is not.

use ipld_core::ipld::Ipld;
use multibase::Base;
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::{Name, Slot};
use tauri_plugin_wallet_sync::model::inventory::{
    BlockRef, Counts, Entry, EntryValue, Hlc, Inventory, Item, Seen, Version,
};
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::model::root::Root;
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind};
use tauri_plugin_wallet_sync::{Code, limits};

use crate::forge::{self, EOL, Forged, envelope, map};
use crate::items::{block, entry, future_item, inventory, join, live, token, with_unknown};
use crate::record_laws::{parse, refused};

/// Seed of slot 1 for the secret 31 × 00, 01.
const SEED_OF_SLOT_1: &str = "7244669cb11618171b207d2cfdb7f0a7a1d14360092d93c0541ab0ebbe30c549";

/// In base 2, which takes eight characters a byte.
fn in_base_2(bytes: &[u8]) -> String {
    multibase::encode(Base::Base2, bytes)
}

/// A CID of inline bytes in the base that takes three or four bytes for each of them.
fn in_emoji_of_length(length: usize) -> String {
    let cid = |digest: &[u8]| [&[0x01, 0x55, 0x00, digest.len() as u8], digest].concat();
    let digests =
        (0..=64).flat_map(|count| (0..4).map(move |short| [vec![2; short], vec![0; count]].concat()));
    let mut texts = digests.map(|digest| multibase::encode(Base::Base256Emoji, cid(&digest)));
    texts.find(|text| text.len() == length).unwrap()
}

#[test]
fn texts_of_cids_and_names_are_bounded() {
    let cid = forge::root();
    for base in [Base::Base8, Base::Base16Lower, Base::Base32Lower, Base::Base36Lower, Base::Base58Btc] {
        assert_eq!(multibase::encode(base, cid.to_bytes()).parse::<Cid>().unwrap(), cid, "{base:?}");
    }
    assert_eq!(in_base_2(&cid.to_bytes()).parse::<Cid>().unwrap_err().code(), Code::Malformed);
    let name = [&[0x01, 0x72], forge::name().multihash().as_slice()].concat();
    assert_eq!(Name::parse(&multibase::encode(Base::Base16Lower, &name)).unwrap(), forge::name());
    assert_eq!(Name::parse(&in_base_2(&name)).unwrap_err().code(), Code::Malformed);
    // Neither is a CID or a name; the longer one is refused for its length.
    for (length, too_long) in [(128, false), (129, true)] {
        let text = "b".repeat(length);
        for error in [text.parse::<Cid>().unwrap_err(), Name::parse(&text).unwrap_err()] {
            assert_eq!(error.message().contains("longer than 128 characters"), too_long, "{error}");
        }
    }
}

#[test]
fn the_text_of_a_value_is_bounded() {
    let value = |base| format!("/ipfs/{}", multibase::encode(base, forge::root().to_bytes()));
    let record = |base| Forged::new(value(base).as_bytes(), EOL.as_bytes(), 5).signed();
    assert_eq!(parse(record(Base::Base8)).unwrap().root(), Some(forge::root()));
    assert_eq!(refused(record(Base::Base2)), Code::Malformed);
    let of_length = |length: usize| {
        let text = in_emoji_of_length(length);
        parse(Forged::new(format!("/ipfs/{text}").as_bytes(), EOL.as_bytes(), 5).signed()).map(|_| ())
    };
    assert_eq!(of_length(limits::RECORD_VALUE_CHARS), Ok(()));
    assert_eq!(of_length(limits::RECORD_VALUE_CHARS + 1), Err(Code::Malformed));
}

#[test]
fn a_record_of_another_name_is_another_record() {
    let one = parse(Forged::default().signed()).unwrap();
    let key = forge::slot_key(1);
    let data = Forged { seed: forge::unhex(SEED_OF_SLOT_1), ..Forged::default() };
    let other = Record::parse(data.signed(), &key.name()).unwrap();
    assert_eq!(one.data(), other.data());
    assert!(!one.same_as(&other));
}

#[test]
fn names_are_in_one_order() {
    let [one, two] = [0, 1].map(|slot| forge::slot_key(slot).name());
    assert_ne!(one, two);
    assert_eq!(one.partial_cmp(&two), Some(one.cmp(&two)));
}

#[test]
fn bytes_that_compression_does_not_make_smaller_stay_as_they_are() {
    let sealer = forge::keys();
    let seal = |plain: &[u8], compression| sealer.sealer().seal(Kind::State, plain, compression).unwrap();
    let same = (1..200)
        .map(|length| vec![7; length])
        .find(|plain| zstd::bulk::compress(plain, 3).unwrap().len() == plain.len())
        .unwrap();
    assert_eq!(seal(&same, Compression::IfSmaller), seal(&same, Compression::Never));
    let longer = [same.as_slice(), &[7]].concat();
    assert_ne!(seal(&longer, Compression::IfSmaller), seal(&longer, Compression::Never));
}

#[test]
fn names_and_sizes_of_items_are_bounded() {
    let decode = |bytes: &[u8]| Item::decode([0; 32], bytes).map_err(|error| error.code());
    assert!(decode(&future_item(9, &"x".repeat(512), "")).is_ok());
    assert_eq!(decode(&future_item(9, &"x".repeat(513), "")), Err(Code::Malformed));
    let second = |length| {
        let fields = [("k", Ipld::Integer(9)), ("i", Ipld::String("a".to_owned()))];
        let [kind, id] = fields;
        cbor::encode(&map([kind, id, ("s", Ipld::String("x".repeat(length)))])).unwrap()
    };
    assert!(decode(&second(512)).is_ok());
    assert_eq!(decode(&second(513)), Err(Code::Malformed));
    assert_eq!(decode(&second(0)), Err(Code::Malformed));
    let around =
        future_item(9, "a", &"x".repeat(limits::ITEM_BYTES - 1_000)).len() - (limits::ITEM_BYTES - 1_000);
    let exact = future_item(9, "a", &"x".repeat(limits::ITEM_BYTES - around));
    assert_eq!(exact.len(), limits::ITEM_BYTES);
    assert!(decode(&exact).is_ok());
    let over = future_item(9, "a", &"x".repeat(limits::ITEM_BYTES - around + 1));
    assert_eq!(decode(&over), Err(Code::Malformed));
}

#[test]
fn values_of_entries_are_bounded() {
    let encoded = |ms, value| {
        let version = Version { hlc: Hlc { ms, count: 0 }, value };
        Item::Entry("k".to_owned(), Entry::of([1; 16], 1, Seen::Live(version))).encode().map_err(|e| e.code())
    };
    let inline = |length: usize| EntryValue::Inline(vec![0; length].into());
    let apart = |size: usize| EntryValue::Block(BlockRef { size: size as u32, ..block("v") });
    assert!(encoded(0, inline(limits::VALUE_INLINE_BYTES)).is_ok());
    assert_eq!(encoded(0, inline(limits::VALUE_INLINE_BYTES + 1)), Err(Code::Malformed));
    assert_eq!(encoded(-1, inline(0)), Err(Code::Malformed));
    assert!(encoded(0, apart(limits::VALUE_BYTES)).is_ok());
    assert_eq!(encoded(0, apart(limits::VALUE_BYTES + 1)), Err(Code::Malformed));
}

#[test]
fn a_root_has_at_most_32_links() {
    let keys = forge::keys();
    let body = |count: u64| {
        let number = |number: u64| Ipld::Integer(number.into());
        let list = |numbers: &[u64]| Ipld::List(numbers.iter().map(|n| number(*n)).collect());
        let body = map([
            ("v", list(&[1, 0])),
            ("w", Ipld::Bytes(keys.wallet_id().to_vec())),
            ("d", Ipld::Bytes(vec![7; 16])),
            ("s", number(3)),
            ("n", number(300)),
            ("e", list(&[])),
            ("c", list(&[0, 0, 0])),
            ("p", number(0)),
            ("o", list(&[])),
            ("r", Ipld::Bool(false)),
        ]);
        let links: Vec<Cid> = (0..count).map(|n| Cid::of(Codec::DagCbor, &n.to_be_bytes())).collect();
        Root::open(&envelope(Kind::Root, &body, &links), keys.sealer(), keys.wallet_id())
    };
    let root = body(32).unwrap();
    assert_eq!((root.slot, root.counts), (Slot::new(3).unwrap(), Counts::default()));
    assert_eq!(body(33).unwrap_err().code(), Code::Malformed);
}

#[test]
fn the_inside_of_a_root_is_bounded_to_the_last_byte() {
    let keys = forge::keys();
    let refused = |length: usize| {
        let body = |pad| {
            map([
                ("v", Ipld::List(vec![Ipld::Integer(1), Ipld::Integer(0)])),
                ("x", Ipld::Bytes(vec![0; pad])),
            ])
        };
        let around = cbor::encode(&body(1_000)).unwrap().len() - 1_000;
        let block = envelope(Kind::Root, &body(length - around), &[]);
        Root::open(&block, keys.sealer(), keys.wallet_id()).unwrap_err().message().to_owned()
    };
    let largest = limits::ROOT_BYTES;
    assert!(!refused(largest).contains("bytes"), "looked at, and found to lack its fields");
    assert_eq!(refused(largest + 1), format!("root: format 1, {} bytes", largest + 1));
}

#[test]
fn a_join_says_what_it_changed_and_no_more() {
    let mut held = Inventory::default();
    assert!(held.is_empty());
    let first = held.joined(&token("t", "s0", &["p"], &[], &[])).unwrap();
    assert!(first.added && !first.payload_conflict && !first.spent);
    held.apply(first.changed.unwrap());
    assert!(!held.is_empty());
    let intent = held.joined(&token("t", "s0", &["p"], &["salt"], &[])).unwrap();
    assert!(intent.changed.is_some() && !intent.added && !intent.payload_conflict && !intent.spent);
    let third = held.joined(&token("t", "s0", &["q", "r"], &[], &["proof"])).unwrap();
    assert!(third.payload_conflict && third.spent && !third.added);
    let same = held.joined(&token("t", "s0", &["p"], &[], &[])).unwrap();
    assert!(same.changed.is_none() && !same.added && !same.payload_conflict && !same.spent);
}

#[test]
fn an_unknown_item_changes_with_its_place_or_its_content() {
    let of = |more: &str, place| Item::Unknown { key: [place; 32], cbor: future_item(9, "a", more).into() };
    let held = inventory([&of("x", 2)]);
    let changed = |item| held.joined(&item).unwrap().changed;
    assert_eq!(changed(of("x", 1)), Some(of("x", 1)));
    assert_eq!(changed(of("longer", 2)), Some(of("longer", 2)));
    assert_eq!(changed(of("x", 2)), None);
    assert_eq!(changed(of("x", 3)), None);
}

#[test]
fn entries_are_counted() {
    let mut held = Inventory::default();
    for (count, key) in ["a", "b", "c"].iter().enumerate() {
        assert_eq!(held.entry_count(), count);
        join(&mut held, &entry(key, &[live(1, 1, 1, "")]));
    }
    join(&mut held, &entry("c", &[live(1, 2, 1, "")]));
    assert_eq!(held.entry_count(), 3);
}

#[test]
fn of_too_many_unknown_fields_the_smallest_stay() {
    let of = |numbers: std::ops::Range<u32>| {
        let unknown = numbers.map(|n| (format!("u{n:02}"), Ipld::Integer(n.into()))).collect();
        Item::Entry("k".to_owned(), with_unknown(live(1, 1, 1, ""), unknown))
    };
    let held = inventory([&of(20..40), &of(0..20)]);
    let kept: Vec<_> = held.entry("k").unwrap().unknown.keys().cloned().collect();
    assert_eq!(kept, (0..32).map(|n| format!("u{n:02}")).collect::<Vec<_>>());
}
