//! Two nodes of the configuration that are one machine hold one copy.

use std::time::Duration;

use tauri_plugin_wallet_sync::engine::Ack;
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, Fault, World};

fn says(world: &World, at: usize, machine: Option<&str>) {
    *world.nodes[at].machine.lock().unwrap() = machine.map(str::to_owned);
}

/// What a device has come to once its work behind the answers is done.
async fn ack_of(world: &World, device: &Device) -> Ack {
    for _ in 0..3 {
        let _ = device.sync_to(Level::Verified).await;
        world.pass(Duration::from_secs(5)).await;
    }
    device.engine.status().ack
}

#[tokio::test(start_paused = true)]
async fn four_nodes_of_one_machine_are_one_copy() {
    let world = World::new(5);
    (0..4).for_each(|at| says(&world, at, Some("12D3KooWsame")));
    world.faults(Fault::Dead, &[4]);
    let device = world.device().await;
    device.put(&["a"]).await;
    assert_eq!(ack_of(&world, &device).await, Ack::Published);
    assert_eq!(device.engine.status().verified_nodes, 1);

    world.faults(Fault::None, &[4]);
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{report:?}");
    let warned = report.warnings.iter().find(|words| words.contains("one machine"));
    assert_eq!(
        warned.map(String::as_str),
        Some("same_machine: nodes n0, n1, n2, n3 are one machine and count once")
    );
}

#[tokio::test(start_paused = true)]
async fn where_there_is_one_machine_only_it_is_enough() {
    let world = World::new(2);
    (0..2).for_each(|at| says(&world, at, Some("12D3KooWsame")));
    let device = world.device().await;
    device.put(&["a"]).await;
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{report:?}");
    assert!(report.warnings.iter().any(|words| words.contains("one machine")), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_is_not_named_is_found_by_a_block_of_nobodys() {
    let world = World::new(3);
    (0..3).for_each(|at| says(&world, at, None));
    world.nodes[0].shares_disk_with(&world.nodes[1]);
    world.faults(Fault::Dead, &[2]);
    let device = world.device().await;
    device.put(&["a"]).await;
    assert_eq!(ack_of(&world, &device).await, Ack::Published);
    world.faults(Fault::None, &[2]);
    assert_eq!(device.sync_to(Level::Verified).await.unwrap().ack, Ack::Verified);
}

#[tokio::test(start_paused = true)]
async fn nodes_that_do_not_name_their_machine_are_verified_all_the_same() {
    let world = World::new(5);
    (0..5).for_each(|at| says(&world, at, None));
    let device = world.device().await;
    device.put(&["a"]).await;
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!((report.ack, report.warnings.len()), (Ack::Verified, 1), "new_wallet only: {report:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_proven_on_another_machine_of_the_same_name_counts_no_more() {
    let world = World::new(2);
    let device = world.device().await;
    device.put(&["a"]).await;
    assert_eq!(device.sync_to(Level::Verified).await.unwrap().ack, Ack::Verified);
    device.close().await;
    // The address of n1 belongs to an empty machine now.
    says(&world, 1, Some("12D3KooWempty"));
    world.nodes[1].wipe();
    let device = world.device_on(device.store.snapshot()).await;
    device.put(&["b"]).await;
    assert_eq!(device.sync_to(Level::Verified).await.unwrap().ack, Ack::Verified);
    device.close().await;
    world.faults(Fault::Dead, &[0]);
    let other = world.device().await;
    let _ = other.sync().await;
    assert_eq!(other.ids(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_may_be_another_one_is_no_copy_of_its_own() {
    let world = World::new(5);
    // Which machine n0 is cannot be told: it does not say, and n1 does not say what it has.
    says(&world, 0, None);
    world.faults(Fault::Hiding, &[1]);
    world.faults(Fault::Dead, &[3, 4]);
    let device = world.device().await;
    device.put(&["a"]).await;
    assert_eq!(ack_of(&world, &device).await, Ack::Published);
    assert_eq!(device.engine.status().verified_nodes, 1, "n0 may be n2");
    world.faults(Fault::None, &[3]);
    assert_eq!(device.sync_to(Level::Verified).await.unwrap().ack, Ack::Verified);
}

/// Opens the account again on its disk, with a new change, while some nodes are away; gives the level that each change has come to.
async fn a_change_while_away(
    world: &World,
    device: Device,
    away: &[usize],
    id: &str,
) -> (Device, Vec<Level>) {
    device.close().await;
    let device = world.device_on(device.store.snapshot()).await;
    world.faults(Fault::None, &[0, 1, 2]);
    world.faults(Fault::Dead, away);
    device.put(&[id]).await;
    let _ = ack_of(world, &device).await;
    let levels = device.engine.tokens(None, 10, false).iter().map(|token| token.ack).collect();
    (device, levels)
}

#[tokio::test(start_paused = true)]
async fn one_machine_whose_entries_are_never_there_together_is_one_copy() {
    use Level::{Published, Verified};
    for (first, then) in [(0, 1), (1, 0)] {
        let world = World::new(3);
        (0..3).for_each(|at| says(&world, at, None));
        world.nodes[0].shares_disk_with(&world.nodes[1]);
        let (device, levels) = a_change_while_away(&world, world.device().await, &[then], "a").await;
        assert_eq!(levels, [Verified], "n2 is another machine");
        let (device, levels) = a_change_while_away(&world, device, &[then, 2], "b").await;
        assert_eq!(levels, [Verified, Published], "first through n{first}");
        let (device, levels) = a_change_while_away(&world, device, &[first, 2], "c").await;
        assert_eq!(levels, [Verified, Published, Published], "then through n{then}");
        let (device, levels) = a_change_while_away(&world, device, &[2], "d").await;
        assert_eq!(levels, [Verified, Published, Published, Published], "and through both");
        let (_, levels) = a_change_while_away(&world, device, &[], "e").await;
        assert_eq!(levels, [Verified; 5]);
    }
}
