//! Counts every operation with its source, latency and outcome, and says whether the targets are met.
//!
//! Latencies are those of successful operations only, answers from the cache have a source of their own, and without
//! samples there is no figure. Recording takes a short lock; reports are computed on a copy, without it. Nothing here
//! writes to disk: the engine drains the [`Rollup`]s and stores them.

mod latencies;
mod prometheus;
mod rollup;
mod sample;
mod series;
mod snapshot;
mod target;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, UnixMs};
use crate::error::Error;
use crate::limits;
use series::{Figures, Slow};

pub use rollup::{HistoryPoint, Rollup};
pub use sample::{Operation, Sample, Source};
pub use snapshot::{Bucket, OperationFigures, SlowOperation, Snapshot, Totals};
pub use target::{Goal, Side, Target, TargetState};

/// The measurements of one account. Cheap to clone; all clones share the counts.
#[derive(Clone)]
pub struct Metrics(Arc<Recorder>);

struct Recorder {
    clock: Arc<dyn Clock>,
    slow: Duration,
    state: Mutex<Counted>,
}

struct Counted {
    since: UnixMs,
    total: Figures,
    /// What has not been drained yet, by minute.
    pending: BTreeMap<i64, Figures>,
    skipped: u64,
}

impl Counted {
    fn starting(since: UnixMs) -> Self {
        Self { since, total: Figures::default(), pending: BTreeMap::new(), skipped: 0 }
    }

    /// Bounds memory when nobody drains: the oldest minutes are dropped, though not from the total.
    fn bound_pending(&mut self) {
        while self.pending.len() > limits::ROLLUP_MINUTES {
            self.pending.pop_first();
            self.skipped += 1;
        }
    }
}

impl Metrics {
    /// Starts with zero counts. Operations that take `slow` or longer are listed and logged.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, slow: Duration) -> Self {
        let state = Mutex::new(Counted::starting(clock.now()));
        Self(Arc::new(Recorder { clock, slow, state }))
    }

    /// Counts one operation that ended now.
    pub fn record(&self, mut sample: Sample) {
        let at = self.0.clock.now();
        let us = latencies::to_us(sample.latency);
        let detail = sample.detail.take();
        let slow = (sample.latency >= self.0.slow).then(|| Slow {
            at,
            us,
            operation: sample.operation,
            source: sample.source,
            ok: sample.ok,
            detail: detail.as_deref().map(series::shortened),
        });
        if let Some(slow) = &slow {
            log(slow);
        }
        let minute = at.max(0) / rollup::MINUTE_MS;
        let mut state = self.state();
        state.total.record(&sample, us, slow.clone());
        state.pending.entry(minute).or_default().record(&sample, us, slow);
        state.bound_pending();
    }

    /// Everything counted; the list of nodes is empty.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let at = self.0.clock.now();
        let (total, since, skipped) = self.copy();
        snapshot::take(&total, since, at, skipped)
    }

    /// Checks the targets: 95 % of the waits under 2 s, their mean under 500 ms, more than 99 % of syncs and publishes
    /// successful, more than half of the cache look-ups a hit.
    ///
    /// A wait is a successful sync that the cache did not answer. Below [`limits::TARGET_SAMPLES`] samples a target is
    /// not judged.
    #[must_use]
    pub fn target(&self) -> Target {
        target::judge(&self.copy().0)
    }

    /// Takes what was recorded since the last drain, a row per minute, oldest first.
    ///
    /// The same minute may be drained again with further counts: merge its row into the stored one with
    /// [`Metrics::merge_json`]. Return rows that could not be stored with [`Metrics::put_back`].
    #[must_use]
    pub fn drain_rollups(&self) -> Vec<Rollup> {
        let pending = std::mem::take(&mut self.state().pending);
        let row =
            |(minute, figures): (i64, Figures)| Some(Rollup { minute, json: rollup::encode(&figures).ok()? });
        pending.into_iter().filter_map(row).collect()
    }

    /// Takes back rows of [`Metrics::drain_rollups`] that could not be stored; the next drain returns them again.
    pub fn put_back(&self, rows: &[Rollup]) {
        for row in rows {
            let figures = rollup::readable(row);
            let mut state = self.state();
            match figures {
                Some(figures) => state.pending.entry(row.minute).or_default().merge(&figures),
                None => state.skipped += 1,
            }
            state.bound_pending();
        }
    }

    /// Merges two rows of the same minute. The order does not matter; equal contents give equal text.
    ///
    /// # Errors
    /// [`Code::Malformed`](crate::error::Code::Malformed) or [`Code::TooLarge`](crate::error::Code::TooLarge) if either is damaged;
    /// keep the other one then.
    pub fn merge_json(a: &str, b: &str) -> Result<String, Error> {
        let mut figures = rollup::decode(a)?;
        figures.merge(&rollup::decode(b)?);
        rollup::encode(&figures)
    }

    /// Adds stored history to the figures, once, after opening. Damaged rows are left out and counted.
    pub fn restore(&self, rows: &[Rollup]) {
        let (mut history, mut skipped, mut oldest) = (Figures::default(), 0_u64, i64::MAX);
        for row in rows {
            match rollup::readable(row) {
                Some(figures) => {
                    history.merge(&figures);
                    oldest = oldest.min(row.minute);
                }
                None => skipped += 1,
            }
        }
        let mut state = self.state();
        state.total.merge(&history);
        state.skipped += skipped;
        state.since = state.since.min(oldest.saturating_mul(rollup::MINUTE_MS));
    }

    /// A chart from stored rows, from `from_minute` up to but not including `to_minute`, a point per step, empty ones too.
    ///
    /// A step of 0 counts as 1; steps are widened until at most [`limits::ROLLUP_MINUTES`] points are left. Damaged rows
    /// are left out and counted in their point.
    #[must_use]
    pub fn history(
        rows: &[Rollup],
        from_minute: i64,
        to_minute: i64,
        step_minutes: u32,
    ) -> Vec<HistoryPoint> {
        rollup::chart(rows, from_minute, to_minute, step_minutes)
    }

    /// Everything counted, in the Prometheus text exposition format 0.0.4.
    #[must_use]
    pub fn prometheus(&self) -> String {
        let (total, since, skipped) = self.copy();
        prometheus::exposition(&total, since, skipped)
    }

    /// Sets every count to zero, those not drained yet included.
    pub fn reset(&self) {
        *self.state() = Counted::starting(self.0.clock.now());
    }

    /// Counts are behind shared pointers: copying is cheap, and reports need no lock.
    fn copy(&self) -> (Figures, UnixMs, u64) {
        let state = self.state();
        (state.total.clone(), state.since, state.skipped)
    }

    /// Counts are consistent after every statement, so a poisoned lock can be used.
    fn state(&self) -> MutexGuard<'_, Counted> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("slow", &self.0.slow).finish_non_exhaustive()
    }
}

fn log(slow: &Slow) {
    tracing::warn!(
        operation = slow.operation.as_str(),
        source = slow.source.as_str(),
        ms = latencies::to_ms(slow.us),
        ok = slow.ok,
        code = slow.detail.as_deref(),
        "slow operation"
    );
}
