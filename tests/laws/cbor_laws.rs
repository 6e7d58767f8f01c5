//! The strict decoder: one encoding for each value, and nothing that costs more than its bytes.

use ipld_core::ipld::Ipld;
use proptest::prelude::*;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::{Code, limits};

use crate::forge;

fn refuse(what: &str, bytes: &[u8]) {
    match cbor::decode(bytes) {
        Ok(value) => panic!("{what}: {value:?}"),
        Err(error) => assert_eq!(error.code(), Code::Malformed, "{what}"),
    }
}

fn nested(opening: &[u8], levels: usize) -> Vec<u8> {
    let mut bytes = opening.repeat(levels);
    bytes.push(0x00);
    bytes
}

#[test]
fn b11_depth_is_bounded() {
    let list = [0x81];
    let map = [0xa1, 0x61, b'k'];
    for opening in [list.as_slice(), &map] {
        assert!(cbor::decode(&nested(opening, limits::CBOR_DEPTH)).is_ok());
        refuse("one level too deep", &nested(opening, limits::CBOR_DEPTH + 1));
        refuse("very deep", &nested(opening, 500_000));
    }
    refuse("deep tags", &nested(&[0xd8, 0x2a], 100));
}

#[test]
fn b11_deep_input_fits_a_small_stack() {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    let refused = thread.spawn(|| {
        let deepest = nested(&[0x81], limits::CBOR_DEPTH);
        let value = cbor::decode(&deepest).unwrap();
        (cbor::encode(&value).unwrap() == deepest, cbor::decode(&nested(&[0x81], 2_000_000)).is_err())
    });
    assert_eq!(refused.unwrap().join().unwrap(), (true, true));
}

#[test]
fn b11_declared_lengths_must_fit_the_input() {
    for major in [0x40_u8, 0x60, 0x80, 0xa0] {
        refuse("64 bits", &[&[major | 0x1b], [0xff; 8].as_slice(), &[0; 32]].concat());
        refuse("32 bits", &[&[major | 0x1a], [0x7f; 4].as_slice(), &[0; 32]].concat());
        refuse("one too many", &[major | 3, 0x00, 0x00]);
    }
    // Counts whose double wraps around.
    refuse("wrapping map", &[&[0xbb, 0x80], [0; 7].as_slice()].concat());
}

#[test]
fn b13_other_encodings_of_a_value_are_refused() {
    let link = forge::root().to_bytes();
    for (what, bytes) in [
        ("empty", vec![]),
        ("trailing byte", vec![0x00, 0x00]),
        ("long form of a small number", vec![0x18, 0x17]),
        ("long form of a length", vec![0x58, 0x01, 0x00]),
        ("indefinite list", vec![0x9f, 0xff]),
        ("indefinite map", vec![0xbf, 0xff]),
        ("indefinite bytes", vec![0x5f, 0x41, 0x00, 0xff]),
        ("indefinite text", vec![0x7f, 0x61, b'a', 0xff]),
        ("break alone", vec![0xff]),
        ("reserved head", vec![0x1c]),
        ("half float", vec![0xf9, 0x3c, 0x00]),
        ("single float", vec![0xfa, 0x3f, 0x80, 0x00, 0x00]),
        ("double float", vec![0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]),
        ("not a number", vec![0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]),
        ("undefined", vec![0xf7]),
        ("simple value", vec![0xe0]),
        ("simple value in two bytes", vec![0xf8, 0xff]),
        ("duplicate key", vec![0xa2, 0x61, b'a', 0x00, 0x61, b'a', 0x01]),
        ("same pair twice", vec![0xa2, 0x61, b'a', 0x00, 0x61, b'a', 0x00]),
        ("keys out of order", vec![0xa2, 0x61, b'b', 0x00, 0x61, b'a', 0x00]),
        ("long key first", vec![0xa2, 0x62, b'a', b'a', 0x00, 0x61, b'b', 0x00]),
        ("number as key", vec![0xa1, 0x00, 0x00]),
        ("text that is not UTF-8", vec![0x61, 0xff]),
        ("tag other than a link", vec![0xc0, 0x60]),
        ("link that is no byte string", vec![0xd8, 0x2a, 0x60]),
        ("empty link", vec![0xd8, 0x2a, 0x40]),
        ("link without its zero byte", [&[0xd8, 0x2a, 0x58, 0x24], link.as_slice()].concat()),
        ("link with bytes after it", [&[0xd8, 0x2a, 0x58, 0x26, 0x00], link.as_slice(), &[0x00]].concat()),
        ("link with a long tag", [&[0xd9, 0x00, 0x2a, 0x58, 0x25, 0x00], link.as_slice()].concat()),
    ] {
        refuse(what, &bytes);
    }
}

