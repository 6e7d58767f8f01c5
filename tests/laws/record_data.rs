//! The signed data of a record: one form of value, one map, and whatever else other writers add.

use proptest::prelude::*;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::model::record::Record;

use crate::forge::{self, EOL, Forged, ROOT, byte_string, key, unsigned};
use crate::record_laws::{parse, refused};

#[test]
fn r11_only_one_form_of_value_is_accepted() {
    let raw_cid = format!("/ipfs/{}", forge::raw(b"x").cid());
    for (value, root) in
        [(format!("/ipfs/{ROOT}"), true), (raw_cid, false), ("/ipfs/bafkqaaa".to_owned(), false)]
    {
        let record = parse(Forged::new(value.as_bytes(), EOL.as_bytes(), 5).signed()).unwrap();
        assert_eq!(record.value(), value);
        assert_eq!(record.root().is_some(), root, "{value}");
    }
    let path = format!("/ipfs/{ROOT}/a");
    let doubled = format!("/ipfs//ipfs/{ROOT}");
    let long = format!("/ipfs/0{}", "0".repeat(4_000));
    for value in [
        "",
        "/",
        "/ipfs/",
        "/ipns/example.com",
        ROOT,
        &path,
        &doubled,
        &long,
        "/ipfs/bafkqaaaaaaa",
        "/ipfs/Qm",
        "/ipfs/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
        "/ipfs/zQmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
    ] {
        assert_eq!(
            refused(Forged::new(value.as_bytes(), EOL.as_bytes(), 5).signed()),
            Code::Malformed,
            "{value}"
        );
    }
    assert_eq!(refused(Forged::new(&[0xff, 0xfe], EOL.as_bytes(), 5).signed()), Code::Malformed);
    assert_eq!(refused(Forged::new(&forge::root().to_bytes(), EOL.as_bytes(), 5).signed()), Code::Malformed);
}

#[test]
fn r11_a_refused_value_is_named_but_not_at_length() {
    let value = format!("/ipns/{}", "x".repeat(3_000));
    let raw = Forged::new(value.as_bytes(), EOL.as_bytes(), 5).signed();
    let error = Record::parse(raw, &forge::name()).unwrap_err();
    assert!(error.message().contains("/ipns/xxx") && error.message().len() < 200, "{error}");
}

#[test]
fn data_of_other_writers_may_be_in_any_order_with_further_keys() {
    let mut forged = Forged::default()
        .with("_float", [&[0xfb_u8], 1.5_f64.to_be_bytes().as_slice()].concat())
        .with("_deep", vec![0x81, 0x81, 0xa1, 0x61, b'k', 0xf6])
        .with("_link", [&[0xd8, 0x2a, 0x58, 0x25, 0x00], forge::root().to_bytes().as_slice()].concat());
    forged.data.reverse();
    assert_eq!(parse(forged.signed()).unwrap().sequence(), 5);
}

#[test]
fn data_that_is_not_the_map_of_the_specification_is_refused() {
    let good = Forged::default;
    let deep = [vec![0x81; 40], vec![0x00]].concat();
    for (what, forged) in [
        ("float", good().set("Sequence", vec![0xf9, 0x3c, 0x00])),
        ("float 64", good().set("TTL", [&[0xfb_u8], 0_f64.to_be_bytes().as_slice()].concat())),
        ("negative", good().set("TTL", vec![0x20])),
        ("text value", good().set("Value", key("/ipfs/bafkqaaa"))),
        ("number as bytes", good().set("Sequence", byte_string(&[5]))),
        ("other validity", good().set("ValidityType", unsigned(1))),
        ("duplicate", good().with("Sequence", unsigned(5))),
        ("unknown duplicate", good().with("_a", vec![0]).with("_a", vec![0])),
        ("indefinite", good().with("_a", vec![0x9f, 0xff])),
        ("half float", good().with("_a", vec![0xf9, 0x3c, 0x00])),
        ("undefined", good().with("_a", vec![0xf7])),
        ("deep", good().with("_a", deep)),
        ("huge count", good().with("_a", vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
        ("huge length", good().with("_a", vec![0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
        ("trailing", Forged { after_data: vec![0], ..good() }),
        ("no EOL", good().without("Validity")),
        ("no TTL", good().without("TTL")),
        ("no value", good().without("Value")),
        ("no sequence", good().without("Sequence")),
        ("no validity type", good().without("ValidityType")),
    ] {
        assert_eq!(refused(forged.signed()), Code::Malformed, "{what}");
    }
    for data in
        [&[][..], &[0xf6], &[0x80], &[0xbf, 0xff], &[0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]
    {
        assert_eq!(refused(good().signed_over(data)), Code::Malformed);
    }
}

#[test]
fn eol_must_parse() {
    for eol in ["", "never", "2123-08-14", "2123-08-14T20:04:00.1234567890Z"] {
        let raw = Forged::new(format!("/ipfs/{ROOT}").as_bytes(), eol.as_bytes(), 5).signed();
        assert_eq!(refused(raw), Code::Malformed, "{eol}");
    }
}

proptest! {
    #[test]
    fn p06_any_signed_data_is_refused_without_a_panic(data in prop::collection::vec(any::<u8>(), 1..200)) {
        prop_assert_eq!(refused(Forged::default().signed_over(&data)), Code::Malformed);
    }

    #[test]
    fn p06_signed_data_changed_at_one_place_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let forged = Forged { with_v1: false, ..Forged::default() };
        let mut data = forged.data_bytes();
        let at = at.index(data.len());
        data[at] = byte;
        if let Ok(record) = parse(forged.signed_over(&data)) {
            prop_assert!(record.value().starts_with("/ipfs/"));
        }
    }
}
