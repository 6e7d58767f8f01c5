//! What an app's shell asks of the engine: entries as a list, measurements over time, nodes out of use, following the
//! foreground.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::engine::{Ack, Bounds, Engine, Event, Mode, Parts, Subscription};
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::node::health::NodeState;
use tauri_plugin_wallet_sync::store::{Level, MemoryStore};
use tauri_plugin_wallet_sync::{Code, limits};

use crate::support::world::{Fault, START_MS, World};

#[tokio::test(start_paused = true)]
async fn entries_are_listed_in_key_order_and_in_parts() {
    let world = World::new(0);
    let device = world.device().await;
    for (key, value) in [("b.2", "two"), ("a", ""), ("b.1", "one"), ("b.10", "ten")] {
        device.engine.set(key, Bytes::from(value)).await.unwrap();
    }
    let large = Bytes::from("x".repeat(limits::VALUE_INLINE_BYTES + 1));
    device.engine.set("b.3", large.clone()).await.unwrap();
    let part = device.engine.entries("b.", None, 3, usize::MAX).await.unwrap();
    let keys = |part: &tauri_plugin_wallet_sync::engine::Entries| {
        part.rows.iter().map(|row| row.key.clone()).collect::<Vec<_>>()
    };
    assert_eq!((keys(&part), part.is_more), (vec!["b.1".into(), "b.10".into(), "b.2".into()], true));
    assert_eq!((part.rows[1].value.clone(), part.rows[1].at), (Some(Bytes::from("ten")), START_MS));
    let rest = device.engine.entries("b.", Some("b.2"), 3, usize::MAX).await.unwrap();
    assert_eq!((rest.rows[0].value.clone(), rest.rows[0].size, rest.is_more), (Some(large), 513, false));
    let first = device.engine.entries("", None, 10, 2).await.unwrap();
    assert_eq!(
        (keys(&first).len(), first.is_more),
        (2, true),
        "ends once the values exceed the bytes asked for"
    );
    device.engine.set("b.1", Bytes::from("later")).await.unwrap();
    let again = device.engine.entries("b.1", None, 1, usize::MAX).await.unwrap();
    assert_eq!((again.rows[0].value.clone(), again.is_more), (Some(Bytes::from("later")), true));
}

#[tokio::test(start_paused = true)]
async fn a_large_entry_of_another_device_is_listed_with_its_value() {
    let world = World::new(3);
    let device = world.device().await;
    device.engine.set("big", Bytes::from("x".repeat(5_000))).await.unwrap();
    device.sync_to(Level::Verified).await.unwrap();
    let other = world.device().await;
    other.sync().await.unwrap();
    let listed = other.engine.entries("", None, 10, usize::MAX).await.unwrap();
    assert_eq!((listed.rows[0].key.as_str(), listed.rows[0].size), ("big", 5_000));
    assert_eq!(listed.rows[0].value.as_ref().map(Bytes::len), Some(5_000));
}

