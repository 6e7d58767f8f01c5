//! Restores on slow lines end, whole, and never say what is not so.

use std::time::Duration;

use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{SyncOutcome, SyncRequest};
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, World, noise, token};

/// A wallet whose list takes longer than a reading has, on a line of 20 kB/s.
async fn slow_world(tokens: usize) -> World {
    let world = World::new(3);
    let first = world.device().await;
    let states = (0..tokens).map(|n| token(&format!("t{n:04}"), "s0")).collect();
    first.engine.put(states).await.unwrap();
    first.sync_to(Level::Verified).await.unwrap();
    first.close().await;
    world.nodes.iter().for_each(|node| node.line.set(Some(20_000)));
    world
}

/// A process that syncs once and ends, as the command line does.
async fn one_plain_sync(world: &World, device: &Device) -> (Device, Result<SyncOutcome, Code>, Vec<u8>) {
    let store = device.store.snapshot();
    let again = world.device_on(store).await;
    let started = monotonic();
    let result = again.engine.sync(SyncRequest::default(), |_| ()).await;
    assert!(started.elapsed() <= Duration::from_secs(2), "{:?}", started.elapsed());
    let unread = again.engine.status().unread;
    again.engine.close(Duration::from_secs(5)).await.unwrap();
    (again, result.map(|report| report.outcome).map_err(|failure| failure.error.code()), unread)
}

#[tokio::test(start_paused = true)]
async fn plain_syncs_of_a_slow_line_get_further_and_one_of_them_ends() {
    let world = slow_world(1_000).await;
    // A first reading has all its time for the list: it takes longer than that.
    world.nodes.iter().for_each(|node| node.line.set(Some(12_000)));
    let mut device = world.device().await;
    device.engine.close(Duration::from_secs(5)).await.unwrap();
    let mut told = Vec::new();
    for _ in 0..40 {
        let (next, outcome, unread) = one_plain_sync(&world, &device).await;
        device = next;
        told.push((outcome, unread));
        if device.ids().len() == 1_000 {
            break;
        }
    }
    assert_eq!(device.ids().len(), 1_000, "{told:?}");
    let (last, before) = told.split_last().unwrap();
    assert_eq!(last, &(Ok(SyncOutcome::Merged), vec![]), "{told:?}");
    assert!(!before.is_empty(), "the list came at once: the line is not slow");
    for one in before {
        assert_eq!(one, &(Err(Code::Unreachable), vec![0]), "nothing of the wallet is here: {told:?}");
    }
    let stats = device.store.snapshot();
    let again = world.device_on(stats).await;
    assert!(again.engine.cache_stats().await.unwrap().blocks < 1_100, "what was kept is gone");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_outlives_the_answer_comes_behind_it() {
    let world = slow_world(1_500).await;
    let device = world.device().await;
    let failure = device.sync().await.unwrap_err();
    assert_eq!(failure.error.code(), Code::Unreachable, "{failure:?}");
    assert!(failure.error.message().contains("slot 0"), "{failure:?}");
    world.pass(Duration::from_secs(60)).await;
    assert_eq!((device.engine.status().tokens.total, device.engine.status().unread), (1_500, vec![]));
    device.sync().await.unwrap();
    world.pass(Duration::from_secs(60)).await;
    assert_eq!(device.engine.status().missing_payloads, 0, "so do the payloads");
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_is_unread_is_never_up_to_date_and_hinders_no_publish() {
    let world = slow_world(600).await;
    world.nodes.iter().for_each(|node| node.line.set(None));
    let second = world.device().await;
    second.put(&["own"]).await;
    second.sync_to(Level::Verified).await.unwrap();
    let first = world.device().await;
    first.sync().await.unwrap();
    let more = (0..600).map(|n| token(&format!("u{n:04}"), "s0")).collect();
    first.engine.put(more).await.unwrap();
    first.sync_to(Level::Verified).await.unwrap();
    first.close().await;
    world.nodes.iter().for_each(|node| node.line.set(Some(5_000)));
    second.put(&["later"]).await;
    let report = second.sync_to(Level::Verified).await.unwrap();
    assert!(!report.unread.is_empty(), "{report:?}");
    assert!(report.warnings.iter().any(|told| told.starts_with("degraded: slot")), "{:?}", report.warnings);
    assert_eq!(report.outcome, SyncOutcome::Published, "{report:?}");
    let plain = second.engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
    assert_ne!(plain.outcome, SyncOutcome::UpToDate, "{plain:?}");
    world.nodes.iter().for_each(|node| node.line.set(None));
    world.pass(Duration::from_secs(120)).await;
    second.sync().await.unwrap();
    let plain = second.sync().await.unwrap();
    assert_eq!((plain.outcome, plain.unread), (SyncOutcome::UpToDate, vec![]));
}

#[tokio::test(start_paused = true)]
async fn large_payloads_come_as_long_as_bytes_flow() {
    let world = World::new(3);
    let first = world.device().await;
    let mut state = token("large", "s0");
    state.payload = noise(7, 600_000);
    first.engine.put(vec![state]).await.unwrap();
    first.sync_to(Level::Verified).await.unwrap();
    world.nodes.iter().for_each(|node| node.line.set(Some(20_000)));
    let restored = world.device().await;
    let request = SyncRequest { fresh: true, deadline: Some(Duration::from_secs(120)), wait: None };
    let report = restored.engine.sync(request, |_| ()).await.unwrap();
    assert_eq!(report.missing_payloads, 0, "{report:?}");
}
