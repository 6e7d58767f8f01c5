//! Messages between devices: what was sealed comes back, and what is none is refused, not believed.

use std::collections::BTreeMap;

use bytes::Bytes;
use ipld_core::ipld::Ipld;
use multibase::Base;
use proptest::prelude::*;
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::model::push::{Carried, Message};
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind};
use tauri_plugin_wallet_sync::{Code, Secret, limits};

use crate::forge;

const GOLDEN: &str = include_str!("../data/golden/push.txt");

fn slot(number: u8) -> Slot {
    Slot::new(number).unwrap()
}

fn known(pairs: &[(u8, u64)]) -> BTreeMap<Slot, u64> {
    pairs.iter().map(|(at, sequence)| (slot(*at), *sequence)).collect()
}

fn message() -> Message {
    let carried =
        Carried { slot: slot(3), record: Bytes::from_static(b"any bytes: a record is verified later") };
    Message { sender: [7; 16], count: 300, known: known(&[(0, 1), (3, 70_000)]), carried: Some(carried) }
}

/// Any plaintext under the wallet's own key.
fn sealed(body: &Ipld) -> Vec<u8> {
    let keys = forge::keys().push();
    keys.sealer().seal(Kind::Push, &cbor::encode(body).unwrap(), Compression::Never).unwrap()
}

fn refused(bytes: &[u8]) -> Code {
    Message::open(bytes, &forge::keys().push()).unwrap_err().code()
}

#[test]
fn topic_and_message_have_these_bytes() {
    let keys = forge::keys().push();
    let (topic, sealed) = (keys.topic().bytes(), message().seal(&keys).unwrap());
    let lines = [Base::Base64Url.encode(topic), Base::Base64Url.encode(&sealed)];
    assert_eq!(GOLDEN.lines().collect::<Vec<_>>(), lines);
    assert_eq!(Message::open(&sealed, &keys).unwrap(), message());
}

#[test]
fn wallets_and_networks_meet_apart() {
    let of = |last, network| WalletKeys::derive(&forge::secret(last), network).push();
    let all = [of(1, None), of(2, None), of(1, Some("testnet"))];
    let sealed = message().seal(&all[0]).unwrap();
    for other in &all[1..] {
        assert_ne!(other.topic().bytes(), all[0].topic().bytes());
        assert_eq!(Message::open(&sealed, other).unwrap_err().code(), Code::DecryptFailed);
    }
    // Nothing that is published passes for a message, nor the other way round.
    let block = forge::keys().sealer().seal(Kind::Beacon, b"x", Compression::Never).unwrap();
    assert_eq!(refused(&block), Code::DecryptFailed);
    let wallet = forge::keys();
    assert!(wallet.sealer().open(Kind::Push, &sealed, limits::PUSH_BYTES).is_err());
}

#[test]
fn what_does_not_belong_in_a_message_is_refused() {
    let number = |n: u64| Ipld::Integer(n.into());
    let pair = |at: u64, sequence: u64| Ipld::List(vec![number(at), number(sequence)]);
    let sender = || Ipld::Bytes(vec![7; 16]);
    let good = || {
        let carried = Ipld::List(vec![number(3), Ipld::Bytes(vec![1, 2, 3])]);
        vec![number(1), sender(), number(5), Ipld::List(vec![pair(0, 1), pair(3, 9)]), carried]
    };
    let with = |at: usize, value: Ipld| {
        let mut body = good();
        body[at] = value;
        sealed(&Ipld::List(body))
    };
    let opened = |body: Vec<Ipld>| Message::open(&sealed(&Ipld::List(body)), &forge::keys().push()).unwrap();
    // Later releases may say more.
    let longer = opened([good(), vec![Ipld::Null]].concat());
    assert_eq!((longer.count, longer.known), (5, known(&[(0, 1), (3, 9)])));
    let list = |values: Vec<Ipld>| Ipld::List(values);
    for (what, bytes) in [
        ("no version", with(0, Ipld::Null)),
        ("a sender of 15 bytes", with(1, Ipld::Bytes(vec![7; 15]))),
        ("no sender", with(1, Ipld::Null)),
        ("no count", with(2, Ipld::Integer(-1))),
        ("slots out of order", with(3, list(vec![pair(3, 9), pair(0, 1)]))),
        ("a slot twice", with(3, list(vec![pair(3, 9), pair(3, 9)]))),
        ("slot 64", with(3, list(vec![pair(64, 9)]))),
        ("sequence 0", with(3, list(vec![pair(3, 0)]))),
        ("sequence 2^63", with(3, list(vec![pair(3, 1 << 63)]))),
        ("three values for a slot", with(3, list(vec![list(vec![number(0), number(1), number(2)])]))),
        ("no list of sequences", with(3, Ipld::Null)),
        ("nothing carried, and no list", with(4, Ipld::Null)),
        ("a slot without a record", with(4, list(vec![number(3)]))),
        ("a record of slot 64", with(4, list(vec![number(64), Ipld::Bytes(vec![1])]))),
        ("a record of text", with(4, list(vec![number(3), Ipld::String("x".to_owned())]))),
        ("a record too long", with(4, list(vec![number(3), Ipld::Bytes(vec![1; limits::RECORD_BYTES + 1])]))),
        ("four values", sealed(&list(good()[..4].to_vec()))),
        ("no list", sealed(&number(1))),
    ] {
        assert_eq!(refused(&bytes), Code::Malformed, "{what}");
    }
    assert_eq!(refused(&with(0, number(2))), Code::ReadOnly, "a later release");
    assert_eq!(refused(&vec![0; limits::PUSH_BYTES + 1]), Code::TooLarge);
    let other = WalletKeys::derive(&Secret::new([9; 32]), None).push();
    assert_eq!(refused(&message().seal(&other).unwrap()), Code::DecryptFailed);
}

