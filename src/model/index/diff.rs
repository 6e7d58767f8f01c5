//! The walk over a remote index.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;
use ipld_core::ipld::Ipld;

use super::{CHILDREN, ITEMS};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::{Cid, Codec};
use crate::model::envelope::Opened;
use crate::model::fields::Fields;
use crate::model::seal::{Kind, Sealer};
use crate::model::trie::{Key, Path};

const WHAT: &str = "index node";

/// Walks a remote index, skipping every node that the local one has too.
///
/// Bounded whatever is offered: a node is opened once, and only where it was asked for; nodes and items are counted.
pub struct Diff {
    known: HashSet<Cid>,
    /// In order of depth, then of keys.
    wanted: BTreeMap<Path, Cid>,
    places: HashMap<Cid, Path>,
    seen: HashSet<Cid>,
    /// Nodes that were not asked for, because they are known.
    skipped: HashSet<Cid>,
    above: HashMap<Cid, Cid>,
    items: usize,
}

/// What a node block holds.
enum Content {
    Items(Vec<(Key, Bytes)>),
    Children(Vec<(Path, Cid)>),
}

impl Diff {
    /// `known`: CIDs of nodes that need not be looked at (equal CID = equal subtree).
    #[must_use]
    pub fn new(root: Cid, known: HashSet<Cid>) -> Self {
        let mut diff = Self {
            known,
            wanted: BTreeMap::new(),
            places: HashMap::new(),
            seen: HashSet::new(),
            skipped: HashSet::new(),
            above: HashMap::new(),
            items: 0,
        };
        diff.want(Path::ROOT, root);
        diff
    }

    /// Known nodes that the index has where the walk came by.
    #[must_use]
    pub fn skipped(&self) -> &HashSet<Cid> {
        &self.skipped
    }

    /// The nodes above one that the walk came by, the nearest first.
    pub fn above(&self, cid: &Cid) -> impl Iterator<Item = Cid> + '_ {
        std::iter::successors(self.above.get(cid).copied(), |cid| self.above.get(cid).copied())
    }

    /// Nodes needed next, in breadth-first order; empty = done.
    #[must_use]
    pub fn wanted(&self) -> Vec<Cid> {
        self.wanted.values().copied().collect()
    }

    /// Gives a node; returns the encoded items (key, cbor) of a leaf. A block that was not wanted is ignored.
    ///
    /// # Errors
    /// [`Code::DecryptFailed`] when it was not sealed with this wallet's keys, [`Code::Malformed`] naming what is wrong
    /// with it, [`Code::InventoryTooLarge`] for an index of more than [`limits::INDEX_ITEMS`] items or
    /// [`limits::INDEX_NODES`] nodes. The node is still wanted then.
    pub fn offer(&mut self, block: &Block, sealer: &Sealer) -> Result<Vec<([u8; 32], Bytes)>, Error> {
        let Some(path) = self.places.get(block.cid()).copied() else { return Ok(Vec::new()) };
        let items = match read(block, path, sealer)? {
            Content::Items(items) => {
                let count = self.items + items.len();
                if count > limits::INDEX_ITEMS {
                    return Err(too_large(limits::INDEX_ITEMS, "items"));
                }
                self.items = count;
                items
            }
            Content::Children(children) => {
                if self.seen.len() + children.len() > limits::INDEX_NODES {
                    return Err(too_large(limits::INDEX_NODES, "nodes"));
                }
                if children.iter().any(|(_, cid)| self.seen.contains(cid)) {
                    return Err(malformed("links a node that stands elsewhere"));
                }
                for (path, cid) in children {
                    self.above.insert(cid, *block.cid());
                    self.want(path, cid);
                }
                Vec::new()
            }
        };
        self.places.remove(block.cid());
        self.wanted.remove(&path);
        Ok(items)
    }

    fn want(&mut self, path: Path, cid: Cid) {
        if self.known.contains(&cid) {
            self.skipped.insert(cid);
        } else if self.seen.insert(cid) {
            self.wanted.insert(path, cid);
            self.places.insert(cid, path);
        }
    }
}

impl std::fmt::Debug for Diff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Diff({} wanted, {} seen, {} items)", self.wanted.len(), self.seen.len(), self.items)
    }
}

fn read(block: &Block, path: Path, sealer: &Sealer) -> Result<Content, Error> {
    let mut opened = Opened::new(block, Kind::Index, WHAT, sealer, limits::NODE_BYTES)?;
    let links = opened.links(limits::TRIE_FANOUT)?;
    let (items, children) = (opened.body.list(ITEMS)?, opened.body.unsigned(CHILDREN, u32::MAX.into())?);
    match (items, children) {
        (Some(items), None) if links.is_empty() => leaf(items, path, &opened.body).map(Content::Items),
        (None, Some(children)) => {
            inner(u32::try_from(children).unwrap_or(0), links, path, &opened.body).map(Content::Children)
        }
        _ => Err(malformed("neither a leaf nor an inner node")),
    }
}

