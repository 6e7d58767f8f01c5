//! Bytes a second, in whole numbers.

use std::time::Duration;

/// Bytes a second, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteRate(u64);

impl ByteRate {
    /// So many bytes a second.
    #[must_use]
    pub const fn new(bytes_a_second: u64) -> Self {
        Self(if bytes_a_second == 0 { 1 } else { bytes_a_second })
    }

    /// So many bytes in so much time.
    #[must_use]
    pub fn of(bytes: u64, time: Duration) -> Self {
        Self::new(whole(u128::from(bytes) * 1_000_000 / time.as_micros().max(1)))
    }

    /// Bytes that come in so much time.
    #[must_use]
    pub fn bytes_in(self, time: Duration) -> u64 {
        whole(u128::from(self.0).saturating_mul(time.as_micros()) / 1_000_000)
    }

    /// How long so many bytes take.
    #[must_use]
    pub fn time_of(self, bytes: u64) -> Duration {
        Duration::from_micros(whole(u128::from(bytes) * 1_000_000 / u128::from(self.0)))
    }

    /// So many percent of it.
    #[must_use]
    pub fn percent(self, percent: u64) -> Self {
        Self::new(whole(u128::from(self.0) * u128::from(percent) / 100))
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

fn whole(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_bytes_and_time_either_way() {
        let rate = ByteRate::of(500_000, Duration::from_millis(250));
        assert_eq!(rate, ByteRate::new(2_000_000));
        assert_eq!(rate.bytes_in(Duration::from_millis(100)), 200_000);
        assert_eq!(rate.time_of(200_000), Duration::from_millis(100));
        assert_eq!(rate.percent(50).plus(rate), ByteRate::new(3_000_000));
    }

    #[test]
    fn extremes_are_no_wall() {
        assert_eq!(ByteRate::new(0), ByteRate::new(1));
        assert_eq!(ByteRate::of(u64::MAX, Duration::ZERO), ByteRate::new(u64::MAX));
        assert_eq!(ByteRate::new(u64::MAX).bytes_in(Duration::MAX), u64::MAX);
        assert_eq!(ByteRate::new(1).time_of(u64::MAX), Duration::from_micros(u64::MAX));
    }
}
