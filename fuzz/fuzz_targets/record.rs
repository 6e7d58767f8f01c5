#![no_main]
//! Any bytes as a record, and any bytes as the signed data of one.

use ed25519_dalek::{Signer, SigningKey};
use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::model::record::Record;

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len();
    let head = [
        number << 3 | 2,
        (length & 0x7f) as u8 | 0x80,
        (length >> 7 & 0x7f) as u8 | 0x80,
        (length >> 14) as u8,
    ];
    [head.as_slice(), bytes].concat()
}

fn check(raw: Vec<u8>, name: &Name) {
    if let Ok(record) = Record::parse(raw, name) {
        assert!(record.sequence() <= limits::SEQUENCE_MAX);
        assert!(record.value().starts_with("/ipfs/"));
        let carried: usize = record.carried().iter().map(|block| block.bytes().len()).sum();
        assert!(carried <= limits::EXTENSION_BYTES);
        let again = Record::parse(record.raw().clone(), name).expect("parses again");
        assert!(again.same_as(&record) && again.cmp_order(&record).is_eq());
    }
}

fuzz_target!(|data: &[u8]| {
    let signing = SigningKey::from_bytes(&[7; 32]);
    let Ok(name) = Name::from_key(signing.verifying_key().as_bytes()) else { return };
    check(data.to_vec(), &name);
    // Only a small part of the input is tried with a good signature: verifying is slow.
    if data.len() <= 1_024 {
        let signature = signing.sign(&[b"ipns-signature:", data].concat()).to_bytes();
        check([field(8, &signature), field(9, data)].concat(), &name);
    }
});
