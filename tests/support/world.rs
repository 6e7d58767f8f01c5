//! A wallet's world in memory: fake nodes, and devices on memory stores.
//!
//! Time is tokio's paused clock, randomness is seeded: a run repeats.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::{Clock, Entropy, ManualClock};
use tauri_plugin_wallet_sync::engine::{
    Bounds, Engine, Mode, NewToken, Parts, SyncFailure, SyncReport, SyncRequest, nodes_of,
};
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::node::peers::Peers;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::store::{Level, Store};
use tauri_plugin_wallet_sync::{Config, Secret};

pub use super::fake_node::{FakeNode, Fault};
use super::peers::FakePeers;

/// Nodes, a clock, and devices.
pub struct World {
    pub nodes: Vec<Arc<FakeNode>>,
    pub clock: Arc<ManualClock>,
    pub config: Config,
    pub secret: Secret,
    /// The third tier of every device; none by default.
    pub peers: Option<Arc<FakePeers>>,
    seed: AtomicU64,
}

/// 2026-01-01T00:00:00Z.
pub const START_MS: i64 = 1_767_225_600_000;

impl World {
    pub fn new(nodes: usize) -> Self {
        Self {
            nodes: FakeNode::cluster(nodes),
            clock: Arc::new(ManualClock::new(START_MS)),
            config: Config::default(),
            secret: Secret::new([7; 32]),
            peers: None,
            seed: AtomicU64::new(1),
        }
    }

    /// The same nodes and clock for a wallet of another secret.
    pub fn under(&self, secret: [u8; 32]) -> Self {
        Self {
            nodes: self.nodes.clone(),
            clock: self.clock.clone(),
            config: self.config.clone(),
            secret: Secret::new(secret),
            peers: self.peers.clone(),
            seed: AtomicU64::new(self.seed.fetch_add(1_000, Ordering::Relaxed)),
        }
    }

    /// A world whose nodes can be reached as peers.
    pub fn with_peers(nodes: usize) -> (Self, Arc<FakePeers>) {
        let mut world = Self::new(nodes);
        let peers = FakePeers::new(&world.nodes);
        world.peers = Some(peers.clone());
        (world, peers)
    }

    /// A device on a store of its own.
    pub async fn device(&self) -> Device {
        self.device_on(MemoryStore::new()).await
    }

    /// A device on a given store: a restart, or a clone.
    pub async fn device_on(&self, store: MemoryStore) -> Device {
        Device { engine: self.engine_on(Arc::new(store.clone())).await, store }
    }

    /// An engine on any store.
    pub async fn engine_on(&self, store: Arc<dyn Store>) -> Engine {
        let mut config = self.config.clone();
        config.nodes = nodes_of(&self.secret, &config);
        let parts = Parts {
            store,
            nodes: self.nodes_in(&config),
            peers: self.peers.clone().map(|peers| peers as Arc<dyn Peers>),
            clock: self.clock.clone(),
            entropy: Entropy::seeded(self.seed.fetch_add(1, Ordering::Relaxed)),
            mode: Mode::Own,
            bounds: Bounds::default(),
            config,
        };
        Engine::assemble(&self.secret, parts).await.unwrap()
    }

    /// Every node; where a pool is configured, those of the wallet.
    fn nodes_in(&self, config: &Config) -> Vec<Arc<dyn Node>> {
        let all = || self.nodes.iter().map(|node| node.clone() as Arc<dyn Node>);
        if config.nodes.pool().is_none() {
            return all().collect();
        }
        config.nodes.iter().filter_map(|named| all().find(|node| node.id() == named.id)).collect()
    }

    pub fn faults(&self, fault: Fault, which: &[usize]) {
        which.iter().for_each(|at| self.nodes[*at].set(fault));
    }

    /// Moves wall clock and paused time.
    pub async fn pass(&self, time: Duration) {
        self.clock.advance_ms(i64::try_from(time.as_millis()).unwrap());
        tokio::time::sleep(time).await;
    }

    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    pub fn puts(&self) -> u64 {
        self.nodes.iter().map(|node| node.puts.load(Ordering::Relaxed)).sum()
    }
}

/// A device under test.
pub struct Device {
    pub engine: Engine,
    pub store: MemoryStore,
}

impl Device {
    pub async fn put(&self, ids: &[&str]) {
        let tokens = ids.iter().map(|id| token(id, "s0")).collect();
        self.engine.put(tokens).await.unwrap();
    }

    pub async fn sync(&self) -> Result<SyncReport, SyncFailure> {
        self.engine.sync(SyncRequest { fresh: true, deadline: None, wait: None }, |_| ()).await
    }

    pub async fn sync_to(&self, level: Level) -> Result<SyncReport, SyncFailure> {
        self.engine.sync(SyncRequest { fresh: true, deadline: None, wait: Some(level) }, |_| ()).await
    }

    /// Token ids of the view.
    pub fn ids(&self) -> Vec<String> {
        self.engine
            .tokens(None, 1_000, false)
            .iter()
            .map(|row| row.key.token_id.as_str().to_owned())
            .collect()
    }

    /// Lets the background work end.
    pub async fn close(&self) {
        self.engine.close(Duration::from_secs(30)).await.unwrap();
    }
}

/// A token state with a payload that names it.
pub fn token(id: &str, state: &str) -> NewToken {
    NewToken {
        token_id: id.to_owned(),
        state_hash: state.to_owned(),
        previous: None,
        summary: Some(format!("coin {id}")),
        payload: Bytes::from(format!("payload of {id} in {state}")),
    }
}

/// Bytes that no compressor makes smaller, other ones for each seed but nought.
pub fn noise(seed: u64, length: usize) -> Bytes {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}
