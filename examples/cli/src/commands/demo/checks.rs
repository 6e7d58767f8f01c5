//! What the demo checks, on the devices and inside the nodes.

use std::collections::{BTreeMap, HashSet};

use bytes::Bytes;
use dev_nodes::{Cluster, DevNode};
use tauri_plugin_wallet_sync::Error;
use tauri_plugin_wallet_sync::engine::{Ack, NewToken, SyncReport};
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::model::record::Record;

use super::device::Device;
use super::wrong;

/// Everything is read back, from at least this many nodes.
pub fn verified(report: &SyncReport, nodes: usize) -> Result<(), Error> {
    if report.ack == Ack::Verified && report.verified_nodes >= nodes {
        return Ok(());
    }
    let (ack, verified) = (report.ack, report.verified_nodes);
    Err(wrong(format!("level {ack:?}, verified on {verified} nodes; {nodes} were expected")))
}

/// The device offers exactly these tokens, byte for byte.
pub async fn offers(device: &Device, expected: &[NewToken]) -> Result<(), Error> {
    let wallet = device.wallet().await?;
    if wallet.len() != expected.len() {
        return Err(wrong(format!("{} tokens, {} were expected", wallet.len(), expected.len())));
    }
    for token in expected {
        let found = wallet.iter().find(|(row, _)| {
            row.key.token_id.as_str() == token.token_id && row.key.state_hash.as_str() == token.state_hash
        });
        let (row, payload) = found.ok_or_else(|| wrong(format!("{} is missing", token.token_id)))?;
        if *payload != token.payload || row.summary != token.summary || row.previous != token.previous {
            return Err(wrong(format!("{} came back changed", token.token_id)));
        }
    }
    Ok(())
}

/// What these nodes hold of a name themselves: its record, and every block under its root. Gives the blocks' number.
pub fn held(cluster: &Cluster, nodes: &[usize], name: &Name, root: &str) -> Result<usize, Error> {
    let mut count = 0;
    for at in nodes {
        let node = cluster.node(*at);
        let raw = node.record(name).ok_or_else(|| wrong(format!("node {} has no record", node.id())))?;
        let told = Record::parse(raw, name)?.root().map(|root| root.to_string());
        if told.as_deref() != Some(root) {
            return Err(wrong(format!("node {} holds another record", node.id())));
        }
        count = blocks_under(node, &root.parse()?)?;
    }
    Ok(count)
}

/// Blocks under a root, all of which the node must hold. They were hashed when the node took them.
fn blocks_under(node: &DevNode, root: &Cid) -> Result<usize, Error> {
    let blocks: BTreeMap<Cid, Bytes> = node.blocks();
    let (mut wanted, mut seen) = (vec![*root], HashSet::new());
    while let Some(cid) = wanted.pop() {
        if !seen.insert(cid) {
            continue;
        }
        let bytes = blocks.get(&cid).ok_or_else(|| wrong(format!("node {} lacks block {cid}", node.id())))?;
        if cid != Cid::of(cid.codec(), bytes) {
            return Err(wrong(format!("node {} holds a block {cid} of other bytes", node.id())));
        }
        if cid.codec() == Codec::DagCbor {
            wanted.extend(cbor::links(&cbor::decode(bytes)?)?);
        }
    }
    Ok(seen.len())
}
