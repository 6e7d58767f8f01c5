//! The encrypted index: a canonical hash trie of items.
//!
//! Equal sets have equal blocks on every device, so that two indexes differ exactly in the nodes whose CIDs differ:
//! [`Diff`] fetches those and nothing else. Items are opaque here; one that does not parse does not stop the others.

mod diff;

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use ipld_core::ipld::Ipld;

use super::block::Block;
use super::cid::Cid;
use super::envelope;
use super::seal::{Kind, Sealer};
use super::trie::{Key, Keyed, Shape, Trie};
use crate::error::Error;

pub use diff::Diff;

/// Leaf: the list of [key, item].
const ITEMS: &str = "i";
/// Inner node: which children there are.
const CHILDREN: &str = "m";

#[derive(Clone, Debug, PartialEq)]
struct Placed {
    key: Key,
    item: Bytes,
}

impl Keyed for Placed {
    fn key(&self) -> &Key {
        &self.key
    }
}

/// In-memory trie; node blocks are cached and only touched ones are made again.
#[derive(Clone, Debug, Default)]
pub struct Index {
    trie: Trie<Placed>,
}

impl Index {
    /// An index of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Inserts or replaces the encoded item at a key.
    pub fn insert(&mut self, key: [u8; 32], item: Bytes) {
        self.trie.insert(Placed { key, item });
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.trie.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Seals what was touched and returns the root CID.
    ///
    /// # Errors
    /// None for items within [`limits::ITEM_BYTES`](crate::limits::ITEM_BYTES).
    pub fn seal(&mut self, sealer: &Sealer) -> Result<Cid, Error> {
        self.trie.seal(&mut |shape| {
            let (body, links) = match shape {
                Shape::Leaf(items) => ((ITEMS, Ipld::List(items.iter().map(pair).collect())), &[][..]),
                Shape::Inner { bitmap, links } => ((CHILDREN, Ipld::Integer(bitmap.into())), links),
            };
            envelope::wrap(Kind::Index, BTreeMap::from([(body.0.to_owned(), body.1)]), links, sealer)
        })
    }

    /// All node blocks, root first, depth first. Only right after [`seal`](Self::seal); what was touched since is
    /// missing.
    #[must_use]
    pub fn blocks(&self) -> Vec<Block> {
        self.trie.blocks().cloned().collect()
    }

    /// CIDs of all node blocks. Only right after [`seal`](Self::seal).
    #[must_use]
    pub fn cids(&self) -> HashSet<Cid> {
        self.trie.blocks().map(|block| *block.cid()).collect()
    }
}

fn pair(placed: &Placed) -> Ipld {
    Ipld::List(vec![Ipld::Bytes(placed.key.to_vec()), Ipld::Bytes(placed.item.to_vec())])
}
