//! A device behind the fronts, with a clock that the test moves.

use std::sync::Arc;
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::{Entropy, ManualClock};
use tauri_plugin_wallet_sync::engine::{Bounds, Engine, Mode, NewToken, Parts, SyncReport, SyncRequest};
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::node::kubo::{Http, KuboNode};
use tauri_plugin_wallet_sync::store::Level;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::{Config, Secret};

/// 2026-01-01T00:00:00Z.
const START_MS: i64 = 1_767_225_600_000;
/// More than a small publish takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(16);

pub fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(START_MS))
}

pub struct Device {
    pub engine: Engine,
}

impl Device {
    pub async fn on(nodes_json: &str, clock: Arc<ManualClock>) -> Self {
        Self::with(MemoryStore::new(), nodes_json, clock).await
    }

    pub async fn with(store: MemoryStore, nodes_json: &str, clock: Arc<ManualClock>) -> Self {
        Self::of(9, store, nodes_json, clock).await
    }

    /// One that gives a busy machine time: where every node answers or refuses at once, nothing is waited for in vain.
    #[allow(dead_code, reason = "not every test has busy machines")]
    pub async fn patient(nodes_json: &str, clock: Arc<ManualClock>) -> Self {
        let mut config = Config::default();
        config.nodes = Config::parse_nodes(nodes_json).unwrap();
        config.timeouts.sync = PATIENCE;
        Self::configured(9, MemoryStore::new(), config, clock).await
    }

    /// A device of another wallet.
    #[allow(dead_code, reason = "not every test has two wallets")]
    pub async fn of(wallet: u8, store: MemoryStore, nodes_json: &str, clock: Arc<ManualClock>) -> Self {
        let mut config = Config::default();
        config.nodes = Config::parse_nodes(nodes_json).unwrap();
        Self::configured(wallet, store, config, clock).await
    }

    async fn configured(wallet: u8, store: MemoryStore, config: Config, clock: Arc<ManualClock>) -> Self {
        let http = Http::new().unwrap();
        let node = |node| Arc::new(KuboNode::new(node, &http, &config.timeouts).unwrap()) as Arc<dyn Node>;
        let parts = Parts {
            nodes: config.nodes.iter().map(node).collect(),
            config,
            store: Arc::new(store),
            peers: None,
            clock,
            entropy: Entropy::system().unwrap(),
            mode: Mode::Own,
            bounds: Bounds::default(),
        };
        Self { engine: Engine::assemble(&Secret::new([wallet; 32]), parts).await.unwrap() }
    }

    pub async fn put(&self, id: &str) {
        self.put_all(&[id.to_owned()]).await;
    }

    pub async fn put_all(&self, ids: &[String]) {
        let token = |id: &String| NewToken {
            token_id: id.clone(),
            state_hash: "s0".to_owned(),
            previous: None,
            summary: None,
            payload: format!("payload of {id}").into(),
        };
        self.engine.put(ids.iter().map(token).collect()).await.unwrap();
    }

    pub async fn verify(&self) -> SyncReport {
        let wait = Some(Level::Verified);
        self.engine.sync(SyncRequest { fresh: true, deadline: Some(PATIENCE), wait }, |_| ()).await.unwrap()
    }

    /// Reads, and gives the ids that are shown with their payload.
    pub async fn restore(&self) -> Vec<String> {
        let request = SyncRequest { fresh: true, deadline: Some(PATIENCE), wait: None };
        let read = self.engine.sync(request, |_| ()).await;
        println!("restored: {read:?}");
        let rows = self.engine.tokens(None, 1_000, true).into_iter().filter(|row| row.has_payload);
        rows.map(|row| row.key.token_id.as_str().to_owned()).collect()
    }

    /// The ids of tokens that are not proven spent.
    #[allow(dead_code, reason = "not every test that has a device spends")]
    pub fn unspent(&self) -> Vec<String> {
        let rows = self.engine.tokens(None, 1_000, false).into_iter();
        rows.map(|row| row.key.token_id.as_str().to_owned()).collect()
    }

    pub async fn close(&self) {
        self.engine.close(Duration::from_secs(5)).await.unwrap();
    }
}
