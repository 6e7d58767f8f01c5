//! What a first reading says of a wallet: new, a part, or all of it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tauri_plugin_wallet_sync::engine::SyncRequest;
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, Fault, World};

/// A device that stands alone in a slot far from the others: those below it are on no node.
async fn alone_in_a_high_slot(world: &World, devices: usize) -> Device {
    let mut last = None;
    for n in 0..devices {
        let device = world.device().await;
        device.put(&[format!("t{n}").as_str()]).await;
        device.sync_to(Level::Verified).await.unwrap();
        last = Some(device);
    }
    let last = last.unwrap();
    let own = last.engine.status().slot.unwrap();
    let report = last.sync().await.unwrap();
    let keep = report.names.iter().find(|name| name.slot == own).unwrap().root.clone().unwrap();
    for node in &world.nodes {
        let blocks = node.dag(&keep.parse().unwrap());
        let mut held = node.held();
        held.blocks = blocks;
        held.records.retain(|_, record| record.root().unwrap().to_string() == keep);
        held.labels.clear();
    }
    last
}

#[tokio::test(start_paused = true)]
async fn a_device_that_stands_alone_in_slot_7_is_found() {
    let world = World::new(5);
    let alone = alone_in_a_high_slot(&world, 8).await;
    assert_eq!(alone.engine.status().slot, Some(7));
    let restored = world.device().await;
    let report = restored.sync().await.unwrap();
    assert!(restored.ids().contains(&"t7".to_owned()), "{report:?}");
    assert!(!report.warnings.iter().any(|told| told.starts_with("new_wallet")), "{:?}", report.warnings);
}

#[tokio::test(start_paused = true)]
async fn what_a_search_found_counts_though_a_majority_left_another_slot_open() {
    let world = World::new(5);
    alone_in_a_high_slot(&world, 8).await;
    let other = WalletKeys::derive(&world.secret, None).slot(Slot::new(9).unwrap()).name();
    for node in world.nodes.iter().take(3) {
        node.line.be_silent_on(other);
    }
    let restored = world.device().await;
    let report = restored.sync().await.unwrap();
    assert!(restored.ids().contains(&"t7".to_owned()), "{report:?}");
    assert!(!report.warnings.iter().any(|told| told.contains("nothing was found")), "{:?}", report.warnings);
}

#[tokio::test(start_paused = true)]
async fn a_search_that_nobody_answers_is_not_repeated_at_rest() {
    let world = World::new(5);
    let other = WalletKeys::derive(&world.secret, None).slot(Slot::new(9).unwrap()).name();
    for node in world.nodes.iter().take(3) {
        node.line.be_silent_on(other);
    }
    let device = world.device().await;
    let asked = || world.nodes.iter().map(|node| node.requests.load(Ordering::Relaxed)).sum::<u64>();
    device.engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
    world.pass(Duration::from_secs(60)).await;
    let first = asked();
    for _ in 0..10 {
        device.engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
        world.pass(Duration::from_secs(61)).await;
    }
    // The search alone asks five nodes for sixteen records, and twice as many beacons.
    assert!(asked() - first < 10 * 5 * 16, "{} requests", asked() - first);
}

#[tokio::test(start_paused = true)]
async fn a_wallet_is_new_only_where_every_node_says_so() {
    let world = World::new(5);
    let device = world.device().await;
    let report = device.sync().await.unwrap();
    assert!(report.warnings.iter().any(|told| told.starts_with("new_wallet: ")), "{:?}", report.warnings);
    world.faults(Fault::Hung, &[3]);
    let device = world.device().await;
    let report = device.sync().await.unwrap();
    let told = report.warnings.iter().find(|told| told.starts_with("degraded: "));
    assert!(told.is_some_and(|told| told.contains("n3")), "{:?}", report.warnings);
    assert!(!report.warnings.iter().any(|told| told.starts_with("new_wallet")), "{:?}", report.warnings);
}

