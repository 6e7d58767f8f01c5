//! The nodes of an account, over HTTP first, then as libp2p peers.
//!
//! Takes what it needs as arguments and gives what it heard; knows nothing of the wallet's state. What an answer means is
//! decided in `read` and `publish`.

pub mod ask;
pub mod blocks;
pub mod flow;
pub mod heard;
pub mod machine;
pub mod pace;
pub mod pin_names;
pub mod rest;
pub mod third_tier;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use self::pace::Pace;
use self::rest::Arrivals;
use super::api::status::NodeStatus;
use super::measure::Measure;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::node::health::{Health, NodeHealth};
use crate::node::peers::Peers;
use crate::node::race::NodeSet;
use crate::node::{Call, Meter, Node};
use crate::planted::{Bug, is_planted};

/// The configured nodes.
pub struct Network {
    nodes: NodeSet,
    /// Those that held the wallet by an earlier version of its pool: they are read, and count for nothing else.
    former: BTreeSet<usize>,
    /// The nodes as libp2p peers, where their addresses are configured.
    peers: Option<Arc<dyn Peers>>,
    /// When content over HTTP last fell silent: for the time of one sync nobody waits for it again.
    silent_at: Mutex<Option<Instant>>,
    /// Slots of which enough machines said a moment ago that nothing is there.
    absent: Mutex<(Option<Instant>, BTreeSet<Slot>)>,
    /// How fast content comes.
    pub pace: Pace,
    /// Which nodes have answered their readings, and which are about to.
    pub arrivals: Arc<Arrivals>,
    /// Nodes that said which machine they are.
    machines: Mutex<BTreeSet<usize>>,
    clock: Arc<dyn Clock>,
    measure: Arc<Measure>,
    /// How long a read waits for further answers once it has a usable one.
    grace: Duration,
    /// How long a sync may read.
    sync_time: Duration,
    /// How long the peers may take.
    dht_time: Duration,
}

impl Network {
    pub fn new(
        nodes: NodeSet,
        peers: Option<Arc<dyn Peers>>,
        clock: Arc<dyn Clock>,
        measure: Arc<Measure>,
        config: &Config,
    ) -> Self {
        let (grace, sync_time, dht_time) = (config.grace, config.timeouts.sync, config.timeouts.dht);
        let (silent_at, machines, absent) = (Mutex::new(None), Mutex::default(), Mutex::default());
        let pace = Pace::default();
        let former = (0..nodes.len()).filter(|at| config.nodes.is_former(*at)).collect();
        Self {
            nodes,
            former,
            peers,
            silent_at,
            absent,
            pace,
            arrivals: Arc::default(),
            machines,
            clock,
            measure,
            grace,
            sync_time,
            dht_time,
        }
    }

