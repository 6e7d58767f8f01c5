//! N14: a line of 32 kbit/s: a command is answered in time with what there is, and a few of them bring the wallet to safety.

use std::time::Duration;

use dev_nodes::Cluster;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, SyncRequest};
use wallet_sync_harness::{DelayProxy, LinkProfile};

use super::device::{Device, clock};

const THIN: LinkProfile = LinkProfile { rtt: Duration::from_millis(300), bits_per_second: Some(32_000) };
/// The promise of a command without a deadline of its own, and what a busy machine adds.
const TWO_SECONDS: Duration = Duration::from_millis(2_500);
/// 4,000 bytes a second carry five small editions in this many commands.
const COMMANDS: usize = 20;

#[tokio::test]
async fn each_command_over_32_kbit_ends_in_time_and_some_of_them_are_enough() {
    let cluster = Cluster::start(5).await.unwrap();
    let line = DelayProxy::start(&cluster.nodes_json(), THIN).await.unwrap();
    let device = Device::on(&line.nodes_json(), clock()).await;
    device.put("a").await;
    for count in 1.. {
        let started = monotonic();
        let _ = device.engine.sync(SyncRequest { fresh: true, deadline: None, wait: None }, |_| ()).await;
        assert!(started.elapsed() <= TWO_SECONDS, "{:?}", started.elapsed());
        if device.engine.status().ack == Ack::Verified {
            break;
        }
        assert!(count < COMMANDS, "{:?}", device.engine.status());
        device
            .engine
            .sync(SyncRequest { fresh: false, deadline: Some(TWO_SECONDS), wait: None }, |_| ())
            .await
            .ok();
    }
    device.close().await;
    let fresh = Device::on(&line.nodes_json(), clock()).await;
    for count in 1.. {
        if fresh.restore().await == ["a"] {
            break;
        }
        assert!(count < COMMANDS, "it does not arrive");
    }
}
