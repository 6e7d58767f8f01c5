//! What a CAR may cost: sections, streams, headers and nodes that no honest node sends are refused or stepped over.

use ipld_core::ipld::Ipld;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::{CarBounds, CarReader};
use tauri_plugin_wallet_sync::{Code, limits};

use crate::car_laws::{BOUNDS, car, complete, dag, header, read, read_with, section_of};
use crate::forge::{self, raw, section, varint};

#[test]
fn b03_sections_and_streams_are_bounded() {
    let (root, blocks) = dag();
    let largest = raw(&vec![7; limits::BLOCK_BYTES]);
    let bytes = car(largest.cid(), std::slice::from_ref(&largest));
    assert_eq!(read(largest.cid(), &bytes), (vec![largest], complete(1, 0, &bytes)));
    let larger = raw(&vec![7; limits::BLOCK_BYTES + 1]);
    assert_eq!(read(larger.cid(), &car(larger.cid(), std::slice::from_ref(&larger))).1, Err(Code::TooLarge));

    let bytes = car(&root, &blocks);
    let bounds = |blocks, bytes| CarReader::new(root, CarBounds { blocks, bytes });
    let length = bytes.len() as u64;
    assert!(read_with(bounds(6, length), &[&bytes]).1.is_ok());
    assert_eq!(read_with(bounds(5, length), &[&bytes]).1, Err(Code::TooLarge));
    assert_eq!(read_with(bounds(6, length - 1), &[&bytes]).1, Err(Code::TooLarge));
}

#[test]
fn b03_endless_junk_ends_at_the_bound() {
    let (root, blocks) = dag();
    let mut reader = CarReader::new(root, BOUNDS);
    assert_eq!(reader.push(&car(&root, &blocks)).unwrap().len(), 6);
    let junk = section_of(&raw(b"junk")).repeat(100);
    let mut chunks = 0;
    let error = loop {
        match reader.push(&junk) {
            Ok(more) => assert!(more.is_empty()),
            Err(error) => break error,
        }
        chunks += 1;
    };
    assert_eq!((error.code(), chunks), (Code::TooLarge, 9));
}

#[test]
fn b09_and_b13_nodes_that_are_not_ours_are_refused() {
    let identity = cid::Cid::try_from([0x01, 0x71, 0x00, 0x01, 0xf6].as_slice()).unwrap();
    let with_identity = forge::node(&Ipld::List(vec![Ipld::Link(identity)]));
    let node = |bytes: Vec<u8>| Block::new(tauri_plugin_wallet_sync::model::cid::Codec::DagCbor, bytes);
    let duplicate_keys = node(vec![0xa2, 0x61, b'a', 0x00, 0x61, b'a', 0x00]);
    let indefinite = node(vec![0x9f, 0xff]);
    let deep = node([vec![0x81; 100_000], vec![0x00]].concat());
    let huge = node(vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    for wrong in [with_identity, duplicate_keys, indefinite, deep, huge] {
        let bytes = car(wrong.cid(), std::slice::from_ref(&wrong));
        assert_eq!(read(wrong.cid(), &bytes), (Vec::new(), Err(Code::Malformed)));
        // Of no interest where nothing leads to it.
        let (root, blocks) = dag();
        let bytes = car(&root, &[vec![wrong], blocks].concat());
        assert!(read(&root, &bytes).1.unwrap().missing.is_empty());
    }
    let large = forge::node(&Ipld::Bytes(vec![0; limits::NODE_BYTES]));
    assert_eq!(read(large.cid(), &car(large.cid(), std::slice::from_ref(&large))).1, Err(Code::TooLarge));
}

#[test]
fn b12_announced_lengths_are_refused_before_anything_is_held() {
    let (root, _) = dag();
    let in_a_long_form = |start: &[u8]| [header(&root), section(&[start, &[7; 32]].concat(), b"")].concat();
    for (what, bytes, expected) in [
        ("header of 1 GiB", varint(1 << 30), Code::TooLarge),
        ("header of 2^63", varint(1 << 63), Code::TooLarge),
        ("header one byte too long", varint(limits::CAR_HEADER_BYTES as u64 + 1), Code::TooLarge),
        ("length without end", vec![0x80; 64], Code::TooLarge),
        ("empty header", vec![0x00], Code::Malformed),
        ("length in a long form", vec![0xba, 0x00], Code::Malformed),
        ("section of 1 GiB", [header(&root), varint(1 << 30)].concat(), Code::TooLarge),
        ("section of 2^63", [header(&root), varint(1 << 63)].concat(), Code::TooLarge),
        ("section length without end", [header(&root), vec![0x80; 64]].concat(), Code::TooLarge),
        ("empty section", [header(&root), vec![0x00]].concat(), Code::Malformed),
        ("section length in a long form", [header(&root), vec![0xa4, 0x80, 0x00]].concat(), Code::Malformed),
        ("section without a CID", [header(&root), vec![0x01, 0x00]].concat(), Code::Malformed),
        ("CID in a long form", in_a_long_form(&[0x81, 0x00, 0x55, 0x12, 0x20]), Code::Malformed),
        ("codec in a long form", in_a_long_form(&[0x01, 0xd5, 0x00, 0x12, 0x20]), Code::Malformed),
        ("hash in a long form", in_a_long_form(&[0x01, 0x55, 0x92, 0x00, 0x20]), Code::Malformed),
        ("digest length in a long form", in_a_long_form(&[0x01, 0x55, 0x12, 0xa0, 0x00]), Code::Malformed),
        (
            "CID that is cut",
            [header(&root), section(&[0x01, 0x55, 0x12, 0x20, 7], b"")].concat(),
            Code::Malformed,
        ),
        (
            "digest of 2^60 bytes",
            [header(&root), section(&[&[0x01, 0x55, 0x12], varint(1 << 60).as_slice()].concat(), b"")]
                .concat(),
            Code::Malformed,
        ),
    ] {
        assert_eq!(read(&root, &bytes), (Vec::new(), Err(expected)), "{what}");
    }
}

#[test]
fn headers_of_other_forms_are_refused() {
    let (root, blocks) = dag();
    let sections: Vec<u8> = blocks.iter().flat_map(section_of).collect();
    let framed = |header: &[u8]| [varint(header.len() as u64), header.to_vec(), sections.clone()].concat();
    for (header, why) in [
        (b"\xa1\x67version\x01".as_slice(), "car: a header without roots"),
        (b"\xa2\x65roots\x80\x67version\x02", "car: version 2"),
        (b"\xa1\x65roots\x80", "car: a header without version"),
    ] {
        let error = CarReader::new(root, BOUNDS).push(&framed(header)).unwrap_err();
        assert_eq!((error.code(), error.message()), (Code::Malformed, why));
    }
    for header in [
        b"\xa2\x65roots\x80\x67version\x02".as_slice(),
        b"\xa1\x67version\x02",
        b"\xa1\x67version\x01",
        b"\xa1\x65roots\x80",
        b"\xa2\x65roots\x00\x67version\x01",
        b"\xa2\x65roots\x80\x67version\x61\x31",
        b"\xa2\x67version\x01\x65roots\x80",
        b"\x80",
        b"\xff",
    ] {
        assert_eq!(read(&root, &framed(header)), (Vec::new(), Err(Code::Malformed)));
    }
    assert!(read(&root, &framed(b"\xa2\x65roots\x80\x67version\x01")).1.is_ok());
    assert_eq!(read(&root, b"<!DOCTYPE html>").1, Err(Code::Malformed));
    assert_eq!(read(&root, b"").1, Err(Code::Malformed));
}
