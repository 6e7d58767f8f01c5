//! Audits that nobody asked for: after opening, once a node is back, and daily by the wall clock.

use std::sync::Arc;
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::{Clock, Entropy, millis};
use tauri_plugin_wallet_sync::engine::{Ack, AuditRequest, Bounds, Engine, Event, Mode, Parts, Subscription};
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::store::MemoryStore;

use crate::support::world::{Fault, World, token};

const DAY: Duration = Duration::from_secs(86_400);

/// A device that works by itself, on this store.
async fn device_on(world: &World, store: &MemoryStore) -> Engine {
    let parts = Parts {
        config: world.config.clone(),
        store: Arc::new(store.clone()),
        nodes: world.nodes.iter().map(|node| node.clone() as Arc<dyn Node>).collect(),
        peers: None,
        clock: world.clock.clone(),
        entropy: Entropy::seeded(5),
        mode: Mode::Background,
        bounds: Bounds::default(),
    };
    Engine::assemble(&world.secret, parts).await.unwrap()
}

async fn verified(world: &World) -> (Engine, MemoryStore) {
    let store = MemoryStore::new();
    let engine = device_on(world, &store).await;
    engine.put(vec![token("a", "s0"), token("b", "s0")]).await.unwrap();
    pass(world, Duration::from_secs(200)).await;
    assert_eq!((engine.status().ack, engine.status().verified_nodes), (Ack::Verified, world.nodes.len()));
    (engine, store)
}

/// In steps, so that what is due in between happens.
async fn pass(world: &World, time: Duration) {
    let step = Duration::from_secs(20);
    for _ in 0..time.as_secs() / step.as_secs() {
        world.pass(step).await;
    }
}

/// These nodes lose the payloads: record, pin and root are there.
fn lose_payloads(world: &World, nodes: &[usize]) -> Vec<Cid> {
    let is_data = |cid: &Cid, size: usize| cid.codec() == Codec::Raw && size != 32;
    let mut lost = Vec::new();
    for node in nodes.iter().map(|at| &world.nodes[*at]) {
        node.held().blocks.retain(|cid, block| {
            let is_lost = is_data(cid, block.bytes().len());
            if is_lost {
                lost.push(*cid);
            }
            !is_lost
        });
    }
    assert!(lost.len() >= 2 * nodes.len());
    lost
}

fn are_there(world: &World, cids: &[Cid]) -> bool {
    world.nodes.iter().all(|node| cids.iter().all(|cid| node.held().blocks.contains_key(cid)))
}

fn is_lowered(events: &mut Subscription) -> bool {
    let mut is_lowered = false;
    while let Some(Some(event)) = futures_util::FutureExt::now_or_never(events.next()) {
        is_lowered |= matches!(event, Event::Alert { kind: "level_lowered", .. });
    }
    is_lowered
}

#[tokio::test(start_paused = true)]
async fn what_nodes_lost_is_found_and_put_back_within_a_day() {
    let world = World::new(3);
    let (engine, _) = verified(&world).await;
    let lost = lose_payloads(&world, &[0, 1, 2]);
    let mut events = engine.subscribe();
    let (mut is_told, until) = (false, world.clock.now() + millis(DAY + limits::AUDIT_LOOK * 2));
    while world.clock.now() < until {
        world.pass(Duration::from_secs(20)).await;
        is_told |= is_lowered(&mut events);
    }
    assert!(is_told);
    assert!(are_there(&world, &lost));
    assert_eq!((engine.status().ack, engine.status().verified_nodes), (Ack::Verified, 3));
    engine.close(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_nodes_lost_is_found_after_the_next_start() {
    let world = World::new(3);
    let (engine, store) = verified(&world).await;
    engine.close(Duration::from_secs(5)).await.unwrap();
    let lost = lose_payloads(&world, &[0, 1, 2]);
    let engine = device_on(&world, &store).await;
    pass(&world, limits::AUDIT_START + Duration::from_secs(60)).await;
    assert!(are_there(&world, &lost));
    assert_eq!(engine.status().ack, Ack::Verified);
    engine.close(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_node_lost_while_it_was_away_is_found_once_it_is_back() {
    let world = World::new(3);
    let (engine, _) = verified(&world).await;
    pass(&world, limits::AUDIT_PAUSE * 2).await;
    world.faults(Fault::Dead, &[0]);
    pass(&world, Duration::from_secs(600)).await;
    let lost = lose_payloads(&world, &[0]);
    world.faults(Fault::None, &[0]);
    pass(&world, Duration::from_secs(1_200)).await;
    assert!(are_there(&world, &lost));
    engine.close(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_rots_on_this_disk_is_found_by_a_full_audit_and_fetched() {
    let world = World::new(3);
    let (engine, store) = verified(&world).await;
    let held: Vec<Cid> = world.nodes[0].held().blocks.values().map(|block| *block.cid()).collect();
    let data = held.into_iter().filter(|cid| cid.codec() == Codec::Raw);
    data.for_each(|cid| store.damage_block(&cid));
    engine.audit(AuditRequest { all: true, repair: false }, |_| ()).await.unwrap();
    assert_eq!(engine.status().missing_payloads, 2);
    pass(&world, Duration::from_secs(300)).await;
    assert_eq!(engine.status().missing_payloads, 0);
    assert!(engine.payload("a", "s0").await.is_ok() && engine.payload("b", "s0").await.is_ok());
    engine.close(Duration::from_secs(5)).await.unwrap();
}
