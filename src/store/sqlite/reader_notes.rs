//! What the reading and the writing side leave for each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::UnixMs;
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;

/// Rows that went to the quarantine outside a load, for the next load to name.
#[derive(Clone, Default)]
pub(super) struct Unsaid(Arc<Mutex<Vec<String>>>);

impl Unsaid {
    pub(super) fn add(&self, labels: Vec<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(labels);
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// When blocks were last read, until the writer notes it. Shared by the reading and the writing side.
#[derive(Clone, Default)]
pub(super) struct Touched(Arc<Mutex<HashMap<Cid, UnixMs>>>);

impl Touched {
    pub(super) fn note(&self, blocks: &[Option<Block>], now: UnixMs) {
        let mut touched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for block in blocks.iter().flatten() {
            // Full: the order of the cache gets less exact until the next commit takes what is there.
            if touched.len() < limits::STORE_TOUCHED || touched.contains_key(block.cid()) {
                touched.insert(*block.cid(), now);
            }
        }
    }

    pub(super) fn take(&self) -> HashMap<Cid, UnixMs> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len() >= limits::STORE_TOUCHED
    }
}
