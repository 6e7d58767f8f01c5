//! What is remembered of one node, and the figures computed from it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::bodies::Bodies;
use super::{NodeHealth, NodeState};
use crate::error::Error;
use crate::limits;
use crate::metrics::Source;

/// Weight of a new latency in the smoothed one, as TCP weighs it (RFC 6298).
const SMOOTHING: f64 = 0.125;
/// How much of the past is kept with each new outcome: about the last fifty count.
const FADE: f64 = 0.98;
/// Latency assumed of a node that was never asked: an average one.
const UNKNOWN: Duration = Duration::from_millis(100);

/// Kept as JSON from one process to the next.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct NodeHistory {
    pub id: String,
    /// Smoothed latency, milliseconds.
    srtt_ms: Option<f64>,
    /// The last latencies, milliseconds, oldest first.
    last_ms: Vec<f64>,
    /// Successes; each counts less with every later outcome.
    good: f64,
    /// Failures, likewise.
    bad: f64,
    /// Failures since the last success.
    pub row: u32,
    last_error: Option<String>,
    pub behind: bool,
    pub source: Option<Source>,
    pub bodies: Bodies,
    /// End of the time in which the node is not asked.
    #[serde(skip)]
    pub open_until: Option<Instant>,
}

impl NodeHistory {
    pub fn new(id: String) -> Self {
        Self { id, ..Self::default() }
    }

    /// Drops values that this crate never writes.
    pub fn sanitized(mut self) -> Self {
        let is_sound = |ms: &f64| ms.is_finite() && *ms >= 0.0;
        self.last_ms.truncate(limits::HEALTH_LATENCIES);
        self.last_ms.retain(is_sound);
        self.srtt_ms = self.srtt_ms.filter(is_sound);
        self
    }

    pub fn note_success(&mut self, took: Duration) {
        self.note_latency(took);
        self.good = self.good.mul_add(FADE, 1.0);
        self.bad *= FADE;
        self.row = 0;
        self.open_until = None;
    }

    pub fn note_failure(&mut self, error: &Error, now: Instant) {
        self.bad = self.bad.mul_add(FADE, 1.0);
        self.good *= FADE;
        self.row += 1;
        self.note_error(error);
        if self.row >= limits::BREAKER_FAILURES {
            self.open_until = Some(now + limits::BREAKER_OPEN);
        }
        // A busy node says when to come back; what it may say is bounded where it is read.
        self.open_until = self.open_until.max(error.retry_after().map(|wait| now + wait));
    }

    /// Records what went wrong, and nothing else.
    pub fn note_error(&mut self, error: &Error) {
        self.last_error = Some(format!("{}: {}", error.code(), error.message()));
    }

    /// Records a latency that was cut off, if it is above the smoothed one.
    pub fn note_at_least(&mut self, took: Duration) {
        if self.srtt_ms.is_none_or(|known| millis(took) > known) {
            self.note_latency(took);
        }
    }

    fn note_latency(&mut self, took: Duration) {
        let ms = millis(took);
        self.srtt_ms = Some(self.srtt_ms.map_or(ms, |old| old + SMOOTHING * (ms - old)));
        if self.last_ms.len() >= limits::HEALTH_LATENCIES {
            self.last_ms.remove(0);
        }
        self.last_ms.push(ms);
    }

    pub fn is_blank(&self) -> bool {
        self.row == 0 && self.good + self.bad == 0.0 && self.last_ms.is_empty()
    }

    pub fn expected_ms(&self) -> f64 {
        self.srtt_ms.unwrap_or_else(|| millis(UNKNOWN))
    }

    /// The lower of the smoothed latency and the last one: a node that has become near again is near.
    pub fn at_best_ms(&self) -> f64 {
        let expected = self.expected_ms();
        self.last_ms.last().map_or(expected, |last| last.min(expected))
    }

    pub fn report(&self, now: Instant) -> NodeHealth {
        let mut sorted = self.last_ms.clone();
        sorted.sort_by(f64::total_cmp);
        let all = self.good + self.bad;
        NodeHealth {
            id: self.id.clone(),
            state: self.state(now),
            p50_ms: percentile(&sorted, 50),
            p95_ms: percentile(&sorted, 95),
            success_rate: (all > 0.0).then(|| tenths(self.good / all * 1_000.0) / 1_000.0),
            last_error: self.last_error.clone(),
            behind: self.behind,
            source: self.source,
        }
    }

    fn state(&self, now: Instant) -> NodeState {
        match self {
            Self { open_until: Some(until), .. } if now < *until => NodeState::Down,
            Self { row, .. } if *row >= limits::BREAKER_FAILURES => NodeState::Down,
            Self { row: 1.., .. } => NodeState::Failing,
            Self { good, bad, .. } if good + bad == 0.0 => NodeState::Unknown,
            _ => NodeState::Up,
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
