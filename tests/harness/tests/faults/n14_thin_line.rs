//! N14: a line of 32 kbit/s: a command is answered in time, and one with a longer deadline brings the wallet to safety and back.

use std::time::Duration;

use dev_nodes::Cluster;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, SyncRequest};
use tauri_plugin_wallet_sync::store::Level;
use wallet_sync_harness::{DelayProxy, LinkProfile};

use super::device::{Device, clock};

const THIN: LinkProfile = LinkProfile { rtt: Duration::from_millis(300), bits_per_second: Some(32_000) };
/// The promise of a command without a deadline of its own, and what a busy machine adds.
const TWO_SECONDS: Duration = Duration::from_millis(2_500);
/// The longest that can be asked for.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn over_32_kbit_commands_end_in_time_and_a_longer_deadline_is_enough() {
    let cluster = Cluster::start(5).await.unwrap();
    let line = DelayProxy::start(&cluster.nodes_json(), THIN).await.unwrap();
    let device = Device::on(&line.nodes_json(), clock()).await;
    device.put("a").await;
    let started = monotonic();
    let short = SyncRequest { fresh: true, deadline: None, wait: None };
    let _ = device.engine.sync(short, |_| ()).await;
    assert!(started.elapsed() <= TWO_SECONDS, "{:?}", started.elapsed());
    let started = monotonic();
    let long = SyncRequest { fresh: true, deadline: Some(LONG), wait: Some(Level::Verified) };
    let told = device.engine.sync(long, |_| ()).await;
    assert_eq!(device.engine.status().ack, Ack::Verified, "{:?} {told:?}", started.elapsed());
    let fresh = Device::on(&line.nodes_json(), clock()).await;
    let started = monotonic();
    let long = SyncRequest { fresh: true, deadline: Some(LONG), wait: None };
    let told = fresh.engine.sync(long, |_| ()).await;
    assert_eq!(fresh.engine.tokens(None, 10, true).len(), 1, "{:?} {told:?}", started.elapsed());
    println!("{:?}", started.elapsed());
}
