//! One bad node of five delays nobody: a change is verified on the others in the usual time, and the account closes at once.

use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, SyncRequest};
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, Fault, World};

/// Three ways there and back are longer than the grace of a reading, which waits 150 ms for a node that was well before: the answer of
/// a sync waits for both.
const LATENCY: Duration = Duration::from_millis(80);

/// How long a change takes to `verified`, and the account to close behind it.
async fn change_and_close(world: &World, before: Device, id: &str) -> (Device, Duration) {
    let device = world.device_on(before.store.snapshot()).await;
    device.put(&[id]).await;
    let started = monotonic();
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{report:?}");
    device.engine.close(Duration::from_secs(5)).await.unwrap();
    (device, started.elapsed())
}

async fn world_of_five() -> (World, Device) {
    let world = World::new(5);
    world.nodes.iter().for_each(|node| *node.latency.lock().unwrap() = LATENCY);
    let device = world.device().await;
    device.put(&["first"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    device.close().await;
    let (device, _) = change_and_close(&world, device, "second").await;
    (world, device)
}

#[tokio::test(start_paused = true)]
async fn a_change_takes_no_longer_beside_a_bad_node() {
    let (world, device) = world_of_five().await;
    let (_, usual) = change_and_close(&world, device, "third").await;
    for fault in [Fault::Dead, Fault::Hung, Fault::Amnesiac, Fault::BlockEater, Fault::Mute] {
        let (world, device) = world_of_five().await;
        world.faults(fault, &[2]);
        // The first change after it went bad, and the next.
        let (device, first) = change_and_close(&world, device, "third").await;
        let (_, next) = change_and_close(&world, device, "fourth").await;
        assert!(first <= usual.mul_f64(1.2), "{fault:?}: {first:?}, else {usual:?}");
        assert!(next <= usual.mul_f64(1.2), "{fault:?}: {next:?}, else {usual:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_that_are_a_little_slower_are_waited_for() {
    let (world, device) = world_of_five().await;
    for (at, ms) in [(2, 45), (3, 50), (4, 55)] {
        *world.nodes[at].latency.lock().unwrap() = Duration::from_millis(ms);
    }
    let device = world.device_on(device.store.snapshot()).await;
    device.put(&["third"]).await;
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.verified_nodes, 5, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn who_closes_waits_for_far_nodes_that_a_change_needs() {
    let (world, device) = world_of_five().await;
    (1..5).for_each(|at| *world.nodes[at].latency.lock().unwrap() = Duration::from_millis(250));
    let device = world.device_on(device.store.snapshot()).await;
    device.put(&["third"]).await;
    let request = SyncRequest { fresh: false, deadline: None, wait: Some(Level::Published) };
    let report = device.engine.sync(request, |_| ()).await.unwrap();
    assert_eq!(report.ack, Ack::Published, "the near one has it: {report:?}");
    device.engine.close(Duration::from_secs(5)).await.unwrap();
    assert_eq!(world.device_on(device.store.snapshot()).await.engine.status().ack, Ack::Verified);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_lags_is_brought_along_though_it_is_slow() {
    let (world, device) = world_of_five().await;
    world.faults(Fault::Dead, &[2]);
    let (device, _) = change_and_close(&world, device, "third").await;
    world.faults(Fault::None, &[2]);
    // Slower than a busy machine makes it, and no other lane gives a measure.
    *world.nodes[2].latency.lock().unwrap() = Duration::from_millis(150);
    let device = world.device_on(device.store.snapshot()).await;
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.verified_nodes, 5, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn closing_does_not_wait_for_a_lagging_node_that_comes_no_further() {
    let (world, device) = world_of_five().await;
    world.faults(Fault::Dead, &[2]);
    let (device, _) = change_and_close(&world, device, "third").await;
    world.faults(Fault::Hung, &[2]);
    let device = world.device_on(device.store.snapshot()).await;
    device.sync_to(Level::Verified).await.unwrap();
    let started = monotonic();
    device.engine.close(Duration::from_secs(5)).await.unwrap();
    assert!(started.elapsed() <= Duration::from_millis(600), "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn nodes_that_a_process_left_behind_are_brought_along_by_an_answer_from_the_cache() {
    let (world, device) = world_of_five().await;
    world.faults(Fault::Dead, &[1, 2, 3]);
    let (device, _) = change_and_close(&world, device, "third").await;
    world.faults(Fault::None, &[1, 2, 3]);
    let device = world.device_on(device.store.snapshot()).await;
    assert_eq!(device.engine.status().verified_nodes, 2);
    let report = device.engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
    assert_eq!((report.source.as_str(), report.requests), ("cache", 0));
    let named = |id: &str| report.warnings.iter().any(|told| told.starts_with("node: ") && told.contains(id));
    assert!(["n1", "n2", "n3"].into_iter().all(named) && !named("n0"), "{:?}", report.warnings);
    device.engine.close(Duration::from_secs(5)).await.unwrap();
    assert_eq!(world.device_on(device.store.snapshot()).await.engine.status().verified_nodes, 5);
}
