//! A change of secret: everything is under the new one before the old one says so, whoever was off meanwhile, wherever it was
//! interrupted, and whatever a thief goes on writing.

use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::engine::{Ack, NewToken, SpendKind};
use tauri_plugin_wallet_sync::model::cid::Codec;
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, Fault, World, noise, token};

const NEW: [u8; 32] = [8; 32];

/// What a wallet shows: states with how they are spent, payload and history, and entries.
async fn shown(device: &Device) -> Vec<String> {
    let mut shown = Vec::new();
    for row in device.engine.tokens(None, 1_000, true) {
        let (token, state) = (row.key.token_id.as_str(), row.key.state_hash.as_str());
        let payload = device.engine.payload(token, state).await.map(|bytes| bytes.to_vec());
        let payload = payload.map_err(|e| e.code());
        let proofs = device.engine.proofs(token, state).await.unwrap();
        let proofs: Vec<_> = proofs.iter().map(|proof| (&proof.evidence, proof.is_rejected)).collect();
        let (spend, previous, summary) = (row.spend, row.previous, row.summary);
        shown.push(format!("{token} {state} {spend:?} {previous:?} {summary:?} {payload:?} {proofs:?}"));
    }
    for row in device.engine.entries("", None, 1_000, usize::MAX).await.unwrap().rows {
        let versions = device.engine.entry_versions(&row.key, usize::MAX).await.unwrap().rows.len();
        shown.push(format!("{} {:?} {} {versions}", row.key, row.value, row.at));
    }
    shown
}

async fn verified(device: &Device) {
    assert_eq!(device.sync_to(Level::Verified).await.unwrap().ack, Ack::Verified);
}

/// Two devices in step, with all kinds of content.
async fn wallet(world: &World) -> (Device, Device) {
    let (one, two) = (world.device().await, world.device().await);
    let large = NewToken { payload: noise(5, 700_000), previous: Some("s-".into()), ..token("large", "s0") };
    one.engine.put(vec![token("a", "s0"), token("a", "s1"), token("b", "s0"), large]).await.unwrap();
    one.engine.spend("a", "s0", SpendKind::Proof, Bytes::from_static(b"evidence")).await.unwrap();
    one.engine.spend("b", "s0", SpendKind::Intent, noise(3, 3_000)).await.unwrap();
    one.engine.spend("c", "s0", SpendKind::Proof, Bytes::from_static(b"wrong")).await.unwrap();
    one.engine.put(vec![token("c", "s0")]).await.unwrap();
    let proof = one.engine.proofs("c", "s0").await.unwrap()[0].hash;
    one.engine.reject_proof("c", "s0", proof).await.unwrap();
    one.engine.set("label", Bytes::from_static(b"short")).await.unwrap();
    one.engine.set("picture", noise(9, 5_000)).await.unwrap();
    verified(&one).await;
    two.engine.put(vec![token("d", "s0")]).await.unwrap();
    verified(&two).await;
    verified(&one).await;
    (one, two)
}

/// The thief publishes under the old secret, far above all sequences, on whichever node and in each slot of `slots`.
async fn steal(world: &World, slots: usize) {
    let apart = World::new(3);
    for _ in 0..slots {
        let thief = apart.device().await;
        for round in 0..12 {
            thief.put(&[&format!("evil{round}")]).await;
            verified(&thief).await;
        }
    }
    for node in &world.nodes {
        let held = apart.nodes[0].held();
        let mut here = node.held();
        here.records.extend(held.records.iter().map(|(name, record)| (*name, record.clone())));
        here.blocks.extend(held.blocks.iter().map(|(cid, block)| (*cid, block.clone())));
        here.pins.extend(held.pins.iter().map(|(cid, name)| (*cid, *name)));
        here.labels.extend(held.labels.iter().map(|(cid, label)| (*cid, label.clone())));
    }
}

