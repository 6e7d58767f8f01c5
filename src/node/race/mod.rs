//! Asks several nodes: all of them for records, within a time window; one for content, with hedged requests.
//!
//! [`Node`] has verified every record and block that arrives here. A node that loses a race, sends something false or
//! does not answer is asked later the next time ([`Health`]).

mod block;
mod car;
mod flowing;
mod grace;
mod records;
mod shown;

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;

use self::flowing::Flowing;
pub use self::grace::Grace;
pub use self::records::{Question, RecordAnswer, RecordAnswers};
use self::shown::Apart;
use super::health::{Health, NodeHealth};
use super::switch::Switched;
use super::{BlockSink, Call, Node, is_refused};
use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::car::CarSummary;
use crate::model::cid::Cid;

/// The configured nodes and their health.
pub struct NodeSet {
    nodes: Vec<Arc<dyn Node>>,
    /// The same ones.
    switches: Vec<Arc<Switched>>,
    health: Arc<Health>,
    /// What is not asked for together with other names.
    apart: Arc<Apart>,
}

/// Sees each verified block as it arrives.
pub type OnBlock<'a> = &'a (dyn Fn(&Block) + Send + Sync);

/// The result of fetching several blocks.
#[derive(Debug, Default)]
pub struct Fetched {
    /// Verified blocks, in any order.
    pub blocks: Vec<Block>,
    /// What could not be fetched, and why.
    pub failed: Vec<(Cid, Error)>,
}

impl NodeSet {
    /// The nodes in the order in which content is asked of them: the fastest first, but for one that a call prefers.
    fn order(&self, call: &Call) -> VecDeque<usize> {
        let mut order: VecDeque<usize> = self.health.order().into();
        let preferred = call.meter.preferred().and_then(|node| order.iter().position(|at| *at == node));
        if let Some(node) = preferred.and_then(|place| order.remove(place)) {
            order.push_front(node);
        }
        order
    }

    /// The nodes in the order of the configuration.
    #[must_use]
    pub fn new(nodes: Vec<Arc<dyn Node>>, health: Arc<Health>) -> Self {
        let switches: Vec<_> = nodes.into_iter().map(|node| Arc::new(Switched::new(node))).collect();
        let nodes = switches.iter().map(|node| Arc::clone(node) as Arc<dyn Node>).collect();
        Self { nodes, switches, health, apart: Arc::default() }
    }

    /// Enables or disables a node.
    pub fn set_enabled(&self, at: usize, enabled: bool) {
        if let Some(node) = self.switches.get(at) {
            node.set_enabled(enabled);
        }
    }

    /// Whether a node is enabled.
    #[must_use]
    pub fn is_enabled(&self, at: usize) -> bool {
        self.switches.get(at).is_some_and(|node| node.is_enabled())
    }

    /// How many are configured.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether none is configured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// One of them.
    #[must_use]
    pub fn node(&self, at: usize) -> Option<&Arc<dyn Node>> {
        self.nodes.get(at)
    }

    /// Their health.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Their health, as reported.
    #[must_use]
    pub fn report(&self, now: tokio::time::Instant) -> Vec<NodeHealth> {
        self.health.report(now)
    }

    /// Opens this many connections to every node in advance.
    ///
    /// # Cancel safety
    /// May be dropped at any time.
    pub async fn warm(&self, connections: usize) {
        futures_util::future::join_all(self.nodes.iter().map(|node| node.warm(connections))).await;
    }

    /// Asks each of `which` for each name at once; answers are received as they arrive. What a node is expected to show is
    /// asked for in one short question, and its bytes only where the answer is another.
    #[must_use]
    pub fn ask_records(&self, names: &[Question], which: &[usize], call: &Call) -> RecordAnswers {
        records::ask(self, names, which, call)
    }

    /// A node failed to give content. That our own time was up says nothing of the node: what is nowhere takes all of it.
    fn note_failure(&self, at: usize, error: &Error, call: &Call) {
        let now = monotonic();
        if is_refused(error) {
            self.health.note_error(at, error);
        } else if error.code() != Code::Deadline || now < call.deadline {
            self.health.bad(at, error, now);
        }
    }

    /// Fetches several blocks, so many at once (at most [`limits::BLOCK_REQUESTS`]); each as [`NodeSet::fetch_block`] does. Each is
    /// shown to `arrived` as it comes.
    ///
    /// # Cancel safety
    /// Dropping the future stops the requests.
    pub async fn fetch_blocks(
        &self,
        cids: &[Cid],
        at_once: usize,
        arrived: OnBlock<'_>,
        call: &Call,
    ) -> Fetched {
        let line = Flowing::new(&call.meter);
        let line = &line;
        let asks =
            cids.iter().copied().map(|cid| async move { (cid, block::fetch(self, &cid, line, call).await) });
        let mut results = stream::iter(asks).buffer_unordered(at_once.clamp(1, limits::BLOCK_REQUESTS));
        let mut fetched = Fetched::default();
        while let Some((cid, result)) = results.next().await {
            match result {
                Ok(block) => {
                    arrived(&block);
                    fetched.blocks.push(block);
                }
                Err(e) => fetched.failed.push((cid, e)),
            }
        }
        fetched
    }

    /// Fetches one block. Nodes are asked in order of measured latency; the next one is asked as well when an answer takes
    /// longer than expected ([`Health::hedge`]) and nothing flows.
    ///
    /// # Errors
    /// [`Code::HashMismatch`] (or another failed check) when every answer was false, [`Code::Deadline`] when the time was up,
    /// [`Code::Unreachable`] otherwise.
    ///
    /// # Cancel safety
    /// Dropping the future stops the requests.
    pub async fn fetch_block(&self, cid: &Cid, call: &Call) -> Result<Block, Error> {
        block::fetch(self, cid, &Flowing::new(&call.meter), call).await
    }

    /// Fetches the DAG under a root as one CAR from one node; blocks in `held` may be missing from it. When a stream stalls
    /// or breaks, the next node is asked for what is still missing.
    ///
    /// # Errors
    /// As [`NodeSet::fetch_block`]; blocks already passed to `sink` are verified and may be kept.
    ///
    /// # Cancel safety
    /// Dropping the future stops the requests.
    pub async fn fetch_car(
        &self,
        root: &Cid,
        held: std::collections::HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error> {
        car::fetch(self, root, held, sink, call).await
    }
}

impl std::fmt::Debug for NodeSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NodeSet({})", self.nodes.len())
    }
}

/// A failed check is the better error: it says more than a missing answer.
fn worse(old: Option<Error>, new: Error) -> Error {
    let is_silence = |e: &Error| matches!(e.code(), Code::Unreachable | Code::Deadline);
    match old {
        Some(old) if !is_silence(&old) && is_silence(&new) => old,
        _ => new,
    }
}
