//! A histogram of latencies in the layout of an HDR histogram with three significant digits, kept sparse.
//!
//! Sparse because one is kept for each series of every stored minute: a dense one takes 160 KB, this one a few hundred
//! bytes. Quantiles are exact to one step (0.1 %), sum and maximum to the microsecond.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits;

/// Bits of a value that are kept: 2048 steps are what three decimal digits take.
const KEPT_BITS: u32 = 11;

/// Upper ends of the chart's buckets, µs: 1-2-5 steps through what a wallet sees, then whole deadlines.
pub(super) const CHART_US: [u64; 19] = [
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    limits::LATENCY_MAX_US,
];

/// Latencies of successful operations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Latencies {
    /// Sum of all, µs.
    sum_us: u64,
    /// The longest, µs.
    max_us: u64,
    /// Lower end of a step in µs → how many fell into it. Shared, so that a snapshot does not copy it.
    counts: StepCounts,
}

/// See [`Latencies::counts`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct StepCounts(Arc<BTreeMap<u64, u64>>);

/// The whole microseconds of a latency, within the bounds.
pub(super) fn to_us(latency: Duration) -> u64 {
    let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
    us.clamp(limits::LATENCY_MIN_US, limits::LATENCY_MAX_US)
}

/// Microseconds as milliseconds.
pub(super) fn to_ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

/// A sum, capped at what a row may hold; capped sums are still associative.
pub(super) fn add(a: u64, b: u64) -> u64 {
    a.saturating_add(b).min(limits::ROLLUP_NUMBER)
}

/// How many of the lowest bits of a value are dropped.
fn dropped_bits(us: u64) -> u32 {
    (u64::BITS - us.leading_zeros()).saturating_sub(KEPT_BITS)
}

/// The lower end of the step that a value falls into.
pub(super) fn step_start(us: u64) -> u64 {
    let bits = dropped_bits(us);
    (us >> bits) << bits
}

/// The highest value of the step that a value falls into.
pub(super) fn step_end(us: u64) -> u64 {
    step_start(us) | ((1 << dropped_bits(us)) - 1)
}

impl Latencies {
    /// Adds one latency, as returned by [`to_us`].
    pub(super) fn record(&mut self, us: u64) {
        let count = Arc::make_mut(&mut self.counts.0).entry(step_start(us)).or_default();
        *count = add(*count, 1);
        self.sum_us = add(self.sum_us, us);
        self.max_us = self.max_us.max(us);
    }

    /// Adds all of another.
    pub(super) fn merge(&mut self, other: &Self) {
        if self.counts.0.is_empty() {
            self.counts = other.counts.clone();
        } else if !other.counts.0.is_empty() {
            let counts = Arc::make_mut(&mut self.counts.0);
            for (step, more) in other.counts.0.iter() {
                let count = counts.entry(*step).or_default();
                *count = add(*count, *more);
            }
        }
        self.sum_us = add(self.sum_us, other.sum_us);
        self.max_us = self.max_us.max(other.max_us);
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.counts.0.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The sum, µs.
    pub(super) fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// The longest, ms; none if there are no latencies.
    pub(super) fn max_ms(&self) -> Option<f64> {
        (!self.counts.0.is_empty()).then(|| to_ms(self.max_us))
    }

    /// The mean, ms; none if there are no latencies.
    pub(super) fn mean_ms(&self) -> Option<f64> {
        let count = self.count();
        (count > 0).then(|| to_ms(self.sum_us) / count as f64)
    }

    /// The value, in ms, that `percent` of all do not exceed (nearest rank); none if there are no latencies.
    pub(super) fn percentile_ms(&self, percent: u8) -> Option<f64> {
        let count = u128::from(self.count());
        let rank = (count * u128::from(percent)).div_ceil(100).max(1);
        let mut seen = 0_u128;
        let step = self.counts.0.iter().find_map(|(step, count)| {
            seen += u128::from(*count);
            (seen >= rank).then_some(*step)
        });
        step.map(|step| to_ms(step_end(step).min(self.max_us)))
    }

    /// How many are at most as long as each of [`CHART_US`], cumulative. A step that straddles a bound is below it.
    pub(super) fn cumulative(&self) -> Vec<(u64, u64)> {
        let mut steps = self.counts.0.iter().peekable();
        let mut seen = 0_u64;
        let up_to = |bound: &u64| {
            while let Some((_, count)) = steps.next_if(|(step, _)| *step <= bound) {
                seen = seen.saturating_add(*count);
            }
            (*bound, seen)
        };
        CHART_US.iter().map(up_to).collect()
    }

    /// Whether the counts are consistent, as all made by [`Latencies::record`] and [`Latencies::merge`] are.
    pub(super) fn is_sound(&self) -> bool {
        let (mut least, mut most) = (0_u128, 0_u128);
        for (step, count) in self.counts.0.iter() {
            let in_bounds = (limits::LATENCY_MIN_US..=limits::LATENCY_MAX_US).contains(step);
            if !in_bounds || step_start(*step) != *step || !(1..=limits::ROLLUP_NUMBER).contains(count) {
                return false;
            }
            least += u128::from(*step) * u128::from(*count);
            most += u128::from(step_end(*step)) * u128::from(*count);
        }
        let last = self.counts.0.last_key_value().map_or(0, |(step, _)| *step);
        let sum_agrees = self.sum_us == limits::ROLLUP_NUMBER
            || self.sum_us < limits::ROLLUP_NUMBER && (least..=most).contains(&u128::from(self.sum_us));
        self.max_us <= limits::LATENCY_MAX_US && step_start(self.max_us) == last && sum_agrees
    }
}

impl Serialize for StepCounts {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StepCounts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(|counts| Self(Arc::new(counts)))
    }
}
