//! How each node has been doing: decaying latency and failure score, breaker, order of asking.
//!
//! One success makes a node believed healthy again; one failure ends that belief, so that nobody waits for the node; a row
//! of failures opens its breaker, so that nobody asks it until one request may probe it. Nothing here decides what is
//! true, only whom to ask first and how long to wait.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Source;
use crate::error::Error;
use crate::limits;

/// Weight of a new latency in the smoothed one, as TCP weighs it (RFC 6298).
const SMOOTHING: f64 = 0.125;
/// How much of the past is kept with each new outcome: about the last fifty count.
const FADE: f64 = 0.98;
/// A node that was never asked is taken for an average one.
const UNKNOWN: Duration = Duration::from_millis(100);

/// Health of one node as it is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeHealth {
    /// Its configured id.
    pub id: String,
    /// How it stands.
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
    /// The way its last record came: over HTTP or the DHT.
    pub source: Option<Source>,
}

/// How a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// It failed repeatedly and is left alone for a while.
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

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NodeHistory {
    id: String,
    /// Smoothed latency, milliseconds.
    srtt_ms: Option<f64>,
    /// The last latencies, milliseconds, oldest first.
    last_ms: Vec<f64>,
    /// Faded counts.
    good: f64,
    bad: f64,
    /// Failures since the last success.
    row: u32,
    last_error: Option<String>,
    behind: bool,
    source: Option<Source>,
    #[serde(skip)]
    open_until: Option<Instant>,
}

impl Health {
    /// Nothing is known of these nodes yet.
    #[must_use]
    pub fn new(ids: impl IntoIterator<Item = String>) -> Self {
        Self(Mutex::new(ids.into_iter().map(|id| NodeHistory { id, ..NodeHistory::default() }).collect()))
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<NodeHistory>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up what an earlier process remembered, by node id; unreadable bytes are ignored.
    pub fn restore(&self, kept: &[u8]) {
        let Ok(kept) = serde_json::from_slice::<Vec<NodeHistory>>(kept) else { return };
        for node in self.nodes().iter_mut() {
            if let Some(mut known) = kept.iter().find(|known| known.id == node.id).cloned() {
                known.last_ms.truncate(limits::HEALTH_LATENCIES);
                known.last_ms.retain(|ms| ms.is_finite() && *ms >= 0.0);
                known.srtt_ms = known.srtt_ms.filter(|ms| ms.is_finite() && *ms >= 0.0);
                *node = known;
            }
        }
    }

    /// What to remember for the next process, as JSON.
    #[must_use]
    pub fn persist(&self) -> Vec<u8> {
        serde_json::to_vec(&*self.nodes()).unwrap_or_default()
    }

    /// Notes a good answer and how long it took.
    pub fn good(&self, at: usize, took: Duration) {
        if let Some(node) = self.nodes().get_mut(at) {
            node.note_latency(took);
            node.good = node.good.mul_add(FADE, 1.0);
            node.bad *= FADE;
            node.row = 0;
            node.open_until = None;
        }
    }

    /// Notes a failure.
    pub fn bad(&self, at: usize, error: &Error, now: Instant) {
        if let Some(node) = self.nodes().get_mut(at) {
            node.bad = node.bad.mul_add(FADE, 1.0);
            node.good *= FADE;
            node.row = node.row.saturating_add(1);
            node.last_error = Some(format!("{}: {}", error.code(), error.message()));
            if node.row >= limits::BREAKER_FAILURES {
                node.open_until = Some(now + limits::BREAKER_OPEN);
            }
        }
    }

    /// Notes that a node lost a race: it takes at least this long.
    pub fn slow(&self, at: usize, took: Duration) {
        if let Some(node) = self.nodes().get_mut(at)
            && node.srtt_ms.is_none_or(|known| millis(took) > known)
        {
            node.note_latency(took);
        }
    }

    /// Notes over which way a node showed its record, and whether that was older than another node's.
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

    /// All nodes, the one to ask first at the front: healthy before failing, then by smoothed latency.
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

    /// How long to wait for the node before another one is asked as well.
    #[must_use]
    pub fn hedge(&self, at: usize) -> Duration {
        let expected = self.nodes().get(at).map_or(millis(UNKNOWN), NodeHistory::expected_ms);
        let wait = Duration::try_from_secs_f64(expected * limits::HEDGE_FACTOR / 1_000.0);
        wait.unwrap_or(limits::HEDGE_MAX).clamp(limits::HEDGE_MIN, limits::HEDGE_MAX)
    }

    /// Every node as it is told.
    #[must_use]
    pub fn report(&self, now: Instant) -> Vec<NodeHealth> {
        self.nodes().iter().map(|node| node.told(now)).collect()
    }
}

impl NodeHistory {
    fn note_latency(&mut self, took: Duration) {
        let ms = millis(took);
        self.srtt_ms = Some(self.srtt_ms.map_or(ms, |old| old + SMOOTHING * (ms - old)));
        if self.last_ms.len() >= limits::HEALTH_LATENCIES {
            self.last_ms.remove(0);
        }
        self.last_ms.push(ms);
    }

