//! The wallet in one file: written and read without any node.
//!
//! A file is what this device would publish, put on a disk instead of a node: the same sealed blocks under the same root. Reading one
//! checks all of it before anything is changed; what it has is joined with what is here, as another device's root is, and is this
//! device's to publish.
//!
//! A part of [`Engine`]'s public methods.

mod export;
mod import;
mod reading;

use std::path::Path;
use std::sync::Arc;

use super::Engine;
use super::api::backup::{BackupProgress, BackupReport, ImportReport};
use super::tasks::to_the_end;
use crate::error::Error;
use crate::model::identity::WalletKeys;
use crate::secret::Secret;

impl Engine {
    /// Writes everything that this device has into one file, sealed as on the nodes; no node is asked. The file appears under its
    /// name whole, after it was read back, and is its owner's alone (mode 0600). `progress` gets the bytes done. Nothing has to be
    /// written to the data folder for it: it works on a full or read-only disk, and for a handle that reads along.
    ///
    /// # Errors
    /// `conflict` when there is a file of this name and `replaces` is false; `bad_request` when no file can be made there;
    /// `too_large` above [`limits::CAR_BYTES`](crate::limits::CAR_BYTES); `storage_full` where the file does not fit; store errors. What was under the name
    /// is as it was.
    ///
    /// # Cancel safety
    /// It goes on to its end, or until the account is closed; the file is there whole or not at all.
    pub async fn export_backup(
        &self,
        to: &Path,
        replaces: bool,
        progress: impl Fn(BackupProgress) + Send + Sync + 'static,
    ) -> Result<BackupReport, Error> {
        self.account().tasks.check_open()?;
        let (account, to) = (self.account().clone(), to.to_owned());
        to_the_end(async move { export::export(&account, to, replaces, &progress).await }).await
    }

    /// Joins what a backup file of this wallet has with what is here, as a sync joins what another device published: nothing is taken
    /// back, and a state that is known to be spent stays spent. What is new is published by this device. No node is asked: what was
    /// spent after the file was made is known once the nodes were read.
    ///
    /// # Errors
    /// Nothing is changed then: `bad_request` for a file that cannot be read; `malformed` for one that is no backup or is cut short;
    /// `hash_mismatch` for a damaged one; `decrypt_failed` for another wallet's or network's; `read_only` for one of a later
    /// format; `too_large`; `locked`; store errors.
    ///
    /// # Cancel safety
    /// It goes on to its end, or until the account is closed. Import the file again after that.
    pub async fn import_backup(
        &self,
        from: &Path,
        progress: impl Fn(BackupProgress) + Send + Sync + 'static,
    ) -> Result<ImportReport, Error> {
        let (account, from) = (self.writable()?, from.to_owned());
        to_the_end(async move { import::import(&account, from, &progress).await }).await
    }

    /// Checks a backup file: every hash, the record's signature, that nothing is missing; with the secret (and the network's name, if
    /// it is not the default) also all that is sealed. Neither an account nor a node is needed.
    ///
    /// # Errors
    /// As [`Engine::import_backup`]; without the secret another wallet's file is as good as the own.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn verify_backup(
        from: &Path,
        secret: Option<(&Secret, Option<&str>)>,
        progress: impl Fn(BackupProgress) + Send + Sync + 'static,
    ) -> Result<BackupReport, Error> {
        let keys = secret.map(|(secret, network)| Arc::new(WalletKeys::derive(secret, network)));
        let (file, size) = reading::open(from.to_owned()).await?;
        let reading = reading::Reading::begin(file, keys.as_deref(), 0, size).await?;
        let done = reading.check(&progress, None).await?;
        Ok(reading::report(&done))
    }
}
