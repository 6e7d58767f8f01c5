//! The exact bytes of a created record; they are published and cannot change.

use ipld_core::ipld::Ipld;
use tauri_plugin_wallet_sync::model::record::Record;

use crate::forge;

/// 2036-11-21T12:00:00Z, and half a second more, which is cut.
const EOL_MS: i64 = 2_110_881_600_500;

#[test]
fn plain_record_has_these_bytes() {
    let record = Record::create(&forge::slot_key(0), 1, &forge::root(), EOL_MS, &[]).unwrap();
    assert_eq!(forge::hex(record.raw()), include_str!("../data/golden/record.hex").trim_end());
}

#[test]
fn record_with_two_carried_blocks_has_these_bytes() {
    let root = forge::node(&Ipld::String("root".to_owned()));
    let index = forge::node(&Ipld::String("index".to_owned()));
    let carried = [root.clone(), index];
    let record = Record::create(&forge::slot_key(1), 300, root.cid(), EOL_MS, &carried).unwrap();
    assert_eq!(forge::hex(record.raw()), include_str!("../data/golden/record-carrying.hex").trim_end());
}

#[test]
fn data_is_a_canonical_map_in_this_order() {
    let root = forge::node(&Ipld::Null);
    let record =
        Record::create(&forge::slot_key(0), 1, root.cid(), EOL_MS, std::slice::from_ref(&root)).unwrap();
    let expected = [
        vec![0xa6],
        forge::key("TTL"),
        vec![0x00],
        forge::key("_ws"),
        vec![0x81, 0x41, 0xf6],
        forge::key("Value"),
        vec![0x58, 65],
        format!("/ipfs/{}", root.cid()).into_bytes(),
        forge::key("Sequence"),
        vec![0x01],
        forge::key("Validity"),
        vec![0x54],
        b"2036-11-21T12:00:00Z".to_vec(),
        forge::key("ValidityType"),
        vec![0x00],
    ];
    assert_eq!(forge::hex(record.data()), forge::hex(&expected.concat()));
}
