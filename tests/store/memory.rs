//! What simulations rely on: failures, crashes and clones of the store in memory.

use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::store::{BlockClass, MemoryStore, Store, Write};

use crate::support::{block, change, item, written};

async fn count(store: &MemoryStore) -> usize {
    store.load().await.unwrap().items.len()
}

async fn code(store: &MemoryStore, n: u8) -> Option<Code> {
    store.commit(vec![Write::Item(item(n)), change(n, 1)]).await.err().map(|error| error.code())
}

#[tokio::test]
async fn a_failure_hits_one_commit_and_leaves_nothing() {
    let store = MemoryStore::new();
    store.fail_next(Code::StorageFull);
    assert_eq!(code(&store, 1).await, Some(Code::StorageFull));
    assert_eq!(count(&store).await, 0);
    assert_eq!(code(&store, 1).await, None);
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn d03_a_failed_sync_ends_all_writing_until_opened_again() {
    for (written, there) in [(false, 0), (true, 1)] {
        let store = MemoryStore::new();
        match written {
            true => store.fail_next_after_write(Code::StorageIo),
            false => store.fail_next(Code::StorageIo),
        }
        assert_eq!(code(&store, 1).await, Some(Code::StorageIo));
        assert_eq!(code(&store, 2).await, Some(Code::StorageIo));
        let again = store.clone();
        assert_eq!(count(&again).await, there);
        assert_eq!(code(&again, 2).await, None);
    }
}

#[tokio::test]
async fn a_crash_ends_every_handle_and_keeps_what_was_committed() {
    let store = MemoryStore::new();
    let other = store.clone();
    assert_eq!(code(&store, 1).await, None);
    let after = store.crash();
    for dead in [&store, &other, &store.clone()] {
        assert_eq!(code(dead, 2).await, Some(Code::Closed));
        assert_eq!(dead.load().await.unwrap_err().code(), Code::Closed);
    }
    assert_eq!(count(&after).await, 1);
}

#[tokio::test]
async fn closing_one_handle_leaves_a_clone_open() {
    let store = MemoryStore::new();
    assert_eq!(code(&store, 1).await, None);
    store.close().await.unwrap();
    assert_eq!(code(&store, 2).await, Some(Code::Closed));
    assert_eq!(count(&store.clone()).await, 1);
}

#[tokio::test]
async fn d15_a_snapshot_goes_its_own_way() {
    let store = MemoryStore::new();
    store.commit(vec![Write::Written(written(1, 1, 1))]).await.unwrap();
    let clone = store.snapshot();
    store.commit(vec![Write::Written(written(1, 2, 1))]).await.unwrap();
    clone.commit(vec![Write::Written(written(1, 2, 2))]).await.unwrap();
    assert_eq!(store.load().await.unwrap().written, [written(1, 1, 1), written(1, 2, 1)]);
    assert_eq!(clone.load().await.unwrap().written, [written(1, 1, 1), written(1, 2, 2)]);
}

#[tokio::test]
async fn d05_damage_is_said_once_and_can_be_refilled() {
    let store = MemoryStore::new();
    let batch = || vec![Write::Item(item(1)), Write::Block { block: block(1), class: BlockClass::Data }];
    store.commit(batch()).await.unwrap();
    store.damage_item(&item(1).key);
    store.damage_block(block(1).cid());
    let loaded = store.load().await.unwrap();
    assert_eq!((loaded.items.len(), loaded.quarantined), (0, vec!["token-1".to_string()]));
    assert_eq!(store.block(block(1).cid()).await.unwrap(), None);
    assert!(store.load().await.unwrap().quarantined.is_empty());
    store.commit(batch()).await.unwrap();
    assert_eq!(count(&store).await, 1);
    assert_eq!(store.block(block(1).cid()).await.unwrap(), Some(block(1)));
}
