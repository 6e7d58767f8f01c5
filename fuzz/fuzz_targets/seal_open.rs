#![no_main]
//! Any sealed bytes, and any inside behind a good seal.

use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use aes_gcm_siv::{Aes256GcmSiv, Key, Nonce};
use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::Secret;
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind, Sealer};

const MAX: usize = 4_096;

fuzz_target!(|data: &[u8]| {
    let sealer = Sealer::new(&Secret::new([1; 32]), &Secret::new([2; 32]), &Secret::new([3; 32]));
    assert!(sealer.open(Kind::State, data, MAX).is_err());
    let cipher = Aes256GcmSiv::new(&Key::<Aes256GcmSiv>::from([1; 32]));
    let payload = Payload { msg: data, aad: b"ws1/state" };
    let body = cipher.encrypt(&Nonce::from([9; 12]), payload).expect("seals");
    if let Ok(plain) = sealer.open(Kind::State, &[[9; 12].as_slice(), &body].concat(), MAX) {
        assert!(plain.len() <= MAX);
        let sealed = sealer.seal(Kind::State, &plain, Compression::Never).expect("seals");
        assert_eq!(sealer.open(Kind::State, &sealed, MAX).expect("opens"), plain);
    }
});
