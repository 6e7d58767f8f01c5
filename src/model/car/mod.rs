//! CAR version 1: a bounded reader that yields only verified, wanted blocks, and a writer.
//!
//! What a CAR claims about itself is not believed: neither its header's roots, nor its completeness, nor its order.
//! The reader starts from the root that the caller wants, hashes each block, follows links, and yields a block when a
//! path from the root leads to it. Sections that are not wanted cost their bytes and nothing else.

mod framing;
mod reader;
mod writer;

pub use self::reader::{CarBounds, CarReader, CarSummary};
pub use self::writer::CarWriter;

use self::framing::{Frame, Framing, check_header, only_root, split_section};
use crate::error::{Code, Error};
use crate::model::block::Block;
use crate::model::cid::Cid;

/// The blocks of a CAR of our own making, in its order.
///
/// # Errors
/// [`Code::Malformed`] and [`Code::HashMismatch`] where it is none.
pub fn blocks_of(mut car: &[u8]) -> Result<Vec<Block>, Error> {
    let (mut framing, mut blocks) = (Framing::default(), Vec::new());
    while let Some(frame) = framing.next(&mut car)? {
        match frame {
            Frame::Header(header) => check_header(&header)?,
            Frame::Section(section) => {
                let (cid, bytes) =
                    split_section(&section)?.ok_or_else(|| malformed("a block of another kind"))?;
                blocks.push(Block::verified(&cid, bytes::Bytes::copy_from_slice(bytes))?);
            }
        }
    }
    if framing.is_between_sections() { Ok(blocks) } else { Err(malformed("cut short")) }
}

/// The root that a CAR names, from its first [`limits::CAR_HEADER_BYTES`](crate::limits::CAR_HEADER_BYTES) or more bytes. It is what
/// the CAR claims; nothing is checked by it.
///
/// # Errors
/// [`Code::Malformed`] and [`Code::TooLarge`] where the bytes are not the beginning of a CAR with one root of our kinds.
pub fn root_of(mut start: &[u8]) -> Result<Cid, Error> {
    match Framing::default().next(&mut start)? {
        Some(Frame::Header(header)) => only_root(&header),
        _ => Err(malformed("cut short")),
    }
}

fn malformed(what: &str) -> Error {
    Error::new(Code::Malformed, format!("car: {what}"))
}

fn too_large(what: &str) -> Error {
    Error::new(Code::TooLarge, format!("car: {what}"))
}
