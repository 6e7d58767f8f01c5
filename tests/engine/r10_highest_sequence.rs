//! R10: a name whose record has the highest sequence there is cannot be published again: its device goes on in another slot.

use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::identity::{Slot, WalletKeys};
use tauri_plugin_wallet_sync::model::record::Record;
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
