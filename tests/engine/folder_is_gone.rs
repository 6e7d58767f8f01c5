//! A data folder that was taken away from an open account is named as what failed: nobody waits for a background sync, and the
//! nodes are not to blame.

use std::sync::Arc;

use futures_util::FutureExt;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::engine::{Event, Subscription, SyncRequest};
use tauri_plugin_wallet_sync::store::{Level, OpenMode, SqliteStore};

use crate::support::world::World;

/// Outcomes of the syncs that ended, and alerts, so far.
fn told(events: &mut Subscription) -> (Vec<bool>, Vec<&'static str>) {
    let (mut with_outcome, mut alerts) = (Vec::new(), Vec::new());
    while let Some(Some(event)) = events.next().now_or_never() {
        match event {
            Event::SyncChanged { running: false, outcome, .. } => with_outcome.push(outcome.is_some()),
            Event::Alert { kind, .. } => alerts.push(kind),
            _ => {}
        }
    }
    (with_outcome, alerts)
}

#[cfg(unix)]
#[tokio::test]
async fn a_lock_file_that_was_removed_is_an_alert_and_no_outcome() {
    let world = World::new(3);
    let first = world.device().await;
    first.put(&["a"]).await;
    first.sync_to(Level::Verified).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path(), world.clock.clone(), OpenMode::Own).unwrap().store;
    let engine = world.engine_on(Arc::new(store)).await;
    let fresh = SyncRequest { fresh: true, deadline: None, wait: None };
    engine.sync(fresh, |_| ()).await.unwrap();
    let mut events = engine.subscribe();
    std::fs::remove_file(dir.path().join("lock")).unwrap();
    for _ in 0..2 {
        let failure = engine.sync(fresh, |_| ()).await.unwrap_err();
        assert_eq!(failure.error.code(), Code::Locked);
    }
    assert_eq!(told(&mut events), (vec![false, false], vec!["locked"]));
    first.close().await;
}
