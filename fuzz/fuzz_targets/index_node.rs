#![no_main]
//! Any bytes as an index node, and any bytes behind its seal.

use std::collections::HashSet;

use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::model::index::Diff;
use tauri_plugin_wallet_sync::model::seal::Kind;

fuzz_target!(|data: &[u8]| {
    let keys = wallet_sync_fuzz::keys();
    let Some(block) = wallet_sync_fuzz::node(&keys, Kind::Index, data) else { return };
    let mut diff = Diff::new(*block.cid(), HashSet::new());
    let _ = diff.offer(&block, keys.sealer());
    let _ = diff.wanted();
});
