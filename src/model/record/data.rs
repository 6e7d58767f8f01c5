//! The signed part of a record: a DAG-CBOR map.
//!
//! Other writers' maps are taken in any key order and with any further keys, because the specification allows it;
//! duplicates, indefinite lengths, wrong types and trailing bytes are refused. Our own map is canonical.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bytes::Bytes;
use ipld_core::ipld::Ipld;

use super::malformed;
use crate::model::block::Block;
use crate::model::cbor;
use crate::model::cid::Codec;
use crate::{Error, limits};

/// The key of our extension field: an array of byte strings, each one dag-cbor block, the root first.
const EXTENSION: &str = "_ws";

/// The five keys of the specification, and where our extension lies.
#[derive(Clone)]
pub(super) struct Data {
    pub value: Bytes,
    pub sequence: u64,
    pub ttl: u64,
    pub validity: Bytes,
    pub validity_type: u64,
    pub extension: Option<Range<usize>>,
}

impl Data {
    /// Reads the signed bytes. The caller has checked the signature.
    pub(super) fn decode(data: &Bytes) -> Result<Self, Error> {
        let mut reader = Reader { bytes: data, at: 0 };
        let (mut value, mut sequence, mut ttl, mut validity, mut validity_type) =
            (None, None, None, None, None);
        let mut extension = None;
        let mut seen = BTreeSet::new();
        let Head { major: 5, argument: entries, .. } = reader.head()? else {
            return Err(malformed("data is not a map"));
        };
        // Each turn reads at least one byte or fails, so a huge declared count ends with the input.
        for _ in 0..entries {
            let key = reader.text()?;
            if !seen.insert(key) {
                return Err(malformed("a key of data is there twice"));
            }
            match key {
                "Value" => value = Some(data.slice(reader.byte_string()?)),
                "Validity" => validity = Some(data.slice(reader.byte_string()?)),
                "ValidityType" => validity_type = Some(reader.unsigned()?),
                "Sequence" => sequence = Some(reader.unsigned()?),
                "TTL" => ttl = Some(reader.unsigned()?),
                EXTENSION => extension = Some(reader.skip()?),
                _ => drop(reader.skip()?),
            }
        }
        if reader.at != data.len() {
            return Err(malformed("bytes after data"));
        }
        let missing = |key: &str| malformed(&format!("data has no {key}"));
        Ok(Self {
            value: value.ok_or_else(|| missing("Value"))?,
            sequence: sequence.ok_or_else(|| missing("Sequence"))?,
            ttl: ttl.ok_or_else(|| missing("TTL"))?,
            validity: validity.ok_or_else(|| missing("Validity"))?,
            validity_type: validity_type.ok_or_else(|| missing("ValidityType"))?,
            extension,
        })
    }

    /// Writes our own map, canonical, with the extension if anything is carried.
    pub(super) fn encode(&self, carried: &[Block]) -> Result<Bytes, Error> {
        let mut map = BTreeMap::from([
            ("TTL".to_owned(), Ipld::Integer(self.ttl.into())),
            ("Value".to_owned(), Ipld::Bytes(self.value.to_vec())),
            ("Sequence".to_owned(), Ipld::Integer(self.sequence.into())),
            ("Validity".to_owned(), Ipld::Bytes(self.validity.to_vec())),
            ("ValidityType".to_owned(), Ipld::Integer(self.validity_type.into())),
        ]);
        if !carried.is_empty() {
            let blocks = carried.iter().map(|block| Ipld::Bytes(block.bytes().to_vec())).collect();
            map.insert(EXTENSION.to_owned(), Ipld::List(blocks));
        }
        cbor::encode(&Ipld::Map(map)).map(Bytes::from)
    }
}

/// Whether blocks are within the bounds of the extension field.
pub(super) fn fits<'a>(mut blocks: impl Iterator<Item = &'a Block>) -> bool {
    let room = blocks.try_fold((limits::EXTENSION_BLOCKS, limits::EXTENSION_BYTES), |(count, bytes), block| {
        Some((count.checked_sub(1)?, bytes.checked_sub(block.bytes().len())?))
    });
    room.is_some()
}

/// The blocks of an extension field; none when it is not exactly ours.
pub(super) fn carried(field: &Bytes) -> Option<Vec<Block>> {
    let mut reader = Reader { bytes: field, at: 0 };
    let Head { major: 4, argument: count, .. } = reader.head().ok()? else { return None };
    if count > limits::EXTENSION_BLOCKS as u64 {
        return None;
    }
    let mut blocks = Vec::new();
    for _ in 0..count {
        let bytes = field.slice(reader.byte_string().ok()?);
        blocks.push(Block::new(Codec::DagCbor, bytes));
    }
    (reader.at == field.len() && fits(blocks.iter())).then_some(blocks)
}

struct Head {
    major: u8,
    info: u8,
    argument: u64,
}

/// Reads definite-length CBOR items one after the other.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn head(&mut self) -> Result<Head, Error> {
        let first = self.take(1)?.first().copied().unwrap_or_default();
        let (major, info) = (first >> 5, first & 0x1f);
        let width = match info {
            0..=23 => return Ok(Head { major, info, argument: u64::from(info) }),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return Err(malformed("indefinite or reserved length in data")),
        };
        let argument = self.take(width)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        Ok(Head { major, info, argument })
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let taken = rest.get(..length).ok_or_else(|| malformed("data ends early"))?;
        self.at = self.at.saturating_add(length);
        Ok(taken)
    }

    fn text(&mut self) -> Result<&'a str, Error> {
        let Head { major: 3, argument: length, .. } = self.head()? else {
            return Err(malformed("a key of data is not text"));
        };
        std::str::from_utf8(self.take(length)?).map_err(|_| malformed("a key of data is not UTF-8"))
    }

    fn byte_string(&mut self) -> Result<Range<usize>, Error> {
        let Head { major: 2, argument: length, .. } = self.head()? else {
            return Err(malformed("a value of data is not a byte string"));
        };
        let start = self.at;
        self.take(length)?;
        Ok(start..self.at)
    }

    fn unsigned(&mut self) -> Result<u64, Error> {
        let Head { major: 0, argument, .. } = self.head()? else {
            return Err(malformed("a value of data is not an unsigned number"));
        };
        Ok(argument)
    }

    /// Steps over one item of any type and says where it was.
    fn skip(&mut self) -> Result<Range<usize>, Error> {
        let start = self.at;
        // Items still to come on each open level.
        let mut open = vec![1_u64];
        while let Some(left) = open.last_mut() {
            if *left == 0 {
                open.pop();
                continue;
            }
            *left = left.saturating_sub(1);
            let children = self.step_over_head()?;
            if children > 0 {
                if open.len() > limits::CBOR_DEPTH {
                    return Err(malformed("data is nested too deeply"));
                }
                open.push(children);
            }
        }
        Ok(start..self.at)
    }

    /// Steps over a head and its own bytes; gives the number of items inside.
    fn step_over_head(&mut self) -> Result<u64, Error> {
        let Head { major, info, argument } = self.head()?;
        match major {
            2 | 3 => self.take(argument).map(|_| 0),
            4 => Ok(argument),
            5 => Ok(argument.saturating_mul(2)),
            6 => Ok(1),
            // DAG-CBOR has false, true, null and 64-bit floats only.
            7 if !matches!(info, 20..=22 | 27) => Err(malformed("a simple value that DAG-CBOR lacks")),
            _ => Ok(0),
        }
    }
}