fn leaf(items: Vec<Ipld>, path: Path, node: &Fields) -> Result<Vec<(Key, Bytes)>, Error> {
    if items.len() > limits::TRIE_LEAF {
        return Err(node.wrong(&format!("{} items, at most {}", items.len(), limits::TRIE_LEAF)));
    }
    if items.is_empty() && path.depth() > 0 {
        return Err(node.wrong("an empty leaf below the root"));
    }
    let mut found: Vec<(Key, Bytes)> = Vec::with_capacity(items.len());
    for pair in items {
        let (key, item) =
            pair_of(pair).ok_or_else(|| node.wrong("an item is not [key of 32 bytes, bytes]"))?;
        if !path.holds(&key) {
            return Err(node.wrong("a key does not belong here"));
        }
        if found.last().is_some_and(|(last, _)| *last >= key) {
            return Err(node.wrong("keys are not in order"));
        }
        found.push((key, item));
    }
    Ok(found)
}

fn pair_of(pair: Ipld) -> Option<(Key, Bytes)> {
    let Ipld::List(pair) = pair else { return None };
    match <[Ipld; 2]>::try_from(pair) {
        Ok([Ipld::Bytes(key), Ipld::Bytes(item)]) => Some((key.try_into().ok()?, item.into())),
        _ => None,
    }
}

fn inner(bitmap: u32, links: Vec<Cid>, path: Path, node: &Fields) -> Result<Vec<(Path, Cid)>, Error> {
    if path.depth() >= limits::TRIE_DEPTH {
        return Err(node.wrong("deeper than a key is long"));
    }
    if bitmap == 0 || bitmap.count_ones() as usize != links.len() {
        return Err(node.wrong("children and links differ in number"));
    }
    if links.iter().any(|link| link.codec() != Codec::DagCbor) {
        return Err(node.wrong("a link is not to a node"));
    }
    if links.iter().collect::<HashSet<_>>().len() != links.len() {
        return Err(node.wrong("one node twice"));
    }
    Ok(path.children(bitmap).zip(links).collect())
}

fn malformed(why: &str) -> Error {
    Error::new(Code::Malformed, format!("{WHAT}: {why}"))
}

fn too_large(most: usize, what: &str) -> Error {
    Error::new(Code::InventoryTooLarge, format!("an index of more than {most} {what}"))
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, CHILDREN, Cid, Codec, Diff, HashSet, ITEMS, Ipld, Kind, Sealer, limits};
    use crate::error::Code;
    use crate::model::block::Block;
    use crate::model::envelope::wrap;
    use crate::secret::Secret;

    fn sealer() -> Sealer {
        Sealer::new(&Secret::new([1; 32]), &Secret::new([2; 32]), &Secret::new([3; 32]))
    }

    fn node(field: &str, value: Ipld, links: &[Cid]) -> Block {
        wrap(Kind::Index, BTreeMap::from([(field.to_owned(), value)]), links, &sealer()).unwrap()
    }

    fn fake(n: usize) -> Cid {
        Cid::of(Codec::DagCbor, &n.to_be_bytes())
    }

    #[test]
    fn items_are_counted_up_to_their_bound() {
        let pair = Ipld::List(vec![Ipld::Bytes(vec![0; 32]), Ipld::Bytes(vec![])]);
        let leaf = node(ITEMS, Ipld::List(vec![pair]), &[]);
        for (before, refused) in
            [(limits::INDEX_ITEMS - 1, None), (limits::INDEX_ITEMS, Some(Code::InventoryTooLarge))]
        {
            let mut diff = Diff::new(*leaf.cid(), HashSet::new());
            diff.items = before;
            assert_eq!(diff.offer(&leaf, &sealer()).err().map(|error| error.code()), refused, "{before}");
        }
    }

    #[test]
    fn nodes_are_counted_up_to_their_bound() {
        let parent = node(CHILDREN, Ipld::Integer(0b11), &[fake(0), fake(1)]);
        let mut diff = Diff::new(*parent.cid(), HashSet::new());
        diff.seen.extend((2..limits::INDEX_NODES).map(fake));
        assert_eq!(diff.seen.len(), limits::INDEX_NODES - 1);
        assert_eq!(diff.offer(&parent, &sealer()).unwrap_err().code(), Code::InventoryTooLarge);
        diff.seen.remove(&fake(2));
        assert_eq!(diff.offer(&parent, &sealer()).unwrap(), []);
    }
}
