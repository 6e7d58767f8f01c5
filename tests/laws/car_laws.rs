//! What reading a CAR promises, whatever a node sends: only wanted and verified blocks, and a plain word on what lacks.

use std::collections::HashSet;

use ipld_core::ipld::Ipld;
use proptest::prelude::*;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::{CarBounds, CarReader, CarSummary, CarWriter};
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::{Code, Error};

use crate::forge::{self, parent, raw, section};

pub const BOUNDS: CarBounds = CarBounds { blocks: 1_000, bytes: 32 << 20 };

pub fn car(root: &Cid, blocks: &[Block]) -> Vec<u8> {
    let mut writer = CarWriter::new(root);
    blocks.iter().for_each(|block| writer.push(block));
    let length = writer.len();
    let bytes = writer.finish().to_vec();
    assert_eq!(bytes.len(), length);
    bytes
}

pub fn header(root: &Cid) -> Vec<u8> {
    car(root, &[])
}

pub fn section_of(block: &Block) -> Vec<u8> {
    section(&block.cid().to_bytes(), block.bytes())
}

/// Reads all at once; gives the blocks with the way it ended.
pub fn read_with(mut reader: CarReader, chunks: &[&[u8]]) -> (Vec<Block>, Result<CarSummary, Code>) {
    let code = |error: Error| error.code();
    let mut blocks = Vec::new();
    for chunk in chunks {
        match reader.push(chunk) {
            Ok(more) => blocks.extend(more),
            Err(error) => {
                assert_eq!(reader.finish().map_err(code), Err(error.code()));
                return (blocks, Err(error.code()));
            }
        }
    }
    (blocks, reader.finish().map_err(code))
}

pub fn read(root: &Cid, bytes: &[u8]) -> (Vec<Block>, Result<CarSummary, Code>) {
    read_with(CarReader::new(*root, BOUNDS), &[bytes])
}

/// Root, two inner nodes, three leaves, one of them linked twice; parents first.
pub fn dag() -> (Cid, Vec<Block>) {
    let leaves = [raw(b"one"), raw(b"two"), raw(b"three")];
    let left = parent(&[*leaves[0].cid(), *leaves[1].cid()]);
    let right = parent(&[*leaves[1].cid(), *leaves[2].cid()]);
    let root = parent(&[*left.cid(), *right.cid()]);
    let [one, two, three] = leaves;
    (*root.cid(), vec![root, left, one, two, right, three])
}

pub fn complete(blocks: usize, skipped: usize, bytes: &[u8]) -> Result<CarSummary, Code> {
    Ok(CarSummary { blocks, skipped, bytes: bytes.len() as u64, missing: Vec::new() })
}

#[test]
fn what_was_written_is_read() {
    let (root, blocks) = dag();
    let bytes = car(&root, &blocks);
    assert_eq!(read(&root, &bytes), (blocks, complete(6, 0, &bytes)));
}

#[test]
fn header_is_the_one_of_the_specification() {
    let root = forge::root();
    let expected =
        [b"\x3a\xa2\x65roots\x81\xd8\x2a\x58\x25\x00".as_slice(), &root.to_bytes(), b"\x67version\x01"];
    assert_eq!(forge::hex(&header(&root)), forge::hex(&expected.concat()));
    let value = Ipld::Map(
        [
            ("roots".to_owned(), Ipld::List(vec![Ipld::Link(root.to_ipld())])),
            ("version".to_owned(), Ipld::Integer(1)),
        ]
        .into(),
    );
    assert_eq!(forge::node(&value).bytes(), &header(&root)[1..]);
}

#[test]
fn b02_no_prefix_is_complete() {
    let (root, blocks) = dag();
    let bytes = car(&root, &blocks);
    for length in 0..bytes.len() {
        let (found, end) = read(&root, &bytes[..length]);
        assert!(blocks.starts_with(&found), "{length}");
        match end {
            Ok(summary) => assert!(!summary.missing.is_empty(), "{length}"),
            Err(code) => assert_eq!(code, Code::Malformed, "{length}"),
        }
    }
}

