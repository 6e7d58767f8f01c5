//! Sealed bytes as data blocks, none larger than a chunk: a small body always suffices, and a thin line gets further chunk
//! by chunk. The cut depends on the sealed bytes alone, so that every device makes the same blocks.

use bytes::{Bytes, BytesMut};

use super::block::Block;
use super::cid::Codec;
use super::seal::sealed_size;
use crate::error::{Code, Error};
use crate::limits;

/// Cuts sealed bytes; every block but the last is full.
#[must_use]
pub fn cut(sealed: impl Into<Bytes>) -> Vec<Block> {
    let mut rest = sealed.into();
    let mut blocks = Vec::with_capacity(rest.len().div_ceil(limits::CHUNK_BYTES));
    while rest.len() > limits::CHUNK_BYTES {
        blocks.push(Block::new(Codec::Raw, rest.split_to(limits::CHUNK_BYTES)));
    }
    blocks.push(Block::new(Codec::Raw, rest));
    blocks
}

/// Puts the sealed bytes together again.
///
/// # Errors
/// [`Code::Malformed`] when the blocks are not those that [`cut`] makes.
pub fn join(blocks: &[Block]) -> Result<Bytes, Error> {
    let malformed = |what: &str| Error::new(Code::Malformed, format!("chunks: {what}"));
    let Some((last, full)) = blocks.split_last() else { return Err(malformed("none")) };
    if blocks.len() > limits::CHUNKS {
        return Err(malformed(&format!("{}, at most {}", blocks.len(), limits::CHUNKS)));
    }
    let is_cut = full.iter().all(|block| block.bytes().len() == limits::CHUNK_BYTES);
    if !is_cut || last.bytes().is_empty() || last.bytes().len() > limits::CHUNK_BYTES {
        return Err(malformed("one of another size"));
    }
    if full.is_empty() {
        return Ok(last.bytes().clone());
    }
    let mut sealed = BytesMut::with_capacity(blocks.iter().map(|block| block.bytes().len()).sum());
    blocks.iter().for_each(|block| sealed.extend_from_slice(block.bytes()));
    Ok(sealed.freeze())
}

/// Most chunks of a plaintext of this size; compressed ones take fewer.
#[must_use]
pub fn most(plain: usize) -> usize {
    sealed_size(plain).div_ceil(limits::CHUNK_BYTES)
}
