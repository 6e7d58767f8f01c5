//! What comes from a network is judged first, by its hash, its signature or its seal, and only then decoded: a bomb that does not pass costs
//! no more than its own bytes.

use std::collections::HashSet;

use allocation_counter::measure;
use ipld_core::ipld::Ipld;
use tauri_plugin_wallet_sync::model::beacon::Beacon;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::{CarBounds, CarReader};
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::Codec;
use tauri_plugin_wallet_sync::model::index::Diff;
use tauri_plugin_wallet_sync::model::push::Message;
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::model::root::Root;
use tauri_plugin_wallet_sync::{Code, Error};

use crate::forge::{self, Forged, key, keys, map, node};

/// Values in a bomb, a byte each: decoded, they take fifty times as much.
const MUCH: usize = 1_000_000;
/// What refusing may take beside a copy of what was sent, bytes: a message of the error, and what a cipher needs.
const LITTLE: u64 = 64 * 1024;

/// A list of so many empty lists, as CBOR.
fn bomb(count: usize) -> Vec<u8> {
    let mut list = vec![0x9a];
    list.extend(u32::try_from(count).unwrap().to_be_bytes());
    list.resize(list.len() + count, 0x80);
    list
}

/// The error, and the most that was allocated until it was given.
fn refused<T>(judge: impl FnOnce() -> Result<T, Error>) -> (Code, u64) {
    let mut code = None;
    let taken = measure(|| code = judge().err().map(|e| e.code()));
    (code.unwrap(), taken.bytes_max)
}

/// A block of dag-cbor around a body that no key of ours sealed, and a bomb.
fn foreign_with_bomb() -> Block {
    let mut bytes = vec![0xa2];
    bytes.extend(key("b"));
    bytes.extend([0x58, 200]);
    bytes.extend([7; 200]);
    bytes.extend(key("l"));
    bytes.extend(bomb(MUCH));
    assert!(cbor::decode(&bytes).is_ok(), "it is what it has to be but for its seal");
    Block::new(Codec::DagCbor, bytes)
}

#[test]
fn a_bomb_costs_much_where_it_is_decoded() {
    let taken = measure(|| drop(cbor::decode(&bomb(MUCH)).unwrap()));
    assert!(taken.bytes_max > 16 * MUCH as u64, "{taken:?}");
}

#[test]
fn an_index_under_a_wrong_hash_is_refused_by_its_hash() {
    let wanted = *node(&map([("x", Ipld::Null)])).cid();
    let mut car = forge::varint(58);
    let roots = Ipld::List(vec![Ipld::Link(wanted.to_ipld())]);
    let header = cbor::encode(&map([("roots", roots), ("version", Ipld::Integer(1))])).unwrap();
    car[0] = u8::try_from(header.len()).unwrap();
    car.extend(header);
    let sent = bomb(MUCH);
    car.extend(forge::section(&wanted.to_bytes(), &sent));
    let mut reader = CarReader::new(wanted, CarBounds { blocks: 10, bytes: 10_000_000 });
    let (code, taken) = refused(|| reader.push(&car));
    assert_eq!(code, Code::HashMismatch);
    // What has come of the section, in a buffer that grows, and the copy that would be kept.
    assert!(taken < 4 * sent.len() as u64, "{taken}");
}

#[test]
fn a_single_block_is_refused_by_its_hash() {
    let (wanted, sent) = (*node(&Ipld::Null).cid(), bomb(MUCH));
    let (code, taken) = refused(|| Block::verified(&wanted, sent));
    assert_eq!(code, Code::HashMismatch);
    assert!(taken < LITTLE, "{taken}");
}

#[test]
fn a_root_is_refused_by_its_seal() {
    let (block, keys) = (foreign_with_bomb(), keys());
    let (code, taken) = refused(|| Root::open(&block, keys.sealer(), keys.wallet_id()));
    assert_eq!(code, Code::DecryptFailed);
    assert!(taken < LITTLE, "{taken}");
}

#[test]
fn a_node_of_the_index_is_refused_by_its_seal() {
    let (block, keys) = (foreign_with_bomb(), keys());
    let mut diff = Diff::new(*block.cid(), HashSet::new());
    let (code, taken) = refused(|| diff.offer(&block, keys.sealer()));
    assert_eq!(code, Code::DecryptFailed);
    assert!(taken < LITTLE, "{taken}");
}

#[test]
fn a_record_is_refused_by_its_signature() {
    let name = forge::name();
    let mut data = vec![0xa1];
    data.extend(key("x"));
    data.extend(bomb(8_000));
    let mut forged = Forged::default().signed_over(&data);
    // The signature is in front of the data.
    let at = forged.len() - data.len() - 10;
    forged[at] ^= 1;
    let (code, taken) = refused(|| Record::parse(forged, &name));
    assert_eq!(code, Code::SignatureInvalid);
    assert!(taken < LITTLE, "{taken}");
}

#[test]
fn a_message_and_a_beacon_are_refused_by_their_seals() {
    let keys = keys();
    let (push, sent) = (keys.push(), bomb(10_000));
    let (code, taken) = refused(|| Message::open(&sent, &push));
    assert_eq!(code, Code::DecryptFailed);
    assert!(taken < LITTLE, "{taken}");
    let name = "A".repeat(252);
    let (code, taken) = refused(|| Beacon::open(&name, keys.sealer()));
    assert_eq!(code, Code::DecryptFailed);
    assert!(taken < LITTLE, "{taken}");
}
