//! What operations cost, as the metrics count it.
//!
//! Every request and byte belongs to one sample: a sync's own carries those of its whole read; its parts (resolve, fetch,
//! dht) carry latencies only.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::api::report::SyncOutcome;
use super::api::status::LastSync;
use crate::clock::Clock;
use crate::error::Error;
use crate::metrics::{Metrics, Operation, Sample};
use crate::node::{Source, Traffic};

/// The measurements of one account.
pub struct Measure {
    pub metrics: Metrics,
    clock: Arc<dyn Clock>,
    /// Reaches the disk together with the measurements, behind the answer.
    last_sync: Mutex<Option<LastSync>>,
    /// Rows of history are read, joined and written back: one at a time.
    pub writing: tokio::sync::Mutex<()>,
}

impl Measure {
    pub fn new(metrics: Metrics, clock: Arc<dyn Clock>, last_sync: Option<LastSync>) -> Self {
        Self { metrics, clock, last_sync: Mutex::new(last_sync), writing: tokio::sync::Mutex::new(()) }
    }

    pub fn last_sync(&self) -> Option<LastSync> {
        self.last_sync.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How a sync ended; whether that is another outcome than was noted before.
    pub fn note_sync(&self, source: Source, outcome: SyncOutcome) -> bool {
        let word = serde_json::to_value(outcome).ok();
        let outcome = word.as_ref().and_then(|text| text.as_str()).unwrap_or("").to_owned();
        let last = LastSync { at: self.clock.now(), source: source.as_str().to_owned(), outcome };
        let mut noted = self.last_sync.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = noted.as_ref().is_none_or(|old| old.outcome != last.outcome);
        *noted = Some(last);
        is_new
    }

    /// A look into the cache, or a read of the nodes.
    pub fn read(&self, operation: Operation, source: Source, started: Instant, ok: bool, traffic: Traffic) {
        let sample = Sample {
            cache_hit: Some(source == Source::Cache),
            ..self.sample(operation, source, started, ok)
        };
        self.metrics.record(with(sample, traffic));
    }

    /// A read that failed.
    pub fn failed_read(&self, started: Instant, traffic: Traffic, error: &Error) {
        let sample = self.sample(Operation::Sync, Source::None, started, false);
        let detail = Some(error.code().as_str().to_owned());
        self.metrics.record(with(Sample { cache_hit: Some(false), detail, ..sample }, traffic));
    }

    /// A part of a read, whose traffic the whole carries.
    pub fn part(&self, operation: Operation, source: Source, started: Instant, ok: bool) {
        self.metrics.record(self.sample(operation, source, started, ok));
    }

    /// A change that another device told of, after so long.
    pub fn pushed(&self, lag: Duration, ok: bool) {
        self.metrics.record(Sample::new(Operation::Push, Source::Push, lag, ok));
    }

    /// A publish.
    pub fn publish(&self, started: Instant, traffic: Traffic, ok: bool, error: Option<&Error>) {
        let sample = self.sample(Operation::Publish, Source::HttpRouting, started, ok);
        let detail = error.map(|e| e.code().as_str().to_owned());
        self.metrics.record(with(Sample { detail, ..sample }, traffic));
    }

    fn sample(&self, operation: Operation, source: Source, started: Instant, ok: bool) -> Sample {
        let latency = self.clock.monotonic().saturating_duration_since(started);
        Sample::new(operation, source, latency, ok)
    }
}

fn with(sample: Sample, traffic: Traffic) -> Sample {
    let Traffic { requests, bytes_in, bytes_out } = traffic;
    Sample { requests, bytes_in, bytes_out, ..sample }
}
