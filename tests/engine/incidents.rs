//! What went wrong elsewhere, and does not here; `docs/incidents.md` names each.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::engine::{Ack, Bounds, Engine, Event, Mode, NewToken, Parts, Subscription};
use tauri_plugin_wallet_sync::model::cid::Codec;
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::store::Level;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;

use crate::support::world::{Device, Fault, World, noise, token};

const ALL: [usize; 5] = [0, 1, 2, 3, 4];

async fn verified(world: &World, ids: &[&str]) -> Device {
    let device = world.device().await;
    device.put(ids).await;
    assert_eq!(device.sync_to(Level::Verified).await.unwrap().ack, Ack::Verified);
    device
}

#[tokio::test(start_paused = true)]
async fn absence_is_not_deletion() {
    let world = World::new(5);
    let device = verified(&world, &["a", "b", "c"]).await;
    for fault in [Fault::Dead, Fault::Hung, Fault::Broken, Fault::Forging, Fault::Mute, Fault::Amnesiac] {
        world.faults(fault, &ALL);
        // Whether it is an answer or a failure: nothing is gone by it.
        drop(device.sync().await);
        assert_eq!(device.ids(), ["a", "b", "c"], "{fault:?}");
    }
    world.faults(Fault::None, &ALL);
    // A remote that knows less: all nodes are new, and another device of the wallet has published there.
    world.nodes.iter().for_each(|node| node.wipe());
    let other = verified(&world, &["x"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(device.ids(), ["a", "b", "c", "x"]);
    other.sync().await.unwrap();
    assert_eq!(other.ids(), ["a", "b", "c", "x"]);
}

#[tokio::test(start_paused = true)]
async fn index_without_payloads_can_be_published() {
    let world = World::new(5);
    verified(&world, &["a"]).await.close().await;
    for node in &world.nodes {
        // Beacons are small and stay.
        let is_left = |block: &tauri_plugin_wallet_sync::model::block::Block| {
            block.cid().codec() != Codec::Raw || block.bytes().len() == 32
        };
        node.held().blocks.retain(|_, block| is_left(block));
    }
    let second = world.device().await;
    drop(second.sync().await);
    assert_eq!(second.ids(), ["a"], "the list is here");
    second.put(&["b"]).await;
    let report = second.sync_to(Level::Verified).await.unwrap();
    assert_eq!((report.missing_payloads, report.verified_nodes), (1, 5), "{:?}", report.warnings);
    assert_eq!(second.engine.status().pending, 0, "what is here is verified");
    let third = world.device().await;
    third.sync().await.unwrap();
    assert_eq!(third.ids(), ["a", "b"]);
    assert_eq!(&third.engine.payload("b", "s0").await.unwrap()[..], b"payload of b in s0");
}

#[tokio::test(start_paused = true)]
async fn payload_is_opaque() {
    let world = World::new(5);
    let payloads: Vec<Bytes> = vec![
        Bytes::new(),
        Bytes::from_static(b"\0"),
        Bytes::from_static(b"{\"genesis\": null, \"state\": "),
        Bytes::from_static(b"{ \"b\" : 1.0, \"a\" : 1e2, \"a\" : 2 }\r\n"),
        Bytes::from_static(b"\xff\xfe\xc0\x80"),
        Bytes::from("\u{feff}ä"),
        noise(3, 70_000),
    ];
    let device = world.device().await;
    let one = |(n, payload): (usize, &Bytes)| NewToken {
        payload: payload.clone(),
        ..token(&format!("t{n}"), "s0")
    };
    device.engine.put(payloads.iter().enumerate().map(one).collect()).await.unwrap();
    device.sync_to(Level::Verified).await.unwrap();
    let restored = world.device().await;
    restored.sync().await.unwrap();
    for (n, payload) in payloads.iter().enumerate() {
        assert_eq!(restored.engine.payload(&format!("t{n}"), "s0").await.unwrap(), *payload, "payload {n}");
    }
}

#[tokio::test(start_paused = true)]
async fn failed_publish_does_not_block_the_next() {
    let world = World::new(5);
    let device = verified(&world, &["a"]).await;
    let first = device.engine.status().high_water[0].sequence;
    for (id, fault) in
        [("b", Fault::Dead), ("c", Fault::Amnesiac), ("d", Fault::BlockEater), ("e", Fault::Stale)]
    {
        world.faults(fault, &ALL);
        device.put(&[id]).await;
        if let Ok(report) = device.sync_to(Level::Verified).await {
            assert!(report.ack < Ack::Verified, "{fault:?}: {report:?}");
        }
        world.faults(Fault::None, &ALL);
        world.pass(Duration::from_secs(60)).await;
        let report = device.sync_to(Level::Verified).await.unwrap();
        assert_eq!(report.ack, Ack::Verified, "after {fault:?}: {:?}", report.warnings);
    }
    assert!(device.engine.status().high_water[0].sequence > first);
    assert_eq!(device.engine.status().slot, Some(0), "no attempt uses a slot up");
    let restored = world.device().await;
    restored.sync().await.unwrap();
    assert_eq!(restored.ids(), ["a", "b", "c", "d", "e"]);
}

async fn background(world: &World) -> Engine {
    let parts = Parts {
        config: world.config.clone(),
        store: Arc::new(MemoryStore::new()),
        nodes: world.nodes.iter().map(|node| node.clone() as Arc<dyn Node>).collect(),
        peers: None,
        clock: world.clock.clone(),
        entropy: Entropy::seeded(5),
        mode: Mode::Background,
        bounds: Bounds::default(),
    };
    Engine::assemble(&world.secret, parts).await.unwrap()
}

/// Readings that began, and levels that were told, since the last look.
fn told(events: &mut Subscription) -> (usize, usize) {
    let (mut reads, mut levels) = (0, 0);
    while let Some(Some(event)) = futures_util::FutureExt::now_or_never(events.next()) {
        reads += usize::from(matches!(event, Event::SyncChanged { running: true, .. }));
        levels += usize::from(matches!(event, Event::PublishChanged { .. }));
    }
    (reads, levels)
}

async fn pass(world: &World, seconds: u64) {
    for _ in 0..seconds {
        world.pass(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn idle_engine_is_idle() {
    let world = World::new(5);
    let engine = background(&world).await;
    engine.put(vec![token("a", "s0")]).await.unwrap();
    pass(&world, 600).await;
    assert_eq!((engine.status().ack, engine.status().pending), (Ack::Verified, 0));
    let mut events = engine.subscribe();
    let sent = || {
        world.nodes.iter().map(|node| node.requests.load(std::sync::atomic::Ordering::Relaxed)).sum::<u64>()
    };
    let (puts, before) = (world.puts(), sent());
    pass(&world, 3_600).await;
    let (reads, levels) = told(&mut events);
    assert!((30..=60).contains(&reads), "{reads} readings in an hour in front");
    assert_eq!((levels, world.puts() - puts), (0, 0), "nothing is told or put where nothing changes");
    // A reading asks each node a handful of things; every ten minutes for the slots beyond.
    let asked = sent() - before;
    assert!(asked <= 5 * 60 * 8, "{asked} requests in an hour");
    engine.close(Duration::from_secs(5)).await.unwrap();
}