#[test]
fn missing_blocks_are_told() {
    let (root, blocks) = dag();
    for lost in 0..blocks.len() {
        let mut rest = blocks.clone();
        let lost = rest.remove(lost);
        let (found, end) = read(&root, &car(&root, &rest));
        let missing = end.unwrap().missing;
        assert!(missing.contains(lost.cid()), "{missing:?}");
        assert!(missing.is_sorted());
        assert!(found.iter().all(|block| rest.contains(block)));
    }
    let nothing = CarSummary { blocks: 0, skipped: 0, bytes: 59, missing: vec![root] };
    assert_eq!(read(&root, &header(&root)), (Vec::new(), Ok(nothing)));
}

#[test]
fn b01_wrong_bytes_are_blamed_after_the_good_blocks() {
    let (root, blocks) = dag();
    let mut bytes = car(&root, &blocks);
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let mut reader = CarReader::new(root, BOUNDS);
    assert_eq!(reader.push(&bytes).unwrap(), blocks[..5]);
    for _ in 0..2 {
        assert_eq!(reader.push(&[]).unwrap_err().code(), Code::HashMismatch);
    }
    assert_eq!(reader.finish().unwrap_err().code(), Code::HashMismatch);
}

#[test]
fn b08_sections_of_unused_kinds_are_stepped_over() {
    let (root, blocks) = dag();
    let dag_pb = section(&[&[0x01, 0x70, 0x12, 0x20], [7; 32].as_slice()].concat(), b"pb");
    let version_0 = section(&[&[0x12, 0x20], [7; 32].as_slice()].concat(), b"pb");
    let identity = section(&[0x01, 0x55, 0x00, 0x03, 1, 2, 3], &[1, 2, 3]);
    let sha512 = section(&[&[0x01, 0x71, 0x13, 0x40], [7; 64].as_slice()].concat(), b"x");
    let junk = [dag_pb, version_0, identity, sha512].concat();
    let sections: Vec<u8> = blocks.iter().flat_map(section_of).collect();
    let bytes = [header(&root), junk.clone(), sections, junk].concat();
    assert_eq!(read(&root, &bytes), (blocks, complete(6, 8, &bytes)));
}

#[test]
fn b10_a_block_linked_often_is_yielded_once() {
    let leaf = raw(b"leaf");
    let root = parent(&[*leaf.cid(); 1_000]);
    let bytes = car(root.cid(), &[root.clone(), leaf.clone(), leaf.clone(), root.clone()]);
    assert_eq!(read(root.cid(), &bytes), (vec![root.clone(), leaf], complete(2, 2, &bytes)));
}

#[test]
fn b12_order_does_not_matter_and_parents_come_first() {
    let (root, blocks) = dag();
    let mut reversed = blocks.clone();
    reversed.reverse();
    let bytes = car(&root, &reversed);
    let (found, end) = read(&root, &bytes);
    assert_eq!(end, complete(6, 0, &bytes));
    assert_eq!(found.first(), blocks.first());
    let cids = |blocks: &[Block]| blocks.iter().map(|block| *block.cid()).collect::<HashSet<Cid>>();
    assert_eq!((found.len(), cids(&found)), (6, cids(&blocks)));
}

#[test]
fn b12_early_blocks_are_bounded_and_then_told_as_missing() {
    let leaves: Vec<Block> = (0..10_u8).map(|byte| raw(&vec![byte; 1 << 20])).collect();
    let cids: Vec<Cid> = leaves.iter().map(|leaf| *leaf.cid()).collect();
    let root = parent(&cids);
    let bytes = car(root.cid(), &[leaves, vec![root.clone()]].concat());
    let (found, end) = read(root.cid(), &bytes);
    let summary = end.unwrap();
    assert_eq!((found.len(), summary.missing.len()), (8, 3));
    assert!(summary.missing.iter().all(|cid| cids[7..].contains(cid)));
}

#[test]
fn b12_early_blocks_are_verified_too() {
    let (root, blocks) = dag();
    let lie = section(&blocks[2].cid().to_bytes(), b"lie");
    let bytes = [header(&root), lie, car(&root, &blocks)[59..].to_vec()].concat();
    assert_eq!(read(&root, &bytes), (Vec::new(), Err(Code::HashMismatch)));
}

