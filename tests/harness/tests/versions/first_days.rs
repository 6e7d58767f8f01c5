//! New wallet, publish to `verified`, restore, warm sync, spend.

use std::time::Duration;

use dev_nodes::{Cluster, Dialect, Options, Settings};
use tauri_plugin_wallet_sync::engine::{Ack, SpendKind, SyncOutcome, SyncReport};
#[cfg(feature = "kubo-matrix")]
use wallet_sync_harness::BEFORE_NEWEST;
use wallet_sync_harness::{Daemons, NEWEST, OLDEST, RealCluster};

use crate::device::{Device, clock};

/// Requests of a warm sync of one device, to three nodes; daemons that run with `--offline` need two for a name.
const WARM_REQUESTS: u64 = 24;

pub async fn start(versions: &'static [&'static str], args: &'static str) -> RealCluster {
    let start = move || RealCluster::start_of(versions, &Daemons { config: "", args });
    tokio::task::spawn_blocking(start).await.unwrap().unwrap()
}

/// Looks until every node has the last edition: one that failed once is tried again after a while.
pub async fn all_proven(device: &Device, nodes: usize) -> SyncReport {
    let mut ticks = tokio::time::interval(Duration::from_millis(250));
    let mut report = device.verify().await;
    for _ in 0..100 {
        if report.verified_nodes == nodes {
            break;
        }
        ticks.tick().await;
        report = device.verify().await;
    }
    assert_eq!((report.ack, report.verified_nodes), (Ack::Verified, nodes), "{:?}", report.warnings);
    report
}

/// The core list, on these nodes.
pub async fn live(nodes_json: &str, nodes: usize) {
    let clock = clock();
    let first = Device::on(nodes_json, clock.clone()).await;
    first.put("t0").await;
    let report = first.verify().await;
    assert_eq!(report.ack, Ack::Verified, "a new wallet: {:?}", report.warnings);
    // The next edition is pinned by its difference.
    for id in ["t1", "t2"] {
        first.put(id).await;
        all_proven(&first, nodes).await;
    }
    let second = Device::on(nodes_json, clock.clone()).await;
    assert_eq!(second.restore().await, ["t0", "t1", "t2"], "restored");
    second.verify().await;
    let warm = second.verify().await;
    assert_eq!((warm.outcome, warm.bytes_out), (SyncOutcome::UpToDate, 0), "{:?}", warm.warnings);
    assert!(warm.requests <= WARM_REQUESTS, "{} requests", warm.requests);
    assert!(warm.warnings.is_empty(), "{:?}", warm.warnings);
    first.engine.spend("t0", "s0", SpendKind::Proof, "{}".into()).await.unwrap();
    all_proven(&first, nodes).await;
    second.restore().await;
    assert_eq!(second.unspent(), ["t1", "t2"]);
    // What another device brings goes the other way too, under a name of its own.
    second.put("u").await;
    all_proven(&second, nodes).await;
    first.restore().await;
    assert_eq!(first.unspent(), ["t1", "t2", "u"], "of the other device");
    let third = Device::on(nodes_json, clock).await;
    assert_eq!(third.restore().await, ["t1", "t2", "u"], "all of it");
    for device in [first, second, third] {
        device.close().await;
    }
}

/// What the embedded nodes, in which most tests run, make of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded_nodes_that_speak_as_the_oldest() {
    let settings = Settings { dialect: Dialect::Kubo40, ..Settings::default() };
    let options = Options { count: 3, settings, ..Options::default() };
    let cluster = Cluster::start_with(options).await.unwrap();
    live(&cluster.nodes_json(), 3).await;
}

async fn live_on(versions: &'static [&'static str]) {
    let cluster = start(versions, "").await;
    live(&cluster.nodes_json().unwrap(), versions.len()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest() {
    live_on(&[OLDEST; 3]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest() {
    live_on(&[NEWEST; 3]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_and_new_side_by_side() {
    live_on(&[OLDEST, NEWEST, NEWEST]).await;
}

#[cfg(feature = "kubo-matrix")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_before_the_newest() {
    live_on(&[BEFORE_NEWEST; 3]).await;
}

#[cfg(feature = "kubo-matrix")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_version_side_by_side() {
    live_on(&[OLDEST, BEFORE_NEWEST, NEWEST]).await;
    live_on(&[NEWEST, OLDEST, OLDEST, BEFORE_NEWEST, NEWEST]).await;
}
