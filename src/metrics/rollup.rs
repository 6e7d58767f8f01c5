//! History: rows for the store, one per minute, and charts made of them.
//!
//! A row is JSON with sparse latency counts, so that rows can be merged without loss and percentiles computed over any
//! span. A row that does not parse, or whose numbers contradict each other, is left out and counted.

use serde::{Deserialize, Serialize};

use super::series::Figures;
use crate::clock::UnixMs;
use crate::error::{Code, Error};
use crate::limits;

/// Version of the layout; rows of other versions are not read.
const VERSION: u32 = 1;

/// Milliseconds of a minute.
pub(super) const MINUTE_MS: i64 = 60_000;

/// What was recorded in one minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollup {
    /// Minutes since the Unix epoch, UTC.
    pub minute: i64,
    /// The counts, mergeable; see [`merge_json`](super::Metrics::merge_json).
    pub json: String,
}

/// One step of a chart.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct HistoryPoint {
    /// Start of the step, ms since the Unix epoch.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub at: UnixMs,
    /// Syncs and publishes that ended, failures included.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub count: u64,
    /// How many of them failed.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub failures: u64,
    /// Median wait of the syncs that succeeded and that the cache did not answer, ms; none if there was none.
    pub p50_ms: Option<f64>,
    /// Their 95th percentile, ms.
    pub p95_ms: Option<f64>,
    /// Their 99th percentile, ms.
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
    /// Damaged rows of this step, left out.
    #[cfg_attr(feature = "specta", specta(type = specta_typescript::Number))]
    pub skipped_rollups: u64,
}

#[derive(Serialize, Deserialize)]
struct Row<T> {
    version: u32,
    figures: T,
}

/// Writes figures as a row.
pub(super) fn encode(figures: &Figures) -> Result<String, Error> {
    serde_json::to_string(&Row { version: VERSION, figures })
        .map_err(|error| Error::with_source(Code::Malformed, "metrics roll-up cannot be written", error))
}

/// Reads a row.
///
/// # Errors
/// [`Code::TooLarge`] above [`limits::ROLLUP_BYTES`]; [`Code::Malformed`] if it does not parse, has another version, or
/// contradicts itself.
pub(super) fn decode(json: &str) -> Result<Figures, Error> {
    if json.len() > limits::ROLLUP_BYTES {
        return Err(Error::new(Code::TooLarge, "metrics roll-up is larger than any this release writes"));
    }
    // The parser's message quotes the row, so it is not passed on.
    let row: Row<Figures> = serde_json::from_str(json)
        .map_err(|_| Error::new(Code::Malformed, "metrics roll-up does not parse"))?;
    if row.version != VERSION {
        return Err(Error::new(Code::Malformed, "metrics roll-up has an unknown version"));
    }
    if !row.figures.is_sound() {
        return Err(Error::new(Code::Malformed, "metrics roll-up contradicts itself"));
    }
    Ok(row.figures)
}

/// The figures of a row, or `None` for a damaged one.
pub(super) fn readable(row: &Rollup) -> Option<Figures> {
    if row.minute < 0 { None } else { decode(&row.json).ok() }
}

/// See [`Metrics::history`](super::Metrics::history).
pub(super) fn chart(rows: &[Rollup], from: i64, to: i64, step_minutes: u32) -> Vec<HistoryPoint> {
    let span = to.saturating_sub(from).max(0);
    let most = i64::try_from(limits::ROLLUP_MINUTES).unwrap_or(i64::MAX);
    let widest = span / most + i64::from(span % most != 0);
    let step = i64::from(step_minutes).max(widest).max(1);
    let starts =
        (0..most).map(|n| from.saturating_add(step.saturating_mul(n))).take_while(|start| *start < to);
    let mut steps: Vec<(i64, Figures, u64)> = starts.map(|start| (start, Figures::default(), 0)).collect();

    for row in rows.iter().filter(|row| (from..to).contains(&row.minute)) {
        let index = usize::try_from(row.minute.saturating_sub(from) / step).unwrap_or(usize::MAX);
        if let Some((_, figures, skipped)) = steps.get_mut(index) {
            match readable(row) {
                Some(more) => figures.merge(&more),
                None => *skipped += 1,
            }
        }
    }
    steps.iter().map(|(start, figures, skipped)| point(*start, figures, *skipped)).collect()
}

fn point(minute: i64, figures: &Figures, skipped_rollups: u64) -> HistoryPoint {
    let (all, asked, waits) = (figures.sum(), figures.asked(), figures.waits());
    HistoryPoint {
        at: minute.saturating_mul(MINUTE_MS),
        count: asked.count(),
        failures: asked.failures,
        p50_ms: waits.percentile_ms(50),
        p95_ms: waits.percentile_ms(95),
        p99_ms: waits.percentile_ms(99),
        cache_hits: all.cache_hits,
        cache_misses: all.cache_misses,
        requests: all.requests,
        bytes_in: all.bytes_in,
        bytes_out: all.bytes_out,
        skipped_rollups,
    }
}
