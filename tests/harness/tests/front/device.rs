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
const PATIENCE: Duration = Duration::from_secs(8);

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
        let mut config = Config::default();
        config.nodes = Config::parse_nodes(nodes_json).unwrap();
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
        Self { engine: Engine::assemble(&Secret::new([9; 32]), parts).await.unwrap() }
    }

    pub async fn put(&self, id: &str) {
        let token = NewToken {
            token_id: id.to_owned(),
            state_hash: "s0".to_owned(),
            previous: None,
            summary: None,
            payload: format!("payload of {id}").into(),
        };
        self.engine.put(vec![token]).await.unwrap();
    }

    pub async fn verify(&self) -> SyncReport {
        let wait = Some(Level::Verified);
        self.engine.sync(SyncRequest { fresh: true, deadline: Some(PATIENCE), wait }, |_| ()).await.unwrap()
    }

    /// Reads, and gives the ids that are shown with their payload.
    pub async fn restore(&self) -> Vec<String> {
        let request = SyncRequest { fresh: true, deadline: Some(PATIENCE), wait: None };
        let _ = self.engine.sync(request, |_| ()).await;
        let rows = self.engine.tokens(None, 1_000, true).into_iter().filter(|row| row.has_payload);
        rows.map(|row| row.key.token_id.as_str().to_owned()).collect()
    }

    pub async fn close(&self) {
        self.engine.close(Duration::from_secs(5)).await.unwrap();
    }
}
