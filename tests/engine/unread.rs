//! A node that has blocks of the wallet and cannot read them: what it cannot read is found and put again by whoever meets it, with no
//! audit before.

use std::time::Duration;

use tauri_plugin_wallet_sync::engine::{Ack, AuditRequest};
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, FakeNode, World, token};

/// A wallet of so many tokens that all nodes are proven to hold.
async fn proven(world: &World, tokens: usize) -> Device {
    let device = world.device().await;
    let tokens = (0..tokens).map(|n| token(&format!("t{n:03}"), "s0"));
    device.engine.put(tokens.collect()).await.unwrap();
    device.sync_to(Level::Verified).await.unwrap();
    world.pass(Duration::from_secs(5)).await;
    assert_eq!(device.engine.status().verified_nodes, world.nodes.len());
    device
}

/// Some blocks: payloads, or leaves of the tries.
fn some(node: &FakeNode, codec: Codec) -> Vec<Cid> {
    let is_picked = |held: &[u8]| codec == Codec::Raw || held.windows(3).any(|part| part == b"\x61l\x80");
    let held = node.held();
    let mut cids: Vec<Cid> = held
        .blocks
        .values()
        .filter(|block| block.cid().codec() == codec && block.bytes().len() != 32)
        .filter(|block| is_picked(block.bytes()))
        .map(|block| *block.cid())
        .collect();
    cids.sort_unstable();
    assert!(cids.len() > 8, "{}", cids.len());
    cids.truncate(8);
    cids
}

async fn a_sync_mends(codec: Codec) {
    let world = World::new(3);
    let device = proven(&world, 60).await;
    for node in &world.nodes {
        let rotten = some(node, codec);
        node.rot(rotten);
    }
    device.put(&["later"]).await;
    for _ in 0..4 {
        device.sync_to(Level::Verified).await.unwrap();
        world.pass(Duration::from_secs(30)).await;
    }
    let status = device.engine.status();
    assert_eq!((status.ack, status.verified_nodes), (Ack::Verified, 3));
    let report = device.engine.audit(AuditRequest { all: true, repair: false }, |_| ()).await.unwrap();
    assert!(report.nodes.iter().all(|node| node.whole), "{report:?}");
    device.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_sync_mends_payloads_that_no_node_can_read() {
    a_sync_mends(Codec::Raw).await;
}

#[tokio::test(start_paused = true)]
async fn a_sync_mends_nodes_of_the_tries_that_no_node_can_read() {
    a_sync_mends(Codec::DagCbor).await;
}

#[tokio::test(start_paused = true)]
async fn an_audit_finds_what_a_node_cannot_read_beyond_its_sample() {
    let world = World::new(3);
    // More than are asked for one by one.
    let device = proven(&world, limits::AUDIT_SIZES).await;
    let one = some(&world.nodes[0], Codec::Raw).remove(0);
    world.nodes[0].rot([one]);
    let report = device.engine.audit(AuditRequest::default(), |_| ()).await.unwrap();
    let node = &report.nodes[0];
    assert_eq!((node.damaged, node.whole, node.error.is_none()), (1, false, true), "{report:?}");
    let report = device.engine.audit(AuditRequest { all: false, repair: true }, |_| ()).await.unwrap();
    assert!(report.nodes.iter().all(|node| node.whole), "{report:?}");
    assert!(world.nodes[0].held().rotten.is_empty());
    device.close().await;
}
