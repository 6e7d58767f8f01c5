//! Live push: a change is on the other device at once, and nothing that anybody sends does more than waste a little.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::Secret;
use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::engine::{Ack, Bounds, Engine, Event, Mode, Origin, Parts, Subscription, Way};
use tauri_plugin_wallet_sync::metrics::{Operation, Source};
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::model::push::{Carried, Message, PushKeys};
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::store::{Level, MemoryStore};

use crate::support::air::Air;
use crate::support::world::{Fault, World, token};

pub const SECOND: Duration = Duration::from_secs(1);

/// A device that works by itself.
pub async fn live(world: &World, seed: u64) -> Engine {
    let parts = Parts {
        config: world.config.clone(),
        store: Arc::new(MemoryStore::new()),
        nodes: world.nodes.iter().map(|node| node.clone() as Arc<dyn Node>).collect(),
        peers: None,
        clock: world.clock.clone(),
        entropy: Entropy::seeded(seed),
        mode: Mode::Background,
        bounds: Bounds::default(),
    };
    Engine::assemble(&world.secret, parts).await.unwrap()
}

/// Two devices that know each other, with push proven between them.
pub async fn pair(world: &World) -> (Engine, Engine, Arc<Air>) {
    let air = Air::over(&world.nodes);
    let (one, two) = (live(world, 1).await, live(world, 2).await);
    one.put(vec![token("first", "s0")]).await.unwrap();
    two.put(vec![token("second", "s0")]).await.unwrap();
    pass(world, 200).await;
    for engine in [&one, &two] {
        assert_eq!((ids(engine).len(), engine.status().ack), (2, Ack::Verified));
    }
    (one, two, air)
}

pub async fn pass(world: &World, seconds: u64) {
    for _ in 0..seconds {
        world.pass(SECOND).await;
    }
}

pub fn ids(engine: &Engine) -> Vec<String> {
    engine.tokens(None, 10_000, false).iter().map(|row| row.key.token_id.as_str().to_owned()).collect()
}

/// What was told since the last time.
pub fn told(events: &mut Subscription) -> Vec<Event> {
    let next = |events: &mut Subscription| futures_util::FutureExt::now_or_never(events.next()).flatten();
    std::iter::from_fn(|| next(events)).collect()
}

pub fn readings(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::SyncChanged { running: true, .. })).count()
}

pub fn arrivals(events: &[Event]) -> Vec<(Origin, Option<u64>)> {
    let arrived = |event: &Event| match event {
        Event::TokensChanged { origin: Some(origin), lag_ms, .. } => Some((origin.clone(), *lag_ms)),
        _ => None,
    };
    events.iter().filter_map(arrived).collect()
}

/// The keys of the wallet, for what only its devices can send.
pub fn keys(world: &World) -> WalletKeys {
    WalletKeys::derive(&world.secret, None)
}

