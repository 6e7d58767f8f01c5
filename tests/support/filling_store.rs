//! A store that is full from one commit on.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::store::{BlockStats, Loaded, RollupRow, Store, Write};
use tauri_plugin_wallet_sync::{Code, Error};

pub struct FillingStore {
    store: MemoryStore,
    left: AtomicUsize,
}

impl FillingStore {
    pub fn new(store: MemoryStore) -> Self {
        Self { store, left: usize::MAX.into() }
    }

    /// So many commits have room from now on.
    pub fn full_after(&self, commits: usize) {
        self.left.store(commits, Ordering::SeqCst);
    }
}

#[async_trait]
impl Store for FillingStore {
    async fn load(&self) -> Result<Loaded, Error> {
        self.store.load().await
    }

    async fn commit(&self, batch: Vec<Write>) -> Result<(), Error> {
        let took = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match took {
            Ok(_) => self.store.commit(batch).await,
            Err(_) => Err(Error::new(Code::StorageFull, "the disk is full")),
        }
    }

    async fn block(&self, cid: &Cid) -> Result<Option<Block>, Error> {
        self.store.block(cid).await
    }

    async fn blocks(&self, cids: &[Cid]) -> Result<Vec<Option<Block>>, Error> {
        self.store.blocks(cids).await
    }

    async fn block_stats(&self) -> Result<BlockStats, Error> {
        self.store.block_stats().await
    }

    async fn trim_cache(&self, max_bytes: u64) -> Result<u64, Error> {
        self.store.trim_cache(max_bytes).await
    }

    async fn rollups(&self, from_minute: i64) -> Result<Vec<RollupRow>, Error> {
        self.store.rollups(from_minute).await
    }

    async fn close(&self) -> Result<(), Error> {
        self.store.close().await
    }
}
