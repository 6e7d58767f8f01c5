//! What an inventory is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use ipld_core::ipld::Ipld;
use sha2::{Digest, Sha256};

use super::blocks::Blocks;
use super::codec;
use super::entry::Entry;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::model::seal::{Sealer, sealed_size};

/// 1–128 characters of `A–Z a–z 0–9 . _ : -`. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Arc<str>);

impl Id {
    /// Before every other one; it names nothing.
    pub(super) fn lowest() -> Self {
        Self(Arc::from(""))
    }

    /// Checks length and characters.
    ///
    /// # Errors
    /// [`Code::BadRequest`] naming the rule.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
        if text.is_empty() || text.len() > limits::KEY_CHARS || !text.bytes().all(allowed) {
            let message = format!("must be 1–{} characters of A–Z a–z 0–9 . _ : -", limits::KEY_CHARS);
            return Err(Error::new(Code::BadRequest, message));
        }
        Ok(Self(text.into()))
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Key of a token state. Ordered by token id, then state hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenKey {
    /// The token, whatever its state.
    pub token_id: Id,
    /// One state of it.
    pub state_hash: Id,
}

/// Sealed bytes that an item refers to: the blocks they were cut into. Ordered by their CIDs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockRef {
    /// CID of the first chunk, always `raw`; most have no other.
    pub cid: Cid,
    /// The chunks that follow.
    pub rest: Rest,
    /// Bytes of the plaintext.
    pub size: u32,
}

/// Chunks after the first. Takes hardly any room where there are none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rest(Option<Arc<Vec<Cid>>>);

impl From<Vec<Cid>> for Rest {
    fn from(cids: Vec<Cid>) -> Self {
        Self((!cids.is_empty()).then(|| Arc::new(cids)))
    }
}

impl BlockRef {
    /// A reference to these chunks; none without any.
    #[must_use]
    pub fn new(chunks: impl IntoIterator<Item = Cid>, size: u32) -> Option<Self> {
        let mut chunks = chunks.into_iter();
        Some(Self { cid: chunks.next()?, rest: chunks.collect::<Vec<_>>().into(), size })
    }

    /// Its chunks in order.
    pub fn chunks(&self) -> impl Iterator<Item = &Cid> {
        std::iter::once(&self.cid).chain(self.rest.0.iter().flat_map(|rest| rest.iter()))
    }

    /// Its chunks in order, and the bytes that each has at most: all but the last are full, and what was compressed has less.
    pub fn sized_chunks(&self) -> impl Iterator<Item = (Cid, u64)> {
        let chunk = limits::CHUNK_BYTES as u64;
        let mut left = sealed_size(self.size as usize) as u64;
        let mut chunks = self.chunks().copied().peekable();
        std::iter::from_fn(move || {
            let cid = chunks.next()?;
            let size = if chunks.peek().is_some() { chunk } else { left.clamp(1, chunk) };
            left = left.saturating_sub(size);
            Some((cid, size))
        })
    }

    /// SHA-256 over the CIDs of its chunks: what a rejected proof is called by.
    #[must_use]
    pub fn hash(&self) -> ProofHash {
        let digest = self.chunks().fold(Sha256::new(), |digest, cid| digest.chain_update(cid.to_bytes()));
        digest.finalize().into()
    }

    /// Whether it names the same bytes as another one.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.cid, &self.rest) == (other.cid, &other.rest)
    }
}

/// What a proof is called by where it is rejected: [`BlockRef::hash`].
pub type ProofHash = [u8; 32];

/// All that is known of one (token id, state hash).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TokenState {
    /// State hash of the state before.
    pub previous: Option<Id>,
    /// What a list shows.
    pub summary: Option<String>,
    /// The wallet's own bytes; more than one only when two devices brought different ones.
    pub payloads: Blocks,
    /// What is needed to finish or undo a spend.
    pub intents: Blocks,
    /// What shows that it is spent.
    pub proofs: Blocks,
    /// Proofs that the wallet declared void.
    pub rejected: BTreeSet<ProofHash>,
    /// Fields of later releases.
    pub unknown: BTreeMap<String, Ipld>,
}

impl TokenState {
    /// Whether a proof shows that it is spent: one that nobody rejected.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.proofs.iter().any(|proof| !self.rejected.contains(&proof.hash()))
    }

    /// The spend as it is shown to a device that `confirmed` these rejections: a proof outweighs intents, none of which it
    /// removes. A rejection that is not confirmed leaves the state suspect, and so does a full set of proofs, since a further
    /// one may have found no room in it.
    #[must_use]
    pub fn spend(&self, confirmed: &BTreeSet<ProofHash>) -> Spend {
        if self.is_spent() {
            return Spend::Proof;
        }
        let is_full = self.proofs.len() >= limits::SET_ITEMS;
        let is_doubted = is_full || !self.rejected.is_subset(confirmed);
        if is_doubted || !self.intents.is_empty() { Spend::Intent } else { Spend::None }
    }

    /// Whether it is in the view: the state itself is known, and no proof that it is spent.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !self.is_spent() && !self.payloads.is_empty()
    }
}

/// Spend as shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spend {
    /// Nothing is known of a spend.
    None,
    /// It was begun, or a proof of it is in doubt: suspect, not to be offered before the ledger was asked.
    Intent,
    /// It is spent.
    Proof,
}

/// One element of the index.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// A token state and its spends.
    Token(TokenKey, TokenState),
    /// An entry under its key.
    Entry(String, Entry),
    /// An item of a kind that a later release made, carried along untouched by its raw CBOR.
    Unknown {
        /// Where it stood in the index it was read from; its place is [`Item::index_key`] all the same.
        key: [u8; 32],
        /// Its encoding.
        cbor: Bytes,
    },
}

impl Item {
    /// Its place in the index: HMAC over kind and both parts of its name, each behind its length.
    #[must_use]
    pub fn index_key(&self, sealer: &Sealer) -> [u8; 32] {
        match self {
            Self::Token(key, _) => {
                place(sealer, codec::TOKEN, key.token_id.as_str(), key.state_hash.as_str())
            }
            Self::Entry(key, _) => place(sealer, codec::ENTRY, key, ""),
            // What decoded has a name; the place where it was found names an item that never was decoded.
            Self::Unknown { key, cbor } => match codec::name(cbor) {
                Ok(name) => place(sealer, name.kind, &name.id, name.sub.as_deref().unwrap_or("")),
                Err(_) => *key,
            },
        }
    }

    /// What (payload, evidence, value) the item refers to; none for an unknown kind.
    #[must_use]
    pub fn refs(&self) -> Vec<BlockRef> {
        match self {
            Self::Token(_, state) => {
                state.payloads.iter().chain(&state.intents).chain(&state.proofs).cloned().collect()
            }
            Self::Entry(_, entry) => entry.refs().collect(),
            Self::Unknown { .. } => Vec::new(),
        }
    }
}

fn place(sealer: &Sealer, kind: u8, id: &str, sub: &str) -> [u8; 32] {
    let length = |text: &str| u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes();
    sealer.index_key(&[&[kind], &length(id), id.as_bytes(), &length(sub), sub.as_bytes()])
}
