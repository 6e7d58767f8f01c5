//! Measurements, nodes, cache.

use serde::{Deserialize, Serialize};

use super::{NodeState, Operation, Side, Source, TargetState, count};
use crate::plugin::ErrorCode;
use crate::plugin::failure::code_of;
use crate::{engine, metrics};

/// What was measured, and whether the targets are met.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Metrics {
    /// Start of what is counted.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub since: i64,
    /// When this was read.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub at: i64,
    /// One row per operation and source that occurred.
    pub operations: Vec<OperationFigures>,
    /// What went over the wire.
    pub totals: Totals,
    /// Share of syncs and publishes that succeeded, 0–1; none without any.
    pub success_rate: Option<f64>,
    /// Share of cache look-ups that hit, 0–1; none without any.
    pub cache_hit_rate: Option<f64>,
    /// The last slow operations, newest first.
    pub slow: Vec<SlowOperation>,
    /// The configured nodes.
    pub nodes: Vec<NodeStatus>,
    /// Minutes of history that are not in here.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub skipped_rollups: u64,
    /// The targets.
    pub target: Target,
}

impl Metrics {
    pub(in crate::plugin) fn of(engine: &engine::Engine) -> Self {
        let (snapshot, target) = (engine.metrics(), engine.target());
        Self {
            since: snapshot.since,
            at: snapshot.at,
            operations: snapshot.operations.into_iter().map(Into::into).collect(),
            totals: Totals {
                requests: snapshot.totals.requests,
                bytes_in: snapshot.totals.bytes_in,
                bytes_out: snapshot.totals.bytes_out,
            },
            success_rate: snapshot.success_rate,
            cache_hit_rate: snapshot.cache_hit_rate,
            slow: snapshot.slow.into_iter().map(Into::into).collect(),
            nodes: engine.nodes().into_iter().map(Into::into).collect(),
            skipped_rollups: snapshot.skipped_rollups,
            target: target.into(),
        }
    }
}

/// One operation over one source.
#[derive(Clone, Debug, Serialize)]
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
    /// Median of the successful ones, ms; none without any.
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
    /// The successful ones by latency, shortest first.
    pub buckets: Vec<Bucket>,
}

impl From<metrics::OperationFigures> for OperationFigures {
    fn from(row: metrics::OperationFigures) -> Self {
        let bucket = |bucket: metrics::Bucket| Bucket { upto_ms: bucket.upto_ms, count: bucket.count };
        Self {
            operation: row.operation.into(),
            source: row.source.into(),
            count: row.count,
            failures: row.failures,
            p50_ms: row.p50_ms,
            p95_ms: row.p95_ms,
            p99_ms: row.p99_ms,
            mean_ms: row.mean_ms,
            max_ms: row.max_ms,
            cache_hits: row.cache_hits,
            cache_misses: row.cache_misses,
            requests: row.requests,
            bytes_in: row.bytes_in,
            bytes_out: row.bytes_out,
            buckets: row.buckets.into_iter().map(bucket).collect(),
        }
    }
}

/// One bar of a histogram.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    /// Longest latency in it, ms.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub upto_ms: f64,
    /// How many fell into it.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub count: u64,
}

/// What went over the wire.
#[derive(Clone, Copy, Debug, Serialize)]
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

/// An operation that took long.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct SlowOperation {
    /// When it ended.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub at: i64,
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

impl From<metrics::SlowOperation> for SlowOperation {
    fn from(slow: metrics::SlowOperation) -> Self {
        Self {
            at: slow.at,
            operation: slow.operation.into(),
            source: slow.source.into(),
            ms: slow.ms,
            ok: slow.ok,
            detail: slow.detail,
        }
    }
}

/// All targets.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// Missed if any is missed, else too little data if any has too little, else met.
    pub state: TargetState,
    /// Each of them.
    pub targets: Vec<Goal>,
}

