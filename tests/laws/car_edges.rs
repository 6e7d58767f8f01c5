//! What is just inside the bounds of a CAR is taken, what is just outside is not.

use std::collections::HashSet;

use ipld_core::ipld::Ipld;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::{CarBounds, CarReader, CarWriter};
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::{Code, limits};

use crate::car_laws::{BOUNDS, car, complete, dag, header, read, read_with};
use crate::forge::{self, map, parent, raw, section, varint};

#[test]
fn a_writer_knows_whether_it_holds_blocks() {
    let mut writer = CarWriter::new(&forge::root());
    assert!(writer.is_empty() && writer.len() == 59);
    writer.push(&raw(b"x"));
    assert!(!writer.is_empty());
}

#[test]
fn b02_a_length_of_two_bytes_may_not_be_cut() {
    let block = raw(&[7; 300]);
    let bytes = car(block.cid(), std::slice::from_ref(&block));
    let whole = header(block.cid()).len();
    for length in whole + 1..bytes.len() {
        assert_eq!(read(block.cid(), &bytes[..length]).1, Err(Code::Malformed), "{length}");
    }
    assert_eq!(read(block.cid(), &bytes).1, complete(1, 0, &bytes));
}

#[test]
fn b12_parts_of_the_largest_size_are_taken() {
    let root = raw(b"x");
    let padded = |length: usize| {
        let pad = |pad: usize| {
            cbor::encode(&map([
                ("roots", Ipld::List(vec![])),
                ("version", Ipld::Integer(1)),
                ("z", Ipld::Bytes(vec![0; pad])),
            ]))
            .unwrap()
        };
        let header = pad(length - (pad(1_000).len() - 1_000));
        assert_eq!(header.len(), length);
        let section = section(&root.cid().to_bytes(), root.bytes());
        [varint(length as u64), header, section].concat()
    };
    assert!(read(root.cid(), &padded(limits::CAR_HEADER_BYTES)).1.is_ok());
    assert_eq!(read(root.cid(), &padded(limits::CAR_HEADER_BYTES + 1)).1, Err(Code::TooLarge));

    let largest = (limits::BLOCK_BYTES + limits::CAR_CID_BYTES) as u64;
    let announced = |length| read(root.cid(), &[header(root.cid()), varint(length)].concat()).1;
    assert_eq!(announced(largest), Err(Code::Malformed), "waited for");
    assert_eq!(announced(largest + 1), Err(Code::TooLarge));
    let zeros = |count| read(root.cid(), &[header(root.cid()), vec![0x80; count], vec![0x00]].concat()).1;
    assert_eq!(zeros(3), Err(Code::Malformed), "not in its shortest form");
    assert_eq!(zeros(4), Err(Code::TooLarge), "more bytes than any length has");
}

#[test]
fn b12_early_blocks_fill_their_room_to_the_last_byte() {
    let count = limits::CAR_EARLY_BYTES / limits::BLOCK_BYTES;
    let early = |length: usize| -> Vec<Block> {
        (0..count)
            .map(|n| raw(&vec![n as u8; if n == 0 { length } else { limits::BLOCK_BYTES - 36 }]))
            .collect()
    };
    for (length, missing) in [(limits::BLOCK_BYTES - 36, 0), (limits::BLOCK_BYTES - 35, 1)] {
        let blocks = early(length);
        let root = parent(&blocks.iter().map(|block| *block.cid()).collect::<Vec<_>>());
        let bytes = car(root.cid(), &[blocks, vec![root.clone()]].concat());
        assert_eq!(read(root.cid(), &bytes).1.unwrap().missing.len(), missing, "{length}");
    }
}

#[test]
fn b03_a_stream_is_counted_to_the_last_byte() {
    let block = raw(b"x");
    let bytes = car(block.cid(), std::slice::from_ref(&block));
    let length = bytes.len() as u64;
    for (bound, expected) in
        [(length, complete(1, 0, &bytes)), (length - 1, Err(Code::TooLarge)), (3, Err(Code::TooLarge))]
    {
        let reader = || CarReader::new(*block.cid(), CarBounds { bytes: bound, ..BOUNDS });
        let (head, tail) = bytes.split_at(bytes.len() - 1);
        assert_eq!(read_with(reader(), &[&bytes]).1, expected, "{bound}");
        assert_eq!(read_with(reader(), &[head, tail]).1, expected, "{bound}");
    }
}

#[test]
fn b12_a_block_that_was_had_is_not_hashed_again() {
    let (root, blocks) = dag();
    let had = &blocks[4];
    let lie = section(&had.cid().to_bytes(), b"lie");
    let bytes = [car(&root, &blocks), lie.clone()].concat();
    assert_eq!(read(&root, &bytes).1, complete(6, 1, &bytes), "found before");
    let reader = CarReader::new(root, BOUNDS).with_held(HashSet::from([*had.cid()]));
    let bytes = [car(&root, &blocks[..4]), lie].concat();
    assert_eq!(read_with(reader, &[&bytes]).1, complete(4, 1, &bytes), "held before");
}

#[test]
fn b12_the_largest_node_is_read() {
    let node = |length: usize| forge::node(&Ipld::Bytes(vec![0; length - 5]));
    let largest = node(limits::NODE_BYTES);
    assert_eq!(largest.bytes().len(), limits::NODE_BYTES);
    let end = |node: &Block| read(node.cid(), &car(node.cid(), std::slice::from_ref(node))).1;
    assert!(end(&largest).is_ok());
    assert_eq!(end(&node(limits::NODE_BYTES + 1)), Err(Code::TooLarge));
}
