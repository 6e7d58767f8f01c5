//! The canonical hash trie behind index and keep.
//!
//! Five bits of a 32-byte key per level, most significant first; a subtree of at most [`limits::TRIE_LEAF`] items is a
//! leaf, a larger one an inner node. So the shape depends on the set alone, never on the order of insertion. Node
//! blocks are kept until something under them changes.

use super::block::Block;
use super::cid::Cid;
use crate::error::Error;
use crate::limits;

const BITS: usize = 5;

/// Place of an item in a trie.
pub(super) type Key = [u8; 32];

/// Something that has a place.
pub(super) trait Keyed: PartialEq {
    fn key(&self) -> &Key;
}

/// What a node block is made of.
pub(super) enum Shape<'a, T> {
    /// Items in key order.
    Leaf(&'a [T]),
    /// Which children there are (bit n for the child n), and their blocks in this order.
    Inner { bitmap: u32, links: &'a [Cid] },
}

/// A set of items, one per key.
#[derive(Clone, Debug)]
pub(super) struct Trie<T> {
    root: Node<T>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Node<T> {
    body: Body<T>,
    /// None once something under it changed.
    block: Option<Block>,
}

#[derive(Clone, Debug)]
enum Body<T> {
    Leaf(Vec<T>),
    Inner { bitmap: u32, children: Vec<Node<T>> },
}

impl<T> Default for Trie<T> {
    fn default() -> Self {
        Self { root: Node::leaf(Vec::new()), len: 0 }
    }
}

impl<T: Keyed> Trie<T> {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, key: &Key) -> Option<&T> {
        let mut node = &self.root;
        let mut depth = 0;
        loop {
            match &node.body {
                Body::Leaf(items) => {
                    let at = items.binary_search_by(|item| item.key().cmp(key)).ok()?;
                    return items.get(at);
                }
                Body::Inner { bitmap, children } => {
                    node = children.get(child(*bitmap, key, depth).ok()?)?;
                    depth += 1;
                }
            }
        }
    }

    /// Inserts an item or puts it in the place of the one with its key; false when the very same was there.
    pub(super) fn insert(&mut self, item: T) -> bool {
        let old = self.get(item.key());
        if old == Some(&item) {
            return false;
        }
        self.len += usize::from(old.is_none());
        self.root.insert(item, 0);
        true
    }

    /// Items in key order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.nodes().flat_map(|node| match &node.body {
            Body::Leaf(items) => items.as_slice(),
            Body::Inner { .. } => &[],
        })
    }

    /// Makes the blocks that are missing, children before parents, and returns the root's CID.
    pub(super) fn seal(
        &mut self,
        make: &mut impl FnMut(Shape<'_, T>) -> Result<Block, Error>,
    ) -> Result<Cid, Error> {
        self.root.seal(make)
    }

    /// The blocks made, root first, depth first.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.nodes().filter_map(|node| node.block.as_ref())
    }

    fn nodes(&self) -> impl Iterator<Item = &Node<T>> {
        let mut stack = vec![&self.root];
        std::iter::from_fn(move || {
            let node = stack.pop()?;
            if let Body::Inner { children, .. } = &node.body {
                stack.extend(children.iter().rev());
            }
            Some(node)
        })
    }
}

impl<T> Node<T> {
    const fn leaf(items: Vec<T>) -> Self {
        Self { body: Body::Leaf(items), block: None }
    }
}

impl<T: Keyed> Node<T> {
    fn insert(&mut self, item: T, depth: usize) {
        self.block = None;
        match &mut self.body {
            Body::Leaf(items) => match items.binary_search_by(|old| old.key().cmp(item.key())) {
                Ok(at) => {
                    if let Some(old) = items.get_mut(at) {
                        *old = item;
                    }
                }
                Err(at) => {
                    items.insert(at, item);
                    // Ends: two keys at most agree in all their chunks.
                    if items.len() > limits::TRIE_LEAF {
                        let items = std::mem::take(items);
                        self.body = Body::Inner { bitmap: 0, children: Vec::new() };
                        items.into_iter().for_each(|item| self.insert(item, depth));
                    }
                }
            },
            Body::Inner { bitmap, children } => match child(*bitmap, item.key(), depth) {
                Ok(at) => {
                    if let Some(child) = children.get_mut(at) {
                        child.insert(item, depth + 1);
                    }
                }
                Err((bit, at)) => {
                    *bitmap += bit;
                    children.insert(at, Self::leaf(vec![item]));
                }
            },
        }
    }

    fn seal(&mut self, make: &mut impl FnMut(Shape<'_, T>) -> Result<Block, Error>) -> Result<Cid, Error> {
        if let Some(block) = &self.block {
            return Ok(*block.cid());
        }
        let block = match &mut self.body {
            Body::Leaf(items) => make(Shape::Leaf(items))?,
            Body::Inner { bitmap, children } => {
                let links =
                    children.iter_mut().map(|child| child.seal(make)).collect::<Result<Vec<_>, _>>()?;
                make(Shape::Inner { bitmap: *bitmap, links: &links })?
            }
        };
        Ok(*self.block.insert(block).cid())
    }
}

/// Position of a key's child among those that exist; `Err` for one that does not, with its bit and where it would be.
fn child(bitmap: u32, key: &Key, depth: usize) -> Result<usize, (u32, usize)> {
    let bit = 1_u32 << chunk(key, depth);
    let at = (bitmap & (bit - 1)).count_ones() as usize;
    if bitmap & bit == 0 { Err((bit, at)) } else { Ok(at) }
}

/// Five bits of a key, from 0 to 31; bits beyond its end are zero.
fn chunk(key: &Key, depth: usize) -> u8 {
    let offset = depth * BITS;
    let byte = |at: usize| key.get(at).copied().unwrap_or(0);
    let window = u16::from_be_bytes([byte(offset / 8), byte(offset / 8 + 1)]);
    let [_, chunk] = (window >> (16 - BITS - offset % 8) & 31).to_be_bytes();
    chunk
}

/// Where a node is: the chunks of the keys below it, one per level above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path {
    // First, so that paths are in breadth-first order.
    depth: usize,
    chunks: [u8; limits::TRIE_DEPTH],
}

impl Path {
    pub(super) const ROOT: Self = Self { depth: 0, chunks: [0; limits::TRIE_DEPTH] };

    pub(super) const fn depth(&self) -> usize {
        self.depth
    }

    /// Where its children are; none below the last level.
    pub(super) fn children(self, bitmap: u32) -> impl Iterator<Item = Self> {
        (0..32_u8).filter(move |child| bitmap & 1 << child != 0).filter_map(move |child| {
            let mut chunks = self.chunks;
            *chunks.get_mut(self.depth)? = child;
            Some(Self { depth: self.depth + 1, chunks })
        })
    }

    /// Whether a key belongs under it.
    pub(super) fn holds(&self, key: &Key) -> bool {
        let mut levels = self.chunks.iter().take(self.depth).enumerate();
        levels.all(|(depth, expected)| chunk(key, depth) == *expected)
    }
}

#[cfg(test)]
mod tests;
