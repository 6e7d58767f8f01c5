//! `devices`: who publishes under which slot; names this one, or gives back the slot of one that is gone.

use tauri_plugin_wallet_sync::Engine;
use tauri_plugin_wallet_sync::engine::{DeviceRow, Mode, SyncRequest};
use tauri_plugin_wallet_sync::shown::plain;
use tauri_plugin_wallet_sync::store::Level;

use super::Context;
use crate::account;
use crate::failure::Failure;

pub async fn run(context: &Context, retire: Option<u8>, label: Option<&str>) -> Result<(), Failure> {
    let mode = if retire.is_some() || label.is_some() { Mode::Own } else { Mode::ReadAlong };
    let engine = account::open(&context.global, mode).await?;
    let devices = account::with(engine, async |engine| {
        if let Some(slot) = retire {
            give_back(engine, slot).await?;
        }
        if let Some(label) = label {
            engine.set_device_label(Some(label).filter(|label| !label.is_empty())).await?;
        }
        Ok(engine.devices().await?)
    })
    .await?;
    let mut lines = context.output.lines();
    for device in &devices {
        lines.value(device, || describe(device))?;
    }
    lines.flush()
}

/// What is not verified yet, or was never read, would be a reason to refuse.
async fn give_back(engine: &Engine, slot: u8) -> Result<(), Failure> {
    let request = SyncRequest { fresh: true, deadline: None, wait: Some(Level::Verified) };
    engine.sync(request, |_| ()).await?;
    Ok(engine.retire_device(slot).await?)
}

fn describe(device: &DeviceRow) -> String {
    let DeviceRow { slot, sequence, .. } = device;
    let marks = [
        (device.is_self, "this device"),
        (device.retired, "given back"),
        (!device.contained, "not all of it is here"),
    ];
    let marks: Vec<&str> = marks.into_iter().filter(|(holds, _)| *holds).map(|(_, words)| words).collect();
    // A label comes from another device: it must not steer a terminal.
    let label = plain(device.label.as_deref().unwrap_or_default());
    format!("slot {slot}  sequence {sequence}  {label}  {}", marks.join(", ")).trim_end().to_owned()
}
