//! What was acknowledged stays, whatever nodes say or forget.

use std::time::Duration;

use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::engine::{Ack, SpendKind, SyncOutcome};
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::store::Level;

use crate::support;
use crate::support::world::{Fault, World, token};

/// A first device with one verified token; returns it still open.
async fn published(world: &World) -> support::world::Device {
    let device = world.device().await;
    device.put(&["a"]).await;
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    device
}

#[tokio::test(start_paused = true)]
async fn a_second_device_restores_everything() {
    let world = World::new(5);
    let first = world.device().await;
    first.engine.put((0..40).map(|n| token(&format!("t{n:02}"), "s0")).collect()).await.unwrap();
    let report = first.sync_to(Level::Verified).await.unwrap();
    assert_eq!(
        (report.ack, report.verified_nodes, report.outcome),
        (Ack::Verified, 5, SyncOutcome::Published)
    );
    let second = world.device().await;
    let report = second.sync().await.unwrap();
    assert_eq!((report.added, report.missing_payloads, report.outcome), (40, 0, SyncOutcome::Merged));
    assert_eq!(second.ids(), first.ids());
    let payload = second.engine.payload("t07", "s0").await.unwrap();
    assert_eq!(&payload[..], b"payload of t07 in s0");
    assert_eq!(second.engine.status().slot, None, "a device without changes takes no slot");
}

#[tokio::test(start_paused = true)]
async fn failed_read_is_never_empty() {
    let world = World::new(5);
    published(&world).await.close().await;
    for fault in [Fault::Dead, Fault::Hung, Fault::Broken, Fault::Forging] {
        world.faults(fault, &[0, 1, 2, 3, 4]);
        let restored = world.device().await;
        restored.put(&["b"]).await;
        let before = world.puts();
        let failure = restored.sync_to(Level::Published).await.unwrap_err();
        assert!(matches!(failure.error.code(), Code::Unreachable | Code::Invalid), "{failure:?}");
        assert_eq!(world.puts(), before, "nothing is published before the first successful read ({fault:?})");
        assert_eq!(restored.ids(), ["b"], "local data stay readable");
        world.faults(Fault::None, &[0, 1, 2, 3, 4]);
        let report = restored.sync_to(Level::Verified).await.unwrap();
        assert_eq!(report.ack, Ack::Verified);
        assert!(restored.ids().contains(&"a".to_owned()));
        restored.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_minority_that_says_absent_is_no_new_wallet() {
    let world = World::new(5);
    published(&world).await.close().await;
    world.faults(Fault::Dead, &[0, 1, 2]);
    world.nodes[3].wipe();
    world.nodes[4].wipe();
    let restored = world.device().await;
    restored.put(&["b"]).await;
    let before = world.puts();
    assert_eq!(restored.sync_to(Level::Published).await.unwrap_err().error.code(), Code::Unreachable);
    assert_eq!(world.puts(), before);
}

#[tokio::test(start_paused = true)]
async fn ok_without_persistence_is_not_verified() {
    let world = World::new(5);
    world.faults(Fault::Amnesiac, &[0, 1, 2, 3]);
    let device = world.device().await;
    device.put(&["a"]).await;
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert!(report.ack < Ack::Verified, "one honest node is not enough: {:?}", report.ack);
    world.faults(Fault::BlockEater, &[0, 1, 2, 3, 4]);
    let other = world.device().await;
    other.put(&["z"]).await;
    let report = other.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Local, "a record without its blocks is not even published");
}

#[tokio::test(start_paused = true)]
async fn older_record_never_lowers_state() {
    let world = World::new(5);
    let device = published(&world).await;
    world.nodes[0].set(Fault::Stale);
    device.put(&["b"]).await;
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified);
    world.nodes[0].set(Fault::None);
    let second = world.device().await;
    second.sync().await.unwrap();
    assert_eq!(second.ids(), ["a", "b"], "the newest record wins over a stale node");
    second.close().await;
    let newest = world.nodes[1].held().records.values().map(|record| record.sequence()).max();
    let repaired = world.nodes[0].held().records.values().map(|record| record.sequence()).max();
    assert_eq!(repaired, newest, "the stale node is repaired");
}

