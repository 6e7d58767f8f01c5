//! CAR version 1: a bounded reader that yields only verified, wanted blocks, and a writer.

use bytes::Bytes;

use super::block::Block;
use super::cid::Cid;
use crate::Error;

/// Bounds of one reading.
#[derive(Clone, Copy, Debug)]
pub struct CarBounds {
    pub blocks: usize,
    pub bytes: u64,
}

/// What a finished CAR held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarSummary {
    pub blocks: usize,
    pub bytes: u64,
    /// Wanted (reachable from the root) and not there, sorted; empty = complete.
    pub missing: Vec<Cid>,
}

/// Push parser: feed chunks as they arrive, take verified blocks out at once.
pub struct CarReader {}

impl CarReader {
    /// Reads the DAG under `root`. Blocks in `have` count as present together with everything below them.
    pub fn new(_root: Cid, _bounds: CarBounds) -> Self {
        todo!()
    }
    /// CIDs that the caller already holds; links to them are not wanted.
    pub fn with_held(self, _have: std::collections::HashSet<Cid>) -> Self {
        todo!()
    }
    /// Takes the next bytes; returns the blocks completed by them (verified, reachable, each once).
    pub fn push(&mut self, _chunk: &[u8]) -> Result<Vec<Block>, Error> {
        todo!()
    }
    /// Ends the reading. A section cut short is an error (`malformed`), missing blocks are told in the summary.
    pub fn finish(self) -> Result<CarSummary, Error> {
        todo!()
    }
}

/// Writes a CAR with one root.
pub struct CarWriter {}

impl CarWriter {
    pub fn new(_root: &Cid) -> Self {
        todo!()
    }
    pub fn push(&mut self, _block: &Block) {
        todo!()
    }
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn finish(self) -> Bytes {
        todo!()
    }
}
