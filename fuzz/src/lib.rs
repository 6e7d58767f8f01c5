//! What several targets share: fixed keys, and nodes that open, so that the fuzzer gets behind the encryption.

pub mod hostile;
#[path = "../../tests/support/mod.rs"]
pub mod support;

use ipld_core::ipld::Ipld;
use sha2::{Digest, Sha256};
use tauri_plugin_wallet_sync::Secret;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::WalletKeys;
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind};

/// Keys of a fixed secret.
pub fn keys() -> WalletKeys {
    WalletKeys::derive(&Secret::new([7; 32]), None)
}

/// A node around fuzzed bytes. The first byte decides: as they are, or sealed behind some links. A map is given the hash
/// that binds the links, which no fuzzer would find.
pub fn node(keys: &WalletKeys, kind: Kind, data: &[u8]) -> Option<Block> {
    let (mode, data) = data.split_first()?;
    if *mode == 0 {
        return Some(Block::new(Codec::DagCbor, data.to_vec()));
    }
    let cids: Vec<Cid> = (0..mode % 8).map(|n| Cid::of(Codec::DagCbor, &[n])).collect();
    let plain = match cbor::decode(data) {
        Ok(Ipld::Map(mut map)) if !cids.is_empty() => {
            let hash = Sha256::digest(cids.iter().flat_map(Cid::to_bytes).collect::<Vec<u8>>());
            map.insert("h".to_owned(), Ipld::Bytes(hash.to_vec()));
            cbor::encode(&Ipld::Map(map)).ok()?
        }
        _ => data.to_vec(),
    };
    let sealed = keys.sealer().seal(kind, &plain, Compression::Never).ok()?;
    let links = cids.iter().map(|cid| Ipld::Link(cid.to_ipld())).collect();
    let map = [("b".to_owned(), Ipld::Bytes(sealed)), ("l".to_owned(), Ipld::List(links))];
    Some(Block::new(Codec::DagCbor, cbor::encode(&Ipld::Map(map.into())).ok()?))
}
