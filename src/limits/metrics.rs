//! Metrics and their targets.

use std::time::Duration;

/// Shortest latency told apart, µs: a cached answer takes tens of them.
pub const LATENCY_MIN_US: u64 = 1;
/// Longest latency told apart, µs: a wait for the outbox ends after ten minutes; longer ones count as this.
pub const LATENCY_MAX_US: u64 = 600_000_000;
/// Longest detail of a slow operation, characters: an error code takes at most 18.
pub const SLOW_DETAIL_CHARS: usize = 64;
/// Largest roll-up row that is read, bytes: 30 series with every one of 20,000 latency steps in use take 12 MB.
pub const ROLLUP_BYTES: usize = 16 * 1024 * 1024;
/// Largest number in a roll-up row: above it JSON numbers lose digits in JavaScript.
pub const ROLLUP_NUMBER: u64 = 1 << 53;
/// Target: 95 % of the waits are shorter than this.
pub const TARGET_P95: Duration = Duration::from_secs(2);
/// Target: the mean wait is shorter than this.
pub const TARGET_MEAN: Duration = Duration::from_millis(500);
/// Target: the share of operations that succeed is above this.
pub const TARGET_SUCCESS: f64 = 0.99;
/// Target: the share of cache look-ups that hit is above this.
pub const TARGET_CACHE_HITS: f64 = 0.5;
