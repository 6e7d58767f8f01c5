//! Splits a stream into a header and sections, each behind its length, without trusting that length.

use ipld_core::ipld::Ipld;

use super::{malformed, too_large};
use crate::error::Error;
use crate::limits;
use crate::model::cbor;
use crate::model::cid::Cid;

const SECTION_BYTES: usize = limits::BLOCK_BYTES + limits::CAR_CID_BYTES;

/// Collects one length-prefixed frame after the other. The buffer grows with what has arrived, never with what was
/// announced.
#[derive(Default)]
pub(super) struct Framing {
    header_seen: bool,
    length: Varint,
    /// Length of the frame being collected, once its prefix is complete.
    expected: Option<usize>,
    buffer: Vec<u8>,
}

/// A complete frame.
pub(super) enum Frame {
    Header(Vec<u8>),
    Section(Vec<u8>),
}

impl Framing {
    /// Takes bytes off the front of `input` until a frame is complete or the input is used up.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Result<Option<Frame>, Error> {
        let limit = if self.header_seen { SECTION_BYTES } else { limits::CAR_HEADER_BYTES };
        while self.expected.is_none() {
            let Some((byte, rest)) = input.split_first() else { return Ok(None) };
            *input = rest;
            self.expected = self.length.push(*byte, limit)?;
        }
        let expected = self.expected.unwrap_or_default();
        let wanted = (expected - self.buffer.len()).min(input.len());
        let (taken, rest) = input.split_at_checked(wanted).unwrap_or((input, &[]));
        *input = rest;
        self.buffer.extend_from_slice(taken);
        if self.buffer.len() < expected {
            return Ok(None);
        }
        self.expected = None;
        let frame = std::mem::take(&mut self.buffer);
        Ok(Some(if std::mem::replace(&mut self.header_seen, true) {
            Frame::Section(frame)
        } else {
            Frame::Header(frame)
        }))
    }

    /// Whether the stream may end here: after the header, and not inside a frame.
    pub(super) fn is_between_sections(&self) -> bool {
        self.header_seen && self.expected.is_none() && self.length.is_empty()
    }
}

/// An unsigned LEB128 number, byte by byte, shortest form only.
#[derive(Default)]
struct Varint {
    value: usize,
    shift: u32,
}

impl Varint {
    /// Adds a byte; gives the number when it was the last one. A number above `limit` or of length zero is refused as soon
    /// as that is known.
    fn push(&mut self, byte: u8, limit: usize) -> Result<Option<usize>, Error> {
        // No limit has more than four bytes.
        if self.shift == 28 {
            return Err(beyond(limit));
        }
        let bits = usize::from(byte & 0x7f);
        self.value |= bits << self.shift;
        if self.value > limit {
            return Err(beyond(limit));
        }
        if byte & 0x80 != 0 {
            self.shift += 7;
            return Ok(None);
        }
        if bits == 0 {
            return Err(malformed("a length of zero, or not in its shortest form"));
        }
        Ok(Some(std::mem::take(self).value))
    }

    const fn is_empty(&self) -> bool {
        self.shift == 0
    }
}

fn beyond(limit: usize) -> Error {
    too_large(&format!("a part announces more than {limit} bytes"))
}

/// Checks that a header is one of version 1. Its roots are of no interest.
pub(super) fn check_header(header: &[u8]) -> Result<(), Error> {
    let header = cbor::into_map(cbor::decode(header)?, "car header")?;
    match (header.get("version"), header.get("roots")) {
        (Some(Ipld::Integer(1)), Some(Ipld::List(_))) => Ok(()),
        (Some(Ipld::Integer(1)), _) => Err(malformed("a header without roots")),
        (Some(Ipld::Integer(version)), _) => Err(malformed(&format!("version {version}"))),
        _ => Err(malformed("a header without version")),
    }
}

/// The one root that a header names, where it is of our kinds.
pub(super) fn only_root(header: &[u8]) -> Result<Cid, Error> {
    check_header(header)?;
    let mut header = cbor::into_map(cbor::decode(header)?, "car header")?;
    match header.remove("roots") {
        Some(Ipld::List(roots)) => match roots.as_slice() {
            [Ipld::Link(root)] => Cid::from_ipld(root),
            roots => Err(malformed(&format!("{} roots", roots.len()))),
        },
        _ => Err(malformed("a header without roots")),
    }
}

/// Splits a section into its CID and the block. A well-formed CID outside our kinds gives none: it cannot be wanted.
pub(super) fn split_section(section: &[u8]) -> Result<Option<(Cid, &[u8])>, Error> {
    let mut rest = section;
    // Numbers that are not in their shortest form are refused there.
    let cid = cid::Cid::read_bytes(&mut rest).map_err(|_| malformed("a section without a CID"))?;
    Ok(Cid::from_ipld(&cid).ok().map(|cid| (cid, rest)))
}