    fn expected_ms(&self) -> f64 {
        self.srtt_ms.unwrap_or_else(|| millis(UNKNOWN))
    }

    fn told(&self, now: Instant) -> NodeHealth {
        let mut sorted = self.last_ms.clone();
        sorted.sort_by(f64::total_cmp);
        let all = self.good + self.bad;
        let state = match self {
            Self { open_until: Some(until), .. } if now < *until => NodeState::Down,
            Self { row, .. } if *row >= limits::BREAKER_FAILURES => NodeState::Down,
            Self { row: 1.., .. } => NodeState::Failing,
            _ if all == 0.0 => NodeState::Unknown,
            _ => NodeState::Up,
        };
        NodeHealth {
            id: self.id.clone(),
            state,
            p50_ms: percentile(&sorted, 50),
            p95_ms: percentile(&sorted, 95),
            success_rate: (all > 0.0).then(|| tenths(self.good / all * 1_000.0) / 1_000.0),
            last_error: self.last_error.clone(),
            behind: self.behind,
            source: self.source,
        }
    }
}

/// Nearest rank.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).map(|ms| tenths(*ms))
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn health() -> Health {
        Health::new(["a", "b", "c"].map(str::to_owned))
    }

    fn down() -> Error {
        Error::new(Code::Unreachable, "no connection")
    }

    #[tokio::test(start_paused = true)]
    async fn a_row_of_failures_opens_the_breaker_until_a_probe() {
        let (health, now) = (health(), crate::clock::monotonic());
        for _ in 1..limits::BREAKER_FAILURES {
            health.bad(0, &down(), now);
            assert!(health.available(0, now), "a single failure does not silence a node");
            assert!(!health.believed_healthy(0), "but nobody waits for it");
        }
        health.bad(0, &down(), now);
        assert!(!health.available(0, now));
        assert!(health.available(0, now + limits::BREAKER_OPEN), "one request may probe it");
        health.good(0, Duration::from_millis(5));
        assert!(health.available(0, now) && health.believed_healthy(0));
    }

    #[test]
    fn the_fastest_healthy_node_is_asked_first() {
        let health = health();
        health.good(0, Duration::from_millis(80));
        health.good(1, Duration::from_millis(20));
        assert_eq!(health.order(), [1, 0, 2], "an unknown node counts as average");
        health.bad(1, &down(), crate::clock::monotonic());
        assert_eq!(health.order(), [0, 2, 1]);
        health.slow(0, Duration::from_secs(9));
        assert_eq!(health.order(), [2, 0, 1], "whoever loses a race goes back");
    }

    #[test]
    fn the_hedge_follows_the_smoothed_latency_within_its_bounds() {
        let health = health();
        health.good(0, Duration::from_millis(1));
        assert_eq!(health.hedge(0), limits::HEDGE_MIN);
        health.good(1, Duration::from_millis(100));
        assert_eq!(health.hedge(1), Duration::from_millis(120));
        health.good(2, Duration::from_secs(60));
        assert_eq!(health.hedge(2), limits::HEDGE_MAX);
    }

    #[test]
    fn what_is_kept_comes_back_by_id() {
        let first = health();
        first.good(1, Duration::from_millis(40));
        (0..limits::BREAKER_FAILURES).for_each(|_| first.bad(2, &down(), crate::clock::monotonic()));
        let second = Health::new(["c", "b"].map(str::to_owned));
        second.restore(&first.persist());
        second.restore(b"not json");
        let told = second.report(crate::clock::monotonic());
        assert_eq!(told[0].state, NodeState::Down);
        assert_eq!(told[0].last_error.as_deref(), Some("unreachable: no connection"));
        assert_eq!(
            (told[1].state, told[1].p50_ms, told[1].success_rate),
            (NodeState::Up, Some(40.0), Some(1.0))
        );
        assert!(second.available(0, crate::clock::monotonic()), "a new process may probe at once");
    }
}