pub fn message(count: u64, known: &[(u8, u64)], carried: Option<Carried>, keys: &PushKeys) -> Bytes {
    let known = known.iter().map(|(slot, sequence)| (Slot::new(*slot).unwrap(), *sequence)).collect();
    Message { sender: [9; 16], count, known, carried }.seal(keys).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_change_is_on_the_other_device_without_a_reading() {
    let world = World::new(5);
    let (one, two, _air) = pair(&world).await;
    let mut events = two.subscribe();
    let slot = one.status().slot.unwrap();
    one.put(vec![token("news", "s0")]).await.unwrap();
    pass(&world, 2).await;
    assert!(ids(&two).contains(&"news".to_owned()), "{:?}", ids(&two));
    let told = told(&mut events);
    assert_eq!(readings(&told), 0, "{told:?}");
    let arrived = arrivals(&told);
    assert_eq!(arrived.len(), 1, "{told:?}");
    assert_eq!(arrived[0].0, Origin { slot, label: None, by: Way::Push });
    assert!(arrived[0].1.is_some_and(|lag| lag < 2_000), "{arrived:?}");
    let metrics = two.metrics();
    let pushed = metrics.operations.iter().find(|row| row.operation == Operation::Push);
    assert_eq!(pushed.map(|row| row.source), Some(Source::Push), "{metrics:?}");
    // The payload follows the list.
    assert_eq!(two.payload("news", "s0").await.unwrap(), "payload of news in s0");
}

#[tokio::test(start_paused = true)]
async fn a_publish_on_request_is_told_too() {
    let world = World::new(5);
    let (_one, two, _air) = pair(&world).await;
    let third = world.device().await;
    third.put(&["asked"]).await;
    let mut events = two.subscribe();
    third.sync_to(Level::Verified).await.unwrap();
    pass(&world, 2).await;
    assert!(ids(&two).contains(&"asked".to_owned()));
    assert_eq!(readings(&told(&mut events)), 0);
    third.close().await;
}

#[tokio::test(start_paused = true)]
async fn where_few_nodes_have_pubsub_those_are_used() {
    let world = World::new(5);
    let air = Air::over(&world.nodes[2..4]);
    let (one, two) = (live(&world, 1).await, live(&world, 2).await);
    one.put(vec![token("first", "s0")]).await.unwrap();
    pass(&world, 100).await;
    assert_eq!((air.open(), ids(&two).len()), (4, 1));
    let third = world.device().await;
    third.put(&["asked"]).await;
    third.sync_to(Level::Verified).await.unwrap();
    one.put(vec![token("news", "s0")]).await.unwrap();
    pass(&world, 2).await;
    assert_eq!(ids(&two), ["asked", "first", "news"]);
}

#[tokio::test(start_paused = true)]
async fn an_index_that_no_message_can_carry_is_fetched() {
    let world = World::new(5);
    let (one, two, _air) = pair(&world).await;
    let many: Vec<_> = (0..400).map(|n| token(&format!("t{n}"), "s0")).collect();
    one.put(many).await.unwrap();
    let mut events = two.subscribe();
    pass(&world, 3).await;
    assert_eq!((ids(&two).len(), readings(&told(&mut events))), (402, 0));
}

#[tokio::test(start_paused = true)]
async fn one_node_of_the_two_that_dies_or_freezes_delays_nothing() {
    for fault in [Fault::Dead, Fault::Hung] {
        let world = World::new(5);
        let (one, two, air) = pair(&world).await;
        let used = air.sent_on().last().cloned().unwrap();
        let at = world.nodes.iter().position(|node| node.id() == used).unwrap();
        world.faults(fault, &[at]);
        for n in 0..3 {
            one.put(vec![token(&format!("{fault:?}{n}"), "s0")]).await.unwrap();
            pass(&world, 2).await;
            assert!(ids(&two).contains(&format!("{fault:?}{n}")), "{fault:?}, change {n}");
        }
        // Another node takes its place.
        pass(&world, 90).await;
        assert_eq!(air.open(), 4, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_no_node_has_pubsub_everything_is_as_before() {
    let world = World::new(5);
    let (one, two) = (live(&world, 1).await, live(&world, 2).await);
    one.put(vec![token("a", "s0")]).await.unwrap();
    let mut events = two.subscribe();
    let mut all = Vec::new();
    for _ in 0..6 {
        pass(&world, 3_600).await;
        all.extend(told(&mut events));
    }
    assert_eq!(ids(&two), ["a"]);
    assert!(arrivals(&all).iter().all(|(origin, _)| origin.by == Way::Poll), "{:?}", arrivals(&all));
    assert!(!all.iter().any(|event| matches!(event, Event::Alert { .. })), "{all:?}");
    // Each node is asked once an hour at most, by each device.
    let refused: u64 = world.nodes.iter().map(|node| node.refused.load(Ordering::Relaxed)).sum();
    assert!((10..=70).contains(&refused), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_closes_silent_streams_is_talked_to_more_often() {
    let world = World::new(5);
    let (one, two, air) = pair(&world).await;
    air.cuts_after.store(20_000, Ordering::Relaxed);
    pass(&world, 300).await;
    let (asked, mut events) = (air.asked.load(Ordering::Relaxed), two.subscribe());
    pass(&world, 600).await;
    // Two devices have two streams each, which are renewed now and then and break no more.
    assert!(air.asked.load(Ordering::Relaxed) - asked <= 4, "{}", air.asked.load(Ordering::Relaxed) - asked);
    one.put(vec![token("news", "s0")]).await.unwrap();
    pass(&world, 2).await;
    assert!(ids(&two).contains(&"news".to_owned()));
    assert!(readings(&told(&mut events)) <= 4);
}

#[tokio::test(start_paused = true)]
async fn push_that_is_switched_off_asks_nobody() {
    let mut world = World::new(5);
    world.config.push = false;
    let air = Air::over(&world.nodes);
    let one = live(&world, 1).await;
    one.put(vec![token("a", "s0")]).await.unwrap();
    pass(&world, 600).await;
    assert_eq!((air.asked.load(Ordering::Relaxed), air.sent_on().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_missed_is_noticed_by_the_next_and_read_once() {
    let world = World::new(5);
    let (one, two, air) = pair(&world).await;
    air.is_still.store(true, Ordering::Relaxed);
    one.put(vec![token("missed", "s0")]).await.unwrap();
    pass(&world, 3).await;
    assert!(!ids(&two).contains(&"missed".to_owned()));
    let mut events = two.subscribe();
    air.is_still.store(false, Ordering::Relaxed);
    pass(&world, 50).await;
    assert!(ids(&two).contains(&"missed".to_owned()));
    assert_eq!(readings(&told(&mut events)), 1);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_neither_delays_a_change_nor_gives_it_a_lag_that_is_none() {
    let world = World::new(5);
    let (one, two, _air) = pair(&world).await;
    for (n, by) in [86_400_000, -2 * 86_400_000, 86_400_000].into_iter().enumerate() {
        let mut events = two.subscribe();
        one.put(vec![token(&format!("jump{n}"), "s0")]).await.unwrap();
        // Between signing and merging.
        world.pass(Duration::from_millis(30)).await;
        world.clock.advance_ms(by);
        pass(&world, 2).await;
        assert!(ids(&two).contains(&format!("jump{n}")), "{by}");
        let told = told(&mut events);
        let lags = arrivals(&told).into_iter().filter(|(origin, _)| origin.by == Way::Push);
        assert!(lags.map(|(_, lag)| lag).all(|lag| lag.is_none_or(|lag| lag < 2_000)), "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_knows_the_topic_ends_live_push_and_nothing_else() {
    let world = World::new(5);
    let (one, two, air) = pair(&world).await;
    let before = air.heard.load(Ordering::Relaxed);
    for second in 0..200 {
        if second == 60 {
            one.put(vec![token("news", "s0")]).await.unwrap();
        }
        (0..1_000).for_each(|n| air.send(Bytes::from(format!("garbage {second} {n}"))));
        world.pass(SECOND).await;
    }
    // The nodes are read as before.
    assert!(ids(&two).contains(&"news".to_owned()));
    let looked_at = air.heard.load(Ordering::Relaxed) - before;
    assert!(looked_at < 6_000, "{looked_at} of 200,000 by each of two devices");
    // And once it is over push is back: at most a quarter of an hour later.
    pass(&world, 20 * 60).await;
    one.put(vec![token("later", "s0")]).await.unwrap();
    pass(&world, 2).await;
    assert!(ids(&two).contains(&"later".to_owned()));
}

/// What a hostile node costs: it brings as much as it can, and is left alone for ever longer.
async fn flooded_by(what: impl Fn(u64) -> Bytes) {
    let world = World::new(5);
    let (one, two, air) = pair(&world).await;
    let used = air.sent_on().last().cloned().unwrap();
    let hostile = world.nodes.iter().find(|node| node.id() == used).unwrap();
    let (before, asked) = (air.heard.load(Ordering::Relaxed), air.asked.load(Ordering::Relaxed));
    let mut events = two.subscribe();
    for second in 0..120 {
        for n in 0..10_000 {
            air.bring(hostile, what(second * 10_000 + n));
        }
        world.pass(SECOND).await;
    }
    // Of 1,200,000 messages a few are looked at, by each of two devices, and few streams are opened on that node.
    let looked_at = air.heard.load(Ordering::Relaxed) - before;
    assert!(looked_at < 2_000, "{looked_at}");
    assert!(air.asked.load(Ordering::Relaxed) - asked <= 10);
    let told = told(&mut events);
    let is_shown = |event: &Event| matches!(event, Event::TokensChanged { .. } | Event::Alert { .. });
    assert!(!told.iter().any(is_shown), "{told:?}");
    // Those that listen elsewhere hear as ever.
    one.put(vec![token("news", "s0")]).await.unwrap();
    pass(&world, 2).await;
    assert!(ids(&two).contains(&"news".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_garbage_costs_a_few_looks() {
    flooded_by(|n| Bytes::from(format!("garbage {n}"))).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_one_genuine_message_costs_a_few_looks() {
    let keys = WalletKeys::derive(&Secret::new([7; 32]), None).push();
    let genuine = message(1, &[(0, 1)], None, &keys);
    flooded_by(move |_| genuine.clone()).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_message_claims_is_not_believed() {
    let world = World::new(5);
    let (one, two, air) = pair(&world).await;
    let (ours, strangers) = (keys(&world), WalletKeys::derive(&Secret::new([8; 32]), None));
    let slot = one.status().slot.unwrap();
    let record = |keys: &WalletKeys| {
        let name = keys.name(Slot::new(slot).unwrap());
        world.nodes[0].held().records.get(&name).map(|record| record.raw().clone())
    };
    let genuine = record(&ours).unwrap();
    let mut forged = genuine.to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let carried = |record: Bytes| Some(Carried { slot: Slot::new(slot).unwrap(), record });
    let before = (two.revision(), ids(&two));
    let mut events = two.subscribe();
    for bytes in [
        message(1, &[(slot, 99)], carried(forged.into()), &ours.push()),
        message(2, &[(slot, 1)], carried(genuine.clone()), &ours.push()),
        message(3, &[], carried(genuine.clone()), &ours.push()),
        message(4, &[(slot, 99)], carried(Bytes::from_static(b"no record")), &ours.push()),
        message(5, &[(slot, 99)], carried(genuine), &strangers.push()),
    ] {
        air.send(bytes);
    }
    pass(&world, 30).await;
    assert_eq!((two.revision(), ids(&two)), before);
    let told = told(&mut events);
    // The sequence that a device of this wallet names is looked for once.
    assert!(readings(&told) <= 1, "{told:?}");
    assert!(!told.iter().any(|event| matches!(event, Event::Alert { .. })), "{told:?}");
}
