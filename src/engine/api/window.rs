//! What windows added lately, and what they may add.

use serde::{Deserialize, Serialize};

use crate::clock::{UnixMs, millis};
use crate::limits;

/// What one call adds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Added {
    /// Token states that are new here.
    pub states: u32,
    /// Intents and proofs.
    pub spends: u32,
    /// Entries that are new here.
    pub entries: u32,
    /// Bytes of payloads, evidence and values.
    pub bytes: u64,
}

impl Added {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            states: self.states.saturating_add(other.states),
            spends: self.spends.saturating_add(other.spends),
            entries: self.entries.saturating_add(other.entries),
            bytes: self.bytes.saturating_add(other.bytes),
        }
    }

    /// Each kind with what it is called.
    fn kinds(self) -> [(&'static str, u64); 4] {
        [
            ("token states", self.states.into()),
            ("spends", self.spends.into()),
            ("entries", self.entries.into()),
            ("bytes", self.bytes),
        ]
    }
}

/// What was added within one time, as few sums.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lately(Vec<Sum>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sum {
    from: UnixMs,
    to: UnixMs,
    added: Added,
}

impl Lately {
    /// What was added within this time before now. What lies in the future, after the clock went back, counts for as long.
    #[must_use]
    pub fn within(&self, period: UnixMs, now: UnixMs) -> Added {
        let counts = |sum: &&Sum| (now.saturating_sub(sum.to)).saturating_abs() < period;
        self.0.iter().filter(counts).fold(Added::default(), |all, sum| all.and(sum.added))
    }

    /// The same with something more, and without what counts no more.
    #[must_use]
    pub fn with(&self, added: Added, period: UnixMs, now: UnixMs) -> Self {
        let counts = |sum: &&Sum| (now.saturating_sub(sum.to)).saturating_abs() < period;
        let mut sums: Vec<Sum> = self.0.iter().filter(counts).copied().collect();
        let grain = period / i64::from(limits::WINDOW_COUNTS);
        match sums.last_mut() {
            Some(last) if (0..grain).contains(&now.saturating_sub(last.from)) => {
                *last = Sum { from: last.from, to: now, added: last.added.and(added) };
            }
            _ => sums.push(Sum { from: now, to: now, added }),
        }
        Self(sums)
    }
}

/// What all windows of an account added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    hour: Lately,
    day: Lately,
}

/// Why more is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch {
    /// Of what.
    pub what: &'static str,
    /// Within an hour, else within a day.
    pub in_an_hour: bool,
}

impl Tally {
    /// The tally with something more, and which bounds are half used by that.
    ///
    /// # Errors
    /// What is too much of it. `is_modest`: of a window that added little itself.
    pub fn with(
        &self,
        added: Added,
        states_per_hour: u32,
        is_modest: bool,
        now: UnixMs,
    ) -> Result<(Self, Vec<TooMuch>), TooMuch> {
        let (hour, day) = (millis(limits::WINDOW_HOUR), millis(limits::WINDOW_DAY));
        let mut half = Vec::new();
        for (lately, period, bound) in
            [(&self.hour, hour, per_hour(states_per_hour)), (&self.day, day, per_day(states_per_hour))]
        {
            let before = lately.within(period, now);
            let after = before.and(added);
            let in_an_hour = period == hour;
            let kinds = before.kinds().into_iter().zip(after.kinds()).zip(bound.kinds());
            for (((what, before), (_, after)), (_, bound)) in kinds {
                let is_kept_for = is_modest && what == "token states";
                let most =
                    if is_kept_for { bound.saturating_add(bound / limits::WINDOW_KEPT_PART) } else { bound };
                if after > most && after > before {
                    return Err(TooMuch { what, in_an_hour });
                }
                let told_at = bound.saturating_mul(limits::TOLD_AT_PERCENT) / 100;
                if before < told_at && after >= told_at {
                    half.push(TooMuch { what, in_an_hour });
                }
            }
        }
        let tally = Self { hour: self.hour.with(added, hour, now), day: self.day.with(added, day, now) };
        Ok((tally, half))
    }
}

fn per_hour(states: u32) -> Added {
    let (spends, entries) = (limits::WINDOW_SPENDS.0, limits::WINDOW_ENTRIES.0);
    Added { states, spends, entries, bytes: limits::WINDOW_BYTES.0 }
}