#[tokio::test(start_paused = true)]
async fn devices_beyond_the_first_slots_come_behind_the_answer() {
    let world = World::new(5);
    let near = world.device().await;
    near.put(&["near"]).await;
    near.sync_to(Level::Verified).await.unwrap();
    let slot_0: Vec<_> = world.nodes.iter().map(|node| node.held().records.clone()).collect();
    let blocks: Vec<_> = world.nodes.iter().map(|node| node.held().blocks.clone()).collect();
    world.nodes.iter().for_each(|node| node.wipe());
    let mut other = World::new(5);
    other.nodes = world.nodes.clone();
    alone_in_a_high_slot(&other, 8).await;
    for ((node, records), blocks) in world.nodes.iter().zip(slot_0).zip(blocks) {
        node.held().records.extend(records);
        node.held().blocks.extend(blocks);
    }
    let restored = world.device().await;
    restored.sync().await.unwrap();
    world.pass(Duration::from_secs(10)).await;
    let ids = restored.ids();
    assert!(ids.contains(&"near".to_owned()) && ids.contains(&"t7".to_owned()), "{ids:?}");
}

/// Requests of all nodes until now.
fn asked(world: &World) -> u64 {
    world.nodes.iter().map(|node| node.requests.load(Ordering::Relaxed)).sum()
}

/// A device that has read a wallet of one other device, and was told of no slot beyond the first ones.
async fn restored(world: &World) -> Device {
    let other = world.device().await;
    other.put(&["a"]).await;
    other.sync_to(Level::Verified).await.unwrap();
    other.engine.close(Duration::from_secs(2)).await.unwrap();
    let restored = world.device().await;
    restored.sync().await.unwrap();
    restored
}

/// A search asks five nodes for some sixty records, and twice as many beacons.
const SEARCH: u64 = 5 * 55 * 3;

#[tokio::test(start_paused = true)]
async fn a_search_is_in_nobodys_way() {
    let world = World::new(5);
    let device = restored(&world).await;
    for _ in 0..10 {
        let before = asked(&world);
        world.pass(Duration::from_secs(3)).await;
        assert!(asked(&world) - before < SEARCH / 4, "{} requests", asked(&world) - before);
        device.sync().await.unwrap();
    }
    let before = asked(&world);
    world.pass(Duration::from_secs(10)).await;
    assert!(asked(&world) - before >= SEARCH, "{} requests", asked(&world) - before);
}

#[tokio::test(start_paused = true)]
async fn all_slots_are_searched_once_a_day() {
    let world = World::new(5);
    let device = restored(&world).await;
    world.pass(Duration::from_secs(10)).await;
    for day in 0..3 {
        let before = asked(&world);
        world.pass(Duration::from_secs(12 * 3_600)).await;
        device.sync().await.unwrap();
        world.pass(Duration::from_secs(10)).await;
        assert!(asked(&world) - before < SEARCH / 2, "day {day}: {} requests", asked(&world) - before);
        let before = asked(&world);
        world.pass(Duration::from_secs(12 * 3_600)).await;
        device.sync().await.unwrap();
        world.pass(Duration::from_secs(10)).await;
        assert!(asked(&world) - before >= SEARCH, "day {day}: {} requests", asked(&world) - before);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_ends_does_one_step_of_the_search_and_several_get_to_its_end() {
    let world = World::new(5);
    let device = restored(&world).await;
    let (mut store, mut steps) = (device.store.snapshot(), 0);
    for _ in 0..8 {
        let process = world.device_on(store).await;
        process.sync().await.unwrap();
        let before = asked(&world);
        process.engine.close(Duration::from_secs(2)).await.unwrap();
        let more = asked(&world) - before;
        assert!(more < 2 * 5 * 16 * 3, "{more} requests");
        steps += u64::from(more >= 5 * 10 * 3);
        store = process.store.snapshot();
    }
    assert_eq!(steps, 4);
}
