//! The inventory: token states, spends, entries; merge is a join.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ipld_core::ipld::Ipld;

use super::cid::Cid;
use super::identity::DeviceId;
use super::seal::Sealer;
use crate::Error;
use crate::clock::UnixMs;

/// 1–128 characters of `A–Z a–z 0–9 . _ : -`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(String);

impl Id {
    pub fn parse(text: &str) -> Result<Self, Error> {
        let _ = text;
        todo!()
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Key of a token state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenKey {
    pub token_id: Id,
    pub state_hash: Id,
}

/// A sealed block that an item refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockRef {
    pub cid: Cid,
    /// Bytes of the plaintext.
    pub size: u32,
}

/// All that is known of one (token id, state hash).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenState {
    pub previous: Option<Id>,
    pub summary: Option<String>,
    pub payloads: BTreeSet<BlockRef>,
    pub intents: BTreeSet<BlockRef>,
    pub proofs: BTreeSet<BlockRef>,
    pub unknown: BTreeMap<String, Ipld>,
}

/// Spend as shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spend {
    None,
    Intent,
    Proof,
}

/// Hybrid logical clock: wall milliseconds, then a counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hlc {
    pub ms: UnixMs,
    pub count: u32,
}

/// Where an entry's value is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryValue {
    Inline(Bytes),
    Block(BlockRef),
}

/// One version of an entry, ordered by (HLC, device, value).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub hlc: Hlc,
    pub device: DeviceId,
    pub value: EntryValue,
}

/// An entry: the two highest versions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    pub versions: BTreeSet<Version>,
    pub unknown: BTreeMap<String, Ipld>,
}

/// One element of the index.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Token(TokenKey, TokenState),
    Entry(String, Entry),
    /// An item of a kind that a later release made: (index key parts unknown) carried along untouched by its raw CBOR.
    Unknown {
        key: [u8; 32],
        cbor: Bytes,
    },
}

impl Item {
    pub fn index_key(&self, _sealer: &Sealer) -> [u8; 32] {
        todo!()
    }
    /// Canonical CBOR.
    pub fn encode(&self) -> Result<Bytes, Error> {
        todo!()
    }
    /// Strict; bounds of limits.rs; `key` is where it stood in the index (only kept for unknown kinds).
    pub fn decode(_key: [u8; 32], _cbor: &[u8]) -> Result<Self, Error> {
        todo!()
    }
    /// Blocks (payload, evidence, value) that the item refers to.
    pub fn refs(&self) -> Vec<BlockRef> {
        todo!()
    }
}

/// Result of joining one item.
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// The item after the join, if it changed anything.
    pub changed: Option<Item>,
    /// A second, different payload under one key was seen now.
    pub payload_conflict: bool,
    pub added: bool,
    /// The first proof of this state came with this join.
    pub spent: bool,
}

/// The grow-only state of a wallet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {}

/// A row of the view.
#[derive(Clone, Debug)]
pub struct ViewRow<'a> {
    pub key: &'a TokenKey,
    pub state: &'a TokenState,
    pub spend: Spend,
    pub forked: bool,
}

/// Counts of the view: live states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub total: usize,
    pub unspent: usize,
    pub suspect: usize,
}

impl Inventory {
    /// What joining would do, without doing it (so that it can be committed to disk first).
    pub fn joined(&self, _item: &Item) -> Result<Joined, Error> {
        todo!()
    }
    /// Puts an item that `joined` returned.
    pub fn apply(&mut self, _item: Item) {
        todo!()
    }
    pub fn state(&self, _key: &TokenKey) -> Option<&TokenState> {
        todo!()
    }
    pub fn entry(&self, _key: &str) -> Option<&Entry> {
        todo!()
    }
    /// Entries in key order with the version shown at `now`.
    pub fn entries(&self, _now: UnixMs) -> impl Iterator<Item = (&str, &Version)> {
        std::iter::empty()
    }
    /// Highest HLC not more than ten minutes ahead of `now`.
    pub fn highest_hlc(&self, _now: UnixMs) -> Hlc {
        todo!()
    }
    pub fn items(&self) -> impl Iterator<Item = Item> + '_ {
        std::iter::empty()
    }
    /// The view in key order: states without a proven spend and with a payload; `all`: proven ones too.
    pub fn view(&self, _all: bool) -> impl Iterator<Item = ViewRow<'_>> {
        std::iter::empty()
    }
    pub fn counts(&self) -> Counts {
        todo!()
    }
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        todo!()
    }
}
