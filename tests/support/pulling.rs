//! A whole DAG, as a node pulls it from its peers.

use std::collections::HashSet;

use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::{Code, Error};

use super::dag::links;
use super::fake_node::FakeNode;

impl FakeNode {
    /// Pulls a whole DAG from here and the peers.
    pub(super) fn pull_dag(&self, root: &Cid) -> Result<u64, Error> {
        self.pull_rest(root, HashSet::new())
    }

    /// The same without what another root leads to, whether or not that is there: as Kubo walks from one pin to the next.
    pub(super) fn pull_difference(&self, old: &Cid, new: &Cid) -> Result<u64, Error> {
        let (mut stack, mut known) = (vec![*old], HashSet::new());
        while let Some(cid) = stack.pop() {
            if known.insert(cid) {
                stack.extend(self.held().blocks.get(&cid).map(links).unwrap_or_default());
            }
        }
        self.pull_rest(new, known)
    }

    fn pull_rest(&self, root: &Cid, known: HashSet<Cid>) -> Result<u64, Error> {
        let (mut stack, mut seen) = (vec![*root], known);
        while let Some(cid) = stack.pop() {
            if !seen.insert(cid) {
                continue;
            }
            self.follow(&cid)?;
            let Some(block) = self.pull(&cid) else {
                return Err(Error::new(Code::Unreachable, "context deadline exceeded"));
            };
            stack.extend(links(&block));
            self.held().blocks.insert(cid, block);
        }
        Ok(seen.len() as u64)
    }
}
