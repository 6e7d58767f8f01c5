#![no_main]
//! Any bytes as a root block, and any bytes behind its seal.

use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::model::root::Root;
use tauri_plugin_wallet_sync::model::seal::Kind;

fuzz_target!(|data: &[u8]| {
    let keys = wallet_sync_fuzz::keys();
    let Some(block) = wallet_sync_fuzz::node(&keys, Kind::Root, data) else { return };
    if let Ok(root) = Root::open(&block, keys.sealer(), keys.wallet_id()) {
        let again = root.seal(keys.sealer()).expect("seals again");
        let opened = Root::open(&again, keys.sealer(), keys.wallet_id()).expect("opens again");
        assert_eq!(opened, root);
    }
});
