//! Sealed bytes cut into blocks: one way to cut them, and nothing else goes together again.

use proptest::prelude::*;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::limits::{CHUNK_BYTES, CHUNKS, EVIDENCE_BYTES, PAYLOAD_BYTES, VALUE_BYTES};
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::chunks::{cut, join, most};
use tauri_plugin_wallet_sync::model::cid::Codec;
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind};

use crate::forge;

/// Bytes that no compressor makes smaller, the same in every run.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

fn raw(length: usize) -> Block {
    Block::new(Codec::Raw, vec![7; length])
}

#[test]
fn what_is_cut_goes_together_again() {
    for length in [1, 100, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 5 * CHUNK_BYTES] {
        let sealed = noise(length);
        let blocks = cut(sealed.clone());
        assert_eq!(blocks.len(), length.div_ceil(CHUNK_BYTES), "{length}");
        assert!(blocks.iter().all(|block| block.bytes().len() <= CHUNK_BYTES), "{length}");
        assert_eq!(blocks, cut(sealed.clone()), "{length}: every device cuts alike");
        assert_eq!(join(&blocks).unwrap(), sealed, "{length}");
    }
}

#[test]
fn the_largest_plaintexts_have_as_many_chunks_as_are_allowed() {
    let sealer = forge::keys();
    let chunks = |kind, size: usize| {
        let sealed = sealer.sealer().seal(kind, &noise(size), Compression::IfSmaller).unwrap();
        let count = cut(sealed).len();
        assert_eq!(count, most(size), "{size}");
        count
    };
    assert_eq!(chunks(Kind::State, PAYLOAD_BYTES), CHUNKS);
    assert_eq!(chunks(Kind::Evidence, EVIDENCE_BYTES), 2);
    assert_eq!(chunks(Kind::Value, VALUE_BYTES), 1);
    assert_eq!((most(0), most(250_000)), (1, 1));
}

#[test]
fn what_was_not_cut_so_does_not_go_together() {
    let full = || raw(CHUNK_BYTES);
    for (what, blocks) in [
        ("nothing", vec![]),
        ("an empty block", vec![raw(0)]),
        ("an empty last chunk", vec![full(), raw(0)]),
        ("a large block", vec![raw(CHUNK_BYTES + 1)]),
        ("a large last chunk", vec![full(), raw(CHUNK_BYTES + 1)]),
        ("a small chunk before another", vec![raw(CHUNK_BYTES - 1), raw(1)]),
        ("a large chunk before another", vec![raw(CHUNK_BYTES + 1), raw(1)]),
        ("one chunk more than there may be", vec![full(); CHUNKS + 1]),
    ] {
        assert_eq!(join(&blocks).map_err(|e| e.code()), Err(Code::Malformed), "{what}");
    }
    assert!(join(&vec![full(); CHUNKS]).is_ok());
}

#[test]
fn chunks_that_were_exchanged_do_not_open() {
    let keys = forge::keys();
    let sealed = keys.sealer().seal(Kind::State, &noise(600_000), Compression::Never).unwrap();
    let mut blocks = cut(sealed);
    blocks.swap(0, 1);
    let opened = keys.sealer().open(Kind::State, &join(&blocks).unwrap(), PAYLOAD_BYTES);
    assert_eq!(opened.unwrap_err().code(), Code::DecryptFailed);
}

#[test]
fn chunks_have_these_cids() {
    let sealed = forge::keys().sealer().seal(Kind::State, &noise(600_000), Compression::Never).unwrap();
    let made: String = cut(sealed).iter().map(|b| format!("{} {}\n", b.cid(), b.bytes().len())).collect();
    assert_eq!(made, include_str!("../data/golden/chunks.txt"));
}

proptest! {
    #[test]
    fn any_two_blocks_go_together_only_as_they_are_cut(first in 0..3_usize, last in 0..3_usize) {
        let sizes = [CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1];
        let blocks = [raw(sizes[first]), raw(sizes[last])];
        let whole = blocks.iter().flat_map(|block| block.bytes().to_vec()).collect::<Vec<_>>();
        match join(&blocks) {
            Ok(joined) => prop_assert_eq!(cut(joined), blocks),
            Err(_) => prop_assert_ne!(cut(whole), blocks),
        }
    }
}
