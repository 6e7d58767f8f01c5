//! How each node has been doing: smoothed latency, failures, circuit breaker, and the order in which nodes are asked.
//!
//! A success makes a node count as healthy, a failure ends that, and then nobody waits for its answer. Several failures
//! in a row open its breaker: it is not asked until one request may probe it. Nothing here decides which answer is
//! true, only which node to ask first and how long to wait.

mod bodies;
mod history;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use self::history::NodeHistory;
use super::Source;
use crate::error::Error;
use crate::limits;

/// Health of one node, as reported.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeHealth {
    /// Its configured id.
    pub id: String,
    /// Whether it works.
    pub state: NodeState,
    /// Median of its last answers, milliseconds.
    pub p50_ms: Option<f64>,
    /// 95th percentile of its last answers, milliseconds.
    pub p95_ms: Option<f64>,
    /// Share of successes, recent ones counting more; 0–1.
    pub success_rate: Option<f64>,
    /// The last failure: code and message.
    pub last_error: Option<String>,
    /// Whether it showed an older record than another node when last read.
    pub behind: bool,
    /// How its last record was fetched: over HTTP or the DHT.
    pub source: Option<Source>,
}

/// Whether a node works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It failed repeatedly and is not asked for a while.
    Down,
    /// Its last answer was a failure.
    Failing,
    /// It was never asked.
    Unknown,
    /// Its last answer was good.
    Up,
}

/// The health of all configured nodes, by their position in the configuration.
#[derive(Debug)]
pub struct Health(Mutex<Vec<NodeHistory>>);

impl Health {
    /// Starts without any history.
    #[must_use]
    pub fn new(ids: impl IntoIterator<Item = String>) -> Self {
        Self(Mutex::new(ids.into_iter().map(NodeHistory::new).collect()))
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<NodeHistory>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Restores what an earlier process saved with [`Health::persist`], by node id; unreadable bytes are ignored.
    pub fn restore(&self, kept: &[u8]) {
        let Ok(kept) = serde_json::from_slice::<Vec<NodeHistory>>(kept) else { return };
        for node in self.nodes().iter_mut() {
            if let Some(known) = kept.iter().find(|known| known.id == node.id) {
                *node = known.clone().sanitized();
            }
        }
    }

    /// What to save for the next process, as JSON.
    #[must_use]
    pub fn persist(&self) -> Vec<u8> {
        serde_json::to_vec(&*self.nodes()).unwrap_or_default()
    }

    /// Records a good answer and how long it took.
    pub fn good(&self, at: usize, took: Duration) {
        if let Some(node) = self.nodes().get_mut(at) {
            node.note_success(took);
        }
    }

    /// Records a failure.
    pub fn bad(&self, at: usize, error: &Error, now: Instant) {
        if let Some(node) = self.nodes().get_mut(at) {
            node.note_failure(error, now);
        }
    }

    /// The largest body that the node is sent, bytes.
    #[must_use]
    pub fn body_most(&self, at: usize, now: Instant) -> usize {
        self.nodes().get(at).map_or(limits::CAR_CHUNK_BYTES, |node| node.bodies.most(now))
    }

    /// A body of so many bytes was refused for its size.
    pub fn note_body_refused(&self, at: usize, bytes: usize) {
        if let Some(node) = self.nodes().get_mut(at) {
            node.bodies.note_refused(bytes);
        }
    }

    /// A connection broke off while a body of so many bytes was sent.
    pub fn note_body_cut_off(&self, at: usize, bytes: usize, now: Instant) {
        if let Some(node) = self.nodes().get_mut(at) {
            node.bodies.note_cut_off(bytes, now);
        }
    }

    /// A body of so many bytes was taken.
    pub fn note_body_taken(&self, at: usize, bytes: usize) {
        if let Some(node) = self.nodes().get_mut(at) {
            node.bodies.note_taken(bytes);
        }
    }

    /// What went wrong while a body was sent, or a verb that is refused: it is reported, and says nothing of what else the node is
    /// asked.
    pub fn note_error(&self, at: usize, error: &Error) {
        if let Some(node) = self.nodes().get_mut(at) {
            node.note_error(error);
        }
    }

    /// Records that a node lost a race: it takes at least this long.
    pub fn slow(&self, at: usize, took: Duration) {
        if let Some(node) = self.nodes().get_mut(at) {
            node.note_at_least(took);
        }
    }

    /// Records how a node's record was fetched, and whether it was older than another node's.
    pub fn shown(&self, at: usize, source: Source, behind: bool) {
        if let Some(node) = self.nodes().get_mut(at) {
            node.source = Some(source);
            node.behind = behind;
        }
    }

    /// Whether the node may be asked: its breaker is closed, or open long enough for a probe.
    #[must_use]
    pub fn available(&self, at: usize, now: Instant) -> bool {
        self.nodes().get(at).is_some_and(|node| node.open_until.is_none_or(|until| now >= until))
    }

    /// Whether its last answer was good, or it was never asked.
    #[must_use]
    pub fn believed_healthy(&self, at: usize) -> bool {
        self.nodes().get(at).is_some_and(|node| node.row == 0)
    }

    /// Whether nothing is known of the node.
    #[must_use]
    pub fn is_stranger(&self, at: usize) -> bool {
        self.nodes().get(at).is_some_and(NodeHistory::is_blank)
    }

    /// Whether an answer of the node may be expected no later than so long after that of the first one.
    #[must_use]
    pub fn is_near(&self, at: usize, within: Duration) -> bool {
        let first = self.usual().as_secs_f64() * 1_000.0;
        self.nodes().get(at).is_some_and(|node| node.at_best_ms() <= first + within.as_secs_f64() * 1_000.0)
    }

    /// All nodes in the order of asking: healthy before failing, then by smoothed latency.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        let nodes = self.nodes();
        let mut order: Vec<usize> = (0..nodes.len()).collect();
        let key =
            |at: &usize| nodes.get(*at).map_or((u32::MAX, f64::MAX), |node| (node.row, node.expected_ms()));
        order.sort_by(|a, b| {
            let ((row_a, ms_a), (row_b, ms_b)) = (key(a), key(b));
            row_a.cmp(&row_b).then(ms_a.total_cmp(&ms_b)).then(a.cmp(b))
        });
        order
    }

    /// How long the node that is asked first usually takes.
    #[must_use]
    pub fn usual(&self) -> Duration {
        let first = self.order().first().copied();
        let nodes = self.nodes();
        let ms = first.and_then(|at| nodes.get(at)).map_or(0.0, NodeHistory::expected_ms);
        Duration::try_from_secs_f64(ms / 1_000.0).unwrap_or_default().min(limits::FARTHEST_NODE)
    }

    /// How long to wait for the node before another one is asked as well.
    #[must_use]
    pub fn hedge(&self, at: usize) -> Duration {
        let Some(expected) = self.nodes().get(at).map(NodeHistory::expected_ms) else {
            return limits::HEDGE_MAX;
        };
        let wait = Duration::try_from_secs_f64(expected * limits::HEDGE_FACTOR / 1_000.0);
        wait.unwrap_or(limits::HEDGE_MAX).clamp(limits::HEDGE_MIN, limits::HEDGE_MAX)
    }

    /// The health of every node.
    #[must_use]
    pub fn report(&self, now: Instant) -> Vec<NodeHealth> {
        self.nodes().iter().map(|node| node.report(now)).collect()
    }
}

#[cfg(test)]
mod tests;
