//! What is told when the nodes are others than before, or few, or have nothing any more.

use std::sync::Arc;
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::engine::{Ack, Bounds, Engine, Mode, Parts, SyncRequest};
use tauri_plugin_wallet_sync::node::{Node, Source};
use tauri_plugin_wallet_sync::store::Level;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;

use crate::support::world::{Fault, World};

/// An engine on a store with some of the world's nodes.
async fn engine_with(world: &World, store: &MemoryStore, nodes: &[usize], mode: Mode) -> Engine {
    let parts = Parts {
        config: world.config.clone(),
        store: Arc::new(store.clone()),
        nodes: nodes.iter().map(|at| world.nodes[*at].clone() as Arc<dyn Node>).collect(),
        peers: None,
        clock: world.clock.clone(),
        entropy: Entropy::seeded(77),
        mode,
        bounds: Bounds::default(),
    };
    Engine::assemble(&world.secret, parts).await.unwrap()
}

fn plain(wait: Option<Level>) -> SyncRequest {
    SyncRequest { fresh: false, deadline: None, wait }
}

#[tokio::test(start_paused = true)]
async fn who_reads_along_tells_no_level_of_nodes_that_are_gone() {
    let world = World::new(4);
    let store = MemoryStore::new();
    let device = engine_with(&world, &store, &[0, 1], Mode::Own).await;
    device.put(vec![crate::support::world::token("a", "s0")]).await.unwrap();
    assert_eq!(device.sync(plain(Some(Level::Verified)), |_| ()).await.unwrap().ack, Ack::Verified);
    device.close(Duration::from_secs(30)).await.unwrap();
    let told = [
        (&[2, 3], Ack::Local, Level::Local),
        (&[0, 2], Ack::Published, Level::Published),
        (&[0, 1], Ack::Verified, Level::Verified),
    ];
    for (nodes, ack, level) in told {
        let along = engine_with(&world, &store.snapshot(), nodes, Mode::ReadAlong).await;
        assert_eq!(along.status().ack, ack, "{nodes:?}");
        assert_eq!(along.tokens(None, 10, false)[0].ack, level, "{nodes:?}");
        along.close(Duration::from_secs(1)).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn other_nodes_are_not_answered_for_from_memory() {
    let world = World::new(4);
    let writer = world.device().await;
    writer.put(&["a"]).await;
    writer.sync_to(Level::Verified).await.unwrap();
    let store = MemoryStore::new();
    let reader = engine_with(&world, &store, &[0, 1], Mode::Own).await;
    reader.sync(plain(None), |_| ()).await.unwrap();
    assert_eq!(reader.sync(plain(None), |_| ()).await.unwrap().source, Source::Cache);
    reader.close(Duration::from_secs(30)).await.unwrap();
    let reader = engine_with(&world, &store.snapshot(), &[2, 3], Mode::Own).await;
    assert_eq!(reader.sync(plain(None), |_| ()).await.unwrap().source, Source::HttpRouting);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_added_is_asked_at_once() {
    let world = World::new(3);
    let store = MemoryStore::new();
    let device = engine_with(&world, &store, &[0, 1], Mode::Own).await;
    device.put(vec![crate::support::world::token("a", "s0")]).await.unwrap();
    assert_eq!(device.sync(plain(Some(Level::Verified)), |_| ()).await.unwrap().ack, Ack::Verified);
    device.sync(plain(None), |_| ()).await.unwrap();
    assert_eq!(device.sync(plain(None), |_| ()).await.unwrap().source, Source::Cache);
    device.close(Duration::from_secs(30)).await.unwrap();
    // What is verified stays so; what the new one knows is not known.
    let device = engine_with(&world, &store.snapshot(), &[0, 1, 2], Mode::Own).await;
    assert_eq!(device.status().ack, Ack::Verified);
    assert_eq!(device.sync(plain(None), |_| ()).await.unwrap().source, Source::HttpRouting);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_to_be_put_back_is_put_back() {
    let world = World::new(5);
    let writer = world.device().await;
    writer.put(&["a", "b"]).await;
    writer.sync_to(Level::Verified).await.unwrap();
    let reader = world.device().await;
    reader.sync().await.unwrap();
    writer.close().await;
    world.nodes.iter().for_each(|node| node.wipe());
    let report = reader.sync_to(Level::Verified).await.unwrap();
    assert!(report.warnings.iter().any(|words| words.contains("put back")), "{report:?}");
    let other = world.device().await;
    other.sync().await.unwrap();
    assert_eq!(other.ids(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_wallet_that_was_made_here_is_backed_up_where_three_of_five_are_dead() {
    let world = World::new(5);
    world.faults(Fault::Dead, &[0, 1, 2]);
    let device = world.device().await;
    device.engine.note_created().await.unwrap();
    device.put(&["a"]).await;
    let report = device.engine.sync(plain(Some(Level::Verified)), |_| ()).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{report:?}");
    // A secret from elsewhere may have a wallet on the others.
    let world = World::new(5);
    world.faults(Fault::Dead, &[0, 1, 2]);
    let device = world.device().await;
    device.put(&["a"]).await;
    assert!(device.engine.sync(plain(Some(Level::Verified)), |_| ()).await.is_err());
}
