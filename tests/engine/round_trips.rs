//! What a small change costs on a long line: blocks and the look before, pin with record and beacon, the look after.

use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, SyncRequest};
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::World;

const WAY: Duration = Duration::from_millis(80);
/// What timers of a millisecond add.
const TIMERS: Duration = Duration::from_millis(10);

#[tokio::test(start_paused = true)]
async fn a_small_change_takes_three_round_trips() {
    let world = World::new(5);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    world.nodes.iter().for_each(|node| *node.latency.lock().unwrap() = WAY);
    for id in ["b", "c", "d"] {
        world.pass(Duration::from_secs(10)).await;
        device.put(&[id]).await;
        let started = monotonic();
        let request = SyncRequest { fresh: false, deadline: None, wait: Some(Level::Verified) };
        let report = device.engine.sync(request, |_| ()).await.unwrap();
        assert_eq!(report.ack, Ack::Verified, "{report:?}");
        assert!(started.elapsed() <= 3 * WAY + TIMERS, "{id}: {:?}", started.elapsed());
    }
    device.close().await;
}
