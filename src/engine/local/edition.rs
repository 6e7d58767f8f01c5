//! A signed edition with its blocks, on its way to the nodes.

use std::collections::{HashMap, HashSet};

use tokio::sync::watch;

use super::state::holdings::Contents;
use super::state::names::{Edition, Names};
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::record::Record;

/// A signed edition and its blocks.
pub struct SignedEdition {
    pub edition: Edition,
    pub name: Name,
    pub record: Record,
    /// Root, index and keep nodes; payloads stay in the store.
    pub blocks: HashMap<Cid, Block>,
    /// Every block that a node is sent, children before parents: those under the root, the beacons, the root.
    pub all: Vec<Cid>,
    /// Bytes of payloads, evidence and values by CID.
    sizes: HashMap<Cid, u64>,
    keep: HashSet<Cid>,
    /// The beacons of the slot, by place.
    pub beacons: Vec<Cid>,
    /// Nothing that is wanted here is missing in it.
    pub is_whole: bool,
    /// Where the slot is given back for another device: the roots that it contains. Of the own slot that is known otherwise.
    pub contained: Option<Vec<Cid>>,
    /// Records of a predecessor that it is put over: all they lead to is here, and is no root.
    pub replaces: Vec<Record>,
}

/// What an edition is made of.
pub struct EditionParts {
    pub record: Record,
    pub root: Option<Block>,
    /// Nodes of the tries, parents first.
    pub nodes: Vec<Block>,
    /// Data blocks and their sizes.
    pub data: Vec<(Cid, u64)>,
}

impl SignedEdition {
    /// Whether all that a record leads to is in this edition.
    pub fn contains_record(&self, names: &Names, record: &Record) -> bool {
        match record.root() {
            Some(root) => self.contains(names, &root),
            None => self.replaces.iter().any(|replaced| replaced.same_as(record)),
        }
    }

    /// Whether a block is for the nodes alone: no reader needs it.
    pub fn only_pins(&self, cid: &Cid) -> bool {
        self.keep.contains(cid) || self.beacons.contains(cid)
    }

    /// Whether all that a root has is in this edition.
    pub fn contains(&self, names: &Names, root: &Cid) -> bool {
        match &self.contained {
            Some(contained) => contained.contains(root),
            None => names.is_contained(root, self.edition.sequence),
        }
    }

    /// Whether it is for a slot that is given back for another device.
    pub fn is_for_another(&self) -> bool {
        self.contained.is_some()
    }

    /// Bytes of these blocks.
    pub fn bytes_of(&self, cids: &[Cid]) -> u64 {
        let size = |cid: &Cid| match self.blocks.get(cid) {
            Some(block) => block.bytes().len() as u64,
            None => self.sizes.get(cid).copied().unwrap_or(0),
        };
        cids.iter().map(size).sum()
    }

    /// Takes it apart; without the beacons.
    pub fn into_parts(mut self) -> EditionParts {
        let root = self.blocks.remove(&self.edition.root);
        let (mut nodes, mut data) = (Vec::new(), Vec::new());
        for cid in self.all.iter().rev().filter(|cid| !self.beacons.contains(cid)) {
            if let Some(node) = self.blocks.remove(cid) {
                nodes.push(node);
            } else if let Some(size) = self.sizes.get(cid) {
                data.push((*cid, *size));
            }
        }
        EditionParts { record: self.record, root, nodes, data }
    }

    /// Puts it together; the data blocks come before the nodes of the tries, the root comes last.
    pub fn new(
        edition: Edition,
        record: Record,
        root: Block,
        contents: Contents,
        beacons: Vec<Block>,
    ) -> Self {
        let keep = contents.keep_blocks.iter().map(|block| *block.cid()).collect();
        let nodes = || contents.keep_blocks.iter().rev().chain(contents.index_blocks.iter().rev());
        let mut all: Vec<Cid> = contents.data.iter().map(|(cid, _)| *cid).collect();
        all.extend(nodes().map(|block| *block.cid()));
        all.extend(beacons.iter().map(|block| *block.cid()));
        all.push(*root.cid());
        let beacon_cids = beacons.iter().map(|block| *block.cid()).collect();
        let others = beacons.into_iter().chain(std::iter::once(root));
        let blocks = nodes().cloned().chain(others).map(|block| (*block.cid(), block)).collect();
        Self {
            name: *record.name(),
            edition,
            record,
            blocks,
            all,
            sizes: contents.data.into_iter().collect(),
            keep,
            beacons: beacon_cids,
            is_whole: false,
            contained: None,
            replaces: Vec::new(),
        }
    }
}

/// An edition on its way to the nodes.
pub struct Outgoing {
    pub edition: SignedEdition,
    /// The nodes that lack it: first those that lack the fewest bytes, then those that answer soonest.
    pub order: Vec<usize>,
    /// Some node has all blocks: the others may pull them from there.
    pub carried: watch::Sender<bool>,
}

impl Outgoing {
    /// A node has all blocks.
    pub fn note_carried(&self) {
        self.carried.send_if_modified(|carried| !std::mem::replace(carried, true));
    }
}
