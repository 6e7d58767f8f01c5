//! Limits how many calls a window may make: a token bucket per window and class; calls are refused when it is empty.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::error::{Code, Error};
use crate::limits;

/// How much work a call may cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CallClass {
    /// Answers from memory, mostly.
    Read,
    /// May cost a write to disk or requests to the nodes.
    Write,
}

impl CallClass {
    const fn bounds(self) -> (u32, u32) {
        match self {
            Self::Read => limits::READ_CALLS,
            Self::Write => limits::WRITE_CALLS,
        }
    }
}

/// The allowances of all windows.
#[derive(Debug, Default)]
pub(super) struct CallLimiter(Mutex<BTreeMap<(String, CallClass), Allowance>>);

#[derive(Debug)]
struct Allowance {
    level: f64,
    at: Instant,
}

impl CallLimiter {
    /// Admits a call of a window.
    ///
    /// # Errors
    /// [`Code::RateLimited`].
    pub(super) fn admit(&self, window: &str, class: CallClass, now: Instant) -> Result<(), Error> {
        self.admit_worth(window, class, 1, now)
    }

    /// Admits a call that is worth several.
    ///
    /// # Errors
    /// [`Code::RateLimited`].
    pub(super) fn admit_worth(
        &self,
        window: &str,
        class: CallClass,
        worth: u32,
        now: Instant,
    ) -> Result<(), Error> {
        let worth = f64::from(worth);
        let (burst, per_second) = class.bounds();
        let mut allowances = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = || Allowance { level: f64::from(burst), at: now };
        let allowance = allowances.entry((window.to_owned(), class)).or_insert_with(full);
        let since = now.saturating_duration_since(allowance.at).as_secs_f64();
        allowance.level = since.mul_add(f64::from(per_second), allowance.level).min(f64::from(burst));
        allowance.at = now;
        if allowance.level < worth {
            return Err(Error::new(Code::RateLimited, "too many calls"));
        }
        allowance.level -= worth;
        Ok(())
    }

    /// Forgets a closed window.
    pub(super) fn forget(&self, window: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(other, _), _| other != window);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::monotonic;

    #[test]
    fn a_burst_passes_then_the_rate_holds_per_window_and_class() {
        let (limiter, start) = (CallLimiter::default(), monotonic());
        let (burst, per_second) = limits::WRITE_CALLS;
        let passed =
            |at: Instant| (0..100_000).filter(|_| limiter.admit("a", CallClass::Write, at).is_ok()).count();
        assert_eq!(passed(start), burst as usize);
        assert_eq!(passed(start + Duration::from_secs(1)), per_second as usize);
        assert_eq!(passed(start + Duration::from_secs(3600)), burst as usize, "a bucket never overflows");
        assert!(limiter.admit("a", CallClass::Read, start).is_ok());
        assert!(limiter.admit("b", CallClass::Write, start).is_ok());
        limiter.forget("a");
        assert!(limiter.admit("a", CallClass::Write, start).is_ok());
    }
}
