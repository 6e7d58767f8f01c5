#![no_main]
//! Any bytes as a record, and any bytes as the signed data of one. What is accepted here another implementation accepts as well, and
//! it means the same there.

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

fn number(number: u8, mut value: u64) -> Vec<u8> {
    let mut bytes = vec![number << 3];
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The same record with the fields that older readers want: the other implementation reads no record without them.
fn with_old_fields(record: &Record) -> Vec<u8> {
    let (value, validity) = (record.value().as_bytes(), record.validity().as_bytes());
    let old = [field(1, value), field(2, &[0; 64]), number(3, 0), field(4, validity)].concat();
    [old, number(5, record.sequence()), number(6, record.ttl_ns()), record.raw().to_vec()].concat()
}

fn second_opinion(record: &Record, name: &Name) {
    let raw = with_old_fields(record);
    let again = Record::parse(raw.clone(), name).expect("old fields say the same");
    assert_eq!((again.sequence(), again.value()), (record.sequence(), record.value()));
    let other = rust_ipns::Record::decode(raw).expect("read by the other implementation");
    other.verify_signature(name.peer_id().parse().expect("a peer id")).expect("good for the other");
    assert_eq!((other.sequence(), other.value()), (record.sequence(), record.value().as_bytes()));
    assert_eq!(other.ttl(), record.ttl_ns());
}

fn check(raw: Vec<u8>, name: &Name) {
    if let Ok(record) = Record::parse(raw, name) {
        if record.is_v2_only() && record.raw().len() < 2_048 {
            second_opinion(&record, name);
        }
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