#[test]
fn the_fullest_message_is_short_enough() {
    let all: Vec<(u8, u64)> = (0..limits::SLOTS).map(|at| (at, limits::SEQUENCE_MAX)).collect();
    let record = Bytes::from(vec![7; limits::RECORD_BYTES]);
    let carried = Some(Carried { slot: slot(63), record });
    let message = Message { sender: [9; 16], count: limits::SEQUENCE_MAX, known: known(&all), carried };
    let sealed = message.seal(&forge::keys().push()).unwrap();
    assert!(sealed.len() <= limits::PUSH_BYTES, "{}", sealed.len());
    // As a line of a stream: base64, a peer id, a topic and their names.
    assert!(sealed.len().div_ceil(3) * 4 + 512 <= limits::PUSH_LINE_BYTES, "{}", sealed.len());
}

#[test]
fn a_carried_record_is_verified_for_its_own_slot() {
    let record =
        |at: u8| Record::create(&forge::slot_key(at), 7, &forge::root(), forge::EOL_MS, &[]).unwrap();
    let carried = Carried { slot: slot(3), record: record(3).raw().clone() };
    let name = |at: u8| forge::keys().name(slot(at));
    assert!(carried.verified(&name(3)).unwrap().same_as(&record(3)));
    assert!(carried.verified(&name(4)).is_err());
    let mut forged = record(3).raw().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    assert!(Carried { slot: slot(3), record: forged.into() }.verified(&name(3)).is_err());
}

proptest! {
    #[test]
    fn open_undoes_seal(
        sender: [u8; 16],
        count in 0..=limits::SEQUENCE_MAX,
        pairs in proptest::collection::btree_map(0..64_u8, 1..=limits::SEQUENCE_MAX, 0..64),
        carried in proptest::option::of((0..64_u8, proptest::collection::vec(any::<u8>(), 0..2_000))),
    ) {
        let known = pairs.into_iter().map(|(at, sequence)| (slot(at), sequence)).collect();
        let carried = carried.map(|(at, record)| Carried { slot: slot(at), record: record.into() });
        let message = Message { sender, count, known, carried };
        let keys = forge::keys().push();
        let sealed = message.seal(&keys).unwrap();
        prop_assert!(sealed.len() <= limits::PUSH_BYTES);
        prop_assert_eq!(Message::open(&sealed, &keys).unwrap(), message);
    }

    #[test]
    fn any_bytes_end_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Message::open(&bytes, &forge::keys().push()).is_err());
    }

    #[test]
    fn any_bytes_behind_the_seal_end_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let keys = forge::keys().push();
        let sealed = keys.sealer().seal(Kind::Push, &bytes, Compression::Never).unwrap();
        let _ = Message::open(&sealed, &keys);
    }

    #[test]
    fn one_bit_changed_is_noticed(at in 0..300_usize, bit in 0..8_u8) {
        let keys = forge::keys().push();
        let mut sealed = message().seal(&keys).unwrap().to_vec();
        let at = at % sealed.len();
        sealed[at] ^= 1 << bit;
        prop_assert_eq!(Message::open(&sealed, &keys).unwrap_err().code(), Code::DecryptFailed);
    }
}
