//! What a stolen disk shows.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Codec;
use tauri_plugin_wallet_sync::store::{BlockClass, ItemRow, Store, Write};

use crate::support::{block_on, item, listing, own};

/// Repeats so that any page it is on shows a whole one.
const CANARY: &[u8] = b"canary-5f0c1e77";

fn canary(length: usize) -> Bytes {
    CANARY.iter().copied().cycle().take(length).collect::<Vec<u8>>().into()
}

fn files_with_canary(dir: &Path) -> Vec<String> {
    let found = |name: &String| {
        let bytes = fs::read(dir.join(name)).unwrap();
        bytes.windows(CANARY.len()).any(|window| window == CANARY)
    };
    listing(dir).into_iter().filter(found).collect()
}

#[test]
fn k07_deleted_and_replaced_values_are_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    block_on(async {
        let store = own(dir.path());
        let with = ItemRow { sealed: canary(6_000), ..item(1) };
        let block = Block::new(Codec::Raw, canary(30_000));
        store
            .commit(vec![
                Write::Item(with),
                Write::Meta { key: "last", value: Some(canary(900)) },
                Write::Block { block, class: BlockClass::Cache },
            ])
            .await
            .unwrap();
        store.close().await.unwrap();
        assert_eq!(files_with_canary(dir.path()), ["wallet.sqlite3"], "the search itself works");
        let store = own(dir.path());
        store.commit(vec![Write::Item(item(1)), Write::Meta { key: "last", value: None }]).await.unwrap();
        store.trim_cache(0).await.unwrap();
        store.close().await.unwrap();
    });
    assert_eq!(files_with_canary(dir.path()), [] as [&str; 0]);
}

#[test]
fn k07_no_log_is_left_after_closing() {
    let dir = tempfile::tempdir().unwrap();
    let store = own(dir.path());
    block_on(store.commit(vec![Write::Item(item(1))])).unwrap();
    block_on(store.close()).unwrap();
    assert_eq!(listing(dir.path()), ["lock", "wallet.sqlite3"]);
}

#[test]
fn k07_only_ids_and_states_have_columns_in_clear() {
    let schema = include_str!("../data/schema-v1.sql");
    let text: Vec<&str> = schema
        .lines()
        .filter(|line| line.contains(" TEXT "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    // Names of nodes and small values, history as counts, and where a quarantined row came from.
    assert_eq!(text, ["node", "token_id", "state_hash", "name", "node", "source", "reason", "json"]);
}
