#![no_main]
//! A whole sync with nodes whose answers are the input: it ends in time, nothing that was here is lost, and once the nodes
//! do what they should both devices have everything, proven.

use std::sync::Arc;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use tauri_plugin_wallet_sync::Config;
use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::engine::{Ack, Bounds, Engine, Mode, Parts, SyncRequest, nodes_of};
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::store::Level;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tokio::time::Instant;
use wallet_sync_fuzz::hostile::{Hostile, Script};
use wallet_sync_fuzz::support::world::{Device, World};

/// Never more than 2 s without an answer, and the turn of the clock that it is seen in.
const ANSWER: Duration = Duration::from_millis(2_050);
const NODES: usize = 3;

/// A device whose nodes follow the script.
async fn victim(world: &World, script: &Script) -> Device {
    let mut config = Config::default();
    config.nodes = nodes_of(&world.secret, &config);
    let keys = Arc::new(wallet_sync_fuzz::keys());
    let hostile = |honest: &Arc<_>| -> Arc<dyn Node> {
        Arc::new(Hostile { honest: Arc::clone(honest), keys: keys.clone(), script: script.clone() })
    };
    let store = MemoryStore::new();
    let parts = Parts {
        store: Arc::new(store.clone()),
        nodes: world.nodes.iter().map(hostile).collect(),
        peers: None,
        clock: world.clock.clone(),
        entropy: Entropy::seeded(99),
        mode: Mode::Own,
        bounds: Bounds::default(),
        config,
    };
    Device { engine: Engine::assemble(&world.secret, parts).await.expect("a new device opens"), store }
}

/// `at`: which device, and when.
async fn is_there(device: &Device, id: &str, at: &str) {
    match device.engine.payload(id, "s0").await {
        Ok(payload) => assert_eq!(payload, format!("payload of {id} in s0"), "{id} {at}"),
        Err(e) => panic!("{id} is lost {at}: {} {e}; there are {:?}", e.code(), device.ids()),
    }
}

async fn run(data: &[u8]) {
    let world = World::new(NODES);
    let other = world.device().await;
    other.put(&["a"]).await;
    other.sync_to(Level::Verified).await.expect("honest nodes verify");
    let script = Script::new(data);
    let device = victim(&world, &script).await;
    device.put(&["b"]).await;
    for (wait, answer) in [(Some(Level::Local), ANSWER), (None, limits::WAIT_TOTAL + ANSWER)] {
        let begun = Instant::now();
        let _ = device.engine.sync(SyncRequest { fresh: true, deadline: None, wait }, |_| ()).await;
        assert!(begun.elapsed() <= answer, "no answer for {:?}", begun.elapsed());
        is_there(&device, "b", "while nodes are hostile").await;
        world.pass(Duration::from_secs(20)).await;
    }
    script.end();
    // Long enough for whatever was put off.
    for _ in 0..4 {
        world.pass(Duration::from_secs(600)).await;
        let _ = (other.sync().await, device.sync().await);
    }
    for one in [&device, &other] {
        let report = one.sync_to(Level::Verified).await.expect("honest nodes answer");
        assert_eq!(report.ack, Ack::Verified, "not proven once the nodes are honest: {:?}", report.warnings);
    }
    // Where a lie drove it into a slot far from those of others, it is found by the daily search.
    for pause in [limits::SEARCH_EVERY, Duration::from_secs(120)] {
        world.pass(pause).await;
        other.sync().await.expect("honest nodes answer");
    }
    for (one, at) in [(&device, "here"), (&other, "on the other device")] {
        for id in ["a", "b"] {
            is_there(one, id, at).await;
        }
        one.close().await;
    }
}

fuzz_target!(|data: &[u8]| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(run(data));
});