fn per_day(states_per_hour: u32) -> Added {
    let states = states_per_hour.saturating_mul(limits::WINDOW_STATES_DAY_HOURS);
    let (spends, entries) = (limits::WINDOW_SPENDS.1, limits::WINDOW_ENTRIES.1);
    let states = states.min(limits::WINDOW_STATES_DAY_MAX);
    Added { states, spends, entries, bytes: limits::WINDOW_BYTES.1 }
}

#[cfg(test)]
mod tests {
    use super::{Added, Lately, Tally};
    use crate::clock::{UnixMs, millis};
    use crate::limits;

    const START: UnixMs = 1_800_000_000_000;

    fn states(states: u32) -> Added {
        Added { states, ..Added::default() }
    }

    /// How many states a script gets in that asks for as many as there are, again and again.
    fn greedy(per_hour: u32, for_ms: UnixMs, is_modest: bool) -> u32 {
        let (mut tally, mut taken, mut now) = (Tally::default(), 0, START);
        while now < START + for_ms {
            for size in [1_000, 100, 10, 1] {
                while let Ok((next, _)) = tally.with(states(size), per_hour, is_modest, now) {
                    (tally, taken) = (next, taken + size);
                }
            }
            now += 37_000;
        }
        taken
    }

    #[test]
    fn an_hour_takes_what_it_is_set_to_and_a_day_four_busy_hours() {
        let (hour, day) = (millis(limits::WINDOW_HOUR), millis(limits::WINDOW_DAY));
        assert_eq!(greedy(10_000, hour, false), 10_000);
        assert_eq!(greedy(10_000, day, false), 40_000);
    }

    #[test]
    fn no_setting_lets_a_day_fill_a_wallet() {
        let day = millis(limits::WINDOW_DAY);
        let most = limits::WINDOW_STATES_HOUR_RANGE.1;
        let taken = usize::try_from(greedy(most, day, true)).unwrap();
        assert!(taken <= limits::STATES / 2, "{taken}");
    }

    #[test]
    fn an_hour_later_there_is_room_again_and_not_before() {
        let (tally, _) = Tally::default().with(states(10_000), 10_000, false, START).unwrap();
        let hour = millis(limits::WINDOW_HOUR);
        let refused = tally.with(states(1), 10_000, false, START + hour - 1).unwrap_err();
        assert!(refused.in_an_hour && refused.what == "token states");
        assert!(tally.with(states(10_000), 10_000, false, START + hour).is_ok());
    }

    #[test]
    fn a_window_that_added_little_finds_room_where_another_took_all() {
        let (tally, _) = Tally::default().with(states(10_000), 10_000, false, START).unwrap();
        assert!(tally.with(states(1), 10_000, false, START).is_err());
        assert!(tally.with(states(1), 10_000, true, START).is_ok());
    }

    #[test]
    fn half_of_a_bound_is_told_once() {
        let tally = Tally::default();
        let (tally, half) = tally.with(states(4_999), 10_000, false, START).unwrap();
        assert!(half.is_empty());
        let (tally, half) = tally.with(states(1), 10_000, false, START).unwrap();
        assert_eq!(
            half.iter().map(|half| (half.what, half.in_an_hour)).collect::<Vec<_>>(),
            [("token states", true)]
        );
        assert!(tally.with(states(1), 10_000, false, START).unwrap().1.is_empty());
    }

    #[test]
    fn a_clock_that_goes_back_and_forth_gives_no_room_and_takes_none_for_ever() {
        let (tally, _) = Tally::default().with(states(10_000), 10_000, false, START).unwrap();
        assert!(tally.with(states(1), 10_000, false, START - 1).is_err());
        let year = 365 * millis(limits::WINDOW_DAY);
        assert!(tally.with(states(10_000), 10_000, false, START - year).is_ok());
        assert!(tally.with(states(10_000), 10_000, false, UnixMs::MAX).is_ok());
        assert!(tally.with(states(10_000), 10_000, false, UnixMs::MIN).is_ok());
    }

    #[test]
    fn what_is_remembered_of_a_day_stays_small() {
        let (mut tally, mut now) = (Tally::default(), START);
        for _ in 0..20_000 {
            tally = tally.with(states(1), 50_000, false, now).unwrap().0;
            now += 5_000;
        }
        assert!(tally.hour.0.len() + tally.day.0.len() < 130);
        assert!(serde_json::to_vec(&tally).unwrap().len() < 16 * 1024);
        assert_eq!(Lately::default().within(1, now), Added::default());
    }
}
