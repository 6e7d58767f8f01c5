//! `verified` is said of all that is here, and a doubt about others' content ends once it is proven.

use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, SyncReport, SyncRequest};
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::node::Source;
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, Fault, World};

async fn device_with(world: &World, ids: &[&str]) -> Device {
    let device = world.device().await;
    device.put(ids).await;
    device.sync_to(Level::Verified).await.unwrap();
    device
}

fn is_proven(report: &SyncReport) -> bool {
    report.ack == Ack::Verified && report.verified_nodes >= 2
}

async fn plain(device: &Device) -> SyncReport {
    device.engine.sync(SyncRequest::default(), |_| ()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_sync_to_verified_proves_what_it_merged_beside_its_own_change() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    let second = device_with(&world, &["b"]).await;
    for n in 0..4 {
        first.put(&[&format!("a{n}")]).await;
        let report = first.sync_to(Level::Verified).await.unwrap();
        assert!(is_proven(&report), "{n}: {report:?}");
        second.put(&[&format!("b{n}")]).await;
        let report = second.sync_to(Level::Verified).await.unwrap();
        assert!(report.added > 0 && is_proven(&report), "{n}: {report:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sync_to_verified_that_only_merges_proves_that_too() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    let second = device_with(&world, &["b"]).await;
    let report = first.sync_to(Level::Verified).await.unwrap();
    assert!(report.added == 1 && is_proven(&report), "{report:?}");
    // One device's proof is the other's news once, and no more.
    let in_turn = async || {
        for device in [&first, &second, &first, &second] {
            assert!(is_proven(&device.sync_to(Level::Verified).await.unwrap()));
        }
        world.puts()
    };
    let before = in_turn().await;
    assert_eq!(in_turn().await, before);
}

#[tokio::test(start_paused = true)]
async fn what_was_merged_does_not_hold_up_a_sync_to_verified_past_its_deadline() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    let second = device_with(&world, &["b"]).await;
    world.faults(Fault::Stale, &[0, 1, 2, 3, 4]);
    let request =
        SyncRequest { fresh: true, deadline: Some(limits::WAIT_IDLE / 4), wait: Some(Level::Verified) };
    let report = first.engine.sync(request, |_| ()).await.unwrap();
    assert!(report.added == 1 && report.verified_nodes < 2, "{report:?}");
    assert!(report.warnings.iter().any(|warning| warning == "deadline"), "{report:?}");
    drop(second);
}

#[tokio::test(start_paused = true)]
async fn a_publish_that_was_under_way_is_in_doubt_only_until_it_is_proven_here() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    let second = device_with(&world, &["b"]).await;
    first.sync_to(Level::Verified).await.unwrap();
    // One node has the next edition, the others show what they had.
    world.faults(Fault::Dead, &[1, 2, 3, 4]);
    second.put(&["c"]).await;
    second.sync_to(Level::Published).await.unwrap();
    world.faults(Fault::Stale, &[1, 2, 3, 4]);
    assert_eq!(first.sync().await.unwrap().added, 1);
    world.faults(Fault::None, &[1, 2, 3, 4]);
    second.sync_to(Level::Verified).await.unwrap();
    first.sync_to(Level::Verified).await.unwrap();
    assert_eq!(plain(&first).await.source, Source::Cache);
}

#[tokio::test(start_paused = true)]
async fn devices_that_come_when_every_slot_is_in_use_do_not_all_take_the_same() {
    let world = World::new(5);
    for n in 0..limits::SLOTS {
        let device = world.device().await;
        device.put(&[&format!("t{n}")]).await;
        device.sync_to(Level::Verified).await.unwrap();
        device.close().await;
        world.pass(limits::AT_WORK / 128).await;
    }
    let mut taken = Vec::new();
    for n in 0..4 {
        let late = device_with(&world, &[&format!("late{n}")]).await;
        taken.push(late.engine.status().slot.unwrap());
        late.close().await;
    }
    // The one whose edition is oldest each time.
    assert_eq!(taken, [0, 1, 2, 3]);
    let reader = world.device().await;
    while !reader.sync().await.unwrap().unread.is_empty() {}
    reader.sync().await.unwrap();
    assert_eq!(reader.ids().len(), usize::from(limits::SLOTS) + taken.len());
}

#[tokio::test(start_paused = true)]
async fn who_waits_in_vain_waits_once() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    let _second = device_with(&world, &["b"]).await;
    world.faults(Fault::Dead, &[0, 1, 2, 3]);
    first.put(&["c"]).await;
    let began = monotonic();
    let report = first.sync_to(Level::Verified).await.unwrap();
    assert!(report.added == 1 && report.ack == Ack::Published, "{report:?}");
    let took = began.elapsed();
    assert!(took <= limits::WAIT_IDLE + Duration::from_secs(5), "{took:?}");
}
