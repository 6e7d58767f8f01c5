//! The figures for people and programs.
//!
//! A rate or percentile without samples is `None` (`null`), never 0 or 1.

use serde::Serialize;
use serde_json::Value;

use super::latencies::to_ms;
use super::series::{Figures, Series, Slow, share};
use super::{Operation, Source};
use crate::clock::UnixMs;

/// What was measured since [`Snapshot::since`].
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// Start of the measurements, ms since the Unix epoch: process start, reset, or the oldest restored minute.
    pub since: UnixMs,
    /// When the snapshot was taken, ms since the Unix epoch.
    pub at: UnixMs,
    /// One row per operation and source that occurred.
    pub operations: Vec<OperationFigures>,
    /// Network traffic.
    pub totals: Totals,
    /// Share of syncs and publishes that succeeded, 0–1; none if there was none.
    pub success_rate: Option<f64>,
    /// Share of cache look-ups that hit, 0–1; none if there was none.
    pub cache_hit_rate: Option<f64>,
    /// The last slow operations, newest first.
    pub slow: Vec<SlowOperation>,
    /// One value per node; filled in by the engine.
    pub nodes: Vec<Value>,
    /// Minutes of history that are missing here: damaged, or dropped because nobody stored them.
    pub skipped_rollups: u64,
}

/// One operation over one source.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct OperationFigures {
    /// Which operation.
    pub operation: Operation,
    /// What answered it.
    pub source: Source,
    /// How often it ended, failures included.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub count: u64,
    /// How often it failed.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub failures: u64,
    /// Median latency of the successful ones, ms; none if there was none.
    pub p50_ms: Option<f64>,
    /// Their 95th percentile, ms.
    pub p95_ms: Option<f64>,
    /// Their 99th percentile, ms.
    pub p99_ms: Option<f64>,
    /// Their mean, ms.
    pub mean_ms: Option<f64>,
    /// The longest of them, ms.
    pub max_ms: Option<f64>,
    /// Look-ups that the cache answered.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub cache_hits: u64,
    /// Look-ups that it could not answer.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub cache_misses: u64,
    /// Requests sent.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub requests: u64,
    /// Body bytes received.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub bytes_in: u64,
    /// Body bytes sent.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub bytes_out: u64,
    /// The successful ones by latency, shortest first; the bounds are the same in every row.
    pub buckets: Vec<Bucket>,
}

/// One bar of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// Upper end, ms; the lower end is the upper end of the bucket before.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub upto_ms: f64,
    /// How many latencies it contains.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub count: u64,
}

/// Network traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Requests sent.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub requests: u64,
    /// Body bytes received.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub bytes_in: u64,
    /// Body bytes sent.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub bytes_out: u64,
}

/// An operation that took at least as long as the configured threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct SlowOperation {
    /// When it ended, ms since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub at: UnixMs,
    /// Which operation.
    pub operation: Operation,
    /// What answered it.
    pub source: Source,
    /// How long it took, ms.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub ms: f64,
    /// Whether it succeeded.
    pub ok: bool,
    /// Error code or outcome.
    pub detail: Option<String>,
}

/// Converts the counts.
pub(super) fn take(figures: &Figures, since: UnixMs, at: UnixMs, skipped_rollups: u64) -> Snapshot {
    let (all, asked) = (figures.sum(), figures.asked());
    Snapshot {
        since,
        at,
        operations: figures
            .series()
            .map(|(operation, source, series)| row(operation, source, series))
            .collect(),
        totals: Totals { requests: all.requests, bytes_in: all.bytes_in, bytes_out: all.bytes_out },
        success_rate: share(asked.latencies.count(), asked.count()),
        cache_hit_rate: share(all.cache_hits, all.cache_hits + all.cache_misses),
        slow: figures.slow().iter().map(SlowOperation::from).collect(),
        nodes: Vec::new(),
        skipped_rollups,
    }
}

fn row(operation: Operation, source: Source, series: &Series) -> OperationFigures {
    let latencies = &series.latencies;
    OperationFigures {
        operation,
        source,
        count: series.count(),
        failures: series.failures,
        p50_ms: latencies.percentile_ms(50),
        p95_ms: latencies.percentile_ms(95),
        p99_ms: latencies.percentile_ms(99),
        mean_ms: latencies.mean_ms(),
        max_ms: latencies.max_ms(),
        cache_hits: series.cache_hits,
        cache_misses: series.cache_misses,
        requests: series.requests,
        bytes_in: series.bytes_in,
        bytes_out: series.bytes_out,
        buckets: buckets(&latencies.cumulative()),
    }
}

fn buckets(cumulative: &[(u64, u64)]) -> Vec<Bucket> {
    let mut below = 0;
    let bar = |(upto_us, seen): &(u64, u64)| {
        let count = seen - below;
        below = *seen;
        Bucket { upto_ms: to_ms(*upto_us), count }
    };
    cumulative.iter().map(bar).collect()
}

impl From<&Slow> for SlowOperation {
    fn from(slow: &Slow) -> Self {
        Self {
            at: slow.at,
            operation: slow.operation,
            source: slow.source,
            ms: to_ms(slow.us),
            ok: slow.ok,
            detail: slow.detail.clone(),
        }
    }
}
