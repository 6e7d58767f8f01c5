//! A reading grows with what changed, not with devices times nodes times records; and it is never stale for that.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tauri_plugin_wallet_sync::engine::SyncReport;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, Fault, World};

/// Devices that each have put tokens, read the others' and published what they read.
async fn live(world: &World, count: usize, tokens: usize) -> Vec<Device> {
    let mut devices = Vec::new();
    for n in 0..count {
        let device = world.device().await;
        let ids: Vec<String> = (0..tokens).map(|at| format!("d{n}x{at}")).collect();
        device.put(&ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
        device.sync_to(Level::Verified).await.unwrap();
        devices.push(device);
    }
    for device in devices.iter().cycle().take(2 * count) {
        device.sync_to(Level::Verified).await.unwrap();
    }
    devices
}

/// A device that has read everything, and its next reading.
async fn warm(world: &World) -> (Device, SyncReport) {
    let reader = world.device().await;
    reader.sync().await.unwrap();
    let report = reader.sync().await.unwrap();
    (reader, report)
}

#[tokio::test(start_paused = true)]
async fn a_warm_reading_of_one_device_has_no_record_in_it() {
    let world = World::new(5);
    live(&world, 1, 10).await;
    let (_reader, report) = warm(&world).await;
    assert!(
        report.bytes_in <= 1_000 && report.requests <= 20,
        "{} bytes, {}",
        report.bytes_in,
        report.requests
    );
}

#[tokio::test(start_paused = true)]
async fn a_warm_reading_of_twelve_devices_asks_each_node_once_for_what_it_knows() {
    let world = World::new(5);
    live(&world, 12, 40).await;
    let (_reader, report) = warm(&world).await;
    // One question of each node, and the two slots beyond.
    assert_eq!(report.requests, 5 + 2 * 5);
    assert!(report.bytes_in <= 10_000, "{} bytes", report.bytes_in);
}

#[tokio::test(start_paused = true)]
async fn a_newer_record_on_one_node_only_is_found() {
    for holder in 0..5 {
        let world = World::new(5);
        let devices = live(&world, 4, 2).await;
        let (reader, _) = warm(&world).await;
        let others: Vec<usize> = (0..5).filter(|at| *at != holder).collect();
        world.faults(Fault::Dead, &others);
        devices[2].put(&["late"]).await;
        devices[2].sync_to(Level::Published).await.unwrap();
        // The others are back and show what they had.
        world.faults(Fault::Stale, &others);
        let report = reader.sync().await.unwrap();
        assert!(
            reader.ids().contains(&"late".to_owned()),
            "only node {holder} has it: {:?}",
            report.warnings
        );
    }
}

#[tokio::test(start_paused = true)]
async fn news_of_a_far_node_is_found_beside_near_ones_that_are_behind() {
    let world = World::new(5);
    let devices = live(&world, 4, 2).await;
    let (reader, _) = warm(&world).await;
    let near: Vec<usize> = (0..4).collect();
    world.faults(Fault::Dead, &near);
    devices[2].put(&["late"]).await;
    devices[2].sync_to(Level::Published).await.unwrap();
    world.faults(Fault::Stale, &near);
    // The short answer comes within the grace window of the near ones, the record after it.
    *world.nodes[4].latency.lock().unwrap() = Duration::from_millis(120);
    let report = reader.sync().await.unwrap();
    assert!(reader.ids().contains(&"late".to_owned()), "{:?}", report.warnings);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_never_answers_the_short_question_is_not_asked_it_for_a_while() {
    let world = World::new(5);
    live(&world, 4, 2).await;
    let (reader, _) = warm(&world).await;
    world.faults(Fault::Curt, &[0]);
    let asked = async || {
        let before = world.nodes[0].short.load(Ordering::Relaxed);
        let report = reader.sync().await.unwrap();
        assert!(report.warnings.is_empty() && report.list_ms < 1_000.0, "{:?}", report);
        // A moment later the question is given up.
        world.pass(Duration::from_secs(2)).await;
        world.nodes[0].short.load(Ordering::Relaxed) - before
    };
    assert_eq!(asked().await, 1);
    assert_eq!(asked().await, 0, "it answers, and never this");
    world.pass(limits::SHOWN_RETRY).await;
    assert_eq!(asked().await, 1, "it may have been updated");
}

#[tokio::test(start_paused = true)]
async fn a_node_without_one_of_the_records_or_pins_shows_the_others_all_the_same() {
    let world = World::new(5);
    let devices = live(&world, 4, 2).await;
    let (reader, _) = warm(&world).await;
    {
        let mut held = world.nodes[0].held();
        let name = *held.records.keys().next().unwrap();
        held.records.remove(&name);
    }
    world.nodes[1].held().pins.clear();
    let report = reader.sync().await.unwrap();
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    assert_eq!(reader.ids().len(), 8);
    drop(devices);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_lost_the_own_record_is_noticed_by_the_short_question_too() {
    let world = World::new(5);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    device.sync().await.unwrap();
    (0..4).for_each(|at| world.nodes[at].forget_records());
    let before: u64 = world.puts();
    device.sync().await.unwrap();
    device.sync_to(Level::Verified).await.unwrap();
    assert!(world.puts() >= before + 4, "what was lost is put back");
    assert!(world.nodes.iter().all(|node| node.requests.load(Ordering::Relaxed) > 0));
}

#[tokio::test(start_paused = true)]
async fn a_new_device_fetches_the_list_of_twelve_once() {
    let world = World::new(5);
    live(&world, 12, 40).await;
    let payloads: u64 = 480 * 60;
    let reader = world.device().await;
    let report = reader.sync().await.unwrap();
    assert_eq!((reader.ids().len(), report.missing_payloads), (480, 0));
    // Records without the index, two beacons a slot, the list and the payloads.
    let list: u64 = 480 * 200;
    assert!(report.bytes_in <= 100_000 + list + payloads, "{} bytes", report.bytes_in);
}

#[tokio::test(start_paused = true)]
async fn what_another_root_contains_is_not_fetched_and_its_content_is_here() {
    let world = World::new(5);
    let first = world.device().await;
    first.put(&["a"]).await;
    first.sync_to(Level::Verified).await.unwrap();
    let second = world.device().await;
    second.put(&["b"]).await;
    let report = second.sync_to(Level::Verified).await.unwrap();
    let root = |slot: usize| report.names[slot].root.as_ref().unwrap().parse().unwrap();
    // The index of the first is nowhere any more, and in the second's.
    let mut lost = world.nodes[0].dag(&root(0));
    lost.retain(|cid, _| !world.nodes[0].dag(&root(1)).contains_key(cid));
    for node in &world.nodes {
        node.held().blocks.retain(|cid, _| !lost.contains_key(cid));
    }
    let restored = world.device().await;
    let report = restored.sync().await.unwrap();
    assert_eq!((restored.ids().len(), report.missing_payloads), (2, 0), "{:?}", report.warnings);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
}
