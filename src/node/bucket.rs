//! A token bucket: so many at once, then so many a second.

use std::time::Duration;

use tokio::time::Instant;

/// How often something may happen.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// Time that one token takes to come back.
    every: Duration,
    /// Time that a full bucket stands for.
    depth: Duration,
    /// When it is full again.
    full_at: Instant,
}

impl Bucket {
    /// A full bucket of `most` tokens, to which `a_second` come back each second; at least one of each.
    #[must_use]
    pub fn new((most, a_second): (u32, u32), now: Instant) -> Self {
        let every = Duration::from_secs(1) / a_second.max(1);
        Self { every, depth: every.saturating_mul(most.max(1)), full_at: now }
    }

    /// Takes a token; `false` when there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.max(now) + self.every;
        let is_there = full_at.saturating_duration_since(now) <= self.depth;
        if is_there {
            self.full_at = full_at;
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::monotonic;

    #[test]
    fn so_many_at_once_and_then_so_many_a_second() {
        let start = monotonic();
        let mut bucket = Bucket::new((3, 10), start);
        let taken = |bucket: &mut Bucket, at| (0..10).filter(|_| bucket.take(at)).count();
        assert_eq!(taken(&mut bucket, start), 3);
        assert_eq!(taken(&mut bucket, start + Duration::from_millis(100)), 1);
        assert_eq!(taken(&mut bucket, start + Duration::from_millis(199)), 0);
        assert_eq!(taken(&mut bucket, start + Duration::from_secs(60)), 3, "it never holds more");
    }
}
