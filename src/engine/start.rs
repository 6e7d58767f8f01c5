//! Opens an account from its folder or its parts, and closes it.

mod opening;
mod placing;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::sync::Mutex;

use super::account::Account;
use super::attempts::Attempts;
use super::damage::Damage;
use super::events::Events;
use super::lanes::Lanes;
use super::local::Local;
use super::local::load::LocalParts;
use super::local::room::Bounds;
use super::measure::Measure;
use super::network::Network;
use super::push::Push;
use super::schedule::Schedule;
use super::shares::Shares;
use super::sync::Syncs;
use super::tasks::Tasks;
use super::uplink::Uplink;
use super::wallet::first_look;
use crate::clock::{Clock, Entropy, SystemClock};
use crate::config::Config;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::model::identity::WalletKeys;
use crate::node::Node;
use crate::node::cap::Cap;
use crate::node::capped::Capped;
use crate::node::health::Health;
use crate::node::kubo::{Http, KuboNode};
use crate::node::only_reads::OnlyReads;
use crate::node::peers::Peers;
use crate::node::race::NodeSet;
use crate::secret::Secret;
use crate::store::sqlite::{NetworkFolder, OpenMode};
use crate::store::{MemoryStore, Store};

use self::opening::Opening;
pub use self::placing::nodes_of;

/// How an account is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Owns the data folder and works on request only.
    Own,
    /// Owns the data folder, publishes and polls by itself.
    Background,
    /// Reads while another process owns the folder; every write is refused.
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
    /// Settings, validated here; of a pool the nodes of this wallet alone ([`nodes_of`]).
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
    /// How much the wallet may hold; [`Bounds::default`] but in tests.
    pub bounds: Bounds,
}

/// An open account with what works on it.
pub struct OpenAccount {
    pub account: Arc<Account>,
    pub syncs: Arc<Syncs>,
    schedule: Schedule,
}

/// Opens an account in a folder.
///
/// # Errors
/// `bad_request`, `locked`, `newer_schema`, `wrong_wallet`, `storage_io`, `storage_full`, `corrupt`.
pub async fn open(secret: &Secret, options: OpenOptions) -> Result<OpenAccount, Error> {
    let OpenOptions { dir, mut config, mode } = options;
    config.validate()?;
    config.nodes = nodes_of(secret, &config);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store_mode = match mode {
        Mode::ReadAlong => OpenMode::ReadAlong,
        Mode::Own | Mode::Background => OpenMode::Own,
    };
    let (network, time) = (on_network(&config), clock.clone());
    let mut opening = Opening::begin(dir, network, time, store_mode).await?;
    let warnings = std::mem::take(&mut opening.warnings);
    let parts = async {
        let store = opening.store.clone();
        let (nodes, peers) = (http_nodes(&config)?, third_tier(&config)?);
        let entropy = Entropy::system()?;
        let bounds = Bounds::default();
        let parts = Parts { config, store, nodes, peers, clock, entropy, mode, bounds };
        assemble(secret, parts, warnings).await
    };
    match parts.await {
        Ok(opened) => {
            opening.done();
            Ok(opened)
        }
        Err(error) => {
            opening.end().await;
            Err(error)
        }
    }
}

/// Whether a folder on a network is used.
pub fn on_network(config: &Config) -> NetworkFolder {
    if config.allow_network_folder { NetworkFolder::Allowed } else { NetworkFolder::Refused }
}

/// Opens an account from its parts; `warnings` are what the store found damaged.
///
/// # Errors
/// As [`open`].
pub async fn assemble(secret: &Secret, parts: Parts, warnings: Vec<String>) -> Result<OpenAccount, Error> {
    let keys = WalletKeys::derive(secret, parts.config.network.as_deref());
    assemble_with(keys, parts, warnings).await
}

