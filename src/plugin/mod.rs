//! The plugin: accounts by name, commands and events for web views, and the life of the app.
//!
//! A web view calls commands and receives events. It never gets a secret, an address or a path, and no command takes one.
//! Accounts are opened from Rust ([`WalletSync::open_account`]). The capabilities of a window decide what it may call:
//! there are the permission sets `default` (read), `write`, `spend` and `admin`.

mod accounts;
mod arg;
mod args;
mod backups;
#[cfg(all(test, feature = "specta", feature = "test-ipc"))]
mod bindings;
mod builder;
mod call;
mod call_limiter;
mod calls;
mod commands;
mod export;
mod failure;
mod feed;
mod folder;
mod lifecycle;
mod listeners;
mod listing;
mod looks;
mod main_thread;
mod pages;
mod places;
mod signals;
mod spending;
mod turns;
pub mod wire;

use std::sync::Arc;

use tauri::{Manager, Runtime};

pub use self::accounts::{WalletSync, Wiped};
pub use self::builder::{Builder, init};
pub use self::failure::{CommandError, ErrorCode};
pub use self::spending::{ProofClaim, Verdict};

/// Key in `plugins` of the app's configuration, and prefix of permissions and commands.
pub const PLUGIN_NAME: &str = "wallet-sync";

/// Access to the plugin from an app, a window or a handle of either.
pub trait WalletSyncExt<R: Runtime> {
    /// The plugin's accounts.
    ///
    /// # Panics
    /// When the plugin was not registered, as Tauri's own state does.
    fn wallet_sync(&self) -> &WalletSync;
}

impl<R: Runtime, T: Manager<R>> WalletSyncExt<R> for T {
    fn wallet_sync(&self) -> &WalletSync {
        self.state::<Arc<WalletSync>>().inner()
    }
}
