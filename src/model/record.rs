//! IPNS records: parse (= verify), create, compare.

use bytes::Bytes;

use super::block::Block;
use super::cid::Cid;
use super::identity::{Name, SlotKey};
use crate::Error;
use crate::clock::UnixMs;

/// Whether a record is within its lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// EOL in the future.
    Valid,
    /// EOL reached: may be merged, never counts as up to date.
    Expired,
}

/// A record whose signature, name and fields were checked.
#[derive(Clone, Debug)]
pub struct Record {}

impl Record {
    /// Checks everything of `ipfs-facts` 2.2 except the EOL against a clock.
    pub fn parse(_raw: impl Into<Bytes>, _name: &Name) -> Result<Self, Error> {
        todo!()
    }
    /// Signs V1+V2. `eol` is rounded to whole seconds. `carried` = blocks for `_ws` (root first).
    pub fn create(
        _key: &SlotKey,
        _sequence: u64,
        _root: &Cid,
        _eol: UnixMs,
        _carried: &[Block],
    ) -> Result<Self, Error> {
        todo!()
    }
    /// Same value and carried blocks, next sequence / later EOL (yearly re-sign).
    pub fn resign(&self, _key: &SlotKey, _sequence: u64, _eol: UnixMs) -> Result<Self, Error> {
        todo!()
    }
    pub fn freshness(&self, _now: UnixMs) -> Freshness {
        todo!()
    }
    pub fn name(&self) -> &Name {
        todo!()
    }
    pub fn sequence(&self) -> u64 {
        todo!()
    }
    /// The value as text, `/ipfs/<cid v1>`.
    pub fn value(&self) -> &str {
        todo!()
    }
    /// The root this record points at, if its value is `/ipfs/<cid>` with a CID of our kinds (dag-cbor).
    pub fn root(&self) -> Option<Cid> {
        todo!()
    }
    /// EOL as the writer's text (RFC 3339) and in Unix nanoseconds.
    pub fn validity(&self) -> &str {
        todo!()
    }
    pub fn eol_ns(&self) -> i128 {
        todo!()
    }
    pub fn ttl_ns(&self) -> u64 {
        todo!()
    }
    pub fn is_v2_only(&self) -> bool {
        todo!()
    }
    /// The bytes as they travel.
    pub fn raw(&self) -> &Bytes {
        todo!()
    }
    /// Signed data bytes: with the sequence they identify a record.
    pub fn data(&self) -> &Bytes {
        todo!()
    }
    /// Blocks of `_ws`, each hashed here; empty when there are none or the field is not ours.
    pub fn carried(&self) -> Vec<Block> {
        todo!()
    }
    /// "Same record": same sequence and data bytes.
    pub fn same_as(&self, _other: &Self) -> bool {
        todo!()
    }
    /// boxo order: sequence, EOL, raw bytes.
    pub fn cmp_order(&self, _other: &Self) -> std::cmp::Ordering {
        todo!()
    }
}
