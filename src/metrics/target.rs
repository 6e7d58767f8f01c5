//! The four targets, and whether they are met; undecided while there are too few samples.

use std::time::Duration;

use serde::Serialize;

use super::series::{Figures, share};
use crate::limits;

/// Whether a target is reached.
// Ordered from best to worst, so that the overall state is the maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// Reached.
    Met,
    /// Too few samples to decide.
    TooLittleData,
    /// Not reached.
    Missed,
}

/// All targets.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Missed if any is missed, else too little data if any has too little, else met.
    pub state: TargetState,
    /// Waits (95th percentile, mean), success, cache hits, in this order.
    pub targets: Vec<Goal>,
}

/// One target.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Goal {
    /// `p95Ms`, `meanMs`, `successRate` or `cacheHitRate`.
    pub name: &'static str,
    /// What was measured, also when there are too few samples to decide; none without a sample.
    pub value: Option<f64>,
    /// What it is compared with.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub limit: f64,
    /// On which side of the limit the value has to be; a value equal to the limit misses it.
    pub side: Side,
    /// Number of samples.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub samples: u64,
    /// Whether it is met.
    pub state: TargetState,
}

/// A side of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Less than the limit.
    Below,
    /// More than the limit.
    Above,
}

impl Side {
    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Below => value < limit,
            Self::Above => value > limit,
        }
    }
}

/// Compares the figures with the targets.
pub(super) fn judge(figures: &Figures) -> Target {
    let (all, asked, waits) = (figures.sum(), figures.asked(), figures.waits());
    let lookups = all.cache_hits + all.cache_misses;
    let (p95, mean) = (limit_ms(limits::TARGET_P95), limit_ms(limits::TARGET_MEAN));
    let success = share(asked.latencies.count(), asked.count());
    let hits = share(all.cache_hits, lookups);
    let targets = vec![
        goal("p95Ms", waits.percentile_ms(95), p95, Side::Below, waits.count()),
        goal("meanMs", waits.mean_ms(), mean, Side::Below, waits.count()),
        goal("successRate", success, limits::TARGET_SUCCESS, Side::Above, asked.count()),
        goal("cacheHitRate", hits, limits::TARGET_CACHE_HITS, Side::Above, lookups),
    ];
    let state = targets.iter().map(|goal| goal.state).max().unwrap_or(TargetState::TooLittleData);
    Target { state, targets }
}

fn goal(name: &'static str, value: Option<f64>, limit: f64, side: Side, samples: u64) -> Goal {
    let state = match value.map(|value| side.holds(value, limit)) {
        Some(true) if samples >= limits::TARGET_SAMPLES => TargetState::Met,
        Some(false) if samples >= limits::TARGET_SAMPLES => TargetState::Missed,
        _ => TargetState::TooLittleData,
    };
    Goal { name, value, limit, side, samples, state }
}

fn limit_ms(limit: Duration) -> f64 {
    limit.as_secs_f64() * 1_000.0
}
