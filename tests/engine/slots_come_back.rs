//! A slot whose device is done comes back, at once, and nothing is lost by it: neither by who gives it back nor by who had it and was
//! not gone after all.

use std::time::Duration;

use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, DeviceRow, Event, SyncReport, SyncRequest};
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::store::Level;

use crate::support::dag::SHOWN_LINE;
use crate::support::world::{Device, Fault, World};

async fn device_with(world: &World, ids: &[&str]) -> Device {
    let device = world.device().await;
    device.put(ids).await;
    device.sync_to(Level::Verified).await.unwrap();
    device
}

async fn row(device: &Device, slot: u8) -> DeviceRow {
    device.engine.devices().await.unwrap().into_iter().find(|row| row.slot == slot).unwrap()
}

/// Nobody is at work who changed nothing for so long.
async fn silence(world: &World) {
    world.pass(limits::AT_WORK).await;
}

/// What a device finds that knows nothing but the secret.
async fn restored(world: &World) -> Vec<String> {
    let device = world.device().await;
    let report = device.sync().await.unwrap();
    assert_eq!(report.missing_payloads, 0);
    let mut ids = device.ids();
    ids.sort();
    ids
}

#[tokio::test(start_paused = true)]
async fn a_device_that_ends_gives_its_slot_to_the_next_one() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    first.engine.end().await.unwrap();
    first.close().await;
    let second = device_with(&world, &["b"]).await;
    assert_eq!(second.engine.status().slot, Some(0));
    assert!(!row(&second, 0).await.retired, "its own record says that it is at work");
    assert_eq!(restored(&world).await, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn what_ends_stays_verified_and_its_root_says_so() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    first.engine.end().await.unwrap();
    assert_eq!((first.engine.status().pending, first.engine.status().ack), (0, Ack::Verified));
    first.close().await;
    let reader = world.device().await;
    reader.sync().await.unwrap();
    let seen = row(&reader, 0).await;
    assert!(seen.retired && seen.contained && !seen.is_self, "{seen:?}");
    // A folder that was not removed after all goes on as if nothing had been.
    let again = world.device_on(first.store.clone()).await;
    again.put(&["b"]).await;
    again.sync_to(Level::Verified).await.unwrap();
    assert_eq!(again.engine.status().slot, Some(0));
    reader.sync().await.unwrap();
    assert!(!row(&reader, 0).await.retired);
    assert_eq!(restored(&world).await, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn ending_without_a_network_is_short_and_changes_nothing() {
    for fault in [Fault::Dead, Fault::Hung] {
        let world = World::new(5);
        let first = device_with(&world, &["a"]).await;
        world.faults(fault, &[0, 1, 2, 3, 4]);
        let started = monotonic();
        assert!(first.engine.end().await.is_err());
        assert!(started.elapsed() <= limits::ENDING + Duration::from_millis(100), "{:?}", started.elapsed());
        assert_eq!(first.engine.status().pending, 0, "{fault:?}");
        first.close().await;
        world.faults(Fault::None, &[0, 1, 2, 3, 4]);
        assert_eq!(restored(&world).await, ["a"]);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_ends_while_a_change_is_not_verified() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    first.put(&["b"]).await;
    assert_eq!(first.engine.end().await.unwrap_err().code(), Code::PendingChanges);
    first.sync_to(Level::Verified).await.unwrap();
    assert!(!row(&first, 0).await.retired, "what is published then says nothing of an end");
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_is_given_back_for_another_device_is_taken_first() {
    let world = World::new(5);
    let lost = device_with(&world, &["a"]).await;
    let second = device_with(&world, &["b"]).await;
    lost.engine.close(Duration::ZERO).await.unwrap();
    assert!(!row(&second, 0).await.retired);
    silence(&world).await;
    second.engine.retire_device(0).await.unwrap();
    assert!(row(&second, 0).await.retired);
    second.engine.retire_device(0).await.unwrap();
    assert_eq!(second.engine.status().slot, Some(1));
    assert_eq!(restored(&world).await, ["a", "b"]);
    let third = device_with(&world, &["c"]).await;
    assert_eq!(third.engine.status().slot, Some(0));
    assert_eq!(restored(&world).await, ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_device_without_a_slot_can_give_back_that_of_a_lost_one() {
    let world = World::new(5);
    device_with(&world, &["a"]).await.close().await;
    let phone = world.device().await;
    phone.sync().await.unwrap();
    silence(&world).await;
    phone.engine.retire_device(0).await.unwrap();
    assert_eq!(phone.engine.status().slot, None);
    phone.put(&["b"]).await;
    phone.sync_to(Level::Verified).await.unwrap();
    assert_eq!(phone.engine.status().slot, Some(0), "it takes the one that it gave back");
    assert_eq!(restored(&world).await, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_is_retired_again_and_again_uses_up_no_slots() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    let second = device_with(&world, &["b"]).await;
    for n in 0..12 {
        first.put(&[&format!("t{n}")]).await;
        first.sync_to(Level::Verified).await.unwrap();
        second.sync().await.unwrap();
        silence(&world).await;
        let slot = first.engine.status().slot.unwrap();
        second.engine.retire_device(slot).await.unwrap();
        first.sync_to(Level::Verified).await.unwrap();
        assert_ne!(first.engine.status().slot, Some(slot));
    }
    assert_eq!(second.engine.devices().await.unwrap().len(), 3);
    assert_eq!(restored(&world).await.len(), 14);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_was_not_gone_moves_and_loses_nothing() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    let second = device_with(&world, &["b"]).await;
    silence(&world).await;
    // Nobody else has seen this one.
    first.put(&["late"]).await;
    second.engine.retire_device(0).await.unwrap();
    let mut events = first.engine.subscribe();
    first.sync_to(Level::Verified).await.unwrap();
    assert_eq!(first.engine.status().slot, Some(2));
    let mut told = Vec::new();
    while let Some(Some(event)) = futures_util::FutureExt::now_or_never(events.next()) {
        if let Event::Alert { kind, .. } = event {
            told.push(kind);
        }
    }
    assert!(told.contains(&"retired"), "{told:?}");
    first.put(&["later"]).await;
    first.sync_to(Level::Verified).await.unwrap();
    assert_eq!(restored(&world).await, ["a", "b", "late", "later"]);
    // The other device sees it in its new place; its old one is free.
    second.sync().await.unwrap();
    assert!(row(&second, 0).await.retired && !row(&second, 2).await.retired);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_given_back_over_what_is_not_here() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    let second = device_with(&world, &["b"]).await;
    // One node alone shows something newer, whose content the others do not have.
    world.faults(Fault::Dead, &[1, 2, 3, 4]);
    first.put(&["new"]).await;
    first.sync_to(Level::Published).await.unwrap();
    first.engine.close(Duration::ZERO).await.unwrap();
    world.faults(Fault::None, &[1, 2, 3, 4]);
    silence(&world).await;
    assert_eq!(second.engine.retire_device(0).await.unwrap_err().code(), Code::Conflict, "it is at work");
    assert!(second.ids().contains(&"new".to_owned()), "it was brought here first");
    silence(&world).await;
    second.engine.retire_device(0).await.unwrap();
    assert_eq!(restored(&world).await, ["a", "b", "new"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_brought_here_is_left_alone() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    let second = device_with(&world, &["b"]).await;
    first.put(&["new"]).await;
    first.sync_to(Level::Verified).await.unwrap();
    first.close().await;
    let root = first.engine.status().high_water[0].sequence;
    silence(&world).await;
    world.faults(Fault::Mute, &[0, 1, 2, 3, 4]);
    let refused = second.engine.retire_device(0).await.unwrap_err();
    assert!(matches!(refused.code(), Code::Unreachable | Code::Deadline), "{refused:?}");
    world.faults(Fault::None, &[0, 1, 2, 3, 4]);
    let reader = world.device().await;
    reader.sync().await.unwrap();
    assert_eq!(reader.engine.status().high_water[0].sequence, root, "nothing was put over it");
    assert!(!row(&reader, 0).await.retired);
}

#[tokio::test(start_paused = true)]
async fn what_only_a_beacon_names_is_brought_here_too() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    let second = device_with(&world, &["b"]).await;
    first.put(&["new"]).await;
    first.sync_to(Level::Verified).await.unwrap();
    world.nodes.iter().for_each(|node| node.forget_records());
    silence(&world).await;
    assert_eq!(second.engine.retire_device(0).await.unwrap_err().code(), Code::Conflict, "it is at work");
    assert!(second.ids().contains(&"new".to_owned()));
    silence(&world).await;
    second.engine.retire_device(0).await.unwrap();
    assert!(row(&second, 0).await.retired);
}

#[tokio::test(start_paused = true)]
async fn what_one_node_alone_names_by_a_beacon_of_long_ago_is_brought_here() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    first.close().await;
    let first = world.device_on(first.store.clone()).await;
    let clone = world.device_on(first.store.snapshot()).await;
    // The clone gets to one node, the other one to the rest; neither sees the other.
    world.faults(Fault::Dead, &[0, 1, 2, 3]);
    clone.put(&["clone"]).await;
    clone.sync_to(Level::Published).await.unwrap();
    clone.engine.close(Duration::ZERO).await.unwrap();
    world.faults(Fault::None, &[0, 1, 2, 3]);
    world.faults(Fault::Dead, &[4]);
    for id in ["b", "c"] {
        first.put(&[id]).await;
        first.sync_to(Level::Verified).await.unwrap();
    }
    first.close().await;
    let second = world.device().await;
    second.sync().await.unwrap();
    silence(&world).await;
    world.faults(Fault::None, &[4]);
    world.nodes[4].forget_records();
    second.engine.retire_device(0).await.unwrap();
    assert!(second.ids().contains(&"clone".to_owned()), "{:?}", second.ids());
    assert_eq!(restored(&world).await, ["a", "b", "c", "clone"]);
}

#[tokio::test(start_paused = true)]
async fn what_one_node_alone_took_is_brought_to_others_by_the_next_attempt() {
    let world = World::new(5);
    device_with(&world, &["a"]).await.close().await;
    let second = device_with(&world, &["b"]).await;
    silence(&world).await;
    world.faults(Fault::Dead, &[1, 2, 3, 4]);
    assert_eq!(second.engine.retire_device(0).await.unwrap_err().code(), Code::Unreachable);
    assert!(row(&second, 0).await.retired, "one node has it");
    world.faults(Fault::None, &[1, 2, 3, 4]);
    second.engine.retire_device(0).await.unwrap();
    world.faults(Fault::Dead, &[0]);
    let reader = world.device().await;
    reader.sync().await.unwrap();
    assert!(row(&reader, 0).await.retired);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_given_back_is_named() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    let second = device_with(&world, &["b"]).await;
    let code = async |slot| second.engine.retire_device(slot).await.unwrap_err().code();
    assert_eq!(code(1).await, Code::BadRequest);
    assert_eq!(code(64).await, Code::BadRequest);
    assert_eq!(code(7).await, Code::NotFound);
    assert_eq!(code(0).await, Code::Conflict, "it has just published");
    silence(&world).await;
    world.faults(Fault::Dead, &[0, 1, 2, 3, 4]);
    assert_eq!(code(0).await, Code::Unreachable);
    second.put(&["c"]).await;
    assert_eq!(code(0).await, Code::PendingChanges);
    drop(first);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_process_in_between_loses_nothing_and_it_is_given_back_later() {
    let world = World::new(5);
    device_with(&world, &["a"]).await.close().await;
    let second = device_with(&world, &["b"]).await;
    for at in 0..40 {
        silence(&world).await;
        let store = second.store.snapshot();
        let device = world.device_on(store.clone()).await;
        let cut = tokio::time::timeout(Duration::from_millis(at * 4), device.engine.retire_device(0)).await;
        let crashed = world.device_on(device.store.crash()).await;
        crashed.sync().await.unwrap();
        crashed.engine.retire_device(0).await.unwrap();
        assert!(row(&crashed, 0).await.retired, "after {at}: {cut:?}");
        assert_eq!(restored(&world).await, ["a", "b"]);
        // The next round has something to give back.
        let third = device_with(&world, &["a"]).await;
        assert_eq!(third.engine.status().slot, Some(0));
        second.sync().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn names_that_were_given_back_are_read_with_the_slots_beyond() {
    let world = World::new(5);
    let first = device_with(&world, &["a"]).await;
    device_with(&world, &["b"]).await.close().await;
    first.engine.end().await.unwrap();
    first.close().await;
    let reader = world.device().await;
    reader.sync().await.unwrap();
    reader.sync().await.unwrap();
    let sync = async || {
        let request = SyncRequest { fresh: false, deadline: None, wait: None };
        reader.engine.sync(request, |_| ()).await.unwrap()
    };
    // Its folder was not removed after all, and it goes on.
    let again = world.device_on(first.store.clone()).await;
    again.put(&["late"]).await;
    again.sync_to(Level::Verified).await.unwrap();
    // Older than the cache, younger than the last look beyond: only who is at work is asked for.
    world.pass(Duration::from_secs(120)).await;
    let report = sync().await;
    assert_eq!(report.bytes_in, 5 * SHOWN_LINE, "{} requests", report.requests);
    assert_eq!(sync().await.requests, 0, "the other one is no reason to ask again");
    world.pass(limits::GAP_EVERY).await;
    sync().await;
    assert!(reader.ids().contains(&"late".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn from_forty_eight_slots_on_it_is_said_once() {
    let world = World::new(3);
    let mut devices = Vec::new();
    for n in 0..limits::FEW_SLOTS {
        devices.push(device_with(&world, &[&format!("t{n}")]).await);
    }
    let reader = world.device().await;
    let mut events = reader.engine.subscribe();
    let told = |report: &SyncReport| {
        report.warnings.iter().filter(|warning| warning.starts_with("slots: 48 of 64")).count()
    };
    let first = reader.sync().await.unwrap();
    let second = reader.sync().await.unwrap();
    assert_eq!((told(&first), told(&second)), (1, 0), "{:?}", first.warnings);
    let mut alerts = 0;
    while let Some(Some(event)) = futures_util::FutureExt::now_or_never(events.next()) {
        alerts += usize::from(matches!(event, Event::Alert { kind: "slots", .. }));
    }
    assert_eq!(alerts, 1);
    // One that was given back is not in use.
    devices[3].engine.end().await.unwrap();
    let other = world.device().await;
    let report = other.sync().await.unwrap();
    assert_eq!(told(&report), 0, "{:?}", report.warnings);
}
