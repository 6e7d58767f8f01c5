//! Live push: which nodes are listened to, and how little they are asked while it works.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tauri_plugin_wallet_sync::model::identity::Slot;

use crate::live_push::{SECOND, ids, keys, live, pair, pass, readings, told};
use crate::support::air::Air;
use crate::support::world::{Fault, World, token};

/// Questions that the nodes were asked: all but messages and streams.
fn questions(world: &World, air: &Air) -> u64 {
    let all: u64 = world.nodes.iter().map(|node| node.requests.load(Ordering::Relaxed)).sum();
    all - air.asked.load(Ordering::Relaxed) - air.sent_on().len() as u64
}

#[tokio::test(start_paused = true)]
async fn the_nodes_are_asked_little_while_push_is_proven_and_as_before_once_it_is_not() {
    let world = World::new(5);
    let (_one, two, air) = pair(&world).await;
    pass(&world, 3_000).await;
    let (mut events, before) = (two.subscribe(), questions(&world, &air));
    pass(&world, 7_200).await;
    let slow = readings(&told(&mut events));
    assert!((1..=3).contains(&slow), "{slow}");
    // By each of two devices, in an hour: eleven of one node, and part of a reading of five.
    let asked = (questions(&world, &air) - before) / 4;
    assert!((16..=40).contains(&asked), "{asked}");
    air.is_still.store(true, Ordering::Relaxed);
    pass(&world, 3_000).await;
    let quick = readings(&told(&mut events));
    assert!(quick >= 30, "{quick}");
}

#[tokio::test(start_paused = true)]
async fn what_was_told_in_vain_by_a_device_that_is_gone_is_found_within_six_minutes() {
    let world = World::new(5);
    let (one, two, air) = pair(&world).await;
    air.is_still.store(true, Ordering::Relaxed);
    one.put(vec![token("missed", "s0")]).await.unwrap();
    one.flush(Duration::from_secs(10)).await.unwrap();
    one.close(SECOND).await.unwrap();
    air.is_still.store(false, Ordering::Relaxed);
    pass(&world, 360).await;
    assert!(ids(&two).contains(&"missed".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_lost_what_it_had_is_seen_in_its_turn_and_mended() {
    let world = World::new(5);
    let (one, two, _air) = pair(&world).await;
    two.close(SECOND).await.unwrap();
    let name = keys(&world).name(Slot::new(one.status().slot.unwrap()).unwrap());
    world.nodes[3].wipe();
    pass(&world, 5 * 350).await;
    assert!(world.nodes[3].held().records.contains_key(&name));
}

#[tokio::test(start_paused = true)]
async fn nodes_that_are_not_connected_prove_nothing_and_carry_changes_all_the_same() {
    let world = World::new(5);
    let air = Air::over(&world.nodes);
    air.is_apart.store(true, Ordering::Relaxed);
    let (one, two) = (live(&world, 1).await, live(&world, 2).await);
    one.put(vec![token("first", "s0")]).await.unwrap();
    two.put(vec![token("second", "s0")]).await.unwrap();
    pass(&world, 200).await;
    let mut events = two.subscribe();
    one.put(vec![token("news", "s0")]).await.unwrap();
    pass(&world, 2).await;
    assert!(ids(&two).contains(&"news".to_owned()));
    pass(&world, 900).await;
    let read = readings(&told(&mut events));
    assert!(read >= 9, "{read}");
}

/// Streams that were asked for in so many seconds.
async fn asked_in(world: &World, air: &Air, seconds: u64) -> u64 {
    let before = air.asked.load(Ordering::Relaxed);
    pass(world, seconds).await;
    air.asked.load(Ordering::Relaxed) - before
}

#[tokio::test(start_paused = true)]
async fn a_frozen_node_is_asked_ever_less_and_listened_to_again_once_it_answers() {
    let world = World::new(5);
    let air = Air::over(&world.nodes[..2]);
    let one = live(&world, 1).await;
    one.put(vec![token("first", "s0")]).await.unwrap();
    pass(&world, 100).await;
    assert_eq!(air.open(), 2);
    world.faults(Fault::Hung, &[0]);
    pass(&world, 90).await;
    assert_eq!(air.open(), 1);
    // Each attempt is given a minute, and the pauses in between become five.
    pass(&world, 1_800).await;
    let asked = asked_in(&world, &air, 3_600).await;
    assert!((6..=16).contains(&asked), "{asked}");
    world.faults(Fault::None, &[0]);
    // At most a minute for the attempt that is under way, and a pause.
    pass(&world, 7 * 60 + 10).await;
    assert_eq!(air.open(), 2);
    // The failures of before are forgotten: the next one costs a second again.
    pass(&world, 60).await;
    world.faults(Fault::Dead, &[0]);
    pass(&world, 1).await;
    world.faults(Fault::None, &[0]);
    pass(&world, 3).await;
    assert_eq!(air.open(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_taken_out_of_use_is_left_at_once_and_another_takes_its_place() {
    let world = World::new(5);
    let air = Air::over(&world.nodes);
    let one = live(&world, 1).await;
    one.put(vec![token("first", "s0")]).await.unwrap();
    pass(&world, 100).await;
    let used = air.sent_on().last().cloned().unwrap();
    one.set_node_enabled(&used, false).unwrap();
    pass(&world, 1).await;
    assert!(!air.listened_to().contains(&used), "{:?}", air.listened_to());
    assert_eq!(air.open(), 2);
    let before = air.sent_on().len();
    pass(&world, 100).await;
    assert!(!air.sent_on()[before..].contains(&used));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_taken_into_use_again_is_listened_to_at_once() {
    let world = World::new(5);
    let air = Air::over(&world.nodes[..2]);
    let one = live(&world, 1).await;
    one.put(vec![token("first", "s0")]).await.unwrap();
    pass(&world, 100).await;
    for enabled in [false, true, false, true] {
        one.set_node_enabled("n0", enabled).unwrap();
        pass(&world, 1).await;
        assert_eq!(air.listened_to().contains(&"n0".to_owned()), enabled);
    }
    assert_eq!(air.open(), 2);
}