#[tokio::test(start_paused = true)]
async fn history_holds_the_running_minute_and_a_reset_forgets_it() {
    let world = World::new(3);
    let device = world.device().await;
    device.sync().await.unwrap();
    let minute = START_MS / 60_000;
    let count = async || {
        let points = device.engine.metrics_history(minute - 9, minute + 1, 5).await.unwrap();
        assert_eq!(points.len(), 2);
        points.iter().map(|point| point.count).sum::<u64>()
    };
    assert_eq!(count().await, 1);
    assert_eq!(count().await, 1, "reading twice counts once");
    device.engine.reset_metrics().await.unwrap();
    assert_eq!(count().await, 0);
    assert!(device.engine.metrics().operations.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_node_out_of_use_is_asked_nothing_and_still_counts_as_configured() {
    let world = World::new(5);
    let device = world.device().await;
    let asked = |at: usize| world.nodes[at].requests.load(Ordering::Relaxed);
    for id in ["n0", "n1"] {
        device.engine.set_node_enabled(id, false).unwrap();
    }
    device.put(&["a"]).await;
    let report = device.sync_to(Level::Verified).await.unwrap();
    assert_eq!((report.ack, asked(0), asked(1)), (Ack::Verified, 0, 0));
    let told = device.engine.nodes();
    assert_eq!((told[0].enabled, told[2].enabled, told[2].health.state), (false, true, NodeState::Up));
    // A majority of three of five is gone now, so a wallet that was never seen cannot be called new.
    let other = world.device().await;
    for id in ["n0", "n1", "n2"] {
        other.engine.set_node_enabled(id, false).unwrap();
    }
    for node in &world.nodes {
        node.wipe();
    }
    other.put(&["b"]).await;
    let outcome = other.sync_to(Level::Published).await;
    assert_eq!(other.engine.status().ack, Ack::Local, "{outcome:?}");
    for id in ["n0", "n1", "n2"] {
        other.engine.set_node_enabled(id, true).unwrap();
    }
    other.sync_to(Level::Verified).await.unwrap();
    assert_eq!(other.engine.status().ack, Ack::Verified);
    assert_eq!(other.engine.set_node_enabled("n9", true).unwrap_err().code(), Code::NotFound);
}

/// Reads of the nodes that began since the last look.
fn reads(events: &mut Subscription) -> usize {
    let mut count = 0;
    while let Some(Some(event)) = futures_util::FutureExt::now_or_never(events.next()) {
        count += usize::from(matches!(event, Event::SyncChanged { running: true, .. }));
    }
    count
}

/// A device that works by itself.
async fn live(world: &World) -> Engine {
    let parts = Parts {
        config: world.config.clone(),
        store: Arc::new(MemoryStore::new()),
        nodes: world.nodes.iter().map(|node| node.clone() as Arc<dyn Node>).collect(),
        peers: None,
        clock: world.clock.clone(),
        entropy: Entropy::seeded(5),
        mode: Mode::Background,
        bounds: Bounds::default(),
    };
    Engine::assemble(&world.secret, parts).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_nodes_are_read_more_often_in_front_and_at_once_on_the_way_there() {
    let world = World::new(3);
    let engine = live(&world).await;
    let mut events = engine.subscribe();
    let pass = async |seconds: u64| {
        for _ in 0..seconds {
            world.pass(Duration::from_secs(1)).await;
        }
    };
    pass(91).await;
    assert_eq!(reads(&mut events), 1, "one interval of 60 to 90 s is over");
    engine.set_foreground(false);
    pass(200).await;
    assert_eq!(reads(&mut events), 0, "in the background the interval is at least 240 s");
    engine.set_foreground(true);
    pass(1).await;
    assert_eq!(reads(&mut events), 1, "what is shown is read anew");
    engine.set_foreground(false);
    engine.set_foreground(true);
    pass(1).await;
    assert_eq!(reads(&mut events), 0, "a fresh cache answers");
    engine.resume();
    pass(1).await;
    assert_eq!(reads(&mut events), 1, "after a suspension nothing is believed fresh");
    world.clock.advance_ms(3_600_000);
    pass(16).await;
    assert_eq!(reads(&mut events), 1, "the machine slept for an hour, which shows within 15 s");
    engine.close(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waking_up_in_the_middle_of_a_reading_leads_to_another_one() {
    let world = World::new(3);
    let engine = live(&world).await;
    let mut events = engine.subscribe();
    world.pass(Duration::from_millis(10)).await;
    world.faults(Fault::Hung, &[0, 1, 2]);
    engine.resume();
    world.pass(Duration::from_millis(500)).await;
    assert_eq!(reads(&mut events), 1, "it runs");
    world.faults(Fault::None, &[0, 1, 2]);
    engine.resume();
    world.pass(Duration::from_secs(5)).await;
    assert_eq!(reads(&mut events), 1, "what began before is not enough");
}
