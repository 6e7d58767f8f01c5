//! Blocks of a DAG, as nodes handle them.

use std::collections::HashMap;

use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::node::Shown;

use super::fake_node::FakeNode;

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

/// Bytes of one line of such an answer.
pub const SHOWN_LINE: u64 = 89;

/// As Kubo's `pin/ls` answers for names: in their order, and nothing but an error once one has no record or no pin.
pub fn shown(
    names: &[Name],
    root_of: impl Fn(&Name) -> Option<Cid>,
    is_pinned: impl Fn(&Cid) -> bool,
) -> Shown {
    let mut roots = Vec::new();
    for (at, name) in names.iter().enumerate() {
        match root_of(name) {
            None => return Shown::NotAll,
            Some(root) if !is_pinned(&root) => return Shown::Unpinned(at),
            Some(root) => roots.push(root),
        }
    }
    Shown::Roots(roots)
}

impl FakeNode {
    /// Whether every block under a root is here.
    pub fn has_dag(&self, root: &Cid) -> bool {
        let held = self.held();
        let mut stack = vec![*root];
        while let Some(cid) = stack.pop() {
            let Some(block) = held.blocks.get(&cid) else { return false };
            stack.extend(links(block));
        }
        true
    }

    /// The blocks under a root that are here.
    pub fn dag(&self, root: &Cid) -> HashMap<Cid, Block> {
        let held = self.held();
        let (mut stack, mut found) = (vec![*root], HashMap::new());
        while let Some(cid) = stack.pop() {
            if let Some(block) = held.blocks.get(&cid) {
                stack.extend(links(block));
                found.insert(cid, block.clone());
            }
        }
        found
    }
}
