//! The app's own commands. None takes a path, an address or a secret; none is `async` (the plugin's ADR 8).

use serde::Serialize;
use tauri::{AppHandle, Manager, State, async_runtime, command};
use tauri_plugin_wallet_sync::plugin::CommandError;
use tauri_plugin_wallet_sync::{Code, Error, WalletSyncExt};

use crate::backups::{self, BackupFile, Import};
use crate::devices::{self, DEVICES};
use crate::nodes::{Ill, Illness};
use crate::secret::Place;
use crate::start::Wallet;

/// What the window has to know at its start.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    version: &'static str,
    devices: Vec<DeviceRow>,
    secret_in: Place,
    /// Of embedded nodes; `null` where the nodes are the user's own.
    faults: Option<Vec<Illness>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DeviceRow {
    account: &'static str,
    label: &'static str,
    is_open: bool,
}

#[command]
pub fn overview(app: AppHandle, wallet: State<'_, Wallet>) -> Overview {
    let open = app.wallet_sync().accounts();
    let row = |device: &devices::Device| DeviceRow {
        account: device.account,
        label: device.label,
        is_open: open.iter().any(|account| account == device.account),
    };
    Overview {
        version: env!("CARGO_PKG_VERSION"),
        devices: DEVICES.iter().map(row).collect(),
        secret_in: wallet.kept.place,
        faults: wallet.nodes.illnesses(),
    }
}

/// Opens a device again that was taken off this machine: it is then restored from the nodes, behind this answer.
#[command]
pub fn reopen_device(app: AppHandle, account: String) -> Result<(), CommandError> {
    Ok(async_runtime::block_on(devices::open(&app, &account))?)
}

/// The backup files that lie in the app's folder for them.
#[command]
pub fn backup_files(app: AppHandle) -> Vec<BackupFile> {
    backups::files(app.wallet_sync().backup_folder())
}

/// Brings a backup file back into a device, behind this answer; `file` is one of the names listed.
#[command]
pub fn begin_import(
    app: AppHandle,
    wallet: State<'_, Wallet>,
    account: String,
    file: String,
) -> Result<(), CommandError> {
    Ok(backups::begin(&app, &wallet.imports, &account, &file)?)
}

/// How far the last import of a device is; none where there was none.
#[command]
pub fn import_state(wallet: State<'_, Wallet>, account: String) -> Option<Import> {
    wallet.imports.of(&account)
}

/// Makes an embedded node ill, or well again; answers what is wrong with each.
#[command]
pub fn set_fault(
    wallet: State<'_, Wallet>,
    node: String,
    fault: Ill,
    on: bool,
) -> Result<Option<Vec<Illness>>, CommandError> {
    wallet.nodes.set(&node, fault, on)?;
    Ok(wallet.nodes.illnesses())
}

/// Writes a device's measurements to the app's data folder; answers the file's name.
#[command]
pub fn save_metrics(app: AppHandle, account: String) -> Result<String, CommandError> {
    let engine = app.wallet_sync().engine(&account).ok_or_else(|| Error::new(Code::Closed, "not open"))?;
    let metrics = engine.metrics();
    let text =
        serde_json::to_vec_pretty(&serde_json::json!({ "metrics": metrics, "target": engine.target() }))
            .map_err(|e| Error::with_source(Code::Malformed, "the measurements are not JSON", e))?;
    let io = |e| Error::with_source(Code::StorageIo, "the measurements cannot be written", e);
    let folder =
        app.path().app_data_dir().map_err(|e| Error::with_source(Code::StorageIo, "no folder", e))?;
    let folder = folder.join("exports");
    std::fs::create_dir_all(&folder).map_err(io)?;
    let name = format!("metrics-{account}-{}.json", metrics.at);
    std::fs::write(folder.join(&name), text).map_err(io)?;
    Ok(format!("exports/{name}"))
}
