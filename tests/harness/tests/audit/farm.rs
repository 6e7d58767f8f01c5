//! Nodes that can be harmed: what a failing disk, a power cut or an operator does to them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dev_nodes::{Cluster, DevNode};
use serde_json::Value;
use tauri_plugin_wallet_sync::model::cid::Cid;
use wallet_sync_harness::RealCluster;

/// What becomes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Its file is there and has nothing in it.
    Emptied,
    /// One byte of it is another.
    Changed,
    /// It is gone.
    Lost,
    /// It is there, and reading it is an error, as on a bad sector: a folder stands in its place. Of real nodes only.
    Unreadable,
}

/// Three nodes.
pub enum Farm {
    Embedded(Cluster),
    Kubo(RealCluster),
}

pub const NODES: usize = 3;
/// Blocks of the wallet; a daemon has a few of its own that are smaller.
const SMALLEST: usize = 33;

impl Farm {
    pub async fn embedded() -> Self {
        Self::Embedded(Cluster::start(NODES).await.unwrap())
    }

    pub async fn kubo() -> Self {
        let cluster = tokio::task::spawn_blocking(|| RealCluster::start(NODES)).await.unwrap();
        Self::Kubo(cluster.unwrap())
    }

    pub fn nodes_json(&self) -> String {
        match self {
            Self::Embedded(cluster) => cluster.nodes_json(),
            Self::Kubo(cluster) => cluster.nodes_json().unwrap(),
        }
    }

    /// Harms blocks of a node, those that `which` picks of all in the order of their hashes; tells how many.
    pub fn harm(&self, at: usize, harm: Harm, which: impl Fn(usize) -> bool) -> usize {
        match self {
            Self::Embedded(cluster) => harm_embedded(cluster.node(at), harm, which),
            Self::Kubo(cluster) => harm_files(&store(cluster, at), harm, which),
        }
    }

    /// The blocks that a node has, each with its bytes.
    pub fn stored(&self, at: usize) -> BTreeMap<String, Vec<u8>> {
        match self {
            Self::Embedded(cluster) => {
                let blocks = cluster.node(at).blocks().into_iter();
                blocks.map(|(cid, bytes)| (cid.to_string(), bytes.to_vec())).collect()
            }
            Self::Kubo(cluster) => {
                let named =
                    |file: PathBuf| (file.to_str().unwrap().to_owned(), std::fs::read(&file).unwrap());
                files(&store(cluster, at)).into_iter().map(named).collect()
            }
        }
    }

    /// Harms these blocks of a node.
    pub fn harm_named(&self, at: usize, harm: Harm, names: &[String]) {
        for name in names {
            match self {
                Self::Embedded(cluster) => harm_block(cluster.node(at), harm, &name.parse::<Cid>().unwrap()),
                Self::Kubo(_) => harm_file(harm, Path::new(name)),
            }
        }
    }

    /// Drops what no pin holds; a node that misses a block under a pin drops nothing.
    pub async fn collect_garbage(&self, at: usize) {
        let nodes: Value = serde_json::from_str(&self.nodes_json()).unwrap();
        drop(post(nodes[at]["api"].as_str().unwrap(), "repo/gc").await);
    }

    /// Removes every pin of a node.
    pub async fn unpin_all(&self, at: usize) {
        match self {
            Self::Embedded(cluster) => {
                for pin in cluster.node(at).pins() {
                    assert!(cluster.node(at).lose_pin(&pin.cid.parse::<Cid>().unwrap()));
                }
            }
            Self::Kubo(cluster) => {
                let api = api(cluster, at);
                let listed: Value = rpc(&api, "pin/ls?type=recursive").await;
                for cid in listed["Keys"].as_object().unwrap().keys() {
                    rpc(&api, &format!("pin/rm?arg={cid}")).await;
                }
            }
        }
    }

    /// A node forgets everything but who it is.
    pub async fn wipe(&self, at: usize) {
        match self {
            Self::Embedded(cluster) => cluster.node(at).wipe(),
            Self::Kubo(cluster) => restart_without(cluster, at, &["blocks", "datastore"]),
        }
    }

