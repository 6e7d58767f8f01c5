//! A cap on what all requests together send and receive: the rest of the home shares the line.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::clock::monotonic;
use crate::limits;
use crate::node::rate::ByteRate;

/// The rates that all requests of an account share; without one in either direction as much as the line carries.
#[derive(Debug, Default)]
pub struct Cap {
    /// To the nodes.
    pub up: Option<Rate>,
    /// From them.
    pub down: Option<Rate>,
}

/// So many bytes a second, and a little at once.
#[derive(Debug)]
pub struct Rate {
    rate: ByteRate,
    free_at: Mutex<Option<Instant>>,
}

impl Cap {
    /// Rates in kbit/s; `None` where there is nothing to keep to.
    #[must_use]
    pub fn new(up_kbit: Option<u32>, down_kbit: Option<u32>) -> Option<Arc<Self>> {
        let rate = |kbit: u32| Rate::new(u64::from(kbit) * 1_000 / 8);
        let is_any = up_kbit.is_some() || down_kbit.is_some();
        is_any.then(|| Arc::new(Self { up: up_kbit.map(rate), down: down_kbit.map(rate) }))
    }
}

impl Rate {
    fn new(bytes_a_second: u64) -> Self {
        Self { rate: ByteRate::new(bytes_a_second), free_at: Mutex::default() }
    }

    /// Ends when so many bytes may pass, after all that asked before.
    ///
    /// # Cancel safety
    /// The place in the queue is used up.
    pub async fn pass(&self, bytes: usize) {
        let until = self.take(bytes as u64);
        if until > monotonic() {
            tokio::time::sleep_until(until).await;
        }
    }

    /// When they may pass. What was not used for a moment may be made up for.
    fn take(&self, bytes: u64) -> Instant {
        let now = monotonic();
        let took = self.rate.time_of(bytes);
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(limits::CAP_BURST).unwrap_or(now);
        let until = free_at.map_or(now, |at| at.max(earliest)) + took;
        *free_at = Some(until);
        until
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_that_pass_share_the_rate() {
        let cap = Cap::new(Some(80), None).unwrap(); // 10,000 bytes a second
        let up = cap.up.as_ref().unwrap();
        assert!(cap.down.is_none());
        let began = monotonic();
        tokio::join!(up.pass(5_000), up.pass(5_000), up.pass(10_000));
        assert_eq!(began.elapsed().as_millis(), 2_000);
    }

    #[tokio::test(start_paused = true)]
    async fn hardly_anything_is_saved_up() {
        let cap = Cap::new(None, Some(80)).unwrap();
        let down = cap.down.as_ref().unwrap();
        down.pass(10).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let began = monotonic();
        down.pass(10_000).await;
        assert_eq!(began.elapsed(), Duration::from_secs(1) - limits::CAP_BURST);
    }

    #[test]
    fn without_rates_there_is_no_cap() {
        assert!(Cap::new(None, None).is_none());
    }
}
