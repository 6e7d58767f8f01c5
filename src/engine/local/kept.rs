//! What has come of roots that are on their way: it outlives the attempt that brought it, and the process.

use std::collections::HashSet;
use std::sync::Arc;

use super::Local;
use super::state::change::Change;
use super::state::kept::KeptBlocks;
use super::turn::Turn;
use crate::error::Error;
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::Slot;

impl Local {
    /// Keeps verified blocks for the next attempt. Where they would be too many, those from before go.
    ///
    /// # Errors
    /// Store errors.
    pub async fn keep_for_later(self: &Arc<Self>, blocks: Vec<Block>) -> Result<(), Error> {
        if blocks.is_empty() || self.reads_along() {
            return Ok(());
        }
        let turn = self.turn().await;
        let mut kept = turn.state().kept().clone();
        let mut changes = Vec::new();
        let more: u64 = blocks.iter().map(|block| block.bytes().len() as u64).sum();
        if kept.bytes().saturating_add(more) > limits::KEPT_BYTES {
            let all: Vec<Cid> = kept.cids().collect();
            changes.push(Change::Uncached(kept.remove(all.into_iter())));
        }
        for block in blocks {
            kept.add(&block);
            changes.push(Change::CacheBlock(block));
        }
        changes.push(Change::Kept(kept));
        turn.commit(changes).await
    }

    /// Those of these blocks that were kept.
    ///
    /// # Errors
    /// Store errors.
    pub async fn kept(&self, cids: &[Cid]) -> Result<Vec<Block>, Error> {
        let here: Vec<Cid> = {
            let state = self.read();
            cids.iter().filter(|cid| state.kept().has(cid)).copied().collect()
        };
        if here.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.store.blocks(&here).await?.into_iter().flatten().collect())
    }
}

impl Turn {
    /// What was kept goes once no slot is unread.
    pub fn kept_for_nobody(&self) -> Vec<Change> {
        let state = self.state();
        if state.kept().is_empty() || !state.unread().is_empty() {
            return Vec::new();
        }
        vec![Change::Uncached(state.kept().cids().collect()), Change::Kept(KeptBlocks::default())]
    }

    /// A root of a slot is merged: what was kept for it goes. Once no slot is unread, all of it does.
    pub fn no_longer_kept(&self, slot: Slot, walked: &HashSet<Cid>) -> Vec<Change> {
        let state = self.state();
        let mut kept = state.kept().clone();
        if kept.is_empty() {
            return Vec::new();
        }
        let is_last = state.unread().iter().all(|unread| *unread == slot);
        let gone: Vec<Cid> = kept.cids().filter(|cid| is_last || walked.contains(cid)).collect();
        let gone = kept.remove(gone.into_iter());
        vec![Change::Uncached(gone), Change::Kept(kept)]
    }
}
