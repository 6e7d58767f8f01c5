//! N12: devices that start in one moment do not stay in step.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::engine::{Bounds, Engine, Event, Mode, Parts, Subscription};
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::store::MemoryStore;

use crate::support::world::{Fault, World, token};

const DEVICES: u64 = 60;

/// Wallets of their own on the same nodes.
async fn devices(world: &World) -> Vec<(Engine, Subscription)> {
    let mut all = Vec::new();
    for seed in 0..DEVICES {
        let parts = Parts {
            config: world.config.clone(),
            store: Arc::new(MemoryStore::new()),
            nodes: world.nodes.iter().map(|node| node.clone() as Arc<dyn Node>).collect(),
            peers: None,
            clock: world.clock.clone(),
            entropy: Entropy::seeded(1_000 + seed),
            mode: Mode::Background,
            bounds: Bounds::default(),
        };
        let secret = tauri_plugin_wallet_sync::Secret::new([u8::try_from(seed).unwrap(); 32]);
        let engine = Engine::assemble(&secret, parts).await.unwrap();
        let events = engine.subscribe();
        all.push((engine, events));
    }
    all
}

fn began_to_read(events: &mut Subscription) -> bool {
    let mut began = false;
    while let Some(Some(event)) = futures_util::FutureExt::now_or_never(events.next()) {
        began |= matches!(event, Event::SyncChanged { running: true, .. });
    }
    began
}

/// Devices that begin to read in each second.
async fn histogram(
    world: &World,
    devices: &mut [(Engine, Subscription)],
    seconds: u64,
) -> BTreeMap<u64, usize> {
    let mut all = BTreeMap::new();
    for second in 0..seconds {
        world.pass(Duration::from_secs(1)).await;
        let began =
            devices.iter_mut().map(|(_, events)| began_to_read(events)).filter(|began| *began).count();
        all.insert(second, began);
    }
    all
}

#[tokio::test(start_paused = true)]
async fn devices_that_start_at_once_read_at_different_times() {
    let world = World::new(5);
    let mut devices = devices(&world).await;
    let reads = histogram(&world, &mut devices, 92).await;
    assert!(reads.values().sum::<usize>() >= 60, "each reads once: {reads:?}");
    let most = reads.values().max().unwrap();
    assert!(*most <= 12, "a fifth in one second at most: {reads:?}");
}

#[tokio::test(start_paused = true)]
async fn devices_that_lost_all_nodes_at_once_do_not_come_back_at_once() {
    let world = World::new(5);
    world.faults(Fault::Dead, &[0, 1, 2, 3, 4]);
    let mut devices = devices(&world).await;
    for (engine, _) in &devices {
        engine.put(vec![token("t", "s0")]).await.unwrap();
    }
    // The first attempts come at once; then each has its own pauses.
    histogram(&world, &mut devices, 300).await;
    let before: u64 = requests(&world);
    let mut busiest = 0;
    let mut last = before;
    for _ in 0..120 {
        world.pass(Duration::from_secs(1)).await;
        let now = requests(&world);
        busiest = busiest.max(now - last);
        last = now;
    }
    let all = last - before;
    assert!(all > 0, "they go on trying");
    assert!(busiest <= all / 5, "a fifth of two minutes' requests in one second at most: {busiest} of {all}");
}

fn requests(world: &World) -> u64 {
    world.nodes.iter().map(|node| node.requests.load(std::sync::atomic::Ordering::Relaxed)).sum()
}
