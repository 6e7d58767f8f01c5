//! The two devices: two accounts of one secret, each with a folder of its own.

use tauri::{AppHandle, Manager};
use tauri_plugin_wallet_sync::{Code, Error, WalletSyncExt};

use crate::start::Wallet;

/// A device of the wallet.
#[derive(Clone, Copy, Debug)]
pub struct Device {
    /// Its account.
    pub account: &'static str,
    /// What a person calls it.
    pub label: &'static str,
}

/// Both of them.
pub const DEVICES: [Device; 2] =
    [Device { account: "device-a", label: "Device A" }, Device { account: "device-b", label: "Device B" }];

/// Opens a device's account; again after it was taken off this machine.
pub async fn open(app: &AppHandle, account: &str) -> Result<(), Error> {
    if !DEVICES.iter().any(|device| device.account == account) {
        return Err(Error::new(Code::NotFound, "no such device"));
    }
    let secret = app.state::<Wallet>().kept.secret.clone();
    app.wallet_sync().open_account(account, secret).await.map(|_| ())
}
