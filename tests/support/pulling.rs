//! A whole DAG, as a node pulls it from its peers.

use std::collections::HashSet;

use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::{Code, Error};

use super::dag::links;
use super::fake_node::FakeNode;

impl FakeNode {
    /// Pulls a whole DAG from here and the peers.
    pub(super) fn pull_dag(&self, root: &Cid) -> Result<u64, Error> {
        let (mut stack, mut seen) = (vec![*root], HashSet::new());
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
