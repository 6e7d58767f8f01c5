//! What windows may add over time. Rust is not bound by it.
//!
//! A script that has taken over a window writes as fast as it can. These bounds are far above what people do and far below what fills a
//! wallet: at the highest setting a day of all windows together takes little more than a third of [`STATES`](super::STATES).

use std::time::Duration;

/// The shorter time that is counted over.
pub const WINDOW_HOUR: Duration = Duration::from_secs(3_600);
/// The longer one.
pub const WINDOW_DAY: Duration = Duration::from_secs(86_400);
/// Parts of either that are counted on their own: what was added within one part counts as added at the last of it.
pub const WINDOW_COUNTS: u32 = 60;
/// Token states, those that a spend alone makes too, an hour and account: `windows.statesPerHour` when it is not set.
pub const WINDOW_STATES_HOUR: u32 = 10_000;
/// What it may be set to.
pub const WINDOW_STATES_HOUR_RANGE: (u32, u32) = (100, 50_000);
/// Token states a day: four busy hours.
pub const WINDOW_STATES_DAY_HOURS: u32 = 4;
/// Token states a day at most, whatever is set: a third of what a wallet holds.
pub const WINDOW_STATES_DAY_MAX: u32 = 66_000;
/// A window that added no more than this part of the hour's bound is modest: one in fifty, 200 of 10,000.
pub const WINDOW_MODEST_PART: u32 = 50;
/// The part of either bound that is kept for modest windows beside it: one that takes all it can does not keep another from receiving.
pub const WINDOW_KEPT_PART: u64 = 10;
/// Spends (intents and proofs) an hour and account: one every two seconds.
pub const WINDOW_SPENDS: (u32, u32) = (2_000, 8_000);
/// New entries an hour and a day.
pub const WINDOW_ENTRIES: (u32, u32) = (2_000, 8_000);
/// Payloads, evidence and values, bytes an hour and a day: what ten thousand tokens of 25 KB are, and a disk that is not full within a week.
pub const WINDOW_BYTES: (u64, u64) = (512 * 1024 * 1024, 2 * 1024 * 1024 * 1024);
/// Intents of one state that windows may record, of the eight that are kept: Rust, and other devices, always find a place for theirs.
pub const WINDOW_INTENTS: usize = 4;
/// Proofs of one state that windows may record: a set that is full leaves the state suspect for ever.
pub const WINDOW_PROOFS: usize = 4;
/// Share of a bound at which it is told, in percent.
pub const TOLD_AT_PERCENT: u64 = 50;
/// Share of what a wallet may hold that windows cannot fill, in percent: it is for Rust and other devices.
pub const KEPT_FROM_WINDOWS_PERCENT: usize = 10;
