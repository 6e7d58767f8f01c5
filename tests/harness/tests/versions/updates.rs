//! Updates in place: the same data under a newer Kubo. From before 0.43 to it the records are not taken over, so that every name
//! is absent until it is put again; pins, and with them the beacons, are.

use std::time::Duration;

use serde_json::Value;
use wallet_sync_harness::{NEWEST, OLDEST, RealCluster};

use crate::device::{Device, clock};
use crate::first_days::{all_proven, start};

async fn update(cluster: &RealCluster, at: usize, version: &'static str) {
    tokio::task::block_in_place(|| cluster.update(at, version)).unwrap();
}

/// All nodes at once, while every device is away: a new one finds all by the beacons, and the first that comes back puts the
/// records again.
async fn all_at_once(old: &'static [&'static str], new: &'static str) {
    let cluster = start(old, "").await;
    let (nodes, count, clock) = (cluster.nodes_json().unwrap(), old.len(), clock());
    let owner = Device::on(&nodes, clock.clone()).await;
    for id in ["t0", "t1"] {
        owner.put(id).await;
        all_proven(&owner, count).await;
    }
    // A device that never comes back.
    let gone = Device::on(&nodes, clock.clone()).await;
    gone.restore().await;
    gone.put("g").await;
    all_proven(&gone, count).await;
    gone.close().await;
    assert_eq!(owner.restore().await, ["g", "t0", "t1"]);
    for at in 0..count {
        update(&cluster, at, new).await;
    }
    let early = Device::on(&nodes, clock.clone()).await;
    assert_eq!(early.restore().await, ["g", "t0", "t1"], "before any record is put again");
    early.close().await;
    // It changes nothing; that the records are gone is all there is to do.
    let names = all_proven(&owner, count).await.names;
    assert_eq!(names.len(), 2);
    put_again(&owner, &nodes, names.into_iter().map(|name| name.name).collect()).await;
    let late = Device::on(&nodes, clock).await;
    assert_eq!(late.restore().await, ["g", "t0", "t1"]);
    let told = late.verify().await.warnings;
    assert!(
        told.iter().all(|line| !line.starts_with("beacons") && !line.starts_with("put_back")),
        "{told:?}"
    );
    owner.put("t2").await;
    all_proven(&owner, count).await;
    late.close().await;
    owner.close().await;
}

/// Looks until every node shows a record of each of these names, of its own.
async fn put_again(device: &Device, nodes_json: &str, names: Vec<String>) {
    let nodes: Vec<Value> = serde_json::from_str(nodes_json).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut ticks = tokio::time::interval(Duration::from_millis(250));
    let mut left = names.len() * nodes.len();
    for _ in 0..100 {
        left = 0;
        for node in &nodes {
            for name in &names {
                let api = node["api"].as_str().unwrap();
                let call = client.post(format!("{api}/api/v0/name/get?arg={name}&offline=true"));
                left += usize::from(!call.send().await.unwrap().status().is_success());
            }
        }
        if left == 0 {
            break;
        }
        ticks.tick().await;
        device.restore().await;
    }
    assert_eq!(left, 0, "records that no node shows");
}

/// One node after the other, while the devices go on. What is verified stays so, and every node has all of it in the end.
async fn one_by_one(old: &'static [&'static str], new: &'static str) {
    let cluster = start(old, "").await;
    let (nodes, count, clock) = (cluster.nodes_json().unwrap(), old.len(), clock());
    let [owner, other] = [Device::on(&nodes, clock.clone()).await, Device::on(&nodes, clock.clone()).await];
    owner.put("t0").await;
    all_proven(&owner, count).await;
    other.restore().await;
    other.put("u0").await;
    all_proven(&other, count).await;
    for at in 0..count {
        update(&cluster, at, new).await;
        owner.put(&format!("t{}", at + 1)).await;
        all_proven(&owner, count).await;
        assert_eq!(other.restore().await.len(), at + 3, "node {at} was updated");
        all_proven(&other, count).await;
    }
    let fresh = Device::on(&nodes, clock).await;
    assert_eq!(fresh.restore().await.len(), count + 2);
    for device in [owner, other, fresh] {
        device.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_an_update_loses_are_put_again() {
    all_at_once(&[OLDEST; 3], NEWEST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_are_updated_one_by_one() {
    one_by_one(&[OLDEST; 3], NEWEST).await;
}

#[cfg(feature = "kubo-matrix")]
mod matrix {
    use wallet_sync_harness::{BEFORE_NEWEST, NEWEST, OLDEST};

    use super::{all_at_once, one_by_one};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn from_the_last_before_the_newest() {
        all_at_once(&[BEFORE_NEWEST; 3], NEWEST).await;
        one_by_one(&[BEFORE_NEWEST; 3], NEWEST).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn between_versions_that_keep_their_records() {
        all_at_once(&[OLDEST; 3], BEFORE_NEWEST).await;
    }
}