#[test]
fn b09_links_outside_the_list_are_refused() {
    let identity = [0x01, 0x71, 0x00, 0x01, 0xf6];
    let dag_pb = [&[0x01, 0x70, 0x12, 0x20], [7; 32].as_slice()].concat();
    let sha512 = [&[0x01, 0x71, 0x13, 0x40], [7; 64].as_slice()].concat();
    let version_0 = [&[0x12, 0x20], [7; 32].as_slice()].concat();
    for cid in [identity.as_slice(), &dag_pb, &sha512, &version_0] {
        let cid = cid::Cid::try_from(cid).unwrap();
        let links = cbor::links(&Ipld::List(vec![Ipld::Link(forge::root().to_ipld()), Ipld::Link(cid)]));
        assert_eq!(links.unwrap_err().code(), Code::Malformed, "{cid}");
    }
}

#[test]
fn links_come_in_order_of_appearance() {
    let cids = [1_u8, 2, 3, 4].map(|byte| *forge::raw(&[byte]).cid());
    let [a, b, c, d] = cids.map(|cid| Ipld::Link(cid.to_ipld()));
    let value =
        Ipld::List(vec![a, Ipld::Map([("x".to_owned(), Ipld::List(vec![b, Ipld::Null]))].into()), c, d]);
    assert_eq!(cbor::links(&value).unwrap(), cids);
}

fn value() -> impl Strategy<Value = Ipld> {
    let leaf = prop_oneof![
        Just(Ipld::Null),
        any::<bool>().prop_map(Ipld::Bool),
        any::<u64>().prop_map(|number| Ipld::Integer(number.into())),
        any::<u64>().prop_map(|number| Ipld::Integer(-1 - i128::from(number))),
        (0_i128..300).prop_map(Ipld::Integer),
        ".{0,20}".prop_map(Ipld::String),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Ipld::Bytes),
        any::<[u8; 4]>().prop_map(|bytes| Ipld::Link(forge::raw(&bytes).cid().to_ipld())),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Ipld::List),
            prop::collection::btree_map(".{0,6}", inner, 0..8).prop_map(Ipld::Map),
        ]
    })
}

/// Bytes that are not canonical are refused as content, and still are what their own CID says: no hash is taken of a second encoding.
#[test]
fn hash_is_of_received_bytes() {
    let (canonical, other): (&[u8], &[u8]) = (&[0xa1, 0x61, b'a', 5], &[0xa1, 0x61, b'a', 0x18, 5]);
    for codec in [Codec::DagCbor, Codec::Raw] {
        let (one, two) = (Cid::of(codec, canonical), Cid::of(codec, other));
        assert_eq!(Block::verified(&one, canonical).unwrap().bytes(), canonical);
        assert_eq!(Block::verified(&two, other).unwrap().bytes(), other);
        for (cid, bytes) in [(one, other), (two, canonical)] {
            assert_eq!(Block::verified(&cid, bytes).unwrap_err().code(), Code::HashMismatch);
        }
    }
    assert!(cbor::decode(canonical).is_ok());
    assert_eq!(cbor::decode(other).unwrap_err().code(), Code::Malformed);
    // The same bytes under another codec are another block.
    assert_ne!(Cid::of(Codec::Raw, canonical), Cid::of(Codec::DagCbor, canonical));
}

proptest! {
    #[test]
    fn p08_decode_undoes_encode(value in value()) {
        let bytes = cbor::encode(&value).unwrap();
        prop_assert_eq!(cbor::decode(&bytes).unwrap(), value);
    }

    #[test]
    fn p08_what_decodes_is_canonical(value in value(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = cbor::encode(&value).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(changed) = cbor::decode(&bytes) {
            prop_assert_eq!(cbor::encode(&changed).unwrap(), bytes);
        }
    }

    #[test]
    fn b02_no_prefix_decodes(value in value(), at in any::<prop::sample::Index>()) {
        let bytes = cbor::encode(&value).unwrap();
        prop_assert!(cbor::decode(&bytes[..at.index(bytes.len())]).is_err());
    }

    #[test]
    fn any_bytes_end_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(value) = cbor::decode(&bytes) {
            prop_assert_eq!(cbor::encode(&value).unwrap(), bytes);
        }
    }
}
