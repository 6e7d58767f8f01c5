//! Blocks of a DAG, as nodes handle them.

use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};

pub fn links(block: &Block) -> Vec<Cid> {
    match block.cid().codec() {
        Codec::Raw => Vec::new(),
        Codec::DagCbor => {
            cbor::decode(block.bytes()).and_then(|value| cbor::links(&value)).unwrap_or_default()
        }
    }
}

/// Blocks of a CAR in file order, without asking for reachability: an import takes what it is given.
pub fn unpack(car: &[u8]) -> Vec<Block> {
    let varint = |bytes: &[u8]| {
        let mut value = 0_u64;
        for (at, byte) in bytes.iter().enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                return (usize::try_from(value).unwrap(), at + 1);
            }
        }
        panic!("varint");
    };
    let (length, width) = varint(car);
    let mut rest = &car[width + length..];
    let mut blocks = Vec::new();
    while !rest.is_empty() {
        let (length, width) = varint(rest);
        let section = &rest[width..width + length];
        let cid = Cid::from_bytes(&section[..36]).unwrap();
        blocks.push(Block::verified(&cid, section[36..].to_vec()).unwrap());
        rest = &rest[width + length..];
    }
    blocks
}