#[tokio::test(start_paused = true)]
async fn all_of_it_is_there_and_the_old_secret_says_so() {
    let world = World::new(5);
    let (one, two) = wallet(&world).await;
    let before = shown(&one).await;
    let beyond = world.under(NEW);
    let new = beyond.device().await;
    let report = one.engine.change_secret(&new.engine, false).await.unwrap();
    assert_eq!((report.missing, report.begun_elsewhere, report.unmarked.len()), (0, false, 0), "{report:?}");
    assert_eq!(report.marked, [1, 0]);
    assert_eq!(new.engine.status().ack, Ack::Verified);
    assert_eq!(shown(&new).await, before);
    let restored = beyond.device().await;
    restored.sync().await.unwrap();
    // Which rejections are believed is for each device to say.
    let suspect =
        |rows: &[String]| rows.iter().filter(|row| !row.starts_with("c ")).cloned().collect::<Vec<_>>();
    assert_eq!(suspect(&shown(&restored).await), suspect(&before));
    for device in [&two, &world.device().await] {
        assert_eq!(device.sync().await.unwrap_err().error.code(), Code::Moved);
        assert!(device.engine.status().moved);
    }
    assert_eq!(one.sync().await.unwrap_err().error.code(), Code::Moved);
}

#[tokio::test(start_paused = true)]
async fn a_device_that_was_off_publishes_nothing_more_and_brings_what_it_has() {
    let world = World::new(5);
    let (one, two) = wallet(&world).await;
    let beyond = world.under(NEW);
    let new = beyond.device().await;
    one.engine.change_secret(&new.engine, false).await.unwrap();
    two.put(&["late"]).await;
    assert_eq!(two.sync_to(Level::Verified).await.unwrap_err().error.code(), Code::Moved);
    two.put(&["later"]).await;
    let puts = world.puts();
    for _ in 0..3 {
        world.pass(Duration::from_secs(120)).await;
        assert_eq!(two.sync_to(Level::Verified).await.unwrap_err().error.code(), Code::Moved);
    }
    assert_eq!(world.puts(), puts, "nothing is published under the old secret");
    assert!(two.engine.status().pending >= 2);
    let its = beyond.device().await;
    let report = two.engine.change_secret(&its.engine, false).await.unwrap();
    assert!(report.begun_elsewhere && report.unmarked.is_empty(), "{report:?}");
    new.sync().await.unwrap();
    assert!(
        ["a", "b", "c", "d", "late", "later", "large"].iter().all(|id| new.ids().contains(&(*id).to_owned()))
    );
    // Again, nothing happens.
    let again = two.engine.change_secret(&its.engine, false).await.unwrap();
    assert_eq!((again.added, again.begun_elsewhere), (0, true));
}

