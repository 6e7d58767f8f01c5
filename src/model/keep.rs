//! The keep: a canonical trie, in clear, of the CIDs of payload, evidence and value blocks.

use std::collections::HashSet;

use super::block::Block;
use super::cid::Cid;
use crate::Error;

#[derive(Clone, Debug, Default)]
pub struct Keep {}

impl Keep {
    pub fn new() -> Self {
        todo!()
    }
    /// False when it was there.
    pub fn insert(&mut self, _cid: Cid) -> bool {
        todo!()
    }
    pub fn contains(&self, _cid: &Cid) -> bool {
        todo!()
    }
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        todo!()
    }
    /// Encodes what was touched and returns the root CID.
    pub fn seal(&mut self) -> Result<Cid, Error> {
        todo!()
    }
    /// All node blocks, root first. Only right after `seal`.
    pub fn blocks(&self) -> Vec<Block> {
        todo!()
    }
    /// The kept CIDs.
    pub fn iter(&self) -> impl Iterator<Item = &Cid> {
        std::iter::empty()
    }
}

/// Reads one keep node: links to further nodes (dag-cbor) or to kept blocks (raw).
pub fn parse_node(_block: &Block) -> Result<Vec<Cid>, Error> {
    todo!()
}

#[allow(dead_code)]
fn _unused(_: HashSet<Cid>) {}
