//! Many rows in one batch, many batches at once.

use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Codec;
use tauri_plugin_wallet_sync::store::{BlockClass, Level, Write};

use super::Bench;
use crate::support::{change, item};

pub async fn large_batches_are_whole(mut bench: Bench) {
    let payload = |n: u32| {
        let mut bytes = vec![7_u8; 25 * 1024];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        Block::new(Codec::Raw, bytes)
    };
    let mut batch = Vec::new();
    for n in 0..1_000_u32 {
        let mut row = item(0);
        row.key[..4].copy_from_slice(&n.to_be_bytes());
        batch.push(Write::Block { block: payload(n), class: BlockClass::Data });
        batch.push(Write::Change { key: row.key, number: n.into(), level: Level::Local });
        batch.push(Write::Item(row));
    }
    bench.write(batch).await;
    let loaded = bench.loaded().await;
    assert_eq!((loaded.items.len(), loaded.changes.len(), loaded.data_blocks.len()), (1_000, 1_000, 1_000));
    assert_eq!(bench.store.block(payload(999).cid()).await.unwrap(), Some(payload(999)));
}

pub async fn concurrent_commits_all_arrive(mut bench: Bench) {
    let commits = (0..50).map(|n| bench.store.commit(vec![Write::Item(item(n)), change(n, 1)]));
    for done in futures_util::future::join_all(commits).await {
        done.unwrap();
    }
    let loaded = bench.loaded().await;
    assert_eq!((loaded.items.len(), loaded.changes.len()), (50, 50));
}
