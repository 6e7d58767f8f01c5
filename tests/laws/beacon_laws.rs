//! Beacons: what was sealed comes back, and a name that somebody else gave is refused, not believed.

use ipld_core::ipld::Ipld;
use multibase::Base;
use proptest::prelude::*;
use tauri_plugin_wallet_sync::model::beacon::{Beacon, PLACES, Rank};
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind};
use tauri_plugin_wallet_sync::{Code, Secret, limits};

use crate::forge;

const GOLDEN: &str = include_str!("../data/golden/beacon.txt");

fn root(n: u64) -> Cid {
    Cid::of(Codec::DagCbor, &n.to_be_bytes())
}

fn beacon() -> Beacon {
    Beacon { slot: Slot::new(3).unwrap(), sequence: 300, root: root(1), eol_s: 2_079_868_800 }
}

/// Any plaintext under the wallet's own key.
fn named(body: &Ipld) -> String {
    let sealer = forge::keys();
    let sealed = sealer.sealer().seal(Kind::Beacon, &cbor::encode(body).unwrap(), Compression::Never);
    Base::Base64Url.encode(sealed.unwrap())
}

fn refused(name: &str) -> Code {
    Beacon::open(name, forge::keys().sealer()).unwrap_err().code()
}

#[test]
fn a_beacon_has_these_bytes() {
    let mut lines = GOLDEN.lines();
    let keys = forge::keys();
    assert_eq!(lines.next(), Some(beacon().seal(keys.sealer()).unwrap().as_str()));
    for (slot, place) in [(0, 0), (0, 1), (63, 1)] {
        let cid = keys.beacon(Slot::new(slot).unwrap(), place).cid().to_string();
        assert_eq!(lines.next(), Some(cid.as_str()), "{slot}/{place}");
    }
    assert_eq!(Beacon::open(GOLDEN.lines().next().unwrap(), keys.sealer()).unwrap(), beacon());
}

#[test]
fn every_beacon_of_a_wallet_is_a_block_of_its_own() {
    let of = |network: Option<&str>| {
        let keys = WalletKeys::derive(&Secret::new([7; 32]), network);
        let places = |slot| (0..PLACES).map(move |place| (slot, place));
        Slot::all().flat_map(places).map(|(slot, place)| *keys.beacon(slot, place).cid()).collect::<Vec<_>>()
    };
    let mut all = [of(None), of(Some("testnet"))].concat();
    assert!(all.iter().all(|cid| cid.codec() == Codec::Raw));
    let count = all.len();
    all.sort_unstable();
    all.dedup();
    assert_eq!((all.len(), count), (256, 256));
}

#[test]
fn what_does_not_belong_in_a_name_is_refused() {
    let number = |n: u64| Ipld::Integer(n.into());
    let link = |codec| Ipld::Link(Cid::of(codec, b"x").to_ipld());
    let good = || vec![number(3), number(300), link(Codec::DagCbor), number(5)];
    let with = |at: usize, value: Ipld| {
        let mut body = good();
        body[at] = value;
        named(&Ipld::List(body))
    };
    let longer = Ipld::List([good(), vec![Ipld::Null]].concat());
    assert_eq!(Beacon::open(&named(&longer), forge::keys().sealer()).unwrap().sequence, 300);
    for (what, name) in [
        ("slot 64", with(0, number(64))),
        ("slot 300", with(0, number(300))),
        ("a slot of text", with(0, Ipld::String("3".to_owned()))),
        ("sequence 0", with(1, number(0))),
        ("sequence 2^63", with(1, number(1 << 63))),
        ("a raw root", with(2, link(Codec::Raw))),
        ("no root", with(2, Ipld::Null)),
        ("no time", with(3, Ipld::Null)),
        ("three values", named(&Ipld::List(good()[..3].to_vec()))),
        ("no list", named(&number(3))),
        ("no base64url", "*".repeat(100)),
        ("too long", "A".repeat(limits::PIN_NAME_BYTES + 1)),
    ] {
        assert_eq!(refused(&name), Code::Malformed, "{what}");
    }
    let other = WalletKeys::derive(&Secret::new([9; 32]), None);
    assert_eq!(refused(&beacon().seal(other.sealer()).unwrap()), Code::DecryptFailed);
}

proptest! {
    #[test]
    fn open_undoes_seal(slot in 0..64_u8, sequence in 1..=limits::SEQUENCE_MAX, n: u64, eol_s: u64) {
        let beacon = Beacon { slot: Slot::new(slot).unwrap(), sequence, root: root(n), eol_s };
        let name = beacon.seal(forge::keys().sealer()).unwrap();
        prop_assert!(name.len() <= limits::PIN_NAME_BYTES);
        prop_assert_eq!(Beacon::open(&name, forge::keys().sealer()).unwrap(), beacon);
    }

    #[test]
    fn any_name_ends_without_a_panic(name in ".{0,300}") {
        let _ = Beacon::open(&name, forge::keys().sealer());
    }

    #[test]
    fn a_beacon_ranks_as_its_record_does(a in (1..4_u64, 0..3_i64, 0..3_u64), b in (1..4_u64, 0..3_i64, 0..3_u64)) {
        let slot = Slot::new(3).unwrap();
        let key = forge::keys().slot(slot);
        let record = |(sequence, eol, n): (u64, i64, u64)| Record::create(&key, sequence, &root(n), eol * 1_000, &[]).unwrap();
        let (one, two) = (record(a), record(b));
        let rank = |record: &Record| Beacon::of(slot, record.root().unwrap(), record).rank();
        prop_assert_eq!(rank(&one).cmp(&rank(&two)), one.cmp_order(&two));
        prop_assert_eq!(Rank::of(&one), Some(rank(&one)));
    }
}
