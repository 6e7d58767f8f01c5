//! No list of pins is ever asked for: on a node that many share it never ends. Pins are asked for by their CID only.

use std::time::Duration;

use dev_nodes::{Cluster, Options};
use tauri_plugin_wallet_sync::engine::SpendKind;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use wallet_sync_harness::RealCluster;

use super::device::{Device, clock};
use super::fronts::Fronts;

const NODES: usize = 3;

/// Whether a request is a `pin/ls` that names neither a CID nor a name.
fn lists_pins(line: &str) -> bool {
    let Some((_, query)) = line.split_once("/pin/ls") else { return false };
    let is_one = |path: &str| path.starts_with("baf") || path.starts_with("%2Fipns%2Fk51");
    !query.split(['?', '&']).any(|pair| pair.strip_prefix("arg=").is_some_and(is_one))
}

/// Publishes, spends, restores with and without records, repairs, puts again, signs anew and takes another device's changes.
async fn live(fronts: &Fronts) {
    let (nodes, clock) = (fronts.nodes_json(), clock());
    let store = MemoryStore::new();
    let first = Device::with(store.clone(), &nodes, clock.clone()).await;
    // Enough editions for old ones to be unpinned.
    for n in 0..7 {
        first.put(&format!("t{n}")).await;
        first.verify().await;
    }
    first.engine.spend("t0", "s0", SpendKind::Proof, "{}".into()).await.unwrap();
    assert!(first.verify().await.verified_nodes >= 2);
    let second = Device::on(&nodes, clock.clone()).await;
    assert_eq!(second.restore().await.len(), 6, "all but the spent one");
    second.put("u").await;
    second.verify().await;
    first.restore().await;
    fronts.hide_records(true);
    let third = Device::on(&nodes, clock.clone()).await;
    assert_eq!(third.restore().await.len(), 7, "found by its beacons");
    first.restore().await;
    fronts.hide_records(false);
    for time in [Duration::from_secs(13 * 3_600), Duration::from_secs(366 * 86_400)] {
        clock.advance_ms(i64::try_from(time.as_millis()).unwrap());
        first.engine.upkeep().await.unwrap();
        first.verify().await;
    }
    for device in [&first, &second, &third] {
        device.close().await;
    }
    // A process that starts on what another one left.
    let again = Device::with(store, &nodes, clock).await;
    again.put("v").await;
    again.verify().await;
    again.close().await;
}

async fn no_list_is_asked_for(nodes_json: &str) {
    let fronts = Fronts::before(nodes_json).await;
    live(&fronts).await;
    let log = fronts.log();
    let lists: Vec<&String> = log.iter().filter(|line| lists_pins(line)).collect();
    assert!(lists.is_empty(), "{lists:?}");
    let named = log.iter().filter(|line| line.contains("/pin/ls")).count();
    assert!(named > 0, "pins were asked for at all, {} requests", log.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_list_of_pins_on_embedded_nodes() {
    let cluster = Cluster::start_with(Options { count: NODES, ..Options::default() }).await.unwrap();
    no_list_is_asked_for(&cluster.nodes_json()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_list_of_pins_on_real_kubo() {
    let cluster = tokio::task::spawn_blocking(|| RealCluster::start(NODES)).await.unwrap().unwrap();
    no_list_is_asked_for(&cluster.nodes_json().unwrap()).await;
}

#[test]
fn a_list_is_told_from_a_question() {
    for line in ["/api/v0/pin/ls", "/api/v0/pin/ls?type=recursive", "/api/v0/pin/ls?arg=&names=true"] {
        assert!(lists_pins(line), "{line}");
    }
    assert!(!lists_pins("/api/v0/pin/ls?type=recursive&arg=bafkreigh&names=true"));
    assert!(!lists_pins("/api/v0/pin/ls?arg=%2Fipns%2Fk51qzi&type=recursive&offline=true"));
    assert!(!lists_pins("/api/v0/pin/add?arg=bafkreigh"));
}
