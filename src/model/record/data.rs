//! The signed part of a record: a DAG-CBOR map.
//!
//! Other writers' maps are taken in any key order and with any further keys, because the specification allows it;
//! duplicates, indefinite lengths, wrong types and trailing bytes are refused. Our own map is canonical.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use bytes::Bytes;
use ipld_core::ipld::Ipld;

use crate::error::Error;
use crate::limits;
use crate::model::block::Block;
use crate::model::cbor::{self, Head, Reader};
use crate::model::cid::Codec;
use crate::model::fields::malformed;

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
        let mut reader = Reader::new(data);
        let (mut value, mut sequence, mut ttl, mut validity, mut validity_type) =
            (None, None, None, None, None);
        let mut extension = None;
        let mut seen = BTreeSet::new();
        let Head { major: 5, argument: entries, .. } = reader.head()? else {
            return Err(wrong("not a map"));
        };
        // Each turn reads at least one byte or fails, so a huge declared count ends with the input.
        for _ in 0..entries {
            let key = reader.text()?;
            if !seen.insert(key) {
                return Err(wrong("a key is there twice"));
            }
            match key {
                "Value" => value = Some(data.slice(reader.byte_string()?)),
                "Validity" => validity = Some(data.slice(reader.byte_string()?)),
                "ValidityType" => validity_type = Some(reader.unsigned()?),
                "Sequence" => sequence = Some(reader.unsigned()?),
                "TTL" => ttl = Some(reader.unsigned()?),
                EXTENSION => {
                    let start = reader.at();
                    reader.skip()?;
                    extension = Some(start..reader.at());
                }
                _ => reader.skip()?,
            }
        }
        reader.end()?;
        let missing = |key: &str| wrong(&format!("{key} is missing"));
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
pub(super) fn fits(blocks: &[Block]) -> bool {
    let bytes: usize = blocks.iter().map(|block| block.bytes().len()).sum();
    blocks.len() <= limits::EXTENSION_BLOCKS && bytes <= limits::EXTENSION_BYTES
}

/// The blocks of an extension field; none when it is not exactly ours.
pub(super) fn carried(field: &Bytes) -> Option<Vec<Block>> {
    let mut reader = Reader::new(field);
    let Head { major: 4, argument: count, .. } = reader.head().ok()? else { return None };
    if count > limits::EXTENSION_BLOCKS as u64 {
        return None;
    }
    let mut blocks = Vec::new();
    for _ in 0..count {
        let bytes = field.slice(reader.byte_string().ok()?);
        blocks.push(Block::new(Codec::DagCbor, bytes));
    }
    fits(&blocks).then_some(blocks)
}

fn wrong(what: &str) -> Error {
    malformed("data", what)
}
