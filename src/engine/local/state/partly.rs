//! Roots that are here in part: what fits of them was joined, the rest found no room. They are read, and not contained.
//!
//! It is remembered which nodes of their indexes hold such items, and how many: a further edition with the same nodes needs
//! no fetch of what has no room anyway. All of it holds for one release and its bounds; with others the roots are read anew.

use std::collections::BTreeMap;

use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;

/// Bytes of a CID as stored.
const CID_BYTES: usize = 36;

/// A root that is here in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartlyHere {
    pub slot: Slot,
    pub sequence: u64,
    pub root: Cid,
    /// Items of it that found no room.
    pub left_out: u32,
}

/// All such roots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partly {
    /// Whose bounds left it out.
    bounds: String,
    /// Newest last.
    roots: Vec<PartlyHere>,
    /// Index nodes with such items at or under them, and how many.
    nodes: BTreeMap<Cid, u32>,
}

impl Partly {
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty() && self.nodes.is_empty()
    }

    /// Whether it was these bounds that left it out.
    pub fn is_of(&self, bounds: &str) -> bool {
        self.is_empty() || self.bounds == bounds
    }

    pub fn get(&self, root: &Cid) -> Option<&PartlyHere> {
        self.roots.iter().find(|one| one.root == *root)
    }

    /// The root of a slot's edition.
    pub fn of_edition(&self, slot: Slot, sequence: u64) -> Option<&PartlyHere> {
        self.roots.iter().rfind(|one| (one.slot, one.sequence) == (slot, sequence))
    }

    /// Items at or under an index node that found no room.
    pub fn under(&self, node: &Cid) -> Option<u32> {
        self.nodes.get(node).copied()
    }

    pub fn nodes(&self) -> impl Iterator<Item = &Cid> {
        self.nodes.keys()
    }

    /// The same with one more root. Of too many the oldest is forgotten; of too many nodes all: they are read once more.
    pub fn with(&self, bounds: String, root: PartlyHere, nodes: BTreeMap<Cid, u32>) -> Self {
        let mut partly = Self { bounds, ..self.clone() };
        partly.roots.retain(|one| one.root != root.root);
        partly.roots.push(root);
        let surplus = partly.roots.len().saturating_sub(limits::ROOTS_IN_PART);
        partly.roots.drain(..surplus);
        if partly.nodes.len().saturating_add(nodes.len()) > limits::NODES_IN_PART {
            partly.nodes.clear();
        }
        partly.nodes.extend(nodes.into_iter().take(limits::NODES_IN_PART));
        partly
    }

    /// The bounds behind their length, each root behind the number of all, then each node; none when there are none.
    pub fn to_row(&self) -> Option<Vec<u8>> {
        if self.is_empty() {
            return None;
        }
        let length = u16::try_from(self.bounds.len()).ok()?;
        let mut row = length.to_be_bytes().to_vec();
        row.extend(self.bounds.as_bytes());
        row.extend(u16::try_from(self.roots.len()).ok()?.to_be_bytes());
        for one in &self.roots {
            row.push(one.slot.number());
            row.extend(one.sequence.to_be_bytes());
            row.extend(one.left_out.to_be_bytes());
            row.extend(one.root.to_bytes());
        }
        for (cid, count) in &self.nodes {
            row.extend(cid.to_bytes());
            row.extend(count.to_be_bytes());
        }
        Some(row)
    }

    /// What does not parse is read anew.
    pub fn of_row(row: &[u8]) -> Self {
        parse(row).unwrap_or_default()
    }
}

fn parse(row: &[u8]) -> Option<Partly> {
    let (length, row) = row.split_first_chunk()?;
    let (bounds, row) = row.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    let (count, mut row) = row.split_first_chunk()?;
    let mut partly = Partly { bounds: String::from_utf8(bounds.to_vec()).ok()?, ..Partly::default() };
    for _ in 0..u16::from_be_bytes(*count) {
        let (slot, rest) = row.split_first()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (left_out, rest) = rest.split_first_chunk()?;
        let (root, rest) = rest.split_at_checked(CID_BYTES)?;
        partly.roots.push(PartlyHere {
            slot: Slot::new(*slot)?,
            sequence: u64::from_be_bytes(*sequence),
            root: Cid::from_bytes(root).ok()?,
            left_out: u32::from_be_bytes(*left_out),
        });
        row = rest;
    }
    for node in row.chunks(CID_BYTES + size_of::<u32>()) {
        let (cid, count) = node.split_at_checked(CID_BYTES)?;
        partly.nodes.insert(Cid::from_bytes(cid).ok()?, u32::from_be_bytes(count.try_into().ok()?));
    }
    Some(partly)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeMap;

    use crate::engine::local::state::partly::{Partly, PartlyHere};
    use crate::limits;
    use crate::model::cid::{Cid, Codec};
    use crate::model::identity::Slot;

    fn cid(n: usize) -> Cid {
        Cid::of(Codec::DagCbor, &n.to_be_bytes())
    }

    fn one(n: usize) -> PartlyHere {
        PartlyHere { slot: Slot::ZERO, sequence: n as u64, root: cid(n), left_out: 3 }
    }

    #[test]
    fn its_row_says_the_same_and_a_damaged_one_says_nothing() {
        let nodes = BTreeMap::from([(cid(7), 2), (cid(8), 1)]);
        let partly = Partly::default().with("1 5 5 5".into(), one(1), nodes);
        let partly = partly.with("1 5 5 5".into(), one(2), BTreeMap::new());
        let row = partly.to_row().unwrap();
        assert_eq!(Partly::of_row(&row), partly);
        assert!(Partly::of_row(&row[..row.len() - 1]).is_empty());
        assert!(partly.is_of("1 5 5 5") && !partly.is_of("1 6 5 5"));
        assert_eq!((partly.under(&cid(7)), partly.under(&cid(1))), (Some(2), None));
        assert_eq!(Partly::default().to_row(), None);
    }

    #[test]
    fn roots_and_nodes_are_bounded() {
        let mut partly = Partly::default();
        for n in 0..=limits::ROOTS_IN_PART {
            partly = partly.with(String::new(), one(n), BTreeMap::new());
        }
        assert!(partly.get(&cid(0)).is_none() && partly.get(&cid(1)).is_some());
        let many = |from: usize| (from..from + limits::NODES_IN_PART).map(|n| (cid(n), 1)).collect();
        partly = partly.with(String::new(), one(1), many(0));
        assert_eq!(partly.nodes().count(), limits::NODES_IN_PART);
        partly = partly.with(String::new(), one(1), BTreeMap::from([(cid(usize::MAX), 1)]));
        assert_eq!(partly.nodes().count(), 1);
    }
}
