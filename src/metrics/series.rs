//! The counts, one series per operation and source, and how they are merged.
//!
//! [`Figures::merge`] is commutative and associative: counting in one place, or in many places that are merged in any
//! order, gives the same figures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::latencies::{Latencies, add};
use super::{Operation, Sample, Source};
use crate::clock::UnixMs;
use crate::limits;

/// The counts of one operation over one source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Series {
    /// Operations that failed. Their latencies are not kept.
    pub failures: u64,
    /// Look-ups that the cache answered.
    pub cache_hits: u64,
    /// Look-ups that it could not answer.
    pub cache_misses: u64,
    /// Requests sent.
    pub requests: u64,
    /// Body bytes received.
    pub bytes_in: u64,
    /// Body bytes sent.
    pub bytes_out: u64,
    /// Latencies of the successful operations.
    pub latencies: Latencies,
}

/// An operation that took long. Ordered by time first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Slow {
    /// When it ended.
    pub at: UnixMs,
    /// How long it took, µs.
    pub us: u64,
    /// Which operation.
    pub operation: Operation,
    /// What answered it.
    pub source: Source,
    /// Whether it succeeded.
    pub ok: bool,
    /// Error code or outcome.
    pub detail: Option<String>,
}

/// All counts of a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Figures {
    operations: BTreeMap<Operation, BTreeMap<Source, Series>>,
    /// The newest slow operations, newest first.
    slow: Vec<Slow>,
}

impl Series {
    /// Operations that ended, failures included.
    pub(super) fn count(&self) -> u64 {
        self.latencies.count().saturating_add(self.failures)
    }

    fn record(&mut self, sample: &Sample, us: u64) {
        if sample.ok {
            self.latencies.record(us);
        } else {
            self.failures = add(self.failures, 1);
        }
        match sample.cache_hit {
            Some(true) => self.cache_hits = add(self.cache_hits, 1),
            Some(false) => self.cache_misses = add(self.cache_misses, 1),
            None => {}
        }
        self.requests = add(self.requests, sample.requests);
        self.bytes_in = add(self.bytes_in, sample.bytes_in);
        self.bytes_out = add(self.bytes_out, sample.bytes_out);
    }

    /// Adds all of another.
    pub(super) fn merge(&mut self, other: &Self) {
        self.failures = add(self.failures, other.failures);
        self.cache_hits = add(self.cache_hits, other.cache_hits);
        self.cache_misses = add(self.cache_misses, other.cache_misses);
        self.requests = add(self.requests, other.requests);
        self.bytes_in = add(self.bytes_in, other.bytes_in);
        self.bytes_out = add(self.bytes_out, other.bytes_out);
        self.latencies.merge(&other.latencies);
    }

    fn is_sound(&self) -> bool {
        let Self { failures, cache_hits, cache_misses, requests, bytes_in, bytes_out, latencies } = self;
        let counts = [failures, cache_hits, cache_misses, requests, bytes_in, bytes_out];
        counts.iter().all(|count| **count <= limits::ROLLUP_NUMBER) && latencies.is_sound()
    }
}

impl Figures {
    /// Counts one operation of `us` microseconds.
    pub(super) fn record(&mut self, sample: &Sample, us: u64, slow: Option<Slow>) {
        let sources = self.operations.entry(sample.operation).or_default();
        sources.entry(sample.source).or_default().record(sample, us);
        self.slow.extend(slow);
        self.keep_newest_slow();
    }

    /// Adds all of another.
    pub(super) fn merge(&mut self, other: &Self) {
        for (operation, source, series) in other.series() {
            self.operations.entry(operation).or_default().entry(source).or_default().merge(series);
        }
        self.slow.extend_from_slice(&other.slow);
        self.keep_newest_slow();
    }

    /// Every series, in the order of operation and source.
    pub(super) fn series(&self) -> impl Iterator<Item = (Operation, Source, &Series)> {
        self.operations.iter().flat_map(|(operation, sources)| {
            sources.iter().map(move |(source, series)| (*operation, *source, series))
        })
    }

    /// The newest slow operations, newest first.
    pub(super) fn slow(&self) -> &[Slow] {
        &self.slow
    }

    /// All series as one.
    pub(super) fn sum(&self) -> Series {
        self.sum_of(|_, _| true)
    }

    /// Syncs and publishes as one series. All other operations are steps of these.
    pub(super) fn asked(&self) -> Series {
        self.sum_of(|operation, _| matches!(operation, Operation::Sync | Operation::Publish))
    }

    /// How long users wait: latencies of successful syncs that the cache did not answer.
    pub(super) fn waits(&self) -> Latencies {
        self.sum_of(|operation, source| operation == Operation::Sync && source != Source::Cache).latencies
    }

    /// Whether the counts are consistent, as all recorded and merged ones are.
    pub(super) fn is_sound(&self) -> bool {
        self.series().all(|(_, _, series)| series.is_sound())
            && self.slow.len() <= limits::SLOW_OPERATIONS
            && self.slow.iter().all(Slow::is_sound)
            && self.slow.is_sorted_by(|newer, older| newer >= older)
    }

    fn sum_of(&self, chosen: impl Fn(Operation, Source) -> bool) -> Series {
        let mut sum = Series::default();
        for (operation, source, series) in self.series() {
            if chosen(operation, source) {
                sum.merge(series);
            }
        }
        sum
    }

    /// The order is total, so that the result does not depend on the order of merging.
    fn keep_newest_slow(&mut self) {
        self.slow.sort_unstable_by(|a, b| b.cmp(a));
        self.slow.truncate(limits::SLOW_OPERATIONS);
    }
}

impl Slow {
    fn is_sound(&self) -> bool {
        (limits::LATENCY_MIN_US..=limits::LATENCY_MAX_US).contains(&self.us)
            && self.detail.as_ref().is_none_or(|detail| *detail == shortened(detail))
    }
}

/// A detail for logs and screens: shortened and without control characters.
pub(super) fn shortened(detail: &str) -> String {
    detail.chars().filter(|c| !c.is_control()).take(limits::SLOW_DETAIL_CHARS).collect()
}

/// `part` of `whole`; none if `whole` is 0.
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
