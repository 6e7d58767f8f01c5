//! A cluster under test: HTTP to prepare it, libp2p to ask it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dev_nodes::{Cluster, Fault};
use tauri_plugin_wallet_sync::clock::{Entropy, monotonic};
use tauri_plugin_wallet_sync::config::{Nodes as NodeList, Timeouts};
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::CarWriter;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::{Slot, SlotKey, WalletKeys};
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::node::dht::Dht;
use tauri_plugin_wallet_sync::node::kubo::{Http, KuboNode};
use tauri_plugin_wallet_sync::node::peers::{PeerAnswer, Peers};
use tauri_plugin_wallet_sync::node::{Call, Meter, Node, Put, PutMode};
use tauri_plugin_wallet_sync::{Config, NodeConfig, Secret};
use wallet_sync_harness::RealCluster;

/// 2100-01-01: an EOL no test lives to see.
const FAR: i64 = 4_102_444_800_000;

enum Nodes {
    Embedded(Cluster),
    Real(RealCluster),
}

/// The nodes under test.
pub struct Target {
    nodes: Nodes,
    pub configs: NodeList,
    http: Vec<KuboNode>,
}

impl Target {
    pub fn embedded(cluster: Cluster) -> Self {
        let json = cluster.nodes_json();
        Self::new(Nodes::Embedded(cluster), &json)
    }

    pub fn real(cluster: RealCluster) -> Self {
        let json = cluster.nodes_json().unwrap();
        Self::new(Nodes::Real(cluster), &json)
    }

    fn new(nodes: Nodes, json: &str) -> Self {
        let configs = Config::parse_nodes(json).unwrap();
        let client = Http::new().unwrap();
        let http =
            configs.iter().map(|node| KuboNode::new(node, &client, &Timeouts::default()).unwrap()).collect();
        Self { nodes, configs, http }
    }

    pub const fn kind(&self) -> &'static str {
        match self.nodes {
            Nodes::Embedded(_) => "embedded nodes",
            Nodes::Real(_) => "real Kubo",
        }
    }

    /// Freezes a node: its sockets stay open and nothing answers.
    pub fn hang(&self, i: usize) {
        match &self.nodes {
            Nodes::Embedded(cluster) => cluster.node(i).set_fault(Fault::Hang),
            Nodes::Real(cluster) => cluster.stop_signal(i).unwrap(),
        }
    }

    pub fn wake(&self, i: usize) {
        match &self.nodes {
            Nodes::Embedded(cluster) => cluster.node(i).set_fault(Fault::None),
            Nodes::Real(cluster) => cluster.cont(i).unwrap(),
        }
    }

    /// A client that knows all nodes.
    pub fn dht(&self) -> Dht {
        dht(&self.configs)
    }

    /// Stores a record on one node only.
    pub async fn store(&self, i: usize, record: &Record) {
        let put = self.http[i].put_record(record, PutMode::Offline, &within(10_000)).await.unwrap();
        assert_eq!(put, Put::Stored);
    }

    /// The sequence of the record a node itself holds.
    pub async fn sequence(&self, i: usize, record: &Record) -> Option<u64> {
        match self.http[i].record(record.name(), true, &within(10_000)).await {
            tauri_plugin_wallet_sync::node::Outcome::Found(found, _) => Some(found.sequence()),
            _ => None,
        }
    }

    /// Stores blocks on some nodes.
    pub async fn import(&self, nodes: &[usize], blocks: &[Block]) {
        let mut car = CarWriter::new(blocks[0].cid());
        blocks.iter().for_each(|block| car.push(block));
        let car = car.finish();
        for i in nodes {
            self.http[*i].import(car.clone(), &within(60_000)).await.unwrap();
        }
    }
}

/// A client that knows these nodes.
pub fn dht(nodes: &[NodeConfig]) -> Dht {
    Dht::new(nodes, &[], Entropy::system().unwrap()).unwrap().unwrap()
}

/// A call that ends after some milliseconds.
pub fn within(ms: u64) -> Call {
    Call { deadline: monotonic() + Duration::from_millis(ms), meter: Arc::new(Meter::default()) }
}

/// The key of a check; equal for equal seeds.
pub fn key(seed: &str) -> SlotKey {
    let secret = Secret::new(*Cid::of(Codec::Raw, seed.as_bytes()).digest());
    WalletKeys::derive(&secret, None).slot(Slot::ZERO)
}

pub fn record(key: &SlotKey, sequence: u64) -> Record {
    let root = Cid::of(Codec::DagCbor, &sequence.to_be_bytes());
    Record::create(key, sequence, &root, FAR, &[]).unwrap()
}

/// Different raw blocks of one size.
pub fn blocks(seed: &str, count: usize, size: usize) -> Vec<Block> {
    (0..count)
        .map(|at| {
            let mut bytes = format!("{seed} {at} ").into_bytes();
            bytes.resize(size, b'.');
            Block::new(Codec::Raw, Bytes::from(bytes))
        })
        .collect()
}

pub fn cids(blocks: &[Block]) -> Vec<Cid> {
    blocks.iter().map(|block| *block.cid()).collect()
}

/// Every answer until the question ends.
pub async fn all(dht: &Dht, key: &SlotKey, call: &Call) -> Vec<PeerAnswer> {
    let mut answers = dht.records(&[key.name()], call);
    let mut got = Vec::new();
    while let Some(answer) = answers.recv().await {
        got.push(answer);
    }
    got
}
