//! C2: a clock that is years behind, or back at its epoch, signs records that are valid for as long as any.

use std::sync::Arc;

use dev_nodes::Cluster;
use tauri_plugin_wallet_sync::clock::ManualClock;
use tauri_plugin_wallet_sync::engine::Ack;

use super::device::{Device, clock};

/// 2018, 2000 and 1970; the nodes have the real time.
const BEHIND_MS: [i64; 3] = [1_514_764_800_000, 946_684_800_000, 0];

#[tokio::test]
async fn a_device_whose_clock_is_behind_is_verified() {
    for behind in BEHIND_MS {
        let cluster = Cluster::start(5).await.unwrap();
        let device = Device::on(&cluster.nodes_json(), Arc::new(ManualClock::new(behind))).await;
        device.put("a").await;
        assert_eq!(device.verify().await.ack, Ack::Verified, "{behind}");
        assert_eq!(Device::on(&cluster.nodes_json(), clock()).await.restore().await, ["a"]);
    }
}
