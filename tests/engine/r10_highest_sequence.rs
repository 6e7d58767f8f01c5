//! R10: a name whose record has the highest sequence there is cannot be published again: its device goes on in another slot.

use tauri_plugin_wallet_sync::engine::Ack;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::model::root::Root;
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::World;

#[tokio::test(start_paused = true)]
async fn a_device_at_the_highest_sequence_goes_on_in_another_slot() {
    let world = World::new(5);
    let device = world.device().await;
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    // Somebody with the same secret signed the last record that the name can have, for the same content.
    let key = WalletKeys::derive(&world.secret, None).slot(Slot::ZERO);
    let root = world.nodes[0].held().records[&key.name()].root().unwrap();
    let eol = world.now() + 86_400_000;
    let last = Record::create(&key, limits::SEQUENCE_MAX, &root, eol, &[]).unwrap();
    for node in &world.nodes {
        node.held().records.insert(key.name(), last.clone());
    }
    device.put(&["b"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    let slot = device.engine.status().slot;
    assert!(slot.is_some_and(|slot| slot != Slot::ZERO.number()), "{slot:?}");
    let held = world.nodes[0].held().records[&key.name()].sequence();
    assert_eq!(held, limits::SEQUENCE_MAX, "nobody went round to a lower one");
    let fresh = world.device().await;
    fresh.sync().await.unwrap();
    assert_eq!(fresh.ids(), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_was_given_back_there_is_not_taken_over_again_and_again() {
    let world = World::new(3);
    let first = world.device().await;
    first.put(&["a"]).await;
    first.sync_to(Level::Verified).await.unwrap();
    let keys = WalletKeys::derive(&world.secret, None);
    let key = keys.slot(Slot::ZERO);
    let there = world.nodes[0].held().records[&key.name()].root().unwrap();
    let block = world.nodes[0].held().blocks[&there].clone();
    let mut root = Root::open(&block, keys.sealer(), keys.wallet_id()).unwrap();
    (root.sequence, root.retired) = (limits::SEQUENCE_MAX, true);
    let root = root.seal(keys.sealer()).unwrap();
    let eol = world.now() + 86_400_000;
    let last = Record::create(&key, limits::SEQUENCE_MAX, root.cid(), eol, &[]).unwrap();
    for node in &world.nodes {
        node.held().blocks.insert(*root.cid(), root.clone());
        node.held().records.insert(key.name(), last.clone());
    }
    let second = world.device().await;
    second.put(&["b"]).await;
    second.sync_to(Level::Verified).await.unwrap();
    assert_eq!((second.engine.status().ack, second.engine.status().slot), (Ack::Verified, Some(1)));
    first.sync_to(Level::Verified).await.unwrap();
    let fresh = world.device().await;
    fresh.sync().await.unwrap();
    assert_eq!(fresh.ids(), ["a", "b"]);
}
