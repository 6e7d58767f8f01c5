//! N5: a node that comes and goes makes no storm, on itself or on the others.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::engine::{Bounds, Engine, Mode, Parts};
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::store::MemoryStore;

use crate::support::world::{Fault, World, token};

const MINUTES: u64 = 60;

/// Requests of an hour to each node, with a change every five minutes.
async fn an_hour(flaps: impl Fn(u64) -> bool) -> Vec<u64> {
    let world = World::new(5);
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
    let engine = Engine::assemble(&world.secret, parts).await.unwrap();
    for second in 0..MINUTES * 60 {
        let fault = if flaps(second) { Fault::Dead } else { Fault::None };
        world.faults(fault, &[4]);
        if second % 300 == 0 {
            engine.put(vec![token(&format!("t{second}"), "s0")]).await.unwrap();
        }
        world.pass(Duration::from_secs(1)).await;
    }
    let requests = world.nodes.iter().map(|node| node.requests.load(Ordering::Relaxed)).collect();
    engine.close(Duration::from_secs(5)).await.unwrap();
    requests
}

#[tokio::test(start_paused = true)]
async fn a_node_that_comes_and_goes_costs_the_others_a_fifth_more_and_itself_twice_as_much_at_most() {
    let calm = an_hour(|_| false).await;
    for seconds in [7, 20, 45, 90, 200] {
        let restless = an_hour(|second| second / seconds % 2 == 1).await;
        let told = format!("{seconds} s up and down: {restless:?}, calm {calm:?}");
        for at in 0..4 {
            assert!(restless[at] <= calm[at] + calm[at] / 5, "{told}");
        }
        // Trying it and bringing it along.
        assert!(restless[4] <= 2 * calm[4], "{told}");
    }
}
