//! A bound is not a wall: over it a wallet goes on publishing, and receives what fits.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::engine::{
    Ack, Bounds, Engine, LeftOut, Mode, Parts, Spend, SpendKind, SyncOutcome, SyncRequest,
};
use tauri_plugin_wallet_sync::model::identity::WalletKeys;
use tauri_plugin_wallet_sync::model::inventory::{Id, Item, TokenKey, TokenState};
use tauri_plugin_wallet_sync::node::{Node, Source};
use tauri_plugin_wallet_sync::store::Level;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::{Code, limits};

use crate::support::world::{Device, Fault, World, token};

fn states(states: usize) -> Bounds {
    Bounds { states, ..Bounds::default() }
}

/// A device that holds no more than this.
async fn bounded(world: &World, bounds: Bounds, seed: u64, store: MemoryStore) -> Device {
    let parts = Parts {
        config: world.config.clone(),
        store: Arc::new(store.clone()),
        nodes: world.nodes.iter().map(|node| node.clone() as Arc<dyn Node>).collect(),
        peers: None,
        clock: world.clock.clone(),
        entropy: Entropy::seeded(seed),
        mode: Mode::Own,
        bounds,
    };
    Device { engine: Engine::assemble(&world.secret, parts).await.unwrap(), store }
}

async fn small(world: &World, bound: usize, seed: u64) -> Device {
    bounded(world, states(bound), seed, MemoryStore::new()).await
}

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| format!("{prefix}{n:03}")).collect()
}

async fn put(device: &Device, ids: &[String]) {
    device.engine.put(ids.iter().map(|id| token(id, "s0")).collect()).await.unwrap();
}

async fn prove_spent(device: &Device, id: &str) {
    device.engine.spend(id, "s0", SpendKind::Proof, Bytes::from(format!("proof {id}"))).await.unwrap();
}

/// What a device without such bounds finds.
async fn on_the_nodes(world: &World) -> Vec<String> {
    let restored = world.device().await;
    restored.sync().await.unwrap();
    restored.ids()
}

fn says_too_large(warnings: &[String]) -> bool {
    warnings.iter().any(|told| told.starts_with("too_large: "))
}

#[tokio::test(start_paused = true)]
async fn two_devices_that_do_not_fit_together_go_on() {
    let world = World::new(5);
    let (one, two) = (small(&world, 10, 101).await, small(&world, 10, 102).await);
    put(&one, &names("a", 6)).await;
    one.sync_to(Level::Verified).await.unwrap();
    put(&two, &names("b", 6)).await;
    let report = two.sync_to(Level::Verified).await.unwrap();
    assert!(says_too_large(&report.warnings), "{:?}", report.warnings);
    assert_eq!((report.ack, report.unread.len(), two.ids().len()), (Ack::Verified, 0, 10));
    assert_eq!(two.engine.status().left_out, [LeftOut { slot: 0, items: 2 }]);
    let report = one.sync().await.unwrap();
    assert_eq!((report.added, report.outcome, one.ids().len()), (4, SyncOutcome::Merged, 10));
    assert_eq!(one.engine.status().left_out, [LeftOut { slot: 1, items: 2 }]);
    // What is here changes and is published; at the door is said what finds no room.
    assert_eq!(one.engine.put(vec![token("late", "s0")]).await.unwrap_err().code(), Code::InventoryTooLarge);
    prove_spent(&one, "a000").await;
    one.engine.put(vec![token("a001", "s0")]).await.unwrap();
    one.sync_to(Level::Verified).await.unwrap();
    assert_eq!((one.engine.status().ack, one.ids().len()), (Ack::Verified, 9));
    // Both are at rest.
    two.sync_to(Level::Verified).await.unwrap();
    one.sync_to(Level::Verified).await.unwrap();
    let puts = world.puts();
    for device in [&one, &two, &one, &two] {
        let report = device.sync_to(Level::Verified).await.unwrap();
        assert_eq!(report.outcome, SyncOutcome::UpToDate, "{:?}", report.warnings);
        assert!(says_too_large(&report.warnings), "{:?}", report.warnings);
    }
    // Nothing of it is a reason to ask again.
    let report = one.engine.sync(SyncRequest::default(), |_| ()).await.unwrap();
    assert!(report.source == Source::Cache && says_too_large(&report.warnings), "{report:?}");
    assert_eq!(world.puts(), puts);
    let mut all: Vec<String> = names("a", 6).into_iter().skip(1).chain(names("b", 6)).collect();
    all.sort();
    assert_eq!(on_the_nodes(&world).await, all);
}

