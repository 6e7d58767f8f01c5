//! N5: a node that comes and goes makes no storm, on itself or on the others.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::engine::{Ack, Bounds, Engine, Mode, Parts};
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::store::{Level, MemoryStore};

use crate::support::world::{Fault, World, token};

const MINUTES: u64 = 60;

async fn in_background(world: &World, store: MemoryStore) -> Engine {
    let parts = Parts {
        config: world.config.clone(),
        store: Arc::new(store),
        nodes: world.nodes.iter().map(|node| node.clone() as Arc<dyn Node>).collect(),
        peers: None,
        clock: world.clock.clone(),
        entropy: Entropy::seeded(5),
        mode: Mode::Background,
        bounds: Bounds::default(),
    };
    Engine::assemble(&world.secret, parts).await.unwrap()
}

fn requests(world: &World) -> Vec<u64> {
    world.nodes.iter().map(|node| node.requests.load(Ordering::Relaxed)).collect()
}

/// Requests of an hour to each node, with a change every five minutes.
async fn an_hour(flaps: impl Fn(u64) -> bool) -> Vec<u64> {
    let world = World::new(5);
    let engine = in_background(&world, MemoryStore::new()).await;
    for second in 0..MINUTES * 60 {
        let fault = if flaps(second) { Fault::Dead } else { Fault::None };
        world.faults(fault, &[4]);
        if second % 300 == 0 {
            engine.put(vec![token(&format!("t{second}"), "s0")]).await.unwrap();
        }
        world.pass(Duration::from_secs(1)).await;
    }
    let requests = requests(&world);
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

/// A laptop that is opened without a network: nothing is in reach, everything is refused at once, and a change waits.
#[tokio::test(start_paused = true)]
async fn a_process_that_begins_out_of_reach_with_a_change_tries_now_and_then() {
    let world = World::new(5);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    device.put(&["b"]).await;
    device.close().await;
    world.faults(Fault::Dead, &[0, 1, 2, 3, 4]);
    let before = requests(&world);
    let engine = in_background(&world, device.store.snapshot()).await;
    for _ in 0..MINUTES {
        world.pass(Duration::from_secs(60)).await;
    }
    let asked: Vec<u64> = requests(&world).iter().zip(&before).map(|(now, before)| now - before).collect();
    // A poll a minute, and a try to publish every few minutes.
    assert!(asked.iter().all(|asked| *asked < 20 * MINUTES), "{asked:?}");
    world.faults(Fault::None, &[0, 1, 2, 3, 4]);
    for _ in 0..MINUTES {
        world.pass(Duration::from_secs(60)).await;
    }
    assert_eq!(engine.status().ack, Ack::Verified);
    engine.close(Duration::from_secs(5)).await.unwrap();
}