    /// How many nodes are configured.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub fn node(&self, at: usize) -> Option<&dyn Node> {
        self.nodes.node(at).map(AsRef::as_ref)
    }

    /// A node for somebody else to hold.
    pub fn shared(&self, at: usize) -> Option<Arc<dyn Node>> {
        self.nodes.node(at).cloned()
    }

    /// # Errors
    /// `not_found` when there is no such node.
    pub fn require(&self, at: usize) -> Result<&dyn Node, Error> {
        self.node(at).ok_or_else(|| Error::new(Code::NotFound, "no such node"))
    }

    /// The configured id; empty when there is no such node.
    pub fn id(&self, at: usize) -> String {
        self.node(at).map(|node| node.id().to_owned()).unwrap_or_default()
    }

    pub fn health(&self) -> &Health {
        self.nodes.health()
    }

    /// Bytes that flowed within this time still flow: between two requests a far node is silent.
    pub fn still_flows(&self) -> Duration {
        limits::STILL_FLOWS + self.health().usual() * 2
    }

    /// The nodes' health as it is kept for the next start.
    pub fn kept_health(&self) -> Bytes {
        self.health().persist().into()
    }

    pub fn has_peers(&self) -> bool {
        self.peers.is_some()
    }

    pub fn peers(&self) -> Option<&Arc<dyn Peers>> {
        self.peers.as_ref()
    }

    /// Nodes that hold the wallet, or are to; all but former ones.
    pub fn own(&self) -> impl Iterator<Item = usize> {
        (0..self.len()).filter(|at| self.is_own(*at))
    }

    pub fn is_own(&self, at: usize) -> bool {
        at < self.len() && !self.former.contains(&at)
    }

    /// Nodes that can be written to.
    pub fn api_nodes(&self) -> Vec<usize> {
        self.own().filter(|at| self.node(*at).is_some_and(Node::has_api)).collect()
    }

    /// Nodes in use that can be asked what they have pinned, former ones too.
    pub fn telling(&self) -> Vec<usize> {
        let tells = |at: &usize| self.node(*at).is_some_and(Node::has_api) && self.nodes.is_enabled(*at);
        (0..self.len()).filter(tells).collect()
    }

    /// Nodes that can be written to and are in use.
    pub fn writable(&self) -> Vec<usize> {
        self.api_nodes().into_iter().filter(|at| self.nodes.is_enabled(*at)).collect()
    }

    /// Every node, without those that just failed; every node when the caller insists or none is left.
    pub fn askable(&self, insists: bool) -> Vec<usize> {
        let now = self.clock.monotonic();
        let all = 0..self.len();
        let open: Vec<usize> =
            all.clone().filter(|at| insists || self.health().available(*at, now)).collect();
        if open.is_empty() { all.collect() } else { open }
    }

    /// More than half of the nodes that have an API (of all, when none has). Former ones have a say in what is not there.
    pub fn majority(&self) -> usize {
        let api = (0..self.len()).filter(|at| self.node(*at).is_some_and(Node::has_api)).count();
        (if api == 0 { self.len() } else { api }) / 2 + 1
    }

    /// Nodes that must hold a change before it is `verified`, if each is a machine of its own.
    pub fn needed(&self) -> usize {
        let most = if is_planted(Bug::AckAfterOneNode) { 1 } else { limits::VERIFIED_NODES };
        self.api_nodes().len().clamp(1, most)
    }

    /// Whether the last answer of every node over HTTP was a failure.
    pub fn http_is_down(&self) -> bool {
        !self.is_empty() && (0..self.len()).all(|at| !self.health().believed_healthy(at))
    }

    /// Opens connections for a publish that will follow.
    pub async fn warm(&self) {
        self.nodes.warm(limits::PUBLISH_CONNECTIONS).await;
    }

    /// Health of each node, in the order of the configuration.
    pub fn node_health(&self) -> Vec<NodeHealth> {
        self.nodes.report(self.clock.monotonic())
    }

    /// Each node, in the order of the configuration.
    pub fn statuses(&self) -> Vec<NodeStatus> {
        let status = |(at, health)| NodeStatus {
            health,
            enabled: self.nodes.is_enabled(at),
            writable: self.is_own(at) && self.node(at).is_some_and(Node::has_api),
        };
        self.node_health().into_iter().enumerate().map(status).collect()
    }

    /// Takes a node out of use or back into it.
    ///
    /// # Errors
    /// `not_found` when no node has this id.
    pub fn set_enabled(&self, id: &str, enabled: bool) -> Result<(), Error> {
        self.nodes.set_enabled(self.of_id(id)?, enabled);
        Ok(())
    }

    /// # Errors
    /// `not_found` when no node has this id.
    pub fn of_id(&self, id: &str) -> Result<usize, Error> {
        let found = (0..self.len()).find(|at| self.node(*at).is_some_and(|node| node.id() == id));
        found.ok_or_else(|| Error::new(Code::NotFound, "there is no node of this id"))
    }

    /// By the clock of its bounds.
    pub fn now(&self) -> Instant {
        self.clock.monotonic()
    }

    /// Bounds of a request that belongs to nobody's measured run.
    pub fn call(&self, timeout: Duration) -> Call {
        Call { deadline: self.clock.monotonic() + timeout, meter: Arc::new(Meter::default()) }
    }

    /// Puts a record at the peers: nodes without an API get it too. Bounded; the answer proves nothing.
    pub async fn spread_to_peers(&self, record: &Record) {
        let Some(peers) = &self.peers else { return };
        let took = peers.put_record(record, &self.call(limits::SPREAD_TIMEOUT)).await;
        tracing::debug!(took, "the record went to the peers");
    }

    /// Ends the connections to the peers.
    pub fn close(&self) {
        if let Some(peers) = &self.peers {
            peers.close();
        }
    }

    /// Enough machines said just now that nothing is in these slots.
    pub fn note_absent(&self, slots: BTreeSet<Slot>) {
        *self.absent.lock().unwrap_or_else(PoisonError::into_inner) = (Some(self.clock.monotonic()), slots);
    }

    /// Whether that was said of a slot so lately that a put need not ask again.
    pub fn is_just_absent(&self, slot: Slot) -> bool {
        let absent = self.absent.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.monotonic();
        let is_fresh = |at: Instant| now.saturating_duration_since(at) <= limits::PUT_FRESH;
        absent.0.is_some_and(is_fresh) && absent.1.contains(&slot)
    }

    fn fell_silent(&self) {
        *self.silent_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.monotonic());
    }

    fn is_silent(&self) -> bool {
        let silent_at = *self.silent_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.monotonic();
        silent_at.is_some_and(|at| now.saturating_duration_since(at) < self.sync_time)
    }
}
