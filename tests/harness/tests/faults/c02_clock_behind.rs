//! C2: a clock that is years behind signs records that are still valid, and what it could not publish it tells as local.

use std::sync::Arc;
use std::time::Duration;

use dev_nodes::Cluster;
use tauri_plugin_wallet_sync::clock::ManualClock;
use tauri_plugin_wallet_sync::engine::{Ack, SyncRequest};
use tauri_plugin_wallet_sync::store::Level;

use super::device::{Device, clock};

/// 2018-01-01T00:00:00Z; the nodes have the real time.
const YEARS_BEHIND_MS: i64 = 1_514_764_800_000;
/// 2000-01-01T00:00:00Z: what it signs has been invalid for long, and nodes refuse it.
const DECADES_BEHIND_MS: i64 = 946_684_800_000;

#[tokio::test]
async fn a_device_whose_clock_is_years_behind_is_verified() {
    let cluster = Cluster::start(5).await.unwrap();
    let device = Device::on(&cluster.nodes_json(), Arc::new(ManualClock::new(YEARS_BEHIND_MS))).await;
    device.put("a").await;
    assert_eq!(device.verify().await.ack, Ack::Verified);
    assert_eq!(Device::on(&cluster.nodes_json(), clock()).await.restore().await, ["a"]);
}

#[tokio::test]
async fn what_nodes_refuse_as_expired_is_never_told_as_published() {
    let cluster = Cluster::start(5).await.unwrap();
    let device = Device::on(&cluster.nodes_json(), Arc::new(ManualClock::new(DECADES_BEHIND_MS))).await;
    device.put("a").await;
    let deadline = Some(Duration::from_secs(3));
    let request = SyncRequest { fresh: true, deadline, wait: Some(Level::Verified) };
    let _ = device.engine.sync(request, |_| ()).await;
    // With a fresh restore as the judge: nothing is told that is not there.
    let told = device.engine.status().ack;
    let restored = Device::on(&cluster.nodes_json(), clock()).await.restore().await;
    assert_eq!(told == Ack::Local, restored.is_empty(), "{told:?} {restored:?}");
    assert_eq!(device.engine.tokens(None, 10, true).len(), 1, "it is kept here");
}
