//! A first look at an account that is not open yet. A part of [`Engine`]'s public methods.

use super::Engine;
use super::api::first_look::FirstLook;
use super::start::{OpenOptions, nodes_of, on_network};
use super::wallet::first_look;
use crate::error::{Code, Error};
use crate::model::identity::WalletKeys;
use crate::secret::Secret;
use crate::store::SqliteStore;

impl Engine {
    /// Status and first page of the list of a large account, in milliseconds, from what its last owner left when it closed the account:
    /// for a window that shows something while [`Engine::open`] reads everything. None where somebody has written since, where it was not
    /// closed in order, where other nodes are configured, and for a small account, which opens as fast. Takes no lock, changes nothing.
    ///
    /// # Errors
    /// `bad_request`, `not_found` without a wallet in the folder, `locked`, `newer_schema`, `storage_io`, `corrupt`.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn first_look(secret: &Secret, options: &OpenOptions) -> Result<Option<FirstLook>, Error> {
        let mut config = options.config.clone();
        config.validate()?;
        config.nodes = nodes_of(secret, &config);
        let (dir, network) = (options.dir.clone(), on_network(&config));
        let left = tokio::task::spawn_blocking(move || SqliteStore::first_look(&dir, network)).await;
        let left =
            left.map_err(|_| Error::new(Code::TaskFailed, "reading the folder ended unexpectedly"))??;
        let keys = WalletKeys::derive(secret, config.network.as_deref());
        Ok(left.and_then(|sealed| first_look::read(&keys, &config, &sealed)))
    }
}
