#![no_main]
//! An item that decodes has one encoding only.

use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::model::inventory::Item;

fuzz_target!(|data: &[u8]| {
    if let Ok(item) = Item::decode([0; 32], data) {
        let bytes = item.encode().expect("encodes again");
        assert_eq!(Item::decode([0; 32], &bytes).expect("decodes again"), item);
        let _ = item.refs();
    }
});
