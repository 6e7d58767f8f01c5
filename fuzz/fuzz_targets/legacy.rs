#![no_main]
//! Any bytes as a predecessor's wallet: nothing of it is dropped, and all that would be stored may be stored.

use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::inventory::{Entry, Id};
use tauri_plugin_wallet_sync::model::legacy;

fuzz_target!(|data: &[u8]| {
    let Ok(wallet) = legacy::read(data) else { return };
    for token in &wallet.tokens {
        Id::parse(&token.token_id).expect("a token id that may be stored");
        Id::parse(&token.state_hash).expect("a state hash that may be stored");
        assert!(token.payload.len() <= limits::PAYLOAD_BYTES);
    }
    for spend in &wallet.spends {
        Id::parse(&spend.token_id).expect("a token id that may be stored");
        Id::parse(&spend.state_hash).expect("a state hash that may be stored");
        assert!(spend.evidence.len() <= limits::EVIDENCE_BYTES);
    }
    for kept in &wallet.kept {
        Entry::check_key(&kept.key).expect("a key that may be stored");
        assert!(kept.value.len() <= limits::VALUE_BYTES);
    }
    assert_eq!(legacy::read(data).expect("reads again").tokens.len(), wallet.tokens.len());
});
