//! Fronts that refuse large bodies: smaller ones follow, the limit is remembered, and the node stays in use for reading.

use dev_nodes::Cluster;
use tauri_plugin_wallet_sync::engine::{Ack, NewToken};
use tauri_plugin_wallet_sync::node::health::NodeState;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;

use super::device::{Device, clock};
use super::limited::{Limited, Refusal};

const NODES: usize = 3;
/// What nginx takes by default.
const USUAL: usize = 1024 * 1024;

async fn fronts(cluster: &Cluster, most: usize, how: Refusal) -> Vec<Limited> {
    let mut fronts = Vec::new();
    for node in cluster.nodes() {
        fronts.push(Limited::before(&node.api_url(), most, how).await);
    }
    fronts
}

/// A state whose payload cannot be compressed, the same for the same number.
fn state(n: usize, bytes: usize) -> NewToken {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64 ^ n as u64;
    let mut next = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        u8::try_from(seed >> 56).unwrap()
    };
    let payload: Vec<u8> = (0..bytes).map(|_| next()).collect();
    NewToken {
        token_id: format!("t{n:03}"),
        state_hash: "s0".to_owned(),
        previous: None,
        summary: None,
        payload: payload.into(),
    }
}

async fn put(device: &Device, from: usize, count: usize, bytes: usize) {
    device.engine.put((from..from + count).map(|n| state(n, bytes)).collect()).await.unwrap();
}

fn all_are_up(device: &Device) {
    let states = device.engine.node_health();
    assert!(states.iter().all(|node| node.state == NodeState::Up), "{states:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_413_makes_smaller_cars_and_is_remembered_also_by_the_next_process() {
    let cluster = Cluster::start(NODES).await.unwrap();
    let fronts = fronts(&cluster, USUAL, Refusal::Says413).await;
    let (nodes, store) = (Limited::nodes_json(&fronts), MemoryStore::new());
    let device = Device::with(store.clone(), &nodes, clock()).await;
    put(&device, 0, 60, 60_000).await;
    let report = device.verify().await;
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    all_are_up(&device);
    let refused = |fronts: &[Limited]| -> Vec<usize> {
        fronts.iter().map(|front| front.imports().iter().filter(|one| one.is_refused).count()).collect()
    };
    let before = refused(&fronts);
    assert!(before.iter().sum::<usize>() > 0, "nothing was refused: this shows nothing");
    assert!(before.iter().all(|count| *count <= 1), "one refusal a node is enough: {before:?}");
    put(&device, 60, 40, 60_000).await;
    assert_eq!(device.verify().await.ack, Ack::Verified);
    device.restore().await;
    device.close().await;

    let device = Device::with(store, &nodes, clock()).await;
    put(&device, 100, 40, 60_000).await;
    assert_eq!(device.verify().await.ack, Ack::Verified);
    assert!(refused(&fronts).iter().all(|count| *count <= 1), "it was forgotten: {:?}", refused(&fronts));
    device.close().await;
    let other = Device::on(&nodes, clock()).await;
    assert_eq!(other.restore().await.len(), 140);
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_cut_while_a_body_is_sent_makes_smaller_cars() {
    let cluster = Cluster::start(NODES).await.unwrap();
    let fronts = fronts(&cluster, USUAL, Refusal::Cuts).await;
    let device = Device::on(&Limited::nodes_json(&fronts), clock()).await;
    put(&device, 0, 60, 60_000).await;
    let report = device.verify().await;
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    assert!(fronts.iter().any(|front| front.imports().iter().any(|one| one.is_refused)));
    all_are_up(&device);
    device.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_block_that_is_too_large_is_named_with_what_to_set_and_reading_goes_on() {
    let cluster = Cluster::start(NODES).await.unwrap();
    let fronts = fronts(&cluster, 100_000, Refusal::Says413).await;
    let nodes = Limited::nodes_json(&fronts);
    let device = Device::on(&nodes, clock()).await;
    put(&device, 0, 4, 20_000).await;
    assert_eq!(device.verify().await.ack, Ack::Verified, "blocks that fit arrive");
    put(&device, 4, 1, 200_000).await;
    let report = device.verify().await;
    let named = |line: &String| line.starts_with("too_large: n") && line.contains("client_max_body_size");
    assert!(report.warnings.iter().any(named), "{:?}", report.warnings);
    all_are_up(&device);
    let reading = Device::on(&nodes, clock()).await;
    assert_eq!(reading.restore().await.len(), 4, "what is there can be read");
    reading.close().await;
    fronts.iter().for_each(|front| front.set_most(USUAL));
    let report = device.verify().await;
    assert_eq!(report.ack, Ack::Verified, "{:?}", report.warnings);
    device.close().await;
}