/// A fresh device of the same wallet, in memory, on the same nodes, none of which it can change. Nothing works on it.
///
/// # Errors
/// As [`open`].
pub async fn rehearsal(account: &Account) -> Result<Arc<Account>, Error> {
    let nodes = (0..account.network.len()).filter_map(|at| account.network.shared(at));
    let parts = Parts {
        config: account.config.clone(),
        store: Arc::new(MemoryStore::new()),
        nodes: nodes.map(|node| Arc::new(OnlyReads::new(node)) as Arc<dyn Node>).collect(),
        peers: None,
        clock: account.clock.clone(),
        entropy: Entropy::system()?,
        mode: Mode::ReadAlong,
        bounds: account.local.bounds(),
    };
    let opened = assemble_with(account.local.keys().again(), parts, Vec::new()).await?;
    Ok(opened.account)
}

async fn assemble_with(keys: WalletKeys, parts: Parts, warnings: Vec<String>) -> Result<OpenAccount, Error> {
    let Parts { config, store, nodes, peers, clock, entropy, mode, bounds } = parts;
    config.validate()?;
    let events = Arc::new(Events::new());
    let local = LocalParts {
        keys,
        store,
        clock: clock.clone(),
        events: events.clone(),
        warnings,
        bounds,
        reads_along: mode == Mode::ReadAlong,
    };
    let (local, kept) = Local::open(local, &entropy).await?;
    let metrics = Metrics::new(clock.clone(), config.metrics.slow);
    metrics.restore(&local.history().await?);
    let measure = Arc::new(Measure::new(metrics, clock.clone(), kept.last_sync));
    let health = Health::new(nodes.iter().map(|node| node.id().to_owned()));
    if let Some(kept) = kept.health {
        health.restore(&kept);
    }
    let nodes = NodeSet::new(nodes, Arc::new(health));
    let network = Network::new(nodes, peers, clock.clone(), measure.clone(), &config);
    let ids = network.own().map(|at| network.id(at)).collect();
    local.configure_nodes(ids, network.needed()).await?;
    let (tasks, publishing) = (Tasks::default(), Mutex::new(()));
    let (lanes, attempts) = (Lanes::new(), Attempts::default());
    let account = Arc::new(Account {
        pool: placing::mark(&config.nodes),
        config,
        clock,
        entropy,
        local,
        network,
        events,
        tasks,
        measure,
        publishing,
        retiring: Mutex::default(),
        releasing: Mutex::default(),
        checking: Mutex::default(),
        fetching: Arc::default(),
        searching: Arc::default(),
        readings: AtomicU64::new(0),
        attempts,
        shares: Shares::default(),
        damage: Damage::default(),
        lanes,
        uplink: Uplink::default(),
        push: Push::default(),
    });
    account.recall_damage();
    let syncs = Arc::new(Syncs::new(account.clone()));
    let schedule = Schedule::new();
    match mode {
        Mode::Background => schedule.start(&syncs).await,
        Mode::Own => schedule.start_telling(&account).await,
        Mode::ReadAlong => {}
    }
    Ok(OpenAccount { account, syncs, schedule })
}

impl OpenAccount {
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// Lets running work end for at most `drain`, then releases the folder.
    ///
    /// # Errors
    /// Store errors of the last writes.
    pub async fn close(&self, drain: Duration) -> Result<(), Error> {
        let account = &self.account;
        if !account.tasks.close() {
            return Ok(());
        }
        self.schedule.stop().await;
        account.tasks.drain(drain).await;
        account.network.close();
        let written = match account.local.reads_along() {
            true => Ok(()),
            false => match account.local.write_measurements(&account.measure).await {
                Ok(()) => first_look::leave(account).await,
                failed => failed,
            },
        };
        // The folder is free whatever became of the last write.
        account.local.close().await.and(written)
    }
}

fn http_nodes(config: &Config) -> Result<Vec<Arc<dyn Node>>, Error> {
    let http = Http::new()?;
    let mut nodes: Vec<Arc<dyn Node>> = Vec::new();
    let cap = Cap::new(config.limits.up_kbit, config.limits.down_kbit);
    for node in config.nodes.iter() {
        let node: Arc<dyn Node> = Arc::new(KuboNode::new(node, &http, &config.timeouts)?);
        nodes.push(match &cap {
            Some(cap) => Arc::new(Capped::new(node, cap.clone())),
            None => node,
        });
    }
    Ok(nodes)
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
