//! What several targets share: fixed keys, and nodes that open, so that the fuzzer gets behind the encryption.

use ipld_core::ipld::Ipld;
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

/// A CID that stands for any.
pub fn any_cid(codec: Codec) -> Cid {
    Cid::of(codec, b"any")
}

/// A node around fuzzed bytes. The first byte decides: as they are, or sealed behind some links.
pub fn node(keys: &WalletKeys, kind: Kind, data: &[u8]) -> Option<Block> {
    let (mode, data) = data.split_first()?;
    if *mode == 0 {
        return Some(Block::new(Codec::DagCbor, data.to_vec()));
    }
    let sealed = keys.sealer().seal(kind, data, Compression::Never).ok()?;
    let links = (0..mode % 8).map(|_| Ipld::Link(any_cid(Codec::DagCbor).to_ipld())).collect();
    let map = [("b".to_owned(), Ipld::Bytes(sealed)), ("l".to_owned(), Ipld::List(links))];
    Some(Block::new(Codec::DagCbor, cbor::encode(&Ipld::Map(map.into())).ok()?))
}
