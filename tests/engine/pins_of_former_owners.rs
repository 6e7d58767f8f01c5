//! Who takes a slot over unpins what its former owner has pinned: on each node once that one is proven to have it all, never before.

use std::collections::BTreeSet;
use std::time::Duration;

use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, Fault, World};

/// A device that has published so often, and is done.
async fn gone(world: &World, editions: usize) {
    let device = world.device().await;
    for n in 0..editions {
        device.put(&[&format!("old{n}")]).await;
        device.sync_to(Level::Verified).await.unwrap();
    }
    device.engine.end().await.unwrap();
    device.close().await;
}

fn pins(world: &World, at: usize) -> BTreeSet<Cid> {
    world.nodes[at].held().pins.keys().copied().collect()
}

async fn change(device: &Device, id: &str) {
    device.put(&[id]).await;
    device.sync_to(Level::Verified).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn they_go_as_its_own_would() {
    let world = World::new(5);
    gone(&world, 7).await;
    let before = pins(&world, 0);
    assert!(before.len() >= limits::PINNED_ROOTS);
    let heir = world.device().await;
    for n in 0..limits::PINNED_ROOTS + 1 {
        change(&heir, &format!("new{n}")).await;
    }
    heir.close().await;
    assert_eq!(heir.engine.status().slot, Some(0));
    for at in 0..5 {
        let left = pins(&world, at);
        assert!(
            left.is_disjoint(&before),
            "node {at} still pins {} of {}",
            left.intersection(&before).count(),
            before.len()
        );
        assert!(left.len() <= limits::PINNED_ROOTS + 1, "{} pins", left.len());
    }
    let restored = world.device().await;
    restored.sync().await.unwrap();
    assert_eq!(restored.ids().len(), 7 + limits::PINNED_ROOTS + 1);
}

#[tokio::test(start_paused = true)]
async fn none_goes_from_a_node_that_is_not_proven_to_have_what_it_holds() {
    let world = World::new(5);
    gone(&world, 7).await;
    let before: Vec<_> = (0..5).map(|at| pins(&world, at)).collect();
    world.faults(Fault::BlockEater, &[3]);
    world.faults(Fault::Hiding, &[4]);
    let heir = world.device().await;
    for n in 0..limits::PINNED_ROOTS + 1 {
        change(&heir, &format!("new{n}")).await;
    }
    heir.close().await;
    for at in [3, 4] {
        assert!(pins(&world, at).is_superset(&before[at]), "node {at}");
    }
    assert!(pins(&world, 0).is_disjoint(&before[0]));
}

#[tokio::test(start_paused = true)]
async fn none_goes_while_something_is_missing_here() {
    let world = World::new(5);
    gone(&world, 7).await;
    let heir = world.device().await;
    heir.put(&["new"]).await;
    heir.sync_to(Level::Verified).await.unwrap();
    // What rots here may be in an older root of the former owner alone.
    let before = pins(&world, 0);
    let data = tauri_plugin_wallet_sync::store::Store::load(&heir.store).await.unwrap().data_blocks;
    heir.store.damage_block(&data[0].0);
    world.nodes.iter().for_each(|node| drop(node.held().blocks.remove(&data[0].0)));
    for row in heir.engine.tokens(None, 100, false) {
        drop(heir.engine.payload(row.key.token_id.as_str(), row.key.state_hash.as_str()).await);
    }
    for n in 0..limits::PINNED_ROOTS + 1 {
        heir.put(&[&format!("more{n}")]).await;
        drop(heir.sync_to(Level::Verified).await);
    }
    heir.close().await;
    let former = |at: usize| pins(&world, at).intersection(&before).count();
    assert!(former(0) >= limits::PINNED_ROOTS - 1, "{} of {}", former(0), before.len());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_process_in_between_leaves_none_for_ever() {
    let world = World::new(5);
    gone(&world, 7).await;
    let before = pins(&world, 0);
    let heir = world.device().await;
    heir.put(&["new"]).await;
    heir.sync_to(Level::Published).await.unwrap();
    let again = world.device_on(heir.store.crash()).await;
    drop(heir);
    for n in 0..limits::PINNED_ROOTS + 1 {
        change(&again, &format!("new{n}")).await;
    }
    again.close().await;
    assert!(pins(&world, 0).is_disjoint(&before));
}

#[tokio::test(start_paused = true)]
async fn those_of_the_one_before_are_handed_on() {
    let world = World::new(5);
    gone(&world, 3).await;
    let before = pins(&world, 0);
    let heir = world.device().await;
    change(&heir, "heir").await;
    world.pass(Duration::from_secs(1)).await;
    heir.engine.end().await.unwrap();
    heir.close().await;
    let last = world.device().await;
    for n in 0..limits::PINNED_ROOTS + 1 {
        change(&last, &format!("new{n}")).await;
    }
    last.close().await;
    assert_eq!(last.engine.status().slot, Some(0));
    assert!(pins(&world, 0).is_disjoint(&before));
}
