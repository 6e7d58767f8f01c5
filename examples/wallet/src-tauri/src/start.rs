//! What has to be there before the window: nodes, secret, the devices' accounts.

use std::sync::Arc;

use tauri::{App, AppHandle, Manager, WebviewWindowBuilder, async_runtime};
use tauri_plugin_wallet_sync::{Builder, Code, Config, Error};

use crate::backups::Imports;
use crate::devices::{self, DEVICES};
use crate::nodes::Nodes;
use crate::proofs;
use crate::secret::{self, Kept};

/// What the commands need.
pub struct Wallet {
    pub nodes: Nodes,
    pub kept: Kept,
    pub imports: Arc<Imports>,
}

/// Opens everything, then the window: its first question finds the wallet.
pub fn set_up(app: &App) -> Result<(), Error> {
    let path = app.path();
    let folders = path.app_config_dir().and_then(|config| Ok((config, path.app_local_data_dir()?)));
    let (config_folder, data_folder) = folders.map_err(|e| failed("no folder for the wallet", e))?;
    std::fs::create_dir_all(&config_folder).map_err(|e| failed("the configuration's folder", e))?;

    let nodes = async_runtime::block_on(Nodes::start(&config_folder))?;
    let mut config = Config::default();
    config.nodes = nodes.config()?;
    app.handle()
        .plugin(Builder::new().config(config).verify_proof(proofs::check).build())
        .map_err(|e| failed("the plugin did not start", e))?;

    let has_wallet = data_folder.join(tauri_plugin_wallet_sync::PLUGIN_NAME).exists();
    let kept = secret::obtain(&config_folder, has_wallet)?;
    app.manage(Wallet { nodes, kept, imports: Arc::default() });
    for device in DEVICES {
        async_runtime::block_on(devices::open(app.handle(), device.account))?;
    }
    open_window(app.handle())
}

fn open_window(app: &AppHandle) -> Result<(), Error> {
    let Some(config) = app.config().app.windows.first() else {
        return Err(Error::new(Code::BadRequest, "no window is configured"));
    };
    WebviewWindowBuilder::from_config(app, config)
        .and_then(WebviewWindowBuilder::build)
        .map(|_| ())
        .map_err(|e| failed("no window", e))
}

fn failed(what: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::with_source(Code::StorageIo, what, source)
}
