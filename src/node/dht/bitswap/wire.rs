//! The messages of bitswap 1.2: the few fields that a client needs.
//!
//! All bytes are slices of the input, counts are bounded, and unknown fields are skipped.

use bytes::Bytes;

use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::{Cid, Codec};

const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const BYTES: u64 = 2;
const FIXED_32: u64 = 5;
/// CIDv1 and the multihash head of sha2-256 around the codec of a block's prefix.
const PREFIX_VERSION: u8 = 0x01;
const PREFIX_HASH: [u8; 2] = [0x12, 0x20];

/// A request to a peer for one CID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node::dht) enum Want {
    /// The block itself.
    Block(Cid),
    /// Whether the peer has it.
    Have(Cid),
    /// Takes an earlier want back.
    Cancel(Cid),
}

/// The parts of a received message that a client uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::node::dht) struct Message {
    /// Bytes that may be blocks; their CIDs have to be computed.
    pub blocks: Vec<(Codec, Bytes)>,
    /// CIDs the peer says it has.
    pub have: Vec<Cid>,
    /// CIDs the peer says it does not have.
    pub missing: Vec<Cid>,
}

impl Message {
    /// Whether it has no content.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.have.is_empty() && self.missing.is_empty()
    }

    /// Reads a message; its size was bounded by the caller.
    ///
    /// # Errors
    /// [`Code::Malformed`] for bytes that are not a message, or have more than [`limits::BITSWAP_ITEMS`] parts.
    pub fn decode(raw: &Bytes) -> Result<Self, Error> {
        let mut message = Self::default();
        let mut items = 0_usize;
        fields(raw, |field, value| {
            if let (3 | 4, Value::Bytes(part)) = (field, &value) {
                items += 1;
                if items > limits::BITSWAP_ITEMS {
                    return Err(malformed("too many parts"));
                }
                if field == 3 { message.payload(part)? } else { message.presence(part)? }
            }
            Ok(())
        })?;
        Ok(message)
    }

    fn payload(&mut self, part: &Bytes) -> Result<(), Error> {
        let (mut prefix, mut data) = (Bytes::new(), Bytes::new());
        fields(part, |field, value| {
            match (field, value) {
                (1, Value::Bytes(bytes)) => prefix = bytes,
                (2, Value::Bytes(bytes)) => data = bytes,
                _ => {}
            }
            Ok(())
        })?;
        // Blocks with other kinds of CIDs are never requested.
        if let Some(codec) = codec_of(&prefix) {
            self.blocks.push((codec, data));
        }
        Ok(())
    }

    fn presence(&mut self, part: &Bytes) -> Result<(), Error> {
        let (mut cid, mut kind) = (Bytes::new(), 0);
        fields(part, |field, value| {
            match (field, value) {
                (1, Value::Bytes(bytes)) => cid = bytes,
                (2, Value::Number(number)) => kind = number,
                _ => {}
            }
            Ok(())
        })?;
        if let Ok(cid) = Cid::from_bytes(&cid) {
            match kind {
                0 => self.have.push(cid),
                1 => self.missing.push(cid),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Encodes wants as a message with its length in front.
pub(in crate::node::dht) fn encode_wants(wants: &[Want]) -> Vec<u8> {
    let mut list = Vec::new();
    for want in wants {
        let (cid, cancel, have) = match want {
            Want::Block(cid) => (cid, false, false),
            Want::Have(cid) => (cid, false, true),
            Want::Cancel(cid) => (cid, true, false),
        };
        let mut entry = Vec::new();
        put_bytes(&mut entry, 1, &cid.to_bytes());
        put_number(&mut entry, 2, 1);
        if cancel {
            put_number(&mut entry, 3, 1);
        } else {
            put_number(&mut entry, 4, u64::from(have));
            put_number(&mut entry, 5, 1);
        }
        put_bytes(&mut list, 1, &entry);
    }
    let mut message = Vec::new();
    put_bytes(&mut message, 1, &list);
    let mut frame = Vec::with_capacity(message.len() + 4);
    put_varint(&mut frame, message.len() as u64);
    frame.extend_from_slice(&message);
    frame
}

/// The codec of a block's prefix: CIDv1, raw or dag-cbor, sha2-256.
fn codec_of(prefix: &[u8]) -> Option<Codec> {
    match prefix {
        [PREFIX_VERSION, codec, hash @ ..] if *hash == PREFIX_HASH => match codec {
            0x55 => Some(Codec::Raw),
            0x71 => Some(Codec::DagCbor),
            _ => None,
        },
        _ => None,
    }
}

enum Value {
    Number(u64),
    Bytes(Bytes),
}

/// Calls `each` with every number and byte field of a message.
fn fields(raw: &Bytes, mut each: impl FnMut(u64, Value) -> Result<(), Error>) -> Result<(), Error> {
    let mut reader = Reader { raw, at: 0 };
    while reader.at < raw.len() {
        let tag = reader.varint()?;
        match tag & 7 {
            VARINT => each(tag >> 3, Value::Number(reader.varint()?))?,
            BYTES => {
                let length = reader.varint()?;
                each(tag >> 3, Value::Bytes(reader.take(length)?))?;
            }
            FIXED_64 => drop(reader.take(8)?),
            FIXED_32 => drop(reader.take(4)?),
            _ => return Err(malformed("an unknown wire type")),
        }
    }
    Ok(())
}

struct Reader<'a> {
    raw: &'a Bytes,
    at: usize,
}

impl Reader<'_> {
    fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.raw.get(self.at).ok_or_else(|| malformed("ends early"))?;
            self.at = self.at.saturating_add(1);
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(malformed("a number beyond 64 bits"))
    }

    fn take(&mut self, length: u64) -> Result<Bytes, Error> {
        let rest = self.raw.len().saturating_sub(self.at);
        let length = usize::try_from(length).ok().filter(|length| *length <= rest);
        let end = self.at.saturating_add(length.ok_or_else(|| malformed("ends early"))?);
        let taken = self.raw.slice(self.at..end);
        self.at = end;
        Ok(taken)
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn put_number(out: &mut Vec<u8>, field: u64, value: u64) {
    put_varint(out, field << 3 | VARINT);
    put_varint(out, value);
}

fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, field << 3 | BYTES);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn malformed(what: &str) -> Error {
    Error::new(Code::Malformed, format!("bitswap: {what}"))
}

#[cfg(test)]
mod tests;
