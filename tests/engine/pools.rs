//! A wallet on some machines of a pool, while machines come and go.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tauri_plugin_wallet_sync::Config;
use tauri_plugin_wallet_sync::config::Nodes;
use tauri_plugin_wallet_sync::engine::{Ack, SyncReport, nodes_of};
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, Fault, World};

const MACHINES: usize = 12;

/// A pool of machines that are there from a version on, or no longer from one on.
fn pool(version: u32, lives: impl Fn(usize) -> (u32, Option<u32>)) -> Nodes {
    let node = |at: usize| {
        let (since, until) = lives(at);
        let until = until.map_or(String::new(), |until| format!(r#","until":{until}"#));
        format!(r#"{{"id":"n{at}","key":"m{at}","api":"http://127.0.0.1:1","since":{since}{until}}}"#)
    };
    let nodes: Vec<String> = (0..MACHINES).map(node).collect();
    Config::parse_nodes(&format!(r#"{{"pool":[{}],"version":{version}}}"#, nodes.join(","))).unwrap()
}

/// The machines of the wallet, of all that are in the first list.
fn ranked(world: &World) -> Vec<usize> {
    let mut config = world.config.clone();
    config.nodes = pool(1, |_| (1, None));
    nodes_of(&world.secret, &config).iter().map(|node| node.id[1..].parse().unwrap()).collect()
}

async fn device_with(world: &mut World, nodes: Nodes, on: Option<&Device>) -> Device {
    world.config.nodes = nodes;
    match on {
        Some(device) => {
            device.close().await;
            world.device_on(device.store.snapshot()).await
        }
        None => world.device().await,
    }
}

async fn verified(device: &Device) -> SyncReport {
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{report:?}");
    report
}

/// Time for what goes on behind the answers.
async fn settle(world: &World, device: &Device) -> SyncReport {
    for _ in 0..3 {
        device.sync_to(Level::Verified).await.unwrap();
        world.pass(Duration::from_secs(60)).await;
    }
    device.sync().await.unwrap()
}

fn of_pool(report: &SyncReport) -> Vec<&String> {
    report.warnings.iter().filter(|told| told.starts_with("pool:")).collect()
}

fn all_but(kept: &[usize]) -> Vec<usize> {
    (0..MACHINES).filter(|at| !kept.contains(at)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_wallet_is_on_five_machines_of_the_pool_and_asks_no_other() {
    let mut world = World::new(MACHINES);
    let five = ranked(&world);
    assert_eq!(five.len(), 5);
    let device = device_with(&mut world, pool(1, |_| (1, None)), None).await;
    device.put(&["a"]).await;
    verified(&device).await;
    let report = settle(&world, &device).await;
    assert_eq!((report.verified_nodes, report.nodes.len()), (5, 5), "{report:?}");
    let asked: Vec<usize> =
        (0..MACHINES).filter(|at| world.nodes[*at].requests.load(Ordering::Relaxed) > 0).collect();
    let mut sorted = five;
    sorted.sort_unstable();
    assert_eq!(asked, sorted);
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_is_added_gets_all_that_the_wallet_has() {
    let mut world = World::new(MACHINES);
    let new = ranked(&world)[0];
    let without = without(&pool(1, |_| (1, None)), new);
    let device = device_with(&mut world, without, None).await;
    device.put(&["a", "b"]).await;
    assert_eq!(verified(&device).await.verified_nodes, 5);
    assert_eq!(world.nodes[new].requests.load(Ordering::Relaxed), 0);

    let device =
        device_with(&mut world, pool(2, |at| (if at == new { 2 } else { 1 }, None)), Some(&device)).await;
    let report = settle(&world, &device).await;
    assert_eq!((report.ack, report.verified_nodes), (Ack::Verified, 5), "{report:?}");
    device.close().await;

    world.faults(Fault::Dead, &all_but(&[new]));
    let other = world.device().await;
    let _ = other.sync().await;
    assert_eq!(other.ids(), ["a", "b"], "the new machine alone is enough");
}

/// The pool as a file that does not name a machine yet.
fn without(nodes: &Nodes, gone: usize) -> Nodes {
    let mut nodes = nodes.clone();
    nodes.retain(|node| node.id != format!("n{gone}"));
    nodes
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_goes_is_replaced_and_nothing_is_lost() {
    let mut world = World::new(MACHINES);
    let gone = ranked(&world)[1];
    let device = device_with(&mut world, pool(1, |_| (1, None)), None).await;
    device.put(&["a", "b"]).await;
    verified(&device).await;
    world.nodes[gone].wipe();
    world.faults(Fault::Dead, &[gone]);

    let second = |at| (1, (at == gone).then_some(2));
    let device = device_with(&mut world, pool(2, second), Some(&device)).await;
    let report = settle(&world, &device).await;
    assert_eq!((report.ack, report.verified_nodes), (Ack::Verified, 5), "{report:?}");
    device.close().await;
    let left: Vec<usize> = {
        let mut config = world.config.clone();
        config.nodes = pool(2, second);
        nodes_of(&world.secret, &config).iter().map(|node| node.id[1..].parse().unwrap()).collect()
    };
    assert_eq!(left.len(), 6, "five and the former one");
    for alone in left.iter().filter(|at| **at != gone) {
        world.faults(Fault::Dead, &all_but(&[]));
        world.faults(Fault::None, &[*alone]);
        let other = world.device().await;
        let _ = other.sync().await;
        assert_eq!(other.ids(), ["a", "b"], "n{alone}");
        other.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_wallet_without_devices_is_found_though_every_machine_of_it_was_replaced() {
    let mut world = World::new(MACHINES);
    let old = ranked(&world);
    let device = device_with(&mut world, pool(1, |_| (1, None)), None).await;
    device.put(&["a", "b"]).await;
    verified(&device).await;
    device.close().await;
    drop(device);

    let second = |at| (1, old.contains(&at).then_some(2));
    let restored = device_with(&mut world, pool(2, second), None).await;
    restored.sync().await.unwrap();
    assert_eq!(restored.ids(), ["a", "b"]);
    let report = settle(&world, &restored).await;
    assert_eq!(
        report.verified_nodes, 5,
        "what is on former machines alone is brought to the new ones: {report:?}"
    );
    restored.close().await;

    // The former ones are switched off, and no list names them any more.
    world.faults(Fault::Dead, &old);
    let mut third = pool(2, second);
    third.retain(|node| node.until.is_none());
    let last = device_with(&mut world, third, None).await;
    last.sync().await.unwrap();
    assert_eq!(last.ids(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn beacons_of_former_machines_are_read_when_their_records_are_gone() {
    let mut world = World::new(MACHINES);
    let old = ranked(&world);
    let device = device_with(&mut world, pool(1, |_| (1, None)), None).await;
    device.put(&["a"]).await;
    verified(&device).await;
    device.close().await;
    world.nodes.iter().for_each(|node| node.forget_records());
    let restored = device_with(&mut world, pool(2, |at| (1, old.contains(&at).then_some(2))), None).await;
    restored.sync().await.unwrap();
    assert_eq!(restored.ids(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn former_machines_are_not_written_to_and_do_not_count() {
    let mut world = World::new(MACHINES);
    let old = ranked(&world);
    let device = device_with(&mut world, pool(1, |_| (1, None)), None).await;
    device.put(&["a"]).await;
    verified(&device).await;
    let puts =
        |world: &World| old.iter().map(|at| world.nodes[*at].puts.load(Ordering::Relaxed)).sum::<u64>();
    settle(&world, &device).await;
    let before = puts(&world);

    // Every new machine is away.
    world.faults(Fault::Dead, &all_but(&old));
    let device =
        device_with(&mut world, pool(2, |at| (1, old.contains(&at).then_some(2))), Some(&device)).await;
    assert_eq!(device.engine.status().ack, Ack::Local, "none of the machines of now has it");
    device.put(&["b"]).await;
    let report = settle(&world, &device).await;
    assert_eq!((report.ack, report.verified_nodes), (Ack::Local, 0), "{report:?}");
    assert_eq!(puts(&world), before);
    assert_eq!(device.engine.nodes().iter().filter(|node| node.writable).count(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_device_with_an_older_list_meets_the_others_and_is_told() {
    let mut world = World::new(MACHINES);
    let new = ranked(&world)[0];
    let old_list = without(&pool(1, |_| (1, None)), new);
    let older = device_with(&mut world, old_list.clone(), None).await;
    older.put(&["a"]).await;
    verified(&older).await;
    let newer = device_with(&mut world, pool(2, |at| (if at == new { 2 } else { 1 }, None)), None).await;
    newer.put(&["b"]).await;
    assert_eq!(of_pool(&verified(&newer).await), [] as [&String; 0], "the newest list is no fault");
    older.put(&["c"]).await;
    verified(&older).await;
    let report = newer.sync().await.unwrap();
    assert_eq!((newer.ids(), of_pool(&report)), (vec!["a".into(), "b".into(), "c".into()], Vec::new()));

    let report = older.sync().await.unwrap();
    assert_eq!(older.ids(), ["a", "b", "c"]);
    let told = format!(
        "pool: the list of nodes has version 1, another device has 2; copies are on m{new} too: give this device the newest list"
    );
    assert_eq!(of_pool(&report), [&told]);
    // It is said until the list is there, in other processes too.
    let older = device_with(&mut world, old_list, Some(&older)).await;
    assert_eq!(of_pool(&older.sync().await.unwrap()), [&told]);
    let older =
        device_with(&mut world, pool(2, |at| (if at == new { 2 } else { 1 }, None)), Some(&older)).await;
    assert_eq!(of_pool(&older.sync().await.unwrap()), [] as [&String; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_device_whose_list_shares_no_machine_is_heard_and_named() {
    let mut world = World::new(MACHINES);
    let old = ranked(&world);
    let older = device_with(&mut world, pool(1, |_| (1, None)), None).await;
    older.put(&["a"]).await;
    verified(&older).await;
    let newer = device_with(&mut world, pool(2, |at| (1, old.contains(&at).then_some(2))), None).await;
    let report = newer.sync().await.unwrap();
    assert_eq!(newer.ids(), ["a"]);
    let told = of_pool(&report);
    assert_eq!(told.len(), 1, "{report:?}");
    assert!(told[0].contains("slot 0 has version 1") && told[0].contains("it does not see"), "{told:?}");
    older.put(&["c"]).await;
    verified(&older).await;
    newer.sync().await.unwrap();
    assert_eq!(newer.ids(), ["a", "c"]);
}

#[tokio::test(start_paused = true)]
async fn two_lists_of_one_version_are_told_apart() {
    let mut world = World::new(MACHINES);
    let [first, second] = [ranked(&world)[0], ranked(&world)[1]];
    let one = device_with(&mut world, without(&pool(1, |_| (1, None)), first), None).await;
    one.put(&["a"]).await;
    verified(&one).await;
    let two = device_with(&mut world, without(&pool(1, |_| (1, None)), second), None).await;
    let report = two.sync().await.unwrap();
    assert_eq!(two.ids(), ["a"]);
    assert!(of_pool(&report)[0].contains("is another; copies are on"), "{report:?}");
}
