//! What devices do not agree on: versions of an entry, proofs that are void, clocks.

use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::engine::{Engine, Event, Spend, SpendKind};
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, World};

async fn versions(engine: &Engine, key: &str) -> Vec<String> {
    let rows = engine.entry_versions(key, 1 << 20).await.unwrap().rows;
    rows.iter().map(|row| String::from_utf8_lossy(row.value.as_ref().unwrap()).into_owned()).collect()
}

async fn set(device: &Device, key: &str, value: &str) {
    device.engine.set(key, Bytes::copy_from_slice(value.as_bytes())).await.unwrap();
}

/// Each publishes what it has, and reads what the others have.
async fn meet(devices: &[&Device]) {
    for _ in 0..2 {
        for device in devices {
            device.sync_to(Level::Verified).await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_set_apart_is_listed_and_what_is_set_next_replaces_it() {
    let world = World::new(3);
    let (one, two) = (world.device().await, world.device().await);
    let long = "x".repeat(2_000);
    set(&one, "k", "one").await;
    world.clock.advance_ms(5);
    set(&two, "k", &long).await;
    meet(&[&one, &two]).await;
    for device in [&one, &two] {
        assert_eq!(versions(&device.engine, "k").await, [long.as_str(), "one"]);
        assert_eq!(device.engine.get("k").await.unwrap(), long);
    }
    let cut = one.engine.entry_versions("k", 1_000).await.unwrap();
    assert_eq!((cut.rows.len(), cut.is_more), (1, true));
    set(&one, "k", &long).await;
    meet(&[&one, &two]).await;
    assert_eq!(versions(&two.engine, "k").await, [long], "also where it is the value that was shown");
    assert_eq!(versions(&two.engine, "other").await, Vec::<String>::new());
    assert_eq!(two.engine.entry_versions("", 1).await.unwrap_err().code(), Code::BadRequest);
}

#[tokio::test(start_paused = true)]
async fn what_two_clones_set_is_kept() {
    let world = World::new(3);
    let one = world.device().await;
    set(&one, "k", "base").await;
    meet(&[&one]).await;
    let clone = world.device_on(one.store.snapshot()).await;
    set(&clone, "k", "of the clone").await;
    set(&one, "k", "first").await;
    set(&one, "k", "second").await;
    meet(&[&clone, &one]).await;
    meet(&[&clone, &one]).await;
    for device in [&one, &clone, &world.device().await] {
        device.sync_to(Level::Local).await.unwrap();
        let mut found = versions(&device.engine, "k").await;
        found.sort_unstable();
        assert_eq!(found, ["of the clone", "second"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_whose_clock_is_off_is_named() {
    let world = World::new(3);
    let (one, two) = (world.device().await, world.device().await);
    let day = 86_400_000;
    world.clock.advance_ms(400 * day);
    set(&one, "k", "ahead").await;
    one.sync_to(Level::Verified).await.unwrap();
    world.clock.advance_ms(-400 * day);
    let mut heard = two.engine.subscribe();
    let report = two.sync().await.unwrap();
    assert!(
        report.warnings.iter().any(|warning| warning.starts_with("clock: the device of slot 0")),
        "{report:?}"
    );
    let mut kinds = Vec::new();
    while let Ok(Some(event)) = tokio::time::timeout(Duration::from_secs(1), heard.next()).await {
        if let Event::Alert { kind, .. } = event {
            kinds.push(kind);
        }
    }
    assert_eq!(kinds, ["clock"]);
    set(&two, "k", "now").await;
    let listed = two.engine.entries("", None, 9, 9_999).await.unwrap();
    assert!(listed.rows[0].at <= world.now(), "no clock follows one that is far ahead");
    meet(&[&two, &one]).await;
    assert_eq!(versions(&one.engine, "k").await, ["now"]);
}

fn spend(device: &Device) -> Spend {
    device.engine.tokens(None, 9, true)[0].spend
}

#[tokio::test(start_paused = true)]
async fn a_rejected_proof_brings_a_token_back_where_it_was_rejected_and_nowhere_else() {
    let world = World::new(3);
    let (one, two) = (world.device().await, world.device().await);
    one.put(&["t"]).await;
    one.engine.spend("t", "s0", SpendKind::Proof, Bytes::from_static(b"false")).await.unwrap();
    meet(&[&one, &two]).await;
    assert_eq!((spend(&one), spend(&two)), (Spend::Proof, Spend::Proof));
    let proofs = one.engine.proofs("t", "s0").await.unwrap();
    assert_eq!(proofs[0].evidence.as_deref(), Some(b"false".as_slice()));
    let hash = proofs[0].hash;
    assert_eq!(one.engine.reject_proof("t", "s0", [7; 32]).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(one.engine.reject_proof("u", "s0", hash).await.unwrap_err().code(), Code::NotFound);
    one.engine.reject_proof("t", "s0", hash).await.unwrap();
    assert_eq!(spend(&one), Spend::None);
    meet(&[&one, &two]).await;
    assert_eq!((spend(&one), spend(&two)), (Spend::None, Spend::Intent), "suspect until it is confirmed");
    let known = &two.engine.proofs("t", "s0").await.unwrap()[0];
    assert!(known.is_rejected && !known.is_confirmed);
    assert_eq!(&two.engine.payload("t", "s0").await.unwrap()[..], b"payload of t in s0");
    // The same proof again says nothing new, another one does.
    two.engine.spend("t", "s0", SpendKind::Proof, Bytes::from_static(b"false")).await.unwrap();
    assert_eq!(spend(&two), Spend::Intent);
    two.engine.reject_proof("t", "s0", hash).await.unwrap();
    assert_eq!(spend(&two), Spend::None);
    let reopened = world.device_on(two.store.crash()).await;
    assert_eq!(spend(&reopened), Spend::None, "what was confirmed is on disk");
    one.engine.spend("t", "s0", SpendKind::Proof, Bytes::from_static(b"true")).await.unwrap();
    meet(&[&one, &reopened]).await;
    assert_eq!((spend(&one), spend(&reopened)), (Spend::Proof, Spend::Proof));
}
