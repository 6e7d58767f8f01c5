//! The keep: a canonical trie, in clear, of the CIDs of payload, evidence and value blocks.
//!
//! A node's recursive pin follows its links and so holds the blocks of one device. Ordered by the digests of the CIDs.

use std::collections::{BTreeMap, HashSet};

use ipld_core::ipld::Ipld;

use super::block::Block;
use super::cbor;
use super::cid::{Cid, Codec};
use super::fields::{Fields, link_of, to_link};
use super::trie::{Key, Keyed, Shape, Trie};
use crate::error::Error;
use crate::limits;

const WHAT: &str = "keep node";
const LINKS: &str = "l";
/// Inner node: which children there are.
const CHILDREN: &str = "m";

impl Keyed for Cid {
    fn key(&self) -> &Key {
        self.digest()
    }
}

/// The kept CIDs; node blocks are cached and only touched ones are made again.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    trie: Trie<Cid>,
}

impl Keep {
    /// A keep of nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// False when it was there, and for anything but a `raw` CID, which no item refers to.
    pub fn insert(&mut self, cid: Cid) -> bool {
        cid.codec() == Codec::Raw && self.trie.insert(cid)
    }

    /// Whether it is kept.
    #[must_use]
    pub fn contains(&self, cid: &Cid) -> bool {
        self.trie.get(cid.digest()) == Some(cid)
    }

    /// How many CIDs are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.trie.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Encodes what was touched and returns the root CID.
    ///
    /// # Errors
    /// None that can be reached: links always encode.
    pub fn seal(&mut self) -> Result<Cid, Error> {
        self.trie.seal(&mut |shape| {
            let (links, bitmap) = match shape {
                Shape::Leaf(cids) => (cids, None),
                Shape::Inner { bitmap, links } => (links, Some(bitmap)),
            };
            let mut map = BTreeMap::new();
            map.insert(LINKS.to_owned(), Ipld::List(links.iter().map(to_link).collect()));
            if let Some(bitmap) = bitmap {
                map.insert(CHILDREN.to_owned(), Ipld::Integer(bitmap.into()));
            }
            Ok(Block::new(Codec::DagCbor, cbor::encode(&Ipld::Map(map))?))
        })
    }

    /// All node blocks, root first, depth first. Only right after [`seal`](Self::seal); what was touched since is
    /// missing.
    #[must_use]
    pub fn blocks(&self) -> Vec<Block> {
        self.trie.blocks().cloned().collect()
    }

    /// The kept CIDs, in order of their digests.
    pub fn iter(&self) -> impl Iterator<Item = &Cid> {
        self.trie.iter()
    }
}

/// Reads one keep node: links to further nodes (dag-cbor) or to kept blocks (raw). Unknown keys are ignored.
///
/// # Errors
/// [`Code::Malformed`](crate::Code::Malformed) naming what is wrong with it.
pub fn parse_node(block: &Block) -> Result<Vec<Cid>, Error> {
    let map = cbor::decode(block.bytes()).and_then(|node| cbor::into_map(node, "block"));
    let mut node = Fields::new(WHAT, map.map_err(|e| e.within(WHAT))?);
    let children = node.unsigned(CHILDREN, u32::MAX.into())?;
    let links = node.list(LINKS)?;
    let links = node.needed(LINKS, links)?;
    if links.len() > limits::TRIE_LEAF.max(limits::TRIE_FANOUT) {
        return Err(node.wrong(&format!("{} links", links.len())));
    }
    let codec = if children.is_some() { Codec::DagCbor } else { Codec::Raw };
    let links: Option<Vec<Cid>> = links.iter().map(|value| link_of(value, codec)).collect();
    let links = links.ok_or_else(|| node.wrong("a link is not of the codec that belongs here"))?;
    match children {
        Some(children) if children == 0 || children.count_ones() as usize != links.len() => {
            Err(node.wrong("children and links differ in number"))
        }
        Some(_) if links.iter().collect::<HashSet<_>>().len() != links.len() => {
            Err(node.wrong("one node twice"))
        }
        None if !links.is_sorted_by(|a, b| a < b) => Err(node.wrong("links are not in order")),
        _ => Ok(links),
    }
}
