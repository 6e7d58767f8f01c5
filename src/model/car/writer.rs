//! Writes a CAR of version 1 with one root.

use bytes::Bytes;

use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::protobuf::put_varint;

/// Canonical DAG-CBOR of `{"roots": [<CID>], "version": 1}`, without the 36 bytes of the CID.
const HEADER_START: &[u8] = b"\xa2\x65roots\x81\xd8\x2a\x58\x25\x00";
const HEADER_END: &[u8] = b"\x67version\x01";

/// Writes a CAR with one root, blocks in the order given.
pub struct CarWriter {
    bytes: Vec<u8>,
    blocks: usize,
}

impl CarWriter {
    /// Writes the header.
    #[must_use]
    pub fn new(root: &Cid) -> Self {
        let mut bytes = Vec::new();
        put_frame(&mut bytes, &[HEADER_START, &root.to_bytes(), HEADER_END]);
        Self { bytes, blocks: 0 }
    }

    /// Appends a block.
    pub fn push(&mut self, block: &Block) {
        put_frame(&mut self.bytes, &[&block.cid().to_bytes(), block.bytes()]);
        self.blocks += 1;
    }

    /// Takes out what was written since the last time: a large CAR goes to its place part by part.
    #[must_use]
    pub fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.bytes).into()
    }

    /// Bytes that were not taken yet, header included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no block was written yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.blocks == 0
    }

    /// The whole CAR.
    #[must_use]
    pub fn finish(self) -> Bytes {
        self.bytes.into()
    }
}

impl std::fmt::Debug for CarWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CarWriter({} blocks, {} bytes)", self.blocks, self.bytes.len())
    }
}

fn put_frame(out: &mut Vec<u8>, parts: &[&[u8]]) {
    put_varint(out, parts.iter().map(|part| part.len() as u64).sum());
    parts.iter().for_each(|part| out.extend_from_slice(part));
}
