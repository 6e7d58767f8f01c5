//! The cluster: its nodes, the network they share, and their life in one process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tauri_plugin_wallet_sync::{Code, Error, limits};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::dialect::Dialect;
use crate::http::{self, Surface};
use crate::node::{DevNode, Node};
use crate::pubsub::Topics;

/// What the nodes' own network is like. The defaults are Kubo's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a gateway looks for content that is nowhere. Default 30 s.
    pub gateway_wait: Duration,
    /// How long each operation that walks the DHT hangs on the healthy nodes while another node has
    /// [`Fault::Hang`](crate::Fault::Hang): online puts, gets of names the node does not hold. Default 25 s
    /// (measured on Kubo: 15–43 s); `None` = such a node is ignored.
    pub walk_stall: Option<Duration>,
    /// The version that the nodes speak as. Default: Kubo 0.43.
    pub dialect: Dialect,
    /// Whether pubsub is enabled. Default: no.
    pub pubsub: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            gateway_wait: Duration::from_secs(30),
            walk_stall: Some(Duration::from_secs(25)),
            dialect: Dialect::default(),
            pubsub: false,
        }
    }
}

/// How a cluster is started.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Number of nodes, 1 to 32.
    pub count: usize,
    /// The token every RPC asks for. Default: none.
    pub token: Option<String>,
    /// The nodes' own network.
    pub settings: Settings,
    /// Whether the nodes are libp2p peers as well: the LAN DHT and bitswap on loopback ports. Default: no, and `swarm` is
    /// empty in the nodes file. Needs the feature `swarm`.
    pub swarm: bool,
}

/// What all nodes of a cluster share.
#[derive(Debug)]
pub(crate) struct Shared {
    settings: Mutex<Settings>,
    moves: watch::Sender<()>,
    /// What the nodes carry from one to the other.
    pub topics: Topics,
}

impl Shared {
    pub fn settings(&self) -> Settings {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Some node has blocks that it had not, or can be reached again.
    pub fn blocks_moved(&self) {
        self.moves.send_replace(());
    }

    pub fn watch_blocks(&self) -> watch::Receiver<()> {
        self.moves.subscribe()
    }

    /// What a walk through the DHT costs a node now.
    pub async fn stall(&self, node: &Node) {
        if let Some(stall) = self.settings().walk_stall.filter(|_| node.has_hung_peer()) {
            tokio::time::sleep(stall).await;
        }
    }
}

/// Running nodes; dropping the value ends them.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<DevNode>,
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Cluster {
    /// Starts `count` healthy nodes on free loopback ports.
    ///
    /// # Errors
    /// [`Code::BadRequest`] for a count outside 1–32, or for peers without the feature, [`Code::StorageIo`] when a port cannot be opened.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing running.
    pub async fn start(count: usize) -> Result<Self, Error> {
        Self::start_with(Options { count, ..Options::default() }).await
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing running.
    pub async fn start_with(options: Options) -> Result<Self, Error> {
        let count = u8::try_from(options.count).unwrap_or(u8::MAX);
        if !(1..=limits::NODES).contains(&usize::from(count)) {
            return Err(Error::new(Code::BadRequest, format!("nodes: 1 to {}", limits::NODES)));
        }
        let shared = Arc::new(Shared {
            settings: Mutex::new(options.settings),
            moves: watch::Sender::new(()),
            topics: Topics::default(),
        });
        let nodes = (1..=count)
            .map(|number| Node::new(number, options.token.clone(), shared.clone()).map(Arc::new))
            .collect::<Result<Vec<_>, _>>()?;
        for node in &nodes {
            let others = nodes.iter().filter(|other| !Arc::ptr_eq(node, other)).map(Arc::downgrade);
            let _ = node.peers.set(others.collect());
        }
        let serve = |node: &Arc<Node>| {
            [Surface::Api, Surface::Gateway].map(|surface| tokio::spawn(http::serve(node.clone(), surface)))
        };
        let mut tasks: Vec<JoinHandle<()>> = nodes.iter().flat_map(serve).collect();
        if options.swarm {
            tasks.extend(open_swarms(&nodes).await?);
        }
        Ok(Self { nodes: nodes.into_iter().map(DevNode).collect(), shared, tasks })
    }

    /// The nodes file: a JSON array of `{id, api, gateway, swarm, token?}`.
    #[must_use]
    pub fn nodes_json(&self) -> String {
        let nodes = self.nodes.iter().map(|node| {
            let mut entry = json!({
                "id": node.id(), "api": node.api_url(), "gateway": node.gateway_url(),
                "swarm": node.0.swarm_address().into_iter().collect::<Vec<_>>(),
            });
            if let (Some(token), Some(entry)) = (&node.0.token, entry.as_object_mut()) {
                entry.insert("token".to_owned(), token.as_str().into());
            }
            format!(" {entry}")
        });
        format!("[\n{}\n]\n", nodes.collect::<Vec<_>>().join(",\n"))
    }

    /// Node `i`, counted from 0.
    ///
    /// # Panics
    /// If there are fewer nodes.
    #[must_use]
    #[allow(clippy::indexing_slicing)]
    pub fn node(&self, i: usize) -> &DevNode {
        &self.nodes[i]
    }

    /// Every node.
    #[must_use]
    pub fn nodes(&self) -> &[DevNode] {
        &self.nodes
    }

    /// How many nodes there are, killed ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never true: a cluster has at least one node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What the nodes' own network is like now.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.shared.settings()
    }

    /// Changes the nodes' own network.
    pub fn set_settings(&self, settings: Settings) {
        *self.shared.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// Closes all ports and ends all tasks.
    ///
    /// # Cancel safety
    /// The ports are closed at once; the future only waits for the tasks to end.
    pub async fn stop(mut self) {
        self.close();
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await;
        }
    }

    fn close(&self) {
        self.nodes.iter().for_each(DevNode::kill);
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Makes every node a libp2p peer as well.
#[cfg(feature = "swarm")]
async fn open_swarms(nodes: &[Arc<Node>]) -> Result<Vec<JoinHandle<()>>, Error> {
    let mut tasks = Vec::new();
    for node in nodes {
        let listening = crate::peer::listen(node).await?;
        node.is_peer.store(true, std::sync::atomic::Ordering::SeqCst);
        node.open_swarm();
        tasks.push(tokio::spawn(crate::peer::serve(node.swarm.clone(), listening)));
    }
    Ok(tasks)
}

#[cfg(not(feature = "swarm"))]
#[allow(clippy::unused_async)]
async fn open_swarms(_: &[Arc<Node>]) -> Result<Vec<JoinHandle<()>>, Error> {
    Err(Error::new(Code::BadRequest, "the nodes were built without the feature `swarm`"))
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.close();
    }
}
