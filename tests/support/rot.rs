//! Blocks that a node has and cannot read, for bad sectors or something else in the place of their files; and such as it reads well, with
//! nothing in them.

use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::node::{Discarded, unreadable};
use tauri_plugin_wallet_sync::{Code, Error};

use super::fake_node::FakeNode;

impl FakeNode {
    /// These cannot be read from now on.
    pub fn rot(&self, cids: impl IntoIterator<Item = Cid>) {
        self.held().rotten.extend(cids);
    }

    /// The files of these have nothing in them from now on.
    pub fn empty(&self, cids: impl IntoIterator<Item = Cid>) {
        let nothing = |cid: Cid| (cid, Block::new(cid.codec(), Vec::new()));
        self.held().blocks.extend(cids.into_iter().map(nothing));
    }

    fn is_rotten(&self, cid: &Cid) -> bool {
        self.held().rotten.contains(cid)
    }

    /// A node reads what has links when it follows them.
    pub(super) fn follow(&self, cid: &Cid) -> Result<(), Error> {
        match cid.codec() {
            Codec::DagCbor if self.is_rotten(cid) => Err(unreadable("pin/update failed (status 500)")),
            _ => Ok(()),
        }
    }

    pub(super) fn stored(&self, cid: &Cid) -> Result<Option<Block>, Error> {
        if self.is_rotten(cid) {
            return Err(unreadable("block/get failed (status 500)"));
        }
        match self.held().blocks.get(cid) {
            Some(block) if block.cid() != cid => Err(Error::new(Code::HashMismatch, "other bytes")),
            block => Ok(block.cloned()),
        }
    }

    /// The bytes under a root, all of which are read for that; none where one of them is not there.
    pub(super) fn stat_dag(&self, root: &Cid) -> Result<Option<u64>, Error> {
        let dag = self.dag(root);
        if dag.keys().any(|cid| self.is_rotten(cid)) {
            return Err(unreadable("dag/stat failed (status 500)"));
        }
        Ok(self.has_dag(root).then(|| dag.values().map(|block| block.bytes().len() as u64).sum()))
    }

    /// Drops blocks, unless something that is pinned cannot be followed.
    pub(super) fn drop_blocks(&self, cids: &[Cid]) -> Discarded {
        let pinned: Vec<Cid> = self.held().pins.keys().copied().collect();
        let cannot_follow = |root: &Cid| self.dag(root).keys().any(|cid| self.follow(cid).is_err());
        if pinned.iter().any(cannot_follow) {
            return Discarded::Unreadable;
        }
        let mut held = self.held();
        held.blocks.retain(|cid, _| !cids.contains(cid));
        held.rotten.retain(|cid| !cids.contains(cid));
        Discarded::All
    }
}
