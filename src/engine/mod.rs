//! The engine of one account: keeps, publishes, reads, merges.
//!
//! [`Engine::open`] gives a handle that is cheap to clone. Local reads and writes never wait for a network; a change is
//! on disk before its call returns. [`Engine::sync`] reads the nodes and publishes what is pending; with
//! [`Mode::Background`] the engine does both by itself.

mod account;
mod apply;
mod claim;
mod entries;
mod event;
mod fetch;
mod glance;
mod history;
#[cfg(test)]
mod law;
mod measure;
mod merge;
mod nodes;
mod open;
mod peers;
mod phase;
mod presence;
mod publish;
mod read;
mod repair;
mod report;
mod request;
mod resolve;
mod restore;
mod state;
mod sync;
mod tend;
mod view;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use self::account::Account;
pub use self::entries::{Entries, EntryRow};
pub use self::event::{Event, Progress};
pub use self::nodes::NodeStatus;
pub use self::report::{
    Ack, CacheKind, CacheStats, HighWater, LastSync, NameInfo, NameReport, NewToken, NodeOutcome, NodeReport,
    PutReport, SpendKind, Status, SyncFailure, SyncOutcome, SyncReport, TokenCounts, TokenRow,
};
pub use self::request::SyncRequest;
use crate::clock::{Clock, Entropy, SystemClock};
use crate::config::Config;
use crate::metrics::Metrics;
use crate::model::identity::WalletKeys;
pub use crate::model::inventory::{Id, Spend, TokenKey};
use crate::node::Node;
use crate::node::health::Health;
pub use crate::node::health::NodeState;
use crate::node::kubo::{Http, KuboNode};
use crate::node::peers::Peers;
use crate::node::race::NodeSet;
use crate::secret::Secret;
pub use crate::store::Level;
use crate::store::Store;
use crate::store::sqlite::{OpenMode, SqliteStore};
use crate::{Code, Error};

/// How an account is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Owns the data folder and works on request only.
    Own,
    /// Owns the data folder, publishes and polls by itself.
    Background,
    /// Reads beside the process that owns the folder; every write is refused.
    ReadAlong,
}

/// What an account is opened with.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The account's own data folder; created when absent.
    pub dir: PathBuf,
    /// Settings.
    pub config: Config,
    /// How to open it.
    pub mode: Mode,
}

/// The parts an engine is made of; tests bring their own.
pub struct Parts {
    /// Settings, validated here.
    pub config: Config,
    /// What survives.
    pub store: Arc<dyn Store>,
    /// The nodes, in the order of the configuration.
    pub nodes: Vec<Arc<dyn Node>>,
    /// The same nodes as libp2p peers, if they have addresses: the third tier.
    pub peers: Option<Arc<dyn Peers>>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Entropy,
    /// How to open it.
    pub mode: Mode,
}

/// A handle to an open account. Cheap to clone; the last one dropped does not close it, [`Engine::close`] does.
#[derive(Clone)]
pub struct Engine {
    account: Arc<Account>,
}

impl Engine {
    /// Opens an account in a folder.
    ///
    /// # Errors
    /// `bad_request` for a wrong setting, `locked` when another process has the folder (naming its pid),
    /// `newer_schema`, `wrong_wallet`, `storage_io`, `storage_full`, `corrupt`.
    pub async fn open(secret: &Secret, options: OpenOptions) -> Result<Self, Error> {
        options.config.validate()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let mode = match options.mode {
            Mode::ReadAlong => OpenMode::ReadAlong,
            Mode::Own | Mode::Background => OpenMode::Own,
        };
        let opened = SqliteStore::open(&options.dir, clock.clone(), mode)?;
        let http = Http::new()?;
        let mut nodes: Vec<Arc<dyn Node>> = Vec::new();
        for node in &options.config.nodes {
            nodes.push(Arc::new(KuboNode::new(node, &http, &options.config.timeouts)?));
        }
        let peers = third_tier(&options.config)?;
        let store: Arc<dyn Store> = Arc::new(opened.store);
        let parts = Parts {
            config: options.config,
            store: store.clone(),
            nodes,
            peers,
            clock,
            entropy: Entropy::system()?,
            mode: options.mode,
        };
        let engine = match Self::assemble(secret, parts).await {
            Ok(engine) => engine,
            Err(error) => {
                // The folder is free again when this returns.
                let _ = store.close().await;
                return Err(error);
            }
        };
        for warning in opened.warnings {
            engine.account.write().alerts.push(("storage", warning.to_string()));
        }
        Ok(engine)
    }

