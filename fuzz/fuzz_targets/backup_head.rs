#![no_main]
//! Any bytes as the head of a backup file, and any bytes as a whole file.

use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::model::backup::{BackupReader, Head};
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};

fuzz_target!(|data: &[u8]| {
    let keys = wallet_sync_fuzz::keys();
    if let Ok(head) = Head::open(&Block::new(Codec::DagCbor, data.to_vec())) {
        let again = head.to_block().expect("encodes again");
        assert_eq!(Head::open(&again).expect("opens again").root, head.root);
    }
    let mut reader = BackupReader::new(Cid::of(Codec::DagCbor, data), Some(&keys));
    for chunk in data.chunks(97) {
        if reader.push(chunk).is_err() {
            return;
        }
    }
    let _ = reader.finish();
});