#[tokio::test(start_paused = true)]
async fn of_what_does_not_fit_in_whole_every_device_takes_the_same_and_spends_first() {
    let world = World::new(5);
    let first = world.device().await;
    put(&first, &names("a", 60)).await;
    for id in ["a013", "a031"] {
        prove_spent(&first, id).await;
    }
    first.sync_to(Level::Verified).await.unwrap();
    let mut seen = Vec::new();
    for seed in 201..204 {
        let device = small(&world, 8, seed).await;
        device.sync().await.unwrap();
        let rows = device.engine.tokens(None, 100, true);
        let spent: Vec<&str> = rows
            .iter()
            .filter(|row| row.spend == Spend::Proof)
            .map(|row| row.key.token_id.as_str())
            .collect();
        assert_eq!((rows.len(), spent), (8, vec!["a013", "a031"]));
        assert_eq!(device.engine.status().left_out, [LeftOut { slot: 0, items: 52 }]);
        seen.push(device.ids());
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_spend_of_what_is_here_comes_however_full_it_is() {
    let world = World::new(5);
    let first = world.device().await;
    put(&first, &names("a", 60)).await;
    first.sync_to(Level::Verified).await.unwrap();
    let full = small(&world, 8, 211).await;
    full.sync().await.unwrap();
    let held = full.ids();
    for id in &held {
        prove_spent(&first, id).await;
    }
    first.sync_to(Level::Verified).await.unwrap();
    let report = full.sync().await.unwrap();
    assert_eq!((report.spent, report.added, full.ids().len()), (8, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_slot_whose_content_does_not_fit_is_left_alone_however_long_it_is_quiet() {
    let world = World::new(5);
    let first = world.device().await;
    put(&first, &names("a", 8)).await;
    first.sync_to(Level::Verified).await.unwrap();
    first.close().await;
    let full = small(&world, 5, 301).await;
    put(&full, &names("b", 3)).await;
    full.sync().await.unwrap();
    world.pass(limits::QUIET_SLOT + Duration::from_secs(3_600)).await;
    full.sync_to(Level::Verified).await.unwrap();
    assert_eq!((full.engine.status().slot, full.engine.status().ack), (Some(1), Ack::Verified));
    let mut all = names("a", 8);
    all.extend(names("b", 3));
    assert_eq!(on_the_nodes(&world).await, all);
}

#[tokio::test(start_paused = true)]
async fn of_two_devices_on_one_slot_that_do_not_fit_together_one_moves() {
    let world = World::new(5);
    world.faults(Fault::Dead, &[3, 4]);
    let one = small(&world, 5, 401).await;
    let verified = || SyncRequest { wait: Some(Level::Verified), ..SyncRequest::default() };
    one.engine.note_created().await.unwrap();
    put(&one, &names("a", 5)).await;
    one.engine.sync(verified(), |_| ()).await.unwrap();
    world.nodes[..3].iter().for_each(|node| node.set(Fault::Dead));
    world.faults(Fault::None, &[3, 4]);
    let two = small(&world, 5, 402).await;
    two.engine.note_created().await.unwrap();
    put(&two, &names("b", 5)).await;
    two.engine.sync(verified(), |_| ()).await.unwrap();
    assert_eq!((one.engine.status().slot, two.engine.status().slot), (Some(0), Some(0)));
    world.faults(Fault::None, &[0, 1, 2]);
    for _ in 0..3 {
        for device in [&two, &one] {
            world.pass(Duration::from_secs(180)).await;
            device.sync_to(Level::Verified).await.unwrap();
        }
    }
    assert_ne!(one.engine.status().slot, two.engine.status().slot);
    assert_eq!((one.engine.status().ack, two.engine.status().ack), (Ack::Verified, Ack::Verified));
    let mut all = names("a", 5);
    all.extend(names("b", 5));
    assert_eq!(on_the_nodes(&world).await, all);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_fetched_once_and_again_when_there_is_room() {
    let world = World::new(3);
    let first = world.device().await;
    put(&first, &names("a", 2_000)).await;
    first.sync_to(Level::Verified).await.unwrap();
    let store = MemoryStore::new();
    let device = bounded(&world, states(20), 501, store.clone()).await;
    let whole = device.sync().await.unwrap().bytes_in;
    let again = device.sync().await.unwrap().bytes_in;
    assert!(whole > 100_000 && again < 2_000, "{whole} and {again} bytes");
    // Another edition: one path of the index.
    prove_spent(&first, &device.ids()[0]).await;
    first.sync_to(Level::Verified).await.unwrap();
    let report = device.sync().await.unwrap();
    assert_eq!((report.spent, device.ids().len()), (1, 19));
    assert!(report.bytes_in < whole / 10, "{} of {whole} bytes", report.bytes_in);
    assert_eq!(device.engine.status().left_out, [LeftOut { slot: 0, items: 1_980 }]);
    device.close().await;
    // Neither does a new process fetch it, as long as its bounds are the same.
    let device = bounded(&world, states(20), 502, store.clone()).await;
    assert_eq!(device.engine.status().left_out, [LeftOut { slot: 0, items: 1_980 }]);
    assert!(device.sync().await.unwrap().bytes_in < 2_000);
    device.close().await;
    let device = bounded(&world, states(5_000), 503, store).await;
    assert_eq!(device.engine.status().unread, [0], "it is to be read anew");
    let report = device.sync().await.unwrap();
    assert_eq!((report.added, device.engine.tokens(None, 5_000, true).len()), (1_980, 2_000));
    assert!(report.warnings.is_empty() && device.engine.status().left_out.is_empty(), "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_once_is_published_and_changed_whatever_the_bounds_are_now() {
    let world = World::new(5);
    let store = MemoryStore::new();
    let before = bounded(&world, Bounds::default(), 601, store.clone()).await;
    put(&before, &names("a", 6)).await;
    before.engine.set("k", Bytes::from_static(b"1")).await.unwrap();
    before.close().await;
    let none = Bounds { states: 3, entries: 0, unknown_items: 0 };
    let now = bounded(&world, none, 602, store).await;
    assert_eq!(now.ids().len(), 6);
    prove_spent(&now, "a000").await;
    now.engine.set("k", Bytes::from_static(b"2")).await.unwrap();
    put(&now, &names("a", 6)).await;
    for refused in [
        now.engine.put(vec![token("late", "s0")]).await.map(|_| ()),
        now.engine.set("late", Bytes::new()).await,
        now.engine.spend("late", "s0", SpendKind::Intent, Bytes::new()).await.map(|_| ()),
    ] {
        assert_eq!(refused.unwrap_err().code(), Code::InventoryTooLarge);
    }
    now.sync_to(Level::Verified).await.unwrap();
    assert_eq!((now.engine.status().ack, now.ids().len()), (Ack::Verified, 5));
    assert_eq!(on_the_nodes(&world).await, names("a", 6)[1..]);
}

#[tokio::test(start_paused = true)]
async fn a_new_device_that_finds_more_than_fits_has_read_the_wallet() {
    let world = World::new(5);
    let first = world.device().await;
    put(&first, &names("a", 9)).await;
    first.engine.set("k", Bytes::from_static(b"1")).await.unwrap();
    first.sync_to(Level::Verified).await.unwrap();
    // By records, and by beacons where those are forgotten.
    for seed in [701, 702] {
        let none = Bounds { states: 4, entries: 0, unknown_items: 0 };
        let device = bounded(&world, none, seed, MemoryStore::new()).await;
        let report = device.sync().await.unwrap();
        assert_eq!((report.added, report.outcome), (4, SyncOutcome::Merged), "{:?}", report.warnings);
        assert_eq!(device.engine.status().left_out, [LeftOut { slot: 0, items: 6 }]);
        prove_spent(&device, &device.ids()[0]).await;
        let report = device.sync_to(Level::Verified).await.unwrap();
        assert_eq!((report.ack, report.unread.len()), (Ack::Verified, 0), "{report:?}");
        world.nodes.iter().for_each(|node| node.forget_records());
    }
}

#[tokio::test(start_paused = true)]
async fn what_this_device_published_and_lost_comes_back_whatever_fits_besides() {
    let world = World::new(5);
    let store = MemoryStore::new();
    let device = bounded(&world, states(6), 801, store.clone()).await;
    put(&device, &names("a", 4)).await;
    device.sync_to(Level::Verified).await.unwrap();
    device.close().await;
    let other = small(&world, 8, 802).await;
    put(&other, &names("b", 6)).await;
    other.sync_to(Level::Verified).await.unwrap();
    other.close().await;
    let keys = WalletKeys::derive(&world.secret, None);
    for id in ["a001", "a002"] {
        let key = TokenKey { token_id: Id::parse(id).unwrap(), state_hash: Id::parse("s0").unwrap() };
        store.damage_item(&Item::Token(key, TokenState::default()).index_key(keys.sealer()));
    }
    let device = bounded(&world, states(6), 803, store).await;
    assert_eq!(device.ids(), ["a000", "a003"]);
    for _ in 0..3 {
        world.pass(Duration::from_secs(180)).await;
        device.sync_to(Level::Verified).await.unwrap();
    }
    let ids = device.ids();
    assert!(names("a", 4).iter().all(|id| ids.contains(id)) && ids.len() >= 6, "{ids:?}");
    assert_eq!((device.engine.status().ack, device.engine.status().unread.len()), (Ack::Verified, 0));
    let mut all = names("a", 4);
    all.extend(names("b", 6));
    assert_eq!(on_the_nodes(&world).await, all);
}
