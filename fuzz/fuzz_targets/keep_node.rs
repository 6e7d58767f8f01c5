#![no_main]
//! Any bytes as a node of the keep.

use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Codec;
use tauri_plugin_wallet_sync::model::keep::parse_node;

fuzz_target!(|data: &[u8]| {
    let _ = parse_node(&Block::new(Codec::DagCbor, data.to_vec()));
});
