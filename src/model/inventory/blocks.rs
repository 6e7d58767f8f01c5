//! A few block references in order: most states have one payload and nothing else, for which a tree would take ten times the room.

use super::item::BlockRef;

/// A set of block references, smallest first. Takes hardly any room where it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks(Vec<BlockRef>);

impl Blocks {
    /// A set of nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one; false when the very same was there.
    pub fn insert(&mut self, block: BlockRef) -> bool {
        match self.0.binary_search(&block) {
            Ok(_) => false,
            Err(at) => {
                self.0.reserve_exact(1);
                self.0.insert(at, block);
                true
            }
        }
    }

    /// In order.
    pub fn iter(&self) -> std::slice::Iter<'_, BlockRef> {
        self.0.iter()
    }

    /// The smallest.
    #[must_use]
    pub fn first(&self) -> Option<&BlockRef> {
        self.0.first()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the very same reference is among them.
    #[must_use]
    pub fn contains(&self, block: &BlockRef) -> bool {
        self.0.binary_search(block).is_ok()
    }

    /// Whether all of them are among others.
    #[must_use]
    pub fn is_subset(&self, others: &Self) -> bool {
        self.iter().all(|block| others.contains(block))
    }
}

impl FromIterator<BlockRef> for Blocks {
    fn from_iter<I: IntoIterator<Item = BlockRef>>(blocks: I) -> Self {
        let mut blocks: Vec<BlockRef> = blocks.into_iter().collect();
        blocks.sort();
        blocks.dedup();
        blocks.shrink_to_fit();
        Self(blocks)
    }
}

impl<const N: usize> From<[BlockRef; N]> for Blocks {
    fn from(blocks: [BlockRef; N]) -> Self {
        blocks.into_iter().collect()
    }
}

impl<'a> IntoIterator for &'a Blocks {
    type Item = &'a BlockRef;
    type IntoIter = std::slice::Iter<'a, BlockRef>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Blocks {
    type Item = BlockRef;
    type IntoIter = std::vec::IntoIter<BlockRef>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
