//! The peers answer where HTTP does not, inside the two seconds, and cost nothing where it does.

use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, NodeOutcome, SyncOutcome, SyncRequest};
use tauri_plugin_wallet_sync::node::Source;
use tauri_plugin_wallet_sync::store::Level;

use crate::support;
use crate::support::peers::Peer;
use crate::support::world::{Fault, World};

const ALL: &[usize] = &[0, 1, 2, 3, 4];
const TWO_SECONDS: Duration = Duration::from_secs(2);

/// Tokens on every node, then the given fault of HTTP everywhere.
async fn published(world: &World, ids: &[&str], then: Fault) {
    let device = world.device().await;
    device.put(ids).await;
    device.sync_to(Level::Verified).await.unwrap();
    device.close().await;
    world.faults(then, ALL);
}

#[tokio::test(start_paused = true)]
async fn refused_http_is_answered_by_the_peers_at_once() {
    let (world, _peers) = World::with_peers(5);
    published(&world, &["a", "b"], Fault::Dead).await;
    let device = world.device().await;
    let started = monotonic();
    let report = device.sync().await.unwrap();
    assert_eq!((report.source, report.outcome), (Source::Dht, SyncOutcome::Merged), "{report:?}");
    assert_eq!((device.ids(), report.missing_payloads), (vec!["a".to_owned(), "b".to_owned()], 0));
    assert!(started.elapsed() <= Duration::from_millis(400), "{:?}", started.elapsed());
    for node in &report.nodes {
        assert_eq!((node.outcome, node.source), (NodeOutcome::Found, Some(Source::Dht)), "{node:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn silent_http_is_answered_by_the_peers_within_two_seconds() {
    let (world, _peers) = World::with_peers(5);
    published(&world, &["a", "b"], Fault::Hung).await;
    let device = world.device().await;
    let started = monotonic();
    let report = device.sync().await.unwrap();
    assert_eq!((report.source, report.missing_payloads), (Source::Dht, 0), "{report:?}");
    assert_eq!(device.ids(), ["a", "b"]);
    let first = started.elapsed();
    assert!(first >= Duration::from_millis(800) && first <= Duration::from_millis(1_300), "{first:?}");
    // What was learnt is remembered: the next one does not wait for HTTP first.
    let started = monotonic();
    assert_eq!(device.sync().await.unwrap().source, Source::Dht);
    assert!(started.elapsed() < Duration::from_millis(400), "{:?}", started.elapsed());
    // A restart remembers too.
    let restarted = world.device_on(device.store.snapshot()).await;
    let started = monotonic();
    assert_eq!(restarted.sync().await.unwrap().source, Source::Dht);
    assert!(started.elapsed() < Duration::from_millis(400), "{:?}", started.elapsed());
    // Sync, resolve, fetch and query: the history of the folder is told too.
    assert_eq!(restarted.engine.metrics().operations.iter().filter(|o| o.source == Source::Dht).count(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_healthy_http_leaves_the_peers_alone() {
    let (world, peers) = World::with_peers(5);
    published(&world, &["a"], Fault::None).await;
    let device = world.device().await;
    for _ in 0..3 {
        assert_eq!(device.sync().await.unwrap().source, Source::HttpRouting);
    }
    assert_eq!(device.engine.payload("a", "s0").await.unwrap().as_ref(), b"payload of a in s0");
    // A dead minority is no reason either.
    world.faults(Fault::Dead, &[0, 1]);
    assert_eq!(device.sync().await.unwrap().source, Source::HttpRouting);
    assert_eq!(peers.traffic(), 0);
}

#[tokio::test(start_paused = true)]
async fn http_that_comes_back_is_used_again() {
    let (world, peers) = World::with_peers(5);
    published(&world, &["a"], Fault::Dead).await;
    let device = world.device().await;
    assert_eq!(device.sync().await.unwrap().source, Source::Dht);
    world.faults(Fault::None, ALL);
    assert_eq!(device.sync().await.unwrap().source, Source::HttpRouting);
    let before = peers.traffic();
    assert_eq!(device.sync().await.unwrap().source, Source::HttpRouting);
    assert_eq!(peers.traffic(), before);
}

#[tokio::test(start_paused = true)]
async fn content_that_hangs_over_http_comes_from_the_peers() {
    for count in [1, 200] {
        let (world, peers) = World::with_peers(5);
        let ids: Vec<String> = (0..count).map(|at| format!("t{at:03}")).collect();
        let names: Vec<&str> = ids.iter().map(String::as_str).collect();
        published(&world, &names, Fault::Mute).await;
        let device = world.device().await;
        let started = monotonic();
        let report = device.sync().await.unwrap();
        assert_eq!((report.source, report.missing_payloads), (Source::HttpRouting, 0), "{count}: {report:?}");
        assert_eq!(device.ids(), ids);
        assert!(started.elapsed() <= TWO_SECONDS, "{count}: {:?}", started.elapsed());
        // Where the peers are what is dead, HTTP keeps its time.
        peers.set(Peer::Hung, ALL);
        world.faults(Fault::None, ALL);
        assert_eq!(world.device().await.sync().await.unwrap().missing_payloads, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn one_to_four_peers_down_change_nothing() {
    for down in [Peer::Dead, Peer::Hung] {
        for count in 1..5 {
            for http in [Fault::Dead, Fault::Hung] {
                let (world, peers) = World::with_peers(5);
                published(&world, &["a"], http).await;
                peers.set(down, &ALL[..count]);
                let device = world.device().await;
                let started = monotonic();
                let report = device.sync().await.unwrap();
                assert_eq!(
                    (report.source, report.missing_payloads),
                    (Source::Dht, 0),
                    "{count} {down:?} {http:?}"
                );
                assert_eq!(device.ids(), ["a"]);
                assert!(started.elapsed() <= TWO_SECONDS, "{:?}", started.elapsed());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn everything_dead_is_said_within_two_seconds() {
    for http in [Fault::Dead, Fault::Hung] {
        for peer in [Peer::Dead, Peer::Hung] {
            let (world, peers) = World::with_peers(5);
            let device = world.device().await;
            device.put(&["a"]).await;
            device.sync_to(Level::Verified).await.unwrap();
            world.faults(http, ALL);
            peers.set(peer, ALL);
            let started = monotonic();
            let failure = device.sync().await.unwrap_err();
            assert_eq!(failure.error.code(), Code::Unreachable);
            assert!(started.elapsed() <= TWO_SECONDS, "{http:?} {peer:?} {:?}", started.elapsed());
            assert_eq!(device.ids(), ["a"]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_forged_record_among_the_answers_is_named_and_not_used() {
    let (world, peers) = World::with_peers(5);
    published(&world, &["a"], Fault::Dead).await;
    peers.set(Peer::Forging, &[0, 3]);
    let device = world.device().await;
    let report = device.sync().await.unwrap();
    assert_eq!((report.source, device.ids()), (Source::Dht, vec!["a".to_owned()]));
    let invalid: Vec<_> = report.nodes.iter().filter(|node| node.outcome == NodeOutcome::Invalid).collect();
    assert_eq!(invalid.len(), 2);
    peers.set(Peer::Forging, ALL);
    let failure = world.device().await.sync().await.unwrap_err();
    assert_eq!(failure.error.code(), Code::Invalid);
}

#[tokio::test(start_paused = true)]
async fn r16_the_highest_copy_wins_and_the_stale_node_is_named_and_repaired() {
    let (world, _peers) = World::with_peers(5);
    let device = world.device().await;
    device.put(&["old"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    let stale: Vec<_> = (0..4).map(|at| world.nodes[at].held().records.clone()).collect();
    device.put(&["new"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    device.close().await;
    for (at, records) in stale.into_iter().enumerate() {
        world.nodes[at].held().records = records;
    }
    world.faults(Fault::Dead, ALL);
    let reader = world.device().await;
    assert_eq!(reader.sync().await.unwrap().source, Source::Dht);
    assert_eq!(reader.ids(), ["new", "old"]);
    let behind = |device: &support::world::Device| -> Vec<bool> {
        device.engine.node_health().iter().map(|node| node.behind).collect()
    };
    assert_eq!(behind(&reader), [true, true, true, true, false]);
    world.faults(Fault::None, ALL);
    reader.sync().await.unwrap();
    reader.engine.sync(SyncRequest { fresh: true, ..SyncRequest::default() }, |_| ()).await.unwrap();
    world.pass(Duration::from_secs(10)).await;
    reader.sync().await.unwrap();
    assert_eq!(behind(&reader), [false; 5], "repaired over HTTP");
}

#[tokio::test(start_paused = true)]
async fn a_change_that_fits_the_record_is_published_over_the_dht() {
    let (world, _peers) = World::with_peers(5);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    world.faults(Fault::Dead, ALL);
    device.engine.set("label", Bytes::from_static(b"\"mine\"")).await.unwrap();
    let report = device.sync().await.unwrap();
    assert_eq!((report.source, report.ack), (Source::Dht, Ack::Published), "{report:?}");
    assert!(report.warnings.iter().any(|line| line.contains("HTTP")), "{:?}", report.warnings);
    // Another device sees it at once.
    let other = world.device().await;
    other.sync().await.unwrap();
    assert_eq!(other.engine.get("label").await.unwrap().as_ref(), b"\"mine\"");
    // HTTP is back: nothing is left half done.
    world.faults(Fault::None, ALL);
    world.pass(Duration::from_secs(60)).await;
    assert_eq!(device.sync_to(Level::Verified).await.unwrap().ack, Ack::Verified);
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_payload_no_node_holds_stays_local() {
    let (world, peers) = World::with_peers(5);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    world.faults(Fault::Hung, ALL);
    device.put(&["b"]).await;
    let started = monotonic();
    let report = device.sync().await.unwrap();
    assert!(started.elapsed() <= TWO_SECONDS, "{:?}", started.elapsed());
    assert_eq!((report.source, report.ack), (Source::Dht, Ack::Local), "{report:?}");
    assert!(peers.puts.load(std::sync::atomic::Ordering::Relaxed) > 0, "the record is there all the same");
    let other = world.device().await;
    let seen = other.sync().await.unwrap();
    assert_eq!((other.ids(), seen.missing_payloads), (vec!["a".to_owned(), "b".to_owned()], 1));
}

#[tokio::test(start_paused = true)]
async fn no_slot_is_claimed_over_the_dht() {
    let (world, peers) = World::with_peers(5);
    published(&world, &["a"], Fault::Dead).await;
    let device = world.device().await;
    device.sync().await.unwrap();
    device.put(&["b"]).await;
    let report = device.sync().await.unwrap();
    assert_eq!((report.ack, device.engine.status().slot), (Ack::Local, None));
    assert_eq!(peers.puts.load(std::sync::atomic::Ordering::Relaxed), 0);
}
