//! Measurements, nodes, cache.

use serde::{Deserialize, Serialize};

use super::{Ability, NodeState, count, sentence};
use crate::engine;
use crate::metrics::{OperationFigures, SlowOperation, Target, Totals};
use crate::plugin::ErrorCode;
use crate::plugin::failure::code_of;

/// What was measured, and whether the targets are met.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename = "Metrics", rename_all = "camelCase")]
pub struct MetricsReport {
    /// Start of the measurements, ms since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub since: i64,
    /// When this was read, ms since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub at: i64,
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
    /// The configured nodes.
    pub nodes: Vec<NodeStatus>,
    /// Minutes of history that are missing here.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub skipped_rollups: u64,
    /// The targets.
    pub target: Target,
}

impl MetricsReport {
    /// Takes [`NodeStatus`] instead of the snapshot's nodes: those hold messages of the nodes, this holds codes.
    pub(in crate::plugin) fn of(engine: &engine::Engine) -> Self {
        let snapshot = engine.metrics();
        Self {
            since: snapshot.since,
            at: snapshot.at,
            operations: snapshot.operations,
            totals: snapshot.totals,
            success_rate: snapshot.success_rate,
            cache_hit_rate: snapshot.cache_hit_rate,
            slow: snapshot.slow,
            nodes: engine.nodes().into_iter().map(Into::into).collect(),
            skipped_rollups: snapshot.skipped_rollups,
            target: engine.target(),
        }
    }
}

/// Which span of the history to show.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HistoryRange {
    /// Start, ms since the Unix epoch. Default: an hour before the end.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub from: Option<i64>,
    /// End (exclusive), ms since the Unix epoch. Default: now.
    #[cfg_attr(feature = "specta", specta(type = Option<specta_typescript::Number>))]
    pub to: Option<i64>,
    /// Minutes per point. Default 1.
    pub step_minutes: Option<u32>,
}

/// A configured node, without its addresses.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// Its configured id.
    pub id: String,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether it can be written to.
    pub writable: bool,
    /// Whether it works.
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

/// One thing that was tried on a node.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct NodeFinding {
    /// What was tried.
    pub ability: Ability,
    /// Whether the node is able to do it.
    pub ok: bool,
    /// What was found, in this plugin's words.
    pub said: String,
    /// Code of the failure.
    pub code: Option<ErrorCode>,
    /// What to change where it failed.
    pub change: Option<&'static str>,
}

impl From<engine::Finding> for NodeFinding {
    fn from(finding: engine::Finding) -> Self {
        let engine::Finding { ability, outcome, change } = finding;
        let (said, code) = match &outcome {
            Ok(found) => (sentence(&found.to_string()), None),
            Err(e) => (sentence(e.message()), Some(e.code().into())),
        };
        Self { ability: ability.into(), ok: outcome.is_ok(), said, code, change }
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