    /// Opens an account from its parts.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub async fn assemble(secret: &Secret, parts: Parts) -> Result<Self, Error> {
        parts.config.validate()?;
        let read_along = parts.mode == Mode::ReadAlong;
        let keys = WalletKeys::derive(secret, parts.config.network.as_deref());
        let (state, loaded) = open::load(&parts.store, &keys, &parts.entropy, read_along).await?;
        let metrics = Metrics::new(parts.clock.clone(), parts.config.metrics.slow);
        metrics.restore(&view::rollups(&*parts.store, &*parts.clock).await?);
        let health = Health::new(parts.nodes.iter().map(|node| node.id().to_owned()));
        if let Some(kept) = loaded.meta.get(open::HEALTH) {
            health.restore(kept);
        }
        let nodes = NodeSet::new(parts.nodes, Arc::new(health));
        let account = Arc::new(Account::new(
            keys,
            parts.config,
            parts.store,
            nodes,
            parts.peers,
            parts.clock,
            parts.entropy,
            metrics,
            state,
            read_along,
        ));
        if parts.mode == Mode::Background {
            tend::start(&account).await;
        }
        Ok(Self { account })
    }

    /// Adds token states, all or nothing. On disk when it returns.
    ///
    /// # Errors
    /// `bad_request` naming the token and field, `conflict` when a state is here with other content,
    /// `inventory_too_large`, `locked`, store errors. Nothing is stored then.
    ///
    /// # Cancel safety
    /// Dropping the future does not stop the write; it happens whole or not at all.
    pub async fn put(&self, tokens: Vec<NewToken>) -> Result<PutReport, Error> {
        self.own_task(write::put(self.writable()?, tokens)).await
    }

    /// Records a spend of a state; a second, different intent or proof is kept beside the first.
    ///
    /// # Errors
    /// `bad_request`, store errors.
    ///
    /// # Cancel safety
    /// As [`Engine::put`].
    pub async fn spend(
        &self,
        token_id: &str,
        state_hash: &str,
        kind: SpendKind,
        evidence: Bytes,
    ) -> Result<(), Error> {
        let (token_id, state_hash) = (token_id.to_owned(), state_hash.to_owned());
        self.own_task(write::spend(self.writable()?, token_id, state_hash, kind, evidence)).await
    }

    /// Sets a synced entry.
    ///
    /// # Errors
    /// `bad_request`, `inventory_too_large`, store errors.
    ///
    /// # Cancel safety
    /// As [`Engine::put`].
    pub async fn set(&self, key: &str, value: Bytes) -> Result<(), Error> {
        self.own_task(write::set(self.writable()?, key.to_owned(), value)).await
    }

    /// The shown value of a synced entry.
    ///
    /// # Errors
    /// `not_found`; `unreachable` when its bytes are not here yet.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn get(&self, key: &str) -> Result<Bytes, Error> {
        view::get(&self.account, key).await
    }

    /// Up to `limit` rows of the view in key order, after a key; `all` shows proven-spent states too.
    #[must_use]
    pub fn tokens(
        &self,
        after: Option<&crate::model::inventory::TokenKey>,
        limit: usize,
        all: bool,
    ) -> Vec<TokenRow> {
        view::tokens(&self.account, after, limit, all)
    }

    /// A payload, byte for byte as it was put; fetched when it is not on this disk.
    ///
    /// # Errors
    /// `not_found`, `bad_request`; `unreachable` when it cannot be fetched within the sync's deadline.
    ///
    /// # Cancel safety
    /// Reads only; a fetched block may be kept or not.
    pub async fn payload(&self, token_id: &str, state_hash: &str) -> Result<Bytes, Error> {
        view::payload(&self.account, token_id, state_hash).await
    }

    /// Reads the nodes, merges, publishes what is pending. Concurrent calls share one read.
    ///
    /// # Errors
    /// `unreachable`, `invalid` or `denied` when no source gave a usable answer and one was needed (`fresh`, or nothing is
    /// here yet); storage codes. Local data are as they were.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the read and the publish running; their results are kept.
    pub async fn sync(
        &self,
        request: SyncRequest,
        progress: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Result<SyncReport, SyncFailure> {
        self.writable()?;
        sync::sync(self.account.clone(), request, Arc::new(progress)).await
    }

    /// Publishes what is pending until it is `verified`, or the time is up.
    ///
    /// # Errors
    /// As [`Engine::sync`].
    ///
    /// # Cancel safety
    /// As [`Engine::sync`].
    pub async fn flush(&self, within: Duration) -> Result<SyncReport, SyncFailure> {
        let wait = Some(crate::store::Level::Verified);
        self.sync(SyncRequest { fresh: false, deadline: Some(within), wait }, |_| ()).await
    }

    /// The state of the account, without any network.
    #[must_use]
    pub fn status(&self) -> Status {
        view::status(&self.account)
    }

    /// Names of slot 0 to the highest known and two more, at least slots 0 to 2.
    #[must_use]
    pub fn names(&self) -> Vec<NameInfo> {
        view::names(&self.account)
    }

    /// The operations measured so far, the history of this folder included.
    #[must_use]
    pub fn metrics(&self) -> crate::metrics::Snapshot {
        view::metrics(&self.account)
    }

    /// The target status of the measured operations.
    #[must_use]
    pub fn target(&self) -> crate::metrics::Target {
        self.account.metrics.target()
    }

    /// The metrics in Prometheus text format.
    #[must_use]
    pub fn prometheus(&self) -> String {
        self.account.metrics.prometheus()
    }

    /// Health of each configured node.
    #[must_use]
    pub fn node_health(&self) -> Vec<crate::node::health::NodeHealth> {
        view::node_health(&self.account)
    }

    /// Statistics of the cache.
    ///
    /// # Errors
    /// Store errors.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn cache_stats(&self) -> Result<CacheStats, Error> {
        view::cache_stats(&self.account).await
    }

    /// Clears what can be fetched or built again; payloads and evidence of anything not proven spent stay.
    ///
    /// # Errors
    /// Store errors.
    ///
    /// # Cancel safety
    /// Clears whole or not at all.
    pub async fn clear_cache(&self, kind: CacheKind) -> Result<(), Error> {
        let account = self.writable()?;
        self.own_task(async move { view::clear_cache(&account, kind).await }).await
    }

    /// Does what is due by the wall clock: records put again every 12 h, signed anew every year, history kept, cache
    /// trimmed. [`Mode::Background`] does this by itself.
    ///
    /// # Errors
    /// Store errors.
    ///
    /// # Cancel safety
    /// Each step is whole or not done; call it again.
    pub async fn upkeep(&self) -> Result<(), Error> {
        tend::upkeep(&self.writable()?).await
    }

    /// Listens to events from now on.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        Subscription(self.account.events.subscribe())
    }

    /// Sentences about what was found damaged when the account was opened; each is given once.
    #[must_use]
    pub fn take_alerts(&self) -> Vec<String> {
        std::mem::take(&mut self.account.write().alerts).into_iter().map(|(_, message)| message).collect()
    }

    /// Lets running work end for at most `drain`, then releases the folder. Idempotent; what is left is on disk.
    ///
    /// # Errors
    /// Store errors of the last writes.
    ///
    /// # Cancel safety
    /// Call it again when dropped early.
    pub async fn close(&self, drain: Duration) -> Result<(), Error> {
        view::close(&self.account, drain).await
    }

    fn writable(&self) -> Result<Arc<Account>, Error> {
        if self.account.read_along {
            return Err(Error::new(Code::Locked, "this handle only reads along"));
        }
        self.account.check_open()?;
        Ok(self.account.clone())
    }

    /// Runs a write in a task of its own, so that a dropped caller cannot leave memory and disk apart.
    async fn own_task<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        tokio::spawn(work).await.map_err(|_| Error::new(Code::TaskFailed, "a write ended unexpectedly"))?
    }
}

