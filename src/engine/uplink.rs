//! What the line to the nodes carries, as measured, and who sends bulk on it.
//!
//! Five nodes of one home share one line: what takes long goes over it once, to one node, and the others pull it from there. Who
//! sends holds a [`Sending`]; the next one begins when that ends, or stalls. A second one is let in where the line is wide, or where
//! a trial showed that the second one brings as much beside the first: then the node was slow, not the line.

mod rates;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use self::rates::Rates;
use crate::limits;
use crate::node::rate::ByteRate;

/// The line from this device to its nodes.
pub struct Uplink {
    inner: Mutex<Inner>,
    changes: watch::Sender<()>,
}

#[derive(Default)]
struct Inner {
    rates: Rates,
    senders: BTreeMap<usize, Sender>,
    /// How long the first one sends alone before another is tried beside it.
    pause: Option<Duration>,
}

/// Who sends bulk.
struct Sender {
    began: Instant,
    moved_at: Instant,
    /// How long it may take until it is a step further.
    patience: Duration,
    trial: Option<Trial>,
}

/// What the others brought when a trial began.
#[derive(Clone, Copy)]
struct Trial(ByteRate);

/// Who wants to send.
#[derive(Clone, Copy)]
pub struct Asking {
    pub at: usize,
    pub bytes: u64,
    /// The node lacks least, or answers soonest.
    pub is_first: bool,
    /// Another node has it all, and the line is wide enough for sending it to everybody.
    pub is_open: bool,
    /// When it answered last and how long that took; none where it did not.
    pub answered: Option<(Instant, Duration)>,
}

/// The answer to who wants to send.
pub enum Turn<'a> {
    Send(Sending<'a>),
    /// Not before this moment, unless something changes.
    Wait(Instant),
}

/// Somebody sends until this is dropped.
pub struct Sending<'a> {
    uplink: &'a Uplink,
    at: usize,
}

impl Default for Uplink {
    fn default() -> Self {
        Self { inner: Mutex::default(), changes: watch::channel(()).0 }
    }
}

impl Uplink {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hears whenever somebody begins, ends, or comes a step further.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Something happened that those who wait may want to know.
    pub fn stir(&self) {
        self.changes.send_replace(());
    }

    /// Whether so many bytes are soon sent, as far as that was measured lately.
    pub fn is_wide_for(&self, bytes: u64, now: Instant) -> bool {
        self.inner().rates.is_wide_for(bytes, now)
    }

    /// Whether so many bytes are bulk, which goes over a thin line once.
    pub fn is_bulk(&self, bytes: u64, now: Instant) -> bool {
        bytes > self.inner().rates.small(now)
    }

    /// Whether the node took anything of this process that is a measure.
    pub fn is_measured(&self, at: usize) -> bool {
        self.inner().rates.gross(at).is_some()
    }

    /// How large the next CAR for a node is to be, of an upload that began then.
    pub fn car_bytes(&self, at: usize, round_trip: Duration, began: Instant, now: Instant) -> usize {
        self.inner().rates.car_bytes(at, round_trip, began, now)
    }

    /// How long a node may take for so many bytes, beyond what any request may take.
    pub fn slowest(&self, at: usize, bytes: usize, now: Instant) -> Duration {
        self.inner().rates.slowest(at, bytes, now)
    }

    /// A node took a CAR in so much time, one round trip included.
    pub fn note_taken(&self, at: usize, bytes: usize, took: Duration, round_trip: Duration, now: Instant) {
        self.inner().rates.note(at, bytes, took, round_trip, now);
        self.stir();
    }

    /// A node did not take a CAR in time: the next one is smaller.
    pub fn note_too_large(&self, at: usize, now: Instant) {
        self.inner().rates.note_too_large(at, now);
    }

