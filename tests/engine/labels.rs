//! What the owner calls a device, for the others to show.

use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::engine::Ack;
use tauri_plugin_wallet_sync::store::Level;

use crate::support::world::{Device, World};

/// Slot, label, and whether it is the device itself.
async fn rows(device: &Device) -> Vec<(u8, Option<String>, bool)> {
    let rows = device.engine.devices().await.unwrap();
    rows.into_iter().map(|row| (row.slot, row.label, row.is_self)).collect()
}

fn row(slot: u8, label: &str, is_self: bool) -> (u8, Option<String>, bool) {
    (slot, Some(label.to_owned()).filter(|label| !label.is_empty()), is_self)
}

#[tokio::test(start_paused = true)]
async fn a_label_goes_with_the_first_edition_and_is_shown_elsewhere() {
    let world = World::new(5);
    let (first, second) = (world.device().await, world.device().await);
    first.engine.set_device_label(Some("Anna's laptop")).await.unwrap();
    assert!(rows(&first).await.is_empty(), "it has no slot yet");
    first.put(&["a"]).await;
    first.sync_to(Level::Verified).await.unwrap();
    second.put(&["b"]).await;
    second.sync_to(Level::Verified).await.unwrap();
    first.sync().await.unwrap();
    assert_eq!(rows(&first).await, [row(0, "Anna's laptop", true), row(1, "", false)]);
    assert_eq!(rows(&second).await, [row(0, "Anna's laptop", false), row(1, "", true)]);
}

#[tokio::test(start_paused = true)]
async fn a_label_alone_makes_one_edition_and_no_more() {
    let world = World::new(5);
    let (mut device, reader) = (world.device().await, world.device().await);
    device.put(&["a"]).await;
    device.sync_to(Level::Verified).await.unwrap();
    for label in [Some("one"), Some("two"), None] {
        device.engine.set_device_label(label).await.unwrap();
        // The process ends in between; the label is on disk.
        device = world.device_on(device.store.snapshot()).await;
        let report = device.sync_to(Level::Verified).await.unwrap();
        assert_eq!(
            (report.ack, report.verified_nodes),
            (Ack::Verified, 5),
            "{label:?}: {:?}",
            report.warnings
        );
        reader.sync().await.unwrap();
        assert_eq!(rows(&reader).await, [row(0, label.unwrap_or_default(), false)]);
        let before = world.puts();
        device.engine.set_device_label(label).await.unwrap();
        device.sync_to(Level::Verified).await.unwrap();
        assert_eq!(world.puts(), before, "the same label again changes nothing");
    }
    assert_eq!(reader.ids(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_label_is_refused_with_the_bound() {
    let device = World::new(2).device().await;
    for bad in ["", "a\nb", "\u{1b}[2J", &"x".repeat(65), &"ä".repeat(33)] {
        let error = device.engine.set_device_label(Some(bad)).await.unwrap_err();
        assert_eq!(error.code(), Code::BadRequest, "{bad:?}");
        assert!(error.message().contains("64 bytes"), "{error}");
    }
    for good in ["x", &"ä".repeat(32)] {
        device.engine.set_device_label(Some(good)).await.unwrap();
    }
}
