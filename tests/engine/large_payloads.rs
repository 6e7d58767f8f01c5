//! Payloads above one chunk: no block is large, and a chunk that is nowhere hurts no other payload.

use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, NewToken, SpendKind};
use tauri_plugin_wallet_sync::limits::{CHUNK_BYTES, EVIDENCE_BYTES, PAYLOAD_BYTES};
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, World, noise, token};

fn large() -> NewToken {
    NewToken { payload: noise(1, PAYLOAD_BYTES), ..token("large", "s0") }
}

/// A device whose large payload and small ones are verified.
async fn published(world: &World) -> Device {
    let device = world.device().await;
    let small = (0..8).map(|n| token(&format!("t{n}"), "s0"));
    device.engine.put(small.chain([large()]).collect()).await.unwrap();
    assert_eq!(device.sync_to(Level::Verified).await.unwrap().ack, Ack::Verified);
    // The others pull it behind the answer.
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!((report.ack, report.verified_nodes), (Ack::Verified, 5), "{:?}", report.warnings);
    device
}

/// Takes a chunk away from every node.
fn lose_a_chunk(world: &World) -> Block {
    let chunk = {
        let held = world.nodes[0].held();
        held.blocks.values().find(|block| block.bytes().len() == CHUNK_BYTES).cloned().unwrap()
    };
    world.nodes.iter().for_each(|node| drop(node.held().blocks.remove(chunk.cid())));
    chunk
}

#[tokio::test(start_paused = true)]
async fn no_block_is_larger_than_a_chunk() {
    let world = World::new(5);
    let device = published(&world).await;
    for node in &world.nodes {
        let largest = node.held().blocks.values().map(|block| block.bytes().len()).max();
        assert_eq!(largest, Some(CHUNK_BYTES));
    }
    let again = device.engine.put(vec![large()]).await.unwrap();
    assert_eq!((again.added, again.unchanged), (0, 1));
    let restored = world.device().await;
    let report = restored.sync().await.unwrap();
    assert_eq!((report.added, report.missing_payloads), (9, 0));
    assert_eq!(restored.engine.payload("large", "s0").await.unwrap(), noise(1, PAYLOAD_BYTES));
}

#[tokio::test(start_paused = true)]
async fn a_chunk_that_is_nowhere_hurts_no_other_payload() {
    let world = World::new(5);
    published(&world).await.close().await;
    let chunk = lose_a_chunk(&world);
    let restored = world.device().await;
    let report = restored.sync().await.unwrap();
    assert_eq!((report.added, report.missing_payloads), (9, 1));
    let listed = restored.engine.tokens(None, 100, false);
    assert!(listed.iter().all(|row| row.has_payload == (row.key.token_id.as_str() != "large")));
    assert!(restored.engine.payload("large", "s0").await.is_err());
    for n in 0..8 {
        let payload = restored.engine.payload(&format!("t{n}"), "s0").await.unwrap();
        assert_eq!(payload, token(&format!("t{n}"), "s0").payload);
    }
    world.nodes[3].held().blocks.insert(*chunk.cid(), chunk);
    world.pass(Duration::from_secs(60)).await;
    assert_eq!(restored.sync().await.unwrap().missing_payloads, 0);
    assert_eq!(restored.engine.payload("large", "s0").await.unwrap(), noise(1, PAYLOAD_BYTES));
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_is_put_again_brings_the_chunk_that_is_missing() {
    let world = World::new(5);
    published(&world).await.close().await;
    lose_a_chunk(&world);
    let restored = world.device().await;
    assert_eq!(restored.sync().await.unwrap().missing_payloads, 1);
    let again = restored.engine.put(vec![large()]).await.unwrap();
    assert_eq!((again.added, again.unchanged), (0, 1));
    assert_eq!(restored.engine.status().missing_payloads, 0);
    assert_eq!(restored.engine.payload("large", "s0").await.unwrap(), noise(1, PAYLOAD_BYTES));
}

#[tokio::test(start_paused = true)]
async fn a_spend_with_the_largest_evidence_is_verified() {
    let world = World::new(5);
    let device = published(&world).await;
    let spend = |kind| device.engine.spend("large", "s0", kind, noise(2, EVIDENCE_BYTES));
    assert!(spend(SpendKind::Intent).await.unwrap().known);
    assert!(spend(SpendKind::Proof).await.unwrap().known);
    assert_eq!(device.sync_to(Level::Verified).await.unwrap().ack, Ack::Verified);
    let restored = world.device().await;
    restored.sync().await.unwrap();
    assert!(!restored.ids().contains(&"large".to_owned()));
    assert_eq!(restored.engine.status().missing_payloads, 0);
}

#[tokio::test(start_paused = true)]
async fn bulk_reaches_every_node_in_one_short_run_though_they_do_not_meet() {
    let world = World::new(5);
    for node in &world.nodes {
        node.lose_peers();
        *node.latency.lock().unwrap() = Duration::from_millis(20);
    }
    let device = world.device().await;
    device
        .engine
        .put(
            (0..40)
                .map(|n| NewToken { payload: noise(n + 1, 100_000), ..token(&format!("t{n}"), "s0") })
                .collect(),
        )
        .await
        .unwrap();
    let started = monotonic();
    assert_eq!(device.sync_to(Level::Verified).await.unwrap().ack, Ack::Verified);
    device.engine.close(Duration::from_secs(5)).await.unwrap();
    // A node that pulls in vain takes three seconds to give up.
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    let next = world.device_on(device.store.snapshot()).await;
    assert_eq!(next.engine.status().verified_nodes, 5);
}
