//! Bulk: two nodes are sent it and the others pull it from those, whoever fails.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, NewToken, SyncReport};
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, Fault, World, noise, token};

/// Bytes of the payloads together.
const CONTENT: usize = 60 * 40_000;
/// What a node that is sent no bulk is sent at most.
const LITTLE: usize = 100_000;

/// A device with more to publish than every node is sent.
async fn with_bulk(world: &World) -> Device {
    let device = world.device().await;
    put_bulk(&device).await;
    device
}

async fn put_bulk(device: &Device) {
    let one = |n: u64| NewToken { payload: noise(n + 1, 40_000), ..token(&format!("t{n:02}"), "s0") };
    device.engine.put((0..60).map(one).collect()).await.unwrap();
}

/// Syncs until the level is reached; gives the time it took, too.
async fn verified(device: &Device) -> (SyncReport, Duration) {
    let started = monotonic();
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    (report, monotonic().saturating_duration_since(started))
}

/// Nodes that were sent the content.
fn carriers(world: &World) -> Vec<usize> {
    let is_carrier = |at: &usize| world.nodes[*at].imported() > LITTLE;
    (0..world.nodes.len()).filter(is_carrier).collect()
}

#[tokio::test(start_paused = true)]
async fn bulk_is_sent_to_two_nodes_and_the_others_pull_it() {
    let world = World::new(5);
    let device = with_bulk(&world).await;
    let (report, _) = verified(&device).await;
    assert!(report.verified_nodes >= 2);
    // Who asks again waits for the others, too.
    let (report, _) = verified(&device).await;
    assert_eq!(report.verified_nodes, 5);
    assert_eq!(carriers(&world).len(), 2);
    let sent: usize = world.nodes.iter().map(|node| node.imported()).sum();
    assert!(sent < CONTENT * 22 / 10, "{sent}");
}

#[tokio::test(start_paused = true)]
async fn the_answer_waits_for_nobody_who_pulls() {
    let world = World::new(5);
    for at in 2..5 {
        *world.nodes[at].latency.lock().unwrap() = Duration::from_millis(400);
    }
    let device = with_bulk(&world).await;
    let (report, took) = verified(&device).await;
    assert_eq!((report.verified_nodes, carriers(&world)), (2, vec![0, 1]));
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn nodes_that_come_back_pull_what_enough_others_have() {
    let world = World::new(5);
    let device = world.device().await;
    device.put(&["first"]).await;
    verified(&device).await;
    world.faults(Fault::Dead, &[2, 3, 4]);
    put_bulk(&device).await;
    let (report, _) = verified(&device).await;
    assert_eq!((report.verified_nodes, carriers(&world)), (2, vec![0, 1]));
    world.faults(Fault::None, &[2, 3, 4]);
    world.pass(Duration::from_secs(60)).await;
    device.put(&["more"]).await;
    verified(&device).await;
    let (report, _) = verified(&device).await;
    assert_eq!((report.verified_nodes, carriers(&world)), (5, vec![0, 1]));
}

#[tokio::test(start_paused = true)]
async fn a_carrier_that_loses_everything_delays_nobody() {
    let world = World::new(5);
    world.faults(Fault::BlockEater, &[0]);
    let device = with_bulk(&world).await;
    let (report, took) = verified(&device).await;
    assert!(report.verified_nodes >= 2 && took < Duration::from_secs(2), "{took:?}");
    assert!(carriers(&world).len() <= 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_carrier_the_others_are_sent_it_at_once() {
    let world = World::new(5);
    world.faults(Fault::BlockEater, &[0, 1]);
    let device = with_bulk(&world).await;
    let (report, took) = verified(&device).await;
    assert!(report.verified_nodes >= 2 && took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn what_a_proxy_refuses_as_too_large_is_sent_in_smaller_parts() {
    let world = World::new(5);
    let limit = 300_000;
    world.nodes.iter().for_each(|node| node.body_limit.store(limit, Ordering::Relaxed));
    let device = with_bulk(&world).await;
    verified(&device).await;
    let imports = world.nodes[0].imports.lock().unwrap().clone();
    assert!(imports.len() >= CONTENT / limit && imports.iter().all(|bytes| *bytes <= limit), "{imports:?}");
    assert!(imports.iter().sum::<usize>() < CONTENT * 11 / 10, "{imports:?}");
}