    /// A node forgets its records; a daemon that lost the store of them has lost its pins with it.
    pub async fn forget_records(&self, at: usize) {
        match self {
            Self::Embedded(cluster) => cluster.node(at).forget_records(),
            Self::Kubo(cluster) => restart_without(cluster, at, &["datastore"]),
        }
    }
}

fn harm_embedded(node: &DevNode, harm: Harm, which: impl Fn(usize) -> bool) -> usize {
    let blocks = node.blocks().into_iter().filter(|(_, bytes)| bytes.len() >= SMALLEST);
    let picked: Vec<Cid> = blocks.enumerate().filter(|(n, _)| which(*n)).map(|(_, (cid, _))| cid).collect();
    picked.iter().for_each(|cid| harm_block(node, harm, cid));
    picked.len()
}

fn harm_block(node: &DevNode, harm: Harm, cid: &Cid) {
    let is_there = match harm {
        Harm::Emptied => node.damage_block(cid, Vec::<u8>::new()),
        Harm::Changed => node.damage_block(cid, changed(&node.blocks()[cid])),
        Harm::Lost => node.lose_block(cid),
        Harm::Unreadable => panic!("embedded nodes have no files"),
    };
    assert!(is_there);
}

fn changed(bytes: &[u8]) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    changed
}

fn harm_files(store: &Path, harm: Harm, which: impl Fn(usize) -> bool) -> usize {
    let picked: Vec<PathBuf> =
        files(store).into_iter().enumerate().filter(|(n, _)| which(*n)).map(|(_, file)| file).collect();
    picked.iter().for_each(|file| harm_file(harm, file));
    picked.len()
}

fn harm_file(harm: Harm, file: &Path) {
    match harm {
        Harm::Emptied => std::fs::write(file, b"").unwrap(),
        Harm::Changed => std::fs::write(file, changed(&std::fs::read(file).unwrap())).unwrap(),
        Harm::Lost => std::fs::remove_file(file).unwrap(),
        Harm::Unreadable => {
            std::fs::remove_file(file).unwrap();
            std::fs::create_dir(file).unwrap();
        }
    }
}

fn files(store: &Path) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path());
    let inside = folders.filter(|path| path.is_dir()).flat_map(|path| std::fs::read_dir(path).unwrap());
    let is_block = |path: &PathBuf| {
        let is_data = path.extension().is_some_and(|extension| extension == "data");
        is_data && std::fs::metadata(path).unwrap().len() >= SMALLEST as u64
    };
    let mut files: Vec<PathBuf> = inside.map(|entry| entry.unwrap().path()).filter(is_block).collect();
    files.sort();
    files
}

fn store(cluster: &RealCluster, at: usize) -> PathBuf {
    cluster.dir().join(format!("n{at}/repo/blocks"))
}

fn restart_without(cluster: &RealCluster, at: usize, parts: &[&str]) {
    tokio::task::block_in_place(|| {
        cluster.kill(at).unwrap();
        for part in parts {
            std::fs::remove_dir_all(cluster.dir().join(format!("n{at}/repo/{part}"))).unwrap();
        }
        cluster.up(at).unwrap();
    });
}

fn api(cluster: &RealCluster, at: usize) -> String {
    let nodes: Value = serde_json::from_str(&cluster.nodes_json().unwrap()).unwrap();
    nodes[at]["api"].as_str().unwrap().to_owned()
}

async fn rpc(api: &str, call: &str) -> Value {
    let (status, body) = post(api, call).await;
    assert!(status.is_success(), "{call}: {status}");
    serde_json::from_slice(&body).unwrap()
}

async fn post(api: &str, call: &str) -> (reqwest::StatusCode, Vec<u8>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.post(format!("{api}/api/v0/{call}")).send().await.unwrap();
    (answer.status(), answer.bytes().await.unwrap().to_vec())
}
