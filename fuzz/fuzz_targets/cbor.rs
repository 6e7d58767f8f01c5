#![no_main]
//! What decodes has one encoding only.

use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::model::cbor;

fuzz_target!(|data: &[u8]| {
    if let Ok(value) = cbor::decode(data) {
        assert_eq!(cbor::encode(&value).expect("encodes again"), data);
        let _ = cbor::links(&value);
    }
});