#[tokio::test(start_paused = true)]
async fn records_forgotten_pins_remember() {
    let world = World::new(5);
    published(&world).await.close().await;
    world.nodes.iter().for_each(|node| node.forget_records());
    let restored = world.device().await;
    let report = restored.sync().await.unwrap();
    assert_eq!(restored.ids(), ["a"], "{:?}", report.warnings);
    assert_eq!(report.missing_payloads, 0);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_record_is_put_back_by_its_device() {
    let world = World::new(5);
    let device = published(&world).await;
    world.nodes.iter().for_each(|node| node.wipe());
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    let restored = world.device().await;
    restored.sync().await.unwrap();
    assert_eq!(restored.ids(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn the_level_falls_when_nodes_lose_what_was_verified() {
    let world = World::new(5);
    let device = published(&world).await;
    world.nodes.iter().take(4).for_each(|node| node.wipe());
    world.faults(Fault::Amnesiac, &[0, 1, 2, 3]);
    let report = device.sync().await.unwrap();
    assert_eq!(report.ack, Ack::Published, "only one node holds it now");
}

#[tokio::test(start_paused = true)]
async fn rival_record_is_merged_before_it_is_replaced() {
    let world = World::new(5);
    let device = published(&world).await;
    let backup = device.store.snapshot();
    device.put(&["b"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    let clone = world.device_on(backup).await;
    clone.put(&["c"]).await;
    let report = clone.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    assert_eq!(clone.ids(), ["a", "b", "c"]);
    assert_ne!(clone.engine.status().slot, device.engine.status().slot, "the clone took a slot of its own");
    device.sync().await.unwrap();
    assert_eq!(device.ids(), ["a", "b", "c"]);
    let fresh = world.device().await;
    fresh.sync().await.unwrap();
    assert_eq!(fresh.ids(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn crash_after_put_is_not_a_clone() {
    let world = World::new(5);
    let device = published(&world).await;
    device.put(&["b"]).await;
    device.sync_to(Level::Published).await.unwrap();
    let slot = device.engine.status().slot;
    let restarted = world.device_on(device.store.snapshot()).await;
    let report = restarted.sync_to(Level::Verified).await.unwrap();
    assert_eq!((restarted.engine.status().slot, report.ack), (slot, Ack::Verified));
}

#[tokio::test(start_paused = true)]
async fn two_claims_in_one_second() {
    let world = World::new(5);
    let (one, two) = (world.device().await, world.device().await);
    one.put(&["a"]).await;
    two.put(&["b"]).await;
    let (first, second) = tokio::join!(one.sync_to(Level::Verified), two.sync_to(Level::Verified));
    for (device, result) in [(&one, first), (&two, second)] {
        result.unwrap();
        let report = device.sync_to(Level::Verified).await.unwrap();
        assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    }
    assert_ne!(one.engine.status().slot, two.engine.status().slot);
    let fresh = world.device().await;
    fresh.sync().await.unwrap();
    assert_eq!(fresh.ids(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn concurrent_puts_all_survive() {
    let world = World::new(5);
    let device = world.device().await;
    let ids: Vec<String> = (0..20).map(|n| format!("t{n:02}")).collect();
    let puts = ids.iter().map(|id| device.engine.put(vec![token(id, "s0")]));
    let (results, synced) = tokio::join!(futures_util::future::join_all(puts), device.sync());
    results.into_iter().for_each(|result| assert_eq!(result.unwrap().added, 1));
    synced.unwrap();
    device.sync_to(Level::Verified).await.unwrap();
    let fresh = world.device().await;
    fresh.sync().await.unwrap();
    assert_eq!(fresh.ids(), ids);
}

#[tokio::test(start_paused = true)]
async fn local_only_tokens_are_published_after_merge() {
    let world = World::new(5);
    let first = published(&world).await;
    let second = world.device().await;
    second.put(&["b"]).await;
    let report = second.sync_to(Level::Verified).await.unwrap();
    assert_eq!((report.ack, second.ids()), (Ack::Verified, vec!["a".to_owned(), "b".to_owned()]));
    first.sync().await.unwrap();
    assert_eq!(first.ids(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn counters_die_with_their_data() {
    let world = World::new(5);
    published(&world).await.close().await;
    // A lost data folder is a fresh device: nothing remembers that it once had everything.
    let again = world.device().await;
    assert_eq!(again.sync().await.unwrap().added, 1);
}

#[tokio::test(start_paused = true)]
async fn late_flush_goes_to_its_own_account() {
    let world = World::new(5);
    let mine = world.device().await;
    mine.put(&["a"]).await;
    let mut other_world = World::new(0);
    other_world.nodes = world.nodes.clone();
    other_world.secret = tauri_plugin_wallet_sync::Secret::new([9; 32]);
    let theirs = other_world.device().await;
    theirs.put(&["x"]).await;
    theirs.sync_to(Level::Verified).await.unwrap();
    mine.sync_to(Level::Verified).await.unwrap();
    let (fresh, other) = (world.device().await, other_world.device().await);
    fresh.sync().await.unwrap();
    other.sync().await.unwrap();
    assert_eq!((fresh.ids(), other.ids()), (vec!["a".to_owned()], vec!["x".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn one_of_five_is_enough() {
    for alive in 0..5_usize {
        let world = World::new(5);
        let device = published(&world).await;
        let dead: Vec<usize> = (0..5).filter(|at| *at != alive).collect();
        world.faults(Fault::Dead, &dead);
        let restored = world.device().await;
        let report = restored.sync().await.unwrap();
        assert_eq!(restored.ids(), ["a"]);
        assert!(report.warnings.iter().any(|line| line.contains("degraded")), "{:?}", report.warnings);
        device.put(&["b"]).await;
        let report = device.sync_to(Level::Published).await.unwrap();
        assert_eq!(
            report.ack,
            Ack::Published,
            "a device that owns its slot publishes to the one that is left"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn no_ping_pong_between_devices() {
    let world = World::new(5);
    let devices = [world.device().await, world.device().await, world.device().await];
    for (at, device) in devices.iter().enumerate() {
        device.put(&[&format!("t{at}")]).await;
        device.sync_to(Level::Verified).await.unwrap();
    }
    for _ in 0..=devices.len() {
        for device in &devices {
            device.sync_to(Level::Verified).await.unwrap();
        }
    }
    let before = world.puts();
    for _ in 0..3 {
        for device in &devices {
            device.sync().await.unwrap();
            assert_eq!(device.ids(), ["t0", "t1", "t2"]);
        }
    }
    assert_eq!(world.puts(), before, "after D + 1 rounds nothing is put any more");
}

#[tokio::test(start_paused = true)]
async fn forty_publishes_leave_few_pins() {
    let world = World::new(5);
    let device = world.device().await;
    for n in 0..40 {
        device.put(&[&format!("t{n:02}")]).await;
        device.sync_to(Level::Verified).await.unwrap();
    }
    device.close().await;
    for node in &world.nodes {
        let pins = node.held().pins.len();
        assert!((1..=8).contains(&pins), "{pins} pins");
    }
}

#[tokio::test(start_paused = true)]
async fn lagging_node_keeps_its_last_whole_root() {
    let world = World::new(5);
    let device = published(&world).await;
    world.faults(Fault::Dead, &[4]);
    for n in 0..12 {
        device.put(&[&format!("t{n:02}")]).await;
        device.sync_to(Level::Verified).await.unwrap();
    }
    let pinned: Vec<_> = world.nodes[4].held().pins.keys().copied().collect();
    assert_eq!(pinned.len(), 1, "nothing is unpinned on a node that has nothing newer");
    assert!(world.nodes[4].has_dag(&pinned[0]));
}

#[tokio::test(start_paused = true)]
async fn what_a_lane_pinned_and_did_not_prove_goes_once_it_proves_another() {
    let world = World::new(5);
    let device = published(&world).await;
    // Pins are answered, and whether the blocks are there is not.
    world.faults(Fault::Hiding, &[4]);
    for n in 0..limits::UNPINS_BESIDE {
        device.put(&[&format!("t{n:02}")]).await;
        device.sync_to(Level::Verified).await.unwrap();
        world.pass(limits::RETRY_MAX).await;
    }
    let left = world.nodes[4].held().pins.len();
    assert!(left > limits::UNPINS_BESIDE / 2, "{left} pins");
    world.faults(Fault::None, &[4]);
    for n in 0..3 {
        world.pass(limits::RETRY_MAX).await;
        device.put(&[&format!("u{n}")]).await;
        device.sync_to(Level::Verified).await.unwrap();
    }
    device.close().await;
    let left = world.nodes[4].held().pins.len();
    assert!(left <= limits::PINNED_ROOTS + 2, "{left} pins");
}

#[tokio::test(start_paused = true)]
async fn records_are_reput_before_48h() {
    let world = World::new(5);
    let device = published(&world).await;
    let before = world.puts();
    world.pass(Duration::from_secs(13 * 3600)).await;
    device.engine.upkeep().await.unwrap();
    assert!(world.puts() > before, "records are put again after twelve hours");
    let sequence = device.engine.status().high_water[0].sequence;
    assert_eq!(sequence, 1, "bytes unchanged");
}

#[tokio::test(start_paused = true)]
async fn a_year_later_the_record_is_signed_anew() {
    let world = World::new(5);
    let device = published(&world).await;
    world.pass(Duration::from_secs(366 * 86_400)).await;
    device.engine.upkeep().await.unwrap();
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!(report.names[0].sequence, 2);
}

#[tokio::test(start_paused = true)]
async fn a_proven_spend_is_never_offered_again() {
    let world = World::new(5);
    let first = published(&world).await;
    let second = world.device().await;
    second.sync().await.unwrap();
    second.engine.spend("a", "s0", SpendKind::Proof, "{\"tx\":1}".into()).await.unwrap();
    assert!(second.ids().is_empty());
    second.sync_to(Level::Verified).await.unwrap();
    // The first device still publishes the unspent state; the proof wins everywhere.
    first.put(&["b"]).await;
    first.sync_to(Level::Verified).await.unwrap();
    second.sync().await.unwrap();
    assert_eq!((first.ids(), second.ids()), (vec!["b".to_owned()], vec!["b".to_owned()]));
    let fresh = world.device().await;
    fresh.sync().await.unwrap();
    assert_eq!(fresh.ids(), ["b"]);
}

#[tokio::test(start_paused = true)]
async fn kill_at_any_moment_keeps_acknowledged_changes() {
    let world = World::new(5);
    let device = world.device().await;
    for n in 0..6 {
        device.put(&[&format!("t{n}")]).await;
        let dead = device.store.snapshot();
        let revived = world.device_on(dead).await;
        assert_eq!(revived.ids().len(), n + 1);
    }
}
