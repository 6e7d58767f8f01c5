//! N14: a thin and long line: over 128 kbit/s a wallet gets to safety and back, over 32 kbit/s each command ends in time and says so.

use std::time::Duration;

use dev_nodes::Cluster;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, SyncRequest};
use tauri_plugin_wallet_sync::store::Level;
use wallet_sync_harness::{DelayProxy, LinkProfile};

use super::device::{Device, clock};

/// The promise of a command that is not waiting for a publish, and what a busy machine adds.
const TWO_SECONDS: Duration = Duration::from_millis(2_500);
/// Longer than it takes there; nothing comes close to it.
const LONG: Duration = Duration::from_secs(60);

fn thin(kbit: u64) -> LinkProfile {
    LinkProfile { rtt: Duration::from_millis(300), bits_per_second: Some(kbit * 1_000) }
}

#[tokio::test]
async fn over_128_kbit_a_wallet_is_verified_and_restored() {
    let cluster = Cluster::start(5).await.unwrap();
    let line = DelayProxy::start(&cluster.nodes_json(), thin(128)).await.unwrap();
    let device = Device::on(&line.nodes_json(), clock()).await;
    device.put("a").await;
    let request = SyncRequest { fresh: true, deadline: Some(LONG), wait: Some(Level::Verified) };
    device.engine.sync(request, |_| ()).await.unwrap();
    assert_eq!(device.engine.status().ack, Ack::Verified);
    let fresh = Device::on(&line.nodes_json(), clock()).await;
    let request = SyncRequest { fresh: true, deadline: Some(LONG), wait: None };
    fresh.engine.sync(request, |_| ()).await.unwrap();
    assert!(fresh.engine.tokens(None, 10, true).iter().all(|row| row.has_payload));
    assert_eq!(fresh.engine.tokens(None, 10, true).len(), 1);
}

#[tokio::test]
async fn over_32_kbit_a_command_ends_in_time_and_keeps_what_was_put() {
    let cluster = Cluster::start(5).await.unwrap();
    let line = DelayProxy::start(&cluster.nodes_json(), thin(32)).await.unwrap();
    let device = Device::on(&line.nodes_json(), clock()).await;
    device.put("a").await;
    for _ in 0..3 {
        let started = monotonic();
        let request = SyncRequest { fresh: true, deadline: None, wait: None };
        let told = device.engine.sync(request, |_| ()).await;
        assert!(started.elapsed() <= TWO_SECONDS, "{:?}", started.elapsed());
        match told {
            Ok(report) => assert_ne!(report.ack, Ack::Local, "{report:?}"),
            Err(failure) => assert!(
                matches!(failure.error.code(), Code::Unreachable | Code::Deadline),
                "{}",
                failure.error
            ),
        }
        assert_eq!(device.engine.tokens(None, 10, true).len(), 1);
    }
}
