//! The line of one home, thin and long, in virtual time: all imitated nodes share it, and every byte waits for those before it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::node::Call;
use tauri_plugin_wallet_sync::{Code, Error};
use tokio::time::Instant;

/// Bytes that go together: what one packet has.
const PACKET: u64 = 1_400;

pub struct HomeLine {
    pub up: Way,
    pub down: Way,
    /// There and back.
    pub rtt: Duration,
}

/// One direction.
pub struct Way {
    /// Bytes a second.
    rate: u64,
    free_at: Mutex<Option<Instant>>,
    bytes: AtomicU64,
}

impl HomeLine {
    /// Rates in kbit/s.
    pub fn new(up: u64, down: u64, rtt: Duration) -> Self {
        let way = |kbit: u64| Way { rate: kbit * 125, free_at: Mutex::default(), bytes: AtomicU64::new(0) };
        Self { up: way(up), down: way(down), rtt }
    }
}

impl Way {
    /// Bytes that went this way, whether or not what they belong to came to its end.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Ends when so many bytes have passed; `seen` hears of each part.
    pub async fn carry(&self, bytes: u64, seen: impl Fn(u64), call: &Call) -> Result<(), Error> {
        let mut left = bytes;
        while left > 0 {
            let some = left.min(PACKET);
            let passed =
                tokio::time::timeout_at(call.deadline, tokio::time::sleep_until(self.take(some))).await;
            if passed.is_err() {
                return Err(Error::new(Code::Deadline, "the line is too thin"));
            }
            seen(some);
            left -= some;
        }
        Ok(())
    }

    fn take(&self, bytes: u64) -> Instant {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let mut free_at = self.free_at.lock().unwrap();
        let from = free_at.unwrap_or_else(monotonic).max(monotonic());
        let until = from + Duration::from_nanos(bytes * 1_000_000_000 / self.rate);
        *free_at = Some(until);
        until
    }
}
