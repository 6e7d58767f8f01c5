//! How fast each node took what was sent last, and what follows for the next CAR.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::limits;
use crate::node::rate::ByteRate;

/// The last measure of each node.
#[derive(Default)]
pub struct Rates(BTreeMap<usize, Measured>);

#[derive(Clone, Copy)]
struct Measured {
    /// Without the way there and back.
    rate: ByteRate,
    /// The same with it.
    gross: ByteRate,
    /// Bytes of the CAR that was measured, or the largest that is worth a try.
    car: usize,
    at: Instant,
}

impl Rates {
    /// What a node took last, the way there and back included.
    pub fn gross(&self, at: usize) -> Option<ByteRate> {
        self.0.get(&at).map(|measured| measured.gross)
    }

    /// The best that was measured lately: what the line carries at least.
    fn line(&self, now: Instant) -> Option<ByteRate> {
        let fresh = self.0.values().filter(|measured| is_fresh(measured, now));
        fresh.map(|measured| measured.rate).max()
    }

    fn fresh(&self, at: usize, now: Instant) -> Option<&Measured> {
        self.0.get(&at).filter(|measured| is_fresh(measured, now))
    }

    /// Whether so many bytes are soon sent, as far as that was measured lately, or sooner than nodes pull them.
    pub fn is_wide_for(&self, bytes: u64, now: Instant) -> bool {
        let is_wide = |rate: ByteRate| {
            rate >= ByteRate::new(limits::PULL_BELOW) || rate.time_of(bytes) <= limits::PULL_FROM
        };
        self.line(now).is_some_and(is_wide)
    }

    /// Up to so many bytes go to every node at once.
    pub fn small(&self, now: Instant) -> u64 {
        let soon = self.line(now).map(|rate| rate.bytes_in(limits::SMALL_SHARE));
        let small = soon.unwrap_or(limits::SMALL_UNMEASURED as u64);
        small.clamp(limits::CAR_FIRST_BYTES as u64, limits::BULK_BYTES as u64)
    }

    /// How large the next CAR for a node is to be: what it takes in a tenth of the time since the upload began, up to half a second, or
    /// in two round trips of a far one.
    pub fn car_bytes(&self, at: usize, round_trip: Duration, began: Instant, now: Instant) -> usize {
        let Some(last) = self.fresh(at, now) else { return limits::CAR_FIRST_BYTES };
        let share = now.saturating_duration_since(began) / limits::CAR_TIME_SHARE;
        let time = share.clamp(limits::CAR_TIME_FIRST, limits::CAR_TIME);
        let soon = last.rate.bytes_in(time.max(round_trip * 2));
        let most = last.car.saturating_mul(limits::CAR_GROWTH).min(limits::CAR_CHUNK_BYTES);
        usize::try_from(soon).unwrap_or(most).min(most).max(limits::CAR_FIRST_BYTES)
    }

    /// How long so many bytes are expected to take.
    pub fn expected(&self, at: usize, bytes: usize, now: Instant) -> Duration {
        let thinnest = ByteRate::new(limits::THINNEST_LINE);
        let rate = self.fresh(at, now).map_or(thinnest, |last| last.rate);
        rate.max(thinnest.percent(10)).time_of(bytes as u64)
    }

    /// How long they may take at most: a line may become thinner, and be shared.
    pub fn slowest(&self, at: usize, bytes: usize, now: Instant) -> Duration {
        self.expected(at, bytes, now).saturating_mul(4)
    }

    /// So many bytes took so long, the way there and back included.
    pub fn note(&mut self, at: usize, bytes: usize, took: Duration, round_trip: Duration, now: Instant) {
        // What is small says more of the way than of the line.
        if bytes < limits::CAR_FIRST_BYTES / 2 {
            return;
        }
        // The way may have been measured on a line that was full, or with a new connection.
        let on_the_line = took.saturating_sub(round_trip).max(took / 3).max(Duration::from_millis(1));
        let rate = |time: Duration| ByteRate::of(bytes as u64, time);
        let (rate, gross) = (rate(on_the_line), rate(took.max(on_the_line)));
        self.0.insert(at, Measured { rate, gross, car: bytes, at: now });
    }

    pub fn note_too_large(&mut self, at: usize, now: Instant) {
        if let Some(last) = self.0.get_mut(&at) {
            (last.rate, last.car, last.at) = (last.rate.percent(12), limits::CAR_FIRST_BYTES, now);
        }
    }
}

fn is_fresh(measured: &Measured, now: Instant) -> bool {
    now.saturating_duration_since(measured.at) <= limits::RATE_FRESH
}