/// The peers of the configuration; nothing is opened before they are asked.
#[cfg(feature = "dht")]
fn third_tier(config: &Config) -> Result<Option<Arc<dyn Peers>>, Error> {
    use crate::node::dht::Dht;

    let dht = Dht::new(&config.nodes, &config.bootstrap_peers, Entropy::system()?)?;
    Ok(dht.map(|dht| Arc::new(dht) as Arc<dyn Peers>))
}

#[cfg(not(feature = "dht"))]
#[allow(clippy::unnecessary_wraps)]
fn third_tier(_: &Config) -> Result<Option<Arc<dyn Peers>>, Error> {
    Ok(None)
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

/// Events as they happen.
#[derive(Debug)]
pub struct Subscription(tokio::sync::broadcast::Receiver<Event>);

impl Subscription {
    /// Events of any sender, for tests of listeners.
    #[cfg(all(test, feature = "tauri"))]
    pub(crate) fn of(events: tokio::sync::broadcast::Receiver<Event>) -> Self {
        Self(events)
    }

    /// The next event; `None` when the account is gone.
    ///
    /// # Cancel safety
    /// No event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        use tokio::sync::broadcast::error::RecvError;
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(missed)) => Some(Event::Lagged { missed }),
            Err(RecvError::Closed) => None,
        }
    }
}
