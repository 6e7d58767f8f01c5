#![no_main]
//! Any bytes as a message of another device, and any bytes behind its seal.

use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::push::Message;
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind};

fuzz_target!(|data: &[u8]| {
    let wallet = wallet_sync_fuzz::keys();
    let keys = wallet.push();
    assert!(Message::open(data, &keys).is_err(), "nobody finds a seal");
    let Ok(sealed) = keys.sealer().seal(Kind::Push, data, Compression::Never) else { return };
    let Ok(message) = Message::open(&sealed, &keys) else { return };
    assert!(message.known.len() <= usize::from(limits::SLOTS));
    let again = message.seal(&keys).expect("seals again");
    assert_eq!(Message::open(&again, &keys).expect("opens again"), message);
    if let Some(carried) = &message.carried {
        assert!(carried.record.len() <= limits::RECORD_BYTES);
        let _ = carried.verified(&wallet.name(carried.slot));
    }
});
