//! Nodes on which another wallet's blocks cannot be read: what is damaged of this one stays there as long, and nothing else does.

use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, AuditRequest};
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, FakeNode, World, token};

const NODES: usize = 3;

/// A device of this wallet on nodes where payloads of it are harmed, and a root of another wallet cannot be read.
async fn beside_damage(harm: impl Fn(&FakeNode, Vec<Cid>)) -> (World, Device) {
    let world = World::new(NODES);
    let stranger = world.under([9; 32]).device().await;
    stranger.put(&["theirs"]).await;
    stranger.sync_to(Level::Verified).await.unwrap();
    world.pass(Duration::from_secs(5)).await;
    stranger.close().await;
    let before: Vec<Vec<Cid>> = world.nodes.iter().map(|node| blocks(node)).collect();
    let device = world.device().await;
    device.engine.put((0..60).map(|n| token(&format!("t{n:02}"), "s0")).collect()).await.unwrap();
    device.sync_to(Level::Verified).await.unwrap();
    world.pass(Duration::from_secs(5)).await;
    assert_eq!(device.engine.status().verified_nodes, NODES);
    for (node, theirs) in world.nodes.iter().zip(before) {
        let root = *node
            .held()
            .pins
            .keys()
            .find(|cid| theirs.contains(cid) && cid.codec() == Codec::DagCbor)
            .unwrap();
        let is_ours = |cid: &Cid| {
            cid.codec() == Codec::Raw && !theirs.contains(cid) && !node.held().pins.contains_key(cid)
        };
        let ours: Vec<Cid> =
            blocks(node).into_iter().filter(is_ours).filter(|cid| !is_beacon(node, cid)).take(5).collect();
        assert_eq!(ours.len(), 5);
        harm(node, ours);
        node.rot([root]);
    }
    (world, device)
}

fn blocks(node: &FakeNode) -> Vec<Cid> {
    let mut all: Vec<Cid> = node.held().blocks.keys().copied().collect();
    all.sort_unstable();
    all
}

fn is_beacon(node: &FakeNode, cid: &Cid) -> bool {
    node.held().blocks[cid].bytes().len() == 32
}

#[tokio::test(start_paused = true)]
async fn a_repair_ends_as_soon_as_every_node_has_said_what_it_keeps() {
    let (_world, device) = beside_damage(|node, ours| node.rot(ours)).await;
    let began = monotonic();
    let report = device.engine.audit(AuditRequest { all: true, repair: true }, |_| ()).await.unwrap();
    let took = began.elapsed();
    assert!(took < limits::MEND_IDLE, "{took:?}");
    let is_told = |error: &tauri_plugin_wallet_sync::Error| error.message().contains("repo verify --heal");
    assert!(report.nodes.iter().all(|node| node.error.as_ref().is_some_and(is_told)), "{report:?}");
    device.close().await;
}

#[tokio::test(start_paused = true)]
async fn no_pin_of_the_wallet_is_released_for_what_others_have_there() {
    let (world, device) = beside_damage(|node, ours| node.empty(ours)).await;
    let unpinned = || world.nodes.iter().map(|node| node.held().unpinned).sum::<usize>();
    let before = unpinned();
    device.engine.audit(AuditRequest { all: true, repair: true }, |_| ()).await.unwrap();
    assert_eq!(unpinned(), before);
    device.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_new_is_brought_to_nodes_that_keep_damaged_blocks() {
    let (world, device) = beside_damage(|node, ours| node.rot(ours)).await;
    device.engine.audit(AuditRequest { all: true, repair: false }, |_| ()).await.unwrap();
    device.put(&["later"]).await;
    for _ in 0..3 {
        device.sync_to(Level::Verified).await.unwrap();
        world.pass(Duration::from_secs(60)).await;
    }
    // It is there, and nobody says that the nodes hold the wallet.
    assert_ne!(device.engine.status().ack, Ack::Verified);
    let restored = world.device().await;
    restored.sync().await.unwrap();
    assert_eq!(restored.ids().len(), 61);
    assert!(restored.engine.payload("later", "s0").await.is_ok());
    restored.close().await;
    // Once the others' damage is mended, so is ours.
    for node in &world.nodes {
        node.held().rotten.retain(|cid| cid.codec() == Codec::Raw);
    }
    for _ in 0..3 {
        world.pass(Duration::from_secs(600)).await;
        device.sync_to(Level::Verified).await.unwrap();
    }
    let rotten = world.nodes.iter().map(|node| node.held().rotten.len()).sum::<usize>();
    let status = device.engine.status();
    assert_eq!((status.ack, status.verified_nodes, rotten), (Ack::Verified, NODES, 0));
    device.close().await;
}
