//! Registering the plugin.

use std::path::PathBuf;
use std::sync::Arc;

use tauri::plugin::{Builder as Plugin, TauriPlugin};
use tauri::{Manager, Runtime};

use super::accounts::WalletSync;
use super::spending::{ProofClaim, Verdict, Verifier};
use super::{PLUGIN_NAME, commands, lifecycle, signals};
use crate::config::Config;
#[cfg(doc)]
use crate::limits;

/// The plugin with the settings of `plugins.wallet-sync`.
#[must_use]
pub fn init<R: Runtime>() -> TauriPlugin<R, Option<Config>> {
    Builder::new().build()
}

/// The plugin with settings from Rust.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    config: Option<Config>,
    folder: Option<PathBuf>,
    backups: Option<PathBuf>,
    leaves_signals: bool,
    verifier: Option<Verifier>,
}

impl Builder {
    /// Settings from `plugins.wallet-sync`, data below the app's local data folder.
    pub fn new() -> Self {
        Self::default()
    }

    /// Settings instead of `plugins.wallet-sync`, for example with node tokens from the system's keyring. Default: those
    /// of the app's configuration, or none.
    pub fn config(mut self, config: Config) -> Self {
        self.config = Some(config);
        self
    }

    /// Folder that holds the accounts' folders. Default: `wallet-sync` in the app's local data folder.
    pub fn data_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Folder for the backup files that windows ask for. Default: `backups` in the data folder. One that the user sees, or that is
    /// copied elsewhere, is the better place.
    pub fn backup_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.backups = Some(folder.into());
        self
    }

    /// The app's own check of a proof of spending, before one that a window gives counts: a proof hides a coin. Default: none, and every
    /// proof of a window with the permission for it is recorded. What takes longer than [`limits::VERIFY_PROOF`] is
    /// [`Verdict::Unknown`](super::Verdict::Unknown). Rust code that calls [`Engine::spend`](crate::Engine::spend) is not asked, nor are other
    /// devices.
    pub fn verify_proof<F>(mut self, check: impl Fn(ProofClaim) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Verdict> + Send + 'static,
    {
        self.verifier = Some(Verifier::new(check));
        self
    }

    /// Leaves `SIGTERM`, `SIGINT` and `SIGHUP` to the app. Default: on Unix the plugin ends the app as `AppHandle::exit` does when it gets one of
    /// them, so that what is pending is published first; without a handler the process is gone at once.
    pub fn leave_signals(mut self) -> Self {
        self.leaves_signals = true;
        self
    }

    /// Builds the plugin. With an unknown key or a value out of its bounds the app does not start; the message names it.
    #[must_use]
    pub fn build<R: Runtime>(self) -> TauriPlugin<R, Option<Config>> {
        Plugin::<R, Option<Config>>::new(PLUGIN_NAME)
            .invoke_handler(tauri::generate_handler![
                commands::read::accounts,
                commands::read::status,
                commands::read::list_tokens,
                commands::read::token_changes,
                commands::read::get_token,
                commands::read::list_entries,
                commands::read::entry_versions,
                commands::read::metrics,
                commands::read::metrics_history,
                commands::read::node_health,
                commands::read::cache_stats,
                commands::read::devices,
                commands::read::subscribe,
                commands::write::put_tokens,
                commands::write::record_spend,
                commands::write::set_entry,
                commands::write::delete_entry,
                commands::sync::sync_now,
                commands::sync::flush,
                commands::admin::invalidate_cache,
                commands::admin::reset_metrics,
                commands::admin::export_metrics,
                commands::admin::set_node_enabled,
                commands::admin::check_node,
                commands::admin::set_device_label,
                commands::admin::retire_device,
                commands::admin::wipe,
                commands::proofs::list_proofs,
                commands::proofs::reject_proof,
                commands::backup::export_backup,
                commands::care::audit,
                commands::care::rehearse,
            ])
            .setup(move |app, api| {
                let config = self.config.or_else(|| api.config().clone()).unwrap_or_default();
                config.validate()?;
                let folder = match self.folder {
                    Some(folder) => folder,
                    // Not the roaming one of Windows: a copy on a second machine would write to the same names.
                    None => app.path().app_local_data_dir()?.join(PLUGIN_NAME),
                };
                let wallets = Arc::new(WalletSync::new(config, folder, self.backups, self.verifier));
                app.manage(wallets.clone());
                app.resources_table().add(lifecycle::AtCleanup::of(&wallets));
                if !self.leaves_signals {
                    signals::follow(app);
                }
                Ok(())
            })
            .on_page_load(lifecycle::page_loaded)
            .on_event(lifecycle::listener())
            .build()
    }
}