/// One target.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Goal {
    /// `p95Ms`, `meanMs`, `successRate` or `cacheHitRate`.
    pub name: String,
    /// What was measured; none of nothing.
    pub value: Option<f64>,
    /// What it is compared with.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub limit: f64,
    /// On which side of the limit the value has to be.
    pub side: Side,
    /// How many samples the value is made of.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub samples: u64,
    /// The judgement.
    pub state: TargetState,
}

impl From<metrics::Target> for Target {
    fn from(target: metrics::Target) -> Self {
        let goal = |goal: metrics::Goal| Goal {
            name: goal.name.to_owned(),
            value: goal.value,
            limit: goal.limit,
            side: goal.side.into(),
            samples: goal.samples,
            state: goal.state.into(),
        };
        Self { state: target.state.into(), targets: target.targets.into_iter().map(goal).collect() }
    }
}

/// Which span of the history to show.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HistoryRange {
    /// Start. Default: an hour before the end.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub from: Option<i64>,
    /// End, not included. Default: now.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub to: Option<i64>,
    /// Minutes per point. Default 1.
    pub step_minutes: Option<u32>,
}

/// One step of a chart.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct HistoryPoint {
    /// Start of the step.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub at: i64,
    /// Syncs and publishes that ended, failures included.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub count: u64,
    /// How many of them failed.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub failures: u64,
    /// Median wait, ms; none without any.
    pub p50_ms: Option<f64>,
    /// 95th percentile of the waits, ms.
    pub p95_ms: Option<f64>,
    /// 99th percentile of the waits, ms.
    pub p99_ms: Option<f64>,
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
    /// Damaged minutes of this step, left out.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub skipped_rollups: u64,
}

impl From<metrics::HistoryPoint> for HistoryPoint {
    fn from(point: metrics::HistoryPoint) -> Self {
        Self {
            at: point.at,
            count: point.count,
            failures: point.failures,
            p50_ms: point.p50_ms,
            p95_ms: point.p95_ms,
            p99_ms: point.p99_ms,
            cache_hits: point.cache_hits,
            cache_misses: point.cache_misses,
            requests: point.requests,
            bytes_in: point.bytes_in,
            bytes_out: point.bytes_out,
            skipped_rollups: point.skipped_rollups,
        }
    }
}

/// A configured node. Its addresses are not told.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// Its configured id.
    pub id: String,
    /// Whether it is in use.
    pub enabled: bool,
    /// Whether it can be written to.
    pub writable: bool,
    /// How it stands.
    pub state: NodeState,
    /// Median of its last answers, ms.
    pub p50_ms: Option<f64>,
    /// 95th percentile of its last answers, ms.
    pub p95_ms: Option<f64>,
    /// Share of successes, recent ones counting more; 0–1.
    pub success_rate: Option<f64>,
    /// Code of the last failure.
    pub last_error: Option<ErrorCode>,
}

impl From<engine::NodeStatus> for NodeStatus {
    fn from(node: engine::NodeStatus) -> Self {
        Self {
            id: node.health.id,
            enabled: node.enabled,
            writable: node.writable,
            state: node.health.state.into(),
            p50_ms: node.health.p50_ms,
            p95_ms: node.health.p95_ms,
            success_rate: node.health.success_rate,
            last_error: node.health.last_error.as_deref().and_then(code_of),
        }
    }
}

/// Statistics of the cache.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct CacheStats {
    /// Known records.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub records: u64,
    /// Blocks on disk, data and cache.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub blocks: u64,
    /// Their bytes.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub bytes: u64,
    /// Syncs answered from cache.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub hits: u64,
    /// Syncs that asked the network.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub misses: u64,
    /// Syncs that failed.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub failures: u64,
}

impl From<engine::CacheStats> for CacheStats {
    fn from(stats: engine::CacheStats) -> Self {
        Self {
            records: count(stats.records),
            blocks: stats.blocks,
            bytes: stats.bytes,
            hits: stats.hits,
            misses: stats.misses,
            failures: stats.failures,
        }
    }
}
