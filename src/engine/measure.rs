//! What an operation cost, as the metrics count it.
//!
//! Every request and byte belongs to one sample: a sync's own carries those of its whole read, its resolve and fetch
//! carry latencies only.

use tokio::time::Instant;

use super::account::Account;
use super::read::Reading;
use super::report::SyncOutcome;
use crate::Error;
use crate::metrics::{Operation, Sample};
use crate::node::Source;

/// Requests, body bytes in, body bytes out.
pub(super) type Traffic = (u64, u64, u64);

impl Account {
    fn sample(&self, operation: Operation, source: Source, started: Instant, ok: bool) -> Sample {
        let latency = self.clock.monotonic().saturating_duration_since(started);
        Sample::new(operation, source, latency, ok)
    }

    /// One look into the cache, or one read of the nodes.
    pub(super) fn measure_read(
        &self,
        operation: Operation,
        reading: &Reading,
        started: Instant,
        traffic: Traffic,
    ) {
        let mut sample =
            self.sample(operation, reading.source, started, reading.outcome != SyncOutcome::Offline);
        sample.cache_hit = Some(reading.source == Source::Cache);
        (sample.requests, sample.bytes_in, sample.bytes_out) = traffic;
        self.metrics.record(sample);
    }

    /// A read that failed.
    pub(super) fn measure_failed_read(&self, started: Instant, traffic: Traffic, error: &Error) {
        let mut sample = self.sample(Operation::Sync, Source::None, started, false);
        sample.cache_hit = Some(false);
        (sample.requests, sample.bytes_in, sample.bytes_out) = traffic;
        sample.detail = Some(error.code().as_str().to_owned());
        self.metrics.record(sample);
    }

    /// A part of a read, whose traffic the whole carries.
    pub(super) fn measure_part(&self, operation: Operation, source: Source, started: Instant, ok: bool) {
        self.metrics.record(self.sample(operation, source, started, ok));
    }

    /// A publishing phase.
    pub(super) fn measure_publish(
        &self,
        started: Instant,
        traffic: Traffic,
        ok: bool,
        error: Option<&Error>,
    ) {
        let mut sample = self.sample(Operation::Publish, Source::HttpRouting, started, ok);
        (sample.requests, sample.bytes_in, sample.bytes_out) = traffic;
        sample.detail = error.map(|e| e.code().as_str().to_owned());
        self.metrics.record(sample);
    }
}
