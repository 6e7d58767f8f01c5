//! Blocks: reading them from the disk, keeping those that arrive, and what an edition is made of.

use std::collections::HashSet;
use std::sync::Arc;

use super::Local;
use super::guarded::Writing;
use super::state::change::Change;
use super::state::holdings::Contents;
use super::turn::Turn;
use crate::error::Error;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::store::BlockStats;

impl Local {
    /// A block from the disk. A data block that turns out to be damaged is not found, and is wanted again.
    ///
    /// # Errors
    /// Store errors.
    pub async fn block(self: &Arc<Self>, cid: &Cid) -> Result<Option<Block>, Error> {
        let found = self.store.block(cid).await?;
        if found.is_none() && self.read().holdings().is_on_disk(cid) {
            self.turn().await.block(cid).await?;
        }
        Ok(found)
    }

    /// Commits data blocks that arrived.
    ///
    /// # Errors
    /// Store errors.
    pub async fn keep_blocks(self: &Arc<Self>, blocks: Vec<Block>) -> Result<(), Error> {
        let turn = self.turn().await;
        let mut changes: Vec<Change> = {
            let state = turn.state();
            // What was asked for may not be wanted any more: its entry was set again meanwhile.
            let change = |block: Block| match state.holdings().is_missing(block.cid()) {
                true => Change::Block(block),
                false => Change::BlockAhead(block),
            };
            blocks.into_iter().map(change).collect()
        };
        if !changes.is_empty() {
            changes.extend(turn.unconfirmed());
        }
        turn.commit(changes).await
    }

    /// Commits data blocks whose items come next, or are here and lack them.
    ///
    /// # Errors
    /// Store errors.
    pub async fn keep_ahead(self: &Arc<Self>, blocks: Vec<Block>) -> Result<(), Error> {
        if blocks.is_empty() {
            return Ok(());
        }
        let turn = self.turn().await;
        let mut changes: Vec<Change> = blocks.into_iter().map(Change::BlockAhead).collect();
        changes.extend(turn.unconfirmed());
        turn.commit(changes).await
    }

    /// Blocks that did not come are asked for after all others from now on.
    ///
    /// # Errors
    /// None: nothing is written.
    pub async fn note_in_vain(self: &Arc<Self>, cids: Vec<Cid>) -> Result<(), Error> {
        let now = self.now();
        self.turn().await.commit(vec![Change::InVain(cids, now)]).await
    }

    /// Nothing came of these blocks for a moment: the next reading begins with the others.
    ///
    /// # Errors
    /// None: nothing is written.
    pub async fn note_silent(self: &Arc<Self>, cids: Vec<Cid>) -> Result<(), Error> {
        let now = self.now();
        self.turn().await.commit(vec![Change::Silent(cids, now)]).await
    }

    /// Roots of the index and the keep of what is here.
    ///
    /// # Errors
    /// `too_large` when the index cannot be sealed.
    pub fn seals(&self) -> Result<(Cid, Cid), Error> {
        self.sealing().holdings_mut().seals(self.keys.sealer())
    }

    /// CIDs of the nodes of that index.
    ///
    /// # Errors
    /// As [`Local::seals`].
    pub fn index_cids(&self) -> Result<HashSet<Cid>, Error> {
        let mut state = self.sealing();
        state.holdings_mut().seal_index(self.keys.sealer())?;
        Ok(state.holdings().index_cids())
    }

    /// Index, keep and data blocks as they are now.
    ///
    /// # Errors
    /// As [`Local::seals`].
    pub fn contents(&self) -> Result<Contents, Error> {
        self.sealing().holdings_mut().contents(self.keys.sealer())
    }

    /// Counts of the blocks on disk.
    ///
    /// # Errors
    /// Store errors.
    pub async fn block_stats(&self) -> Result<BlockStats, Error> {
        self.store.block_stats().await
    }

    /// Removes blocks that can be fetched or built again, until at most `max_bytes` of them are left.
    ///
    /// # Errors
    /// Store errors.
    pub async fn trim_cache(&self, max_bytes: u64) -> Result<(), Error> {
        self.store.trim_cache(max_bytes).await.map(drop)
    }

    /// Sealing remembers what it has sealed; nothing that the store holds changes.
    fn sealing(&self) -> Writing<'_> {
        self.state.write()
    }
}

impl Turn {
    /// Those of the blocks of a known item that cannot be read from this disk.
    ///
    /// # Errors
    /// Store errors.
    pub async fn lacking(&self, blocks: Vec<Block>) -> Result<Vec<Change>, Error> {
        let mut lacking = Vec::new();
        for block in blocks {
            if self.block(block.cid()).await?.is_none() {
                lacking.push(Change::Block(block));
            }
        }
        Ok(lacking)
    }

    /// As [`Local::block`], for a caller that holds the turn.
    ///
    /// # Errors
    /// Store errors.
    pub async fn block(&self, cid: &Cid) -> Result<Option<Block>, Error> {
        let found = self.local().store.block(cid).await?;
        if found.is_none() && self.state().holdings().is_on_disk(cid) {
            let lost = self.state().holdings().lost_with(*cid);
            // The keep of an own root may be the last that names it: none is replaced before that was looked at.
            let changes = vec![Change::BlockLost(*cid), Change::Lost(lost), Change::Contained(Vec::new())];
            // Who reads along cannot write that down, and goes on without the block.
            self.commit_told(changes).await?;
        }
        Ok(found)
    }
}
