//! Time and randomness: the only place that asks the system for either.
//!
//! Wall-clock time is for humans and for EOLs; deadlines use the monotonic clock only.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::Instant;

/// Milliseconds since the Unix epoch, UTC.
pub type UnixMs = i64;

/// Where the engine gets its time from.
pub trait Clock: Send + Sync + 'static {
    /// Wall-clock time.
    fn now(&self) -> UnixMs;

    /// Monotonic time, for deadlines and latencies. Follows tokio's paused clock in tests.
    fn monotonic(&self) -> Instant;
}

/// The system's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> UnixMs {
        match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => UnixMs::try_from(since.as_millis()).unwrap_or(UnixMs::MAX),
            Err(_) => 0,
        }
    }

    fn monotonic(&self) -> Instant {
        monotonic()
    }
}

/// Monotonic time where no clock is at hand (latency of one request).
#[allow(clippy::disallowed_methods)]
#[must_use]
pub fn monotonic() -> Instant {
    Instant::now()
}

/// A wall clock that moves only by hand; its monotonic side is tokio's.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Starts at the given time.
    #[must_use]
    pub const fn new(now: UnixMs) -> Self {
        Self(AtomicI64::new(now))
    }

    /// Moves the wall clock, forwards or backwards.
    pub fn advance_ms(&self, by: i64) {
        self.0.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixMs {
        self.0.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Instant {
        monotonic()
    }
}

/// A source of random numbers: the system's, or a seeded one that repeats.
pub struct Entropy(Mutex<StdRng>);

impl Entropy {
    /// Seeded by the operating system.
    ///
    /// # Errors
    /// [`Code::StorageIo`](crate::error::Code) when the operating system gives no randomness.
    pub fn system() -> Result<Self, crate::error::Error> {
        let rng = StdRng::try_from_rng(&mut rand::rngs::SysRng).map_err(|_| {
            crate::error::Error::new(
                crate::error::Code::StorageIo,
                "the operating system gives no random numbers",
            )
        })?;
        Ok(Self(Mutex::new(rng)))
    }

    /// Repeats for the same seed; for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// Fills a buffer.
    pub fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer);
    }

    /// So many random bytes.
    #[must_use]
    pub fn draw<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number from 0 to `end` − 1; 0 when `end` is 0.
    pub fn below(&self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes).checked_rem(end).unwrap_or(0)
    }
}

/// A duration as wall clock times count it; the longest when it is longer.
#[must_use]
pub fn millis(duration: Duration) -> UnixMs {
    UnixMs::try_from(duration.as_millis()).unwrap_or(UnixMs::MAX)
}

impl std::fmt::Debug for Entropy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entropy")
    }
}
