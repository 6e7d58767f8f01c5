//! How fast content comes, as measured, and how much of it is asked for at once: enough to fill the line, and no more, so that on a
//! thin one block after block is whole.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::limits;
use crate::node::rate::ByteRate;

/// The last measure of the line from the nodes.
#[derive(Default)]
pub struct Pace(Mutex<Option<Measured>>);

#[derive(Clone, Copy)]
struct Measured {
    rate: ByteRate,
    at: Instant,
}

impl Pace {
    fn inner(&self) -> MutexGuard<'_, Option<Measured>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The rate, where it was measured lately.
    pub fn rate(&self, now: Instant) -> Option<ByteRate> {
        let measured = *self.inner();
        let is_fresh = |measured: &Measured| now.saturating_duration_since(measured.at) <= limits::RATE_FRESH;
        measured.filter(is_fresh).map(|measured| measured.rate)
    }

    /// So many bytes came in so much time, in which so often nothing came for one way there and back.
    pub fn note(&self, bytes: u64, took: Duration, ways: Duration, now: Instant) {
        // What is small says more of the way than of the line.
        if bytes < limits::PACE_BYTES {
            return;
        }
        let on_the_line = took.saturating_sub(ways).max(took / 8).max(Duration::from_millis(1));
        *self.inner() = Some(Measured { rate: ByteRate::of(bytes, on_the_line), at: now });
    }

    /// How long so many bytes take.
    pub fn time_of(&self, bytes: u64, now: Instant) -> Option<Duration> {
        self.rate(now).map(|rate| rate.time_of(bytes))
    }

    /// How many blocks of this size fill the line while a request is on its way.
    pub fn at_once(&self, block: u64, way: Duration, now: Instant) -> usize {
        let on_the_way = match self.rate(now) {
            None => limits::UNMEASURED_BYTES.saturating_sub(block),
            Some(rate) => rate.bytes_in(way * 2),
        };
        let blocks = usize::try_from(on_the_way / block.max(1)).unwrap_or(limits::BLOCK_REQUESTS);
        blocks.saturating_add(1).min(limits::BLOCK_REQUESTS)
    }
}

#[cfg(test)]
mod tests;
