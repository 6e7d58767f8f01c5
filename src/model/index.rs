//! The encrypted index: a canonical hash trie of items.

use std::collections::HashSet;

use bytes::Bytes;

use super::block::Block;
use super::cid::Cid;
use super::seal::Sealer;
use crate::Error;

/// In-memory trie; node blocks are cached and only touched ones are made again.
#[derive(Clone, Debug, Default)]
pub struct Index {}

impl Index {
    pub fn new() -> Self {
        todo!()
    }
    /// Inserts or replaces the encoded item at a key.
    pub fn insert(&mut self, _key: [u8; 32], _item: Bytes) {
        todo!()
    }
    pub fn get(&self, _key: &[u8; 32]) -> Option<&Bytes> {
        todo!()
    }
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        todo!()
    }
    /// Seals what was touched and returns the root CID.
    pub fn seal(&mut self, _sealer: &Sealer) -> Result<Cid, Error> {
        todo!()
    }
    /// All node blocks, root first, depth first. Only right after `seal`.
    pub fn blocks(&self) -> Vec<Block> {
        todo!()
    }
    /// CIDs of all node blocks. Only right after `seal`.
    pub fn cids(&self) -> HashSet<Cid> {
        todo!()
    }
}

/// Walks a remote index, skipping every node that the local one has too.
pub struct Diff {}

impl Diff {
    /// `known`: CIDs of local index nodes (equal CID = equal subtree).
    pub fn new(_root: Cid, _known: HashSet<Cid>) -> Self {
        todo!()
    }
    /// Nodes needed next, in breadth-first order; empty = done.
    pub fn wanted(&self) -> Vec<Cid> {
        todo!()
    }
    /// Gives a node; returns the encoded items (key, cbor) of a leaf. A block that was not wanted is ignored.
    pub fn offer(&mut self, _block: &Block, _sealer: &Sealer) -> Result<Vec<([u8; 32], Bytes)>, Error> {
        todo!()
    }
}