    /// Whether somebody may send now.
    pub fn ask(&self, asking: Asking, now: Instant) -> Turn<'_> {
        let mut inner = self.inner();
        let begin = |inner: &mut Inner, trial: Option<Trial>| {
            let sender = Sender { began: now, moved_at: now, patience: limits::SENDER_FIRST, trial };
            inner.senders.insert(asking.at, sender);
            Turn::Send(Sending { uplink: self, at: asking.at })
        };
        let turn = match inner.judge(asking, now) {
            Ok(trial) => begin(&mut inner, trial),
            Err(until) => return Turn::Wait(until),
        };
        drop(inner);
        self.stir();
        turn
    }
}

impl Inner {
    /// Whether to begin, and how; else when to ask again.
    fn judge(&mut self, asking: Asking, now: Instant) -> Result<Option<Trial>, Instant> {
        let idle = now + limits::WAIT_IDLE;
        if asking.is_open || asking.bytes <= self.rates.small(now) {
            return Ok(None);
        }
        if self.senders.is_empty() {
            self.pause = None;
            // Who is alive begins, should whoever is first not do so at once.
            let head_start = limits::HEAD_START;
            let from = asking.answered.map(|(at, took)| at + took.max(head_start));
            return match from {
                _ if asking.is_first => Ok(None),
                Some(from) if now >= from => Ok(None),
                Some(from) => Err(from),
                None => Err(idle),
            };
        }
        if self.rates.is_wide_for(asking.bytes, now) && self.senders.len() < limits::BULK_NODES {
            return Ok(None);
        }
        let Some((answered, took)) = asking.answered else { return Err(idle) };
        let stalled_at = self.senders.values().map(|sender| sender.moved_at + sender.patience).max();
        let stalled_at = stalled_at.unwrap_or(now).max(answered + took / 2);
        if now >= stalled_at {
            return Ok(None);
        }
        let trial_at = self.trial_at();
        match trial_at {
            Some(at) if now >= at => {
                self.pause = Some(self.pause.unwrap_or(limits::TRIAL_AFTER).saturating_mul(2));
                Ok(self.sum().map(Trial))
            }
            Some(at) => Err(at.min(stalled_at)),
            None => Err(stalled_at),
        }
    }

    /// When another sender is tried; none while one is.
    fn trial_at(&self) -> Option<Instant> {
        if self.senders.values().any(|sender| sender.trial.is_some()) {
            return None;
        }
        let began = self.senders.values().map(|sender| sender.began).max()?;
        let is_slow = self.sum().is_some_and(|sum| sum < ByteRate::new(limits::THINNEST_LINE / 2));
        let first = if is_slow { limits::TRIAL_AFTER / 4 } else { limits::TRIAL_AFTER };
        Some(began + self.pause.unwrap_or(first))
    }

    /// What all who send bring together, as far as it was measured.
    fn sum(&self) -> Option<ByteRate> {
        self.senders.keys().filter_map(|at| self.rates.gross(*at)).reduce(ByteRate::plus)
    }
}

impl Sending<'_> {
    /// A CAR of so many bytes begins, on a node that answers in so much time.
    pub fn begins(&self, bytes: usize, round_trip: Duration, now: Instant) {
        let mut inner = self.uplink.inner();
        let expected = inner.rates.expected(self.at, bytes, now) + round_trip;
        if let Some(sender) = inner.senders.get_mut(&self.at) {
            (sender.moved_at, sender.patience) = (now, (expected * 2).max(limits::SENDER_FIRST));
        }
    }

    /// After a CAR was taken: whether to go on. A trial ends here where it raised nothing: of a line that others fill it got a share,
    /// beside a slow node as much as that one at least.
    pub fn goes_on(&self) -> bool {
        let mut inner = self.uplink.inner();
        let own = inner.rates.gross(self.at);
        let Some(sender) = inner.senders.get_mut(&self.at) else { return true };
        match sender.trial {
            Some(Trial(before)) if own < Some(before.percent(limits::TRIAL_PERCENT)) => false,
            _ => {
                sender.trial = None;
                true
            }
        }
    }
}

impl Drop for Sending<'_> {
    fn drop(&mut self) {
        self.uplink.inner().senders.remove(&self.at);
        self.uplink.stir();
    }
}

#[cfg(test)]
mod tests;
