//! A line of limited width, shared by all that send on it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A queue of bytes at a fixed rate: whoever sends waits for all that was sent before. Clones share it.
#[derive(Clone, Debug)]
pub struct Bandwidth {
    bits_per_second: u64,
    free_at: Arc<Mutex<Option<Instant>>>,
}

impl Bandwidth {
    /// A line of this many bits per second (at least 1).
    #[must_use]
    pub fn new(bits_per_second: u64) -> Self {
        Self { bits_per_second: bits_per_second.max(1), free_at: Arc::default() }
    }

    /// Ends when these bytes have left the line.
    ///
    /// # Cancel safety
    /// The time on the line is taken even when the future is dropped.
    pub async fn pass(&self, len_bytes: usize) {
        tokio::time::sleep_until(self.take(len_bytes)).await;
    }

    fn take(&self, len_bytes: usize) -> Instant {
        let bits = (len_bytes as u128).saturating_mul(8);
        let nanos = bits.saturating_mul(1_000_000_000) / u128::from(self.bits_per_second);
        let took = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let now = super::now();
        let end = free_at.unwrap_or(now).max(now) + took;
        *free_at = Some(end);
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_senders_share_one_line() {
        let line = Bandwidth::new(8_000); // 1,000 bytes a second
        let began = super::super::now();
        tokio::join!(line.pass(500), line.pass(500), line.pass(1_000));
        assert_eq!(began.elapsed().as_millis(), 2_000);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_line_saves_nothing_up() {
        let line = Bandwidth::new(8_000);
        tokio::time::sleep(Duration::from_secs(60)).await;
        let began = super::super::now();
        line.pass(1_000).await;
        assert_eq!(began.elapsed().as_millis(), 1_000);
    }
}