#[test]
fn b12_foreign_and_repeated_sections_are_counted_and_skipped() {
    let (root, blocks) = dag();
    let foreign = parent(&[*raw(b"elsewhere").cid()]);
    let mut mixed = vec![foreign.clone()];
    for block in &blocks {
        mixed.extend([block.clone(), block.clone(), foreign.clone()]);
    }
    let bytes = car(&root, &mixed);
    assert_eq!(read(&root, &bytes), (blocks, complete(6, 13, &bytes)));
}

#[test]
fn b12_header_with_another_root_is_no_obstacle_and_no_proof() {
    let (root, blocks) = dag();
    let bytes = car(&forge::root(), &blocks);
    assert_eq!(read(&root, &bytes).1, complete(6, 0, &bytes));
    assert_eq!(read(&forge::root(), &car(&forge::root(), &blocks)).1.unwrap().missing, [forge::root()]);
}

#[test]
fn held_blocks_and_all_below_them_are_not_wanted() {
    let (root, blocks) = dag();
    let held = HashSet::from([*blocks[4].cid()]);
    let sent = [&blocks[..2], &blocks[2..4]].concat();
    let bytes = car(&root, &sent);
    let reader = CarReader::new(root, BOUNDS).with_held(held);
    assert_eq!(read_with(reader, &[&bytes]), (sent, complete(4, 0, &bytes)));
    let all = CarReader::new(root, BOUNDS).with_held(HashSet::from([root]));
    let bytes = car(&root, &[]);
    assert_eq!(read_with(all, &[&bytes]), (vec![], complete(0, 0, &bytes)));
}

fn shuffled_dag() -> impl Strategy<Value = (Cid, Vec<Block>)> {
    let leaves = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..20);
    (leaves, 1_usize..5).prop_flat_map(|(leaves, fan)| {
        let mut level: Vec<Block> = leaves.iter().map(|leaf| raw(leaf)).collect();
        let mut all = level.clone();
        loop {
            level = level
                .chunks(fan + 1)
                .map(|children| parent(&children.iter().map(|child| *child.cid()).collect::<Vec<_>>()))
                .collect();
            all.extend(level.clone());
            if level.len() == 1 {
                break;
            }
        }
        let root = *level[0].cid();
        Just(all).prop_shuffle().prop_map(move |blocks| (root, blocks))
    })
}

proptest! {
    #[test]
    fn any_order_and_any_chunks_give_each_block_once(
        (root, blocks) in shuffled_dag(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let bytes = car(&root, &blocks);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        let (found, end) = read_with(CarReader::new(root, BOUNDS), &chunks);
        let distinct: HashSet<Cid> = blocks.iter().map(|block| *block.cid()).collect();
        prop_assert_eq!(end.unwrap().missing, Vec::new());
        prop_assert_eq!(found.len(), distinct.len());
        prop_assert_eq!(found.iter().map(|block| *block.cid()).collect::<HashSet<_>>(), distinct);
        prop_assert_eq!(found[0].cid(), &root);
    }

    #[test]
    fn p06_a_changed_byte_never_gives_a_false_block(
        (root, blocks) in shuffled_dag(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = car(&root, &blocks);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let (found, end) = read(&root, &bytes);
        prop_assert!(found.iter().all(|block| blocks.contains(block)));
        if end.is_ok_and(|summary| summary.missing.is_empty()) {
            let distinct: HashSet<Cid> = blocks.iter().map(|block| *block.cid()).collect();
            prop_assert_eq!(found.len(), distinct.len());
        }
    }

    #[test]
    fn any_bytes_end_without_a_panic(junk in prop::collection::vec(any::<u8>(), 0..300)) {
        let (root, _) = dag();
        let (found, _) = read(&root, &junk);
        prop_assert!(found.is_empty());
        let (found, _) = read(&root, &[header(&root), junk].concat());
        prop_assert!(found.is_empty());
    }
}