#[tokio::test(start_paused = true)]
async fn what_a_thief_writes_afterwards_is_not_read() {
    for slots in [1, 2] {
        let world = World::new(5);
        let (one, two) = wallet(&world).await;
        let beyond = world.under(NEW);
        let new = beyond.device().await;
        one.engine.change_secret(&new.engine, false).await.unwrap();
        // One marker is left, or none.
        steal(&world, slots).await;
        two.put(&["late"]).await;
        if slots == 1 {
            assert_eq!(two.sync().await.unwrap_err().error.code(), Code::Moved);
        }
        let its = beyond.device().await;
        let report = two.engine.change_secret(&its.engine, false).await.unwrap();
        assert!(report.begun_elsewhere, "{report:?}");
        assert_eq!(one.sync().await.unwrap_err().error.code(), Code::Moved);
        one.engine.change_secret(&new.engine, false).await.unwrap();
        for device in [&new, &its, &beyond.device().await] {
            device.sync().await.unwrap();
            let ids = device.ids();
            let shows_evil = ids.iter().any(|id| id.starts_with("evil"));
            assert_eq!((shows_evil, ids.contains(&"late".to_owned())), (false, true), "{ids:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_marked_before_the_new_one_is_verified() {
    let world = World::new(5);
    let (one, two) = wallet(&world).await;
    let new = world.under(NEW).device().await;
    new.engine.note_created().await.unwrap();
    world.faults(Fault::Stale, &[0, 1, 2, 3]);
    let failed = one.engine.change_secret(&new.engine, false).await.unwrap_err();
    assert!(failed.is_retryable(), "{failed:?}");
    world.faults(Fault::None, &[0, 1, 2, 3]);
    assert!(!one.engine.status().moved);
    two.put(&["e"]).await;
    verified(&two).await;
    verified(&one).await;
    assert!(world.device().await.sync().await.is_ok());
    let report = one.engine.change_secret(&new.engine, false).await.unwrap();
    assert_eq!((report.marked.len(), report.unmarked.len()), (2, 0), "{report:?}");
    assert!(new.ids().contains(&"e".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_change_goes_on_wherever_it_was_stopped() {
    for step in 0..40_u64 {
        let world = World::new(5);
        let (one, _two) = wallet(&world).await;
        let before = shown(&one).await;
        let beyond = world.under(NEW);
        let new = beyond.device().await;
        let stopped = tokio::time::timeout(
            Duration::from_millis(step * 25),
            one.engine.change_secret(&new.engine, false),
        );
        let is_done = stopped.await.is_ok();
        // Both processes end here.
        let one = world.device_on(one.store.snapshot()).await;
        let new = beyond.device_on(new.store.snapshot()).await;
        let report = one.engine.change_secret(&new.engine, false).await.unwrap();
        assert_eq!(report.unmarked.len(), 0, "{step}: {report:?}");
        assert_eq!(shown(&new).await, before, "{step}");
        let restored = beyond.device().await;
        restored.sync().await.unwrap();
        assert_eq!(restored.ids(), new.ids(), "{step}");
        assert_eq!(world.device().await.sync().await.unwrap_err().error.code(), Code::Moved, "{step}");
        if is_done {
            return;
        }
    }
    panic!("a change takes less than a second here");
}

/// Blocks of payloads of a device that was not asked for them yet.
fn lose_data(world: &World) {
    for node in &world.nodes {
        node.held().blocks.retain(|cid, block| cid.codec() != Codec::Raw || block.bytes().len() == 32);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_nowhere_stops_it_and_may_be_left() {
    let world = World::new(3);
    let one = world.device().await;
    one.put(&["a", "b"]).await;
    one.engine.spend("a", "s0", SpendKind::Proof, noise(4, 900)).await.unwrap();
    verified(&one).await;
    lose_data(&world);
    let two = world.device().await;
    two.sync().await.unwrap();
    two.put(&["c"]).await;
    let new = world.under(NEW).device().await;
    new.engine.note_created().await.unwrap();
    let failed = two.engine.change_secret(&new.engine, false).await.unwrap_err();
    assert_eq!(failed.code(), Code::Unreachable);
    assert!(failed.message().contains("1 payload, proof or value of the wallet"), "{failed}");
    assert!(!two.engine.status().moved);
    two.engine.change_secret(&new.engine, true).await.unwrap();
    // What is proven spent stays so, although its evidence is nowhere.
    assert_eq!(new.ids(), ["c"]);
    assert_eq!(
        new.engine.tokens(None, 10, true).iter().filter(|row| row.key.token_id.as_str() == "b").count(),
        0
    );
    // The one who has it brings it.
    one.engine.change_secret(&new.engine, false).await.unwrap();
    assert_eq!(new.ids(), ["b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_secret_is_refused() {
    let world = World::new(3);
    let (one, same) = (world.device().await, world.device().await);
    assert_eq!(one.engine.change_secret(&same.engine, false).await.unwrap_err().code(), Code::BadRequest);
}

#[tokio::test(start_paused = true)]
async fn a_year_later_the_beacons_say_it() {
    let world = World::new(5);
    let (one, two) = wallet(&world).await;
    let new = world.under(NEW).device().await;
    one.engine.change_secret(&new.engine, false).await.unwrap();
    world.nodes.iter().for_each(|node| node.forget_records());
    world.clock.advance_ms(365 * 86_400_000);
    for device in [&two, &world.device().await] {
        assert_eq!(device.sync().await.unwrap_err().error.code(), Code::Moved);
    }
    let its = world.under(NEW).device().await;
    let report = two.engine.change_secret(&its.engine, false).await.unwrap();
    assert!(report.begun_elsewhere, "{report:?}");
}
