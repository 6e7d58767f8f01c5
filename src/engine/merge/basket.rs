//! What one attempt to merge a root has brought so far: an attempt that is dropped leaves it to whoever began it.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::block::Block;
use crate::model::cid::Cid;

/// Verified blocks of one root that are not on the disk yet.
#[derive(Default)]
pub struct Basket(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    blocks: Vec<Block>,
    seen: HashSet<Cid>,
}

impl Basket {
    pub fn put(&self, block: &Block) {
        let mut inner = self.inner();
        if inner.seen.insert(*block.cid()) {
            inner.blocks.push(block.clone());
        }
    }

    /// What came since the last time.
    pub fn take(&self) -> Vec<Block> {
        std::mem::take(&mut self.inner().blocks)
    }

    /// Whether anything came at all.
    pub fn was_filled(&self) -> bool {
        !self.inner().seen.is_empty()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
