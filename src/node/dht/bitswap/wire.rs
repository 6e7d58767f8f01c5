//! The messages of bitswap 1.2: the few fields a client needs, read within bounds.
//!
//! Counts are bounded, and unknown fields are skipped.

use bytes::Bytes;

use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::{Cid, Codec};
use crate::model::protobuf::{Reader, Value, put_bytes, put_number, put_varint};

/// CIDv1 and the multihash head of sha2-256 around the codec of a block's prefix.
const PREFIX_VERSION: u8 = 0x01;
const PREFIX_HASH: [u8; 2] = [0x12, 0x20];

/// What is asked of a peer for one CID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node::dht) enum Want {
    /// The block itself.
    Block(Cid),
    /// Only whether the peer has it.
    Have(Cid),
    /// Nothing any more.
    Cancel(Cid),
}

/// What a peer sent, as far as it is of use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::node::dht) struct Message {
    /// Bytes that claim to be blocks; their CIDs are computed by whoever wants one.
    pub blocks: Vec<(Codec, Bytes)>,
    /// CIDs the peer says it has.
    pub have: Vec<Cid>,
    /// CIDs the peer says it has not.
    pub missing: Vec<Cid>,
}

impl Message {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.have.is_empty() && self.missing.is_empty()
    }

    /// Reads a message; its size was bounded by the caller.
    ///
    /// # Errors
    /// [`Code::Malformed`] for what is no message, or has more than [`limits::BITSWAP_ITEMS`] parts.
    pub fn decode(raw: &Bytes) -> Result<Self, Error> {
        Self::read(raw).map_err(|e| e.within("bitswap"))
    }

    fn read(raw: &Bytes) -> Result<Self, Error> {
        let mut message = Self::default();
        let mut items = 0_usize;
        for field in Reader::new(raw) {
            let (field @ (3 | 4), Value::Bytes(part)) = field? else { continue };
            items += 1;
            if items > limits::BITSWAP_ITEMS {
                return Err(Error::new(Code::Malformed, "too many parts"));
            }
            if field == 3 { message.payload(&part)? } else { message.presence(&part)? }
        }
        Ok(message)
    }

    fn payload(&mut self, part: &Bytes) -> Result<(), Error> {
        let (mut prefix, mut data) = (Bytes::new(), Bytes::new());
        for field in Reader::new(part) {
            match field? {
                (1, Value::Bytes(bytes)) => prefix = bytes,
                (2, Value::Bytes(bytes)) => data = bytes,
                _ => {}
            }
        }
        // Other kinds of CIDs are never asked for.
        if let Some(codec) = codec_of(&prefix) {
            self.blocks.push((codec, data));
        }
        Ok(())
    }

    fn presence(&mut self, part: &Bytes) -> Result<(), Error> {
        let (mut cid, mut kind) = (Bytes::new(), 0);
        for field in Reader::new(part) {
            match field? {
                (1, Value::Bytes(bytes)) => cid = bytes,
                (2, Value::Number(number)) => kind = number,
                _ => {}
            }
        }
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

/// A message that asks, with its length in front.
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

#[cfg(test)]
mod tests;
