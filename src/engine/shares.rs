//! What each window did lately, in memory: how much it added, and what was told of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::api::window::{Added, Lately};
use crate::clock::{UnixMs, millis};
use crate::limits;

/// The windows of one account.
#[derive(Default)]
pub struct Shares(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    added: BTreeMap<String, Lately>,
    told: BTreeMap<(String, &'static str), Told>,
}

struct Told {
    at: UnixMs,
    /// How often it was tried since.
    since: u32,
}

impl Shares {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a window adds little of what all may add in an hour, with what it is about to add.
    pub fn is_modest(&self, window: &str, more: Added, states_per_hour: u32, now: UnixMs) -> bool {
        let inner = self.inner();
        let hour = millis(limits::WINDOW_HOUR);
        let before = inner.added.get(window).map(|lately| lately.within(hour, now)).unwrap_or_default();
        // One that is not known and for which there is no place is none of those that room is kept for.
        let has_place = inner.added.contains_key(window) || inner.added.len() < limits::TOLD_WINDOWS;
        has_place && before.and(more).states <= states_per_hour / limits::WINDOW_MODEST_PART
    }

    /// A window added something.
    pub fn note(&self, window: &str, added: Added, now: UnixMs) {
        let mut inner = self.inner();
        let hour = millis(limits::WINDOW_HOUR);
        if inner.added.len() >= limits::TOLD_WINDOWS {
            inner.added.retain(|_, lately| lately.within(hour, now) != Added::default());
        }
        if inner.added.contains_key(window) || inner.added.len() < limits::TOLD_WINDOWS {
            let lately = inner.added.entry(window.to_owned()).or_default();
            *lately = lately.with(added, hour, now);
        }
    }

    /// Whether it is to be told that a window did something; then how often it did it since that was told last, this time included.
    pub fn tell(&self, window: &str, what: &'static str, now: UnixMs) -> Option<u32> {
        let mut inner = self.inner();
        let again = millis(limits::TOLD_AGAIN);
        let is_recent = |told: &Told| now.saturating_sub(told.at).saturating_abs() < again;
        if inner.told.len() >= limits::TOLD_WINDOWS {
            inner.told.retain(|_, told| is_recent(told));
        }
        let key = (window.to_owned(), what);
        let is_full = inner.told.len() >= limits::TOLD_WINDOWS;
        match inner.told.get_mut(&key) {
            Some(told) if is_recent(told) => {
                told.since = told.since.saturating_add(1);
                None
            }
            Some(told) => {
                let times = told.since.saturating_add(1);
                *told = Told { at: now, since: 0 };
                Some(times)
            }
            None if is_full => None,
            None => {
                inner.told.insert(key, Told { at: now, since: 0 });
                Some(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::clock::millis;
    use crate::engine::api::window::Added;
    use crate::engine::shares::Shares;
    use crate::limits;

    #[test]
    fn the_same_of_one_window_is_told_once_in_ten_minutes_with_how_often_it_was_tried() {
        let (shares, again) = (Shares::default(), millis(limits::TOLD_AGAIN));
        assert_eq!(shares.tell("main", "proof", 1_000), Some(1));
        for _ in 0..100 {
            assert_eq!(shares.tell("main", "proof", 1_001), None);
        }
        assert_eq!(shares.tell("main", "states", 1_001), Some(1));
        assert_eq!(shares.tell("other", "proof", 1_001), Some(1));
        assert_eq!(shares.tell("main", "proof", 1_000 + again), Some(101));
    }

    #[test]
    fn no_number_of_windows_is_remembered_without_end() {
        let shares = Shares::default();
        let added = Added { states: 1, ..Added::default() };
        for n in 0..limits::TOLD_WINDOWS + 50 {
            shares.note(&n.to_string(), added, 1_000);
            shares.tell(&n.to_string(), "proof", 1_000);
        }
        assert_eq!(shares.inner().added.len(), limits::TOLD_WINDOWS);
        assert_eq!(shares.inner().told.len(), limits::TOLD_WINDOWS);
        assert!(!shares.is_modest("one more", added, 10_000, 1_000));
        shares.note("later", added, 1_000 + millis(limits::WINDOW_HOUR));
        assert_eq!(shares.inner().added.len(), 1);
    }
}
