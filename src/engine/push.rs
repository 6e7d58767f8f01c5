//! The state of live push: what a node has just taken, whether push is proven to work, and when a reading is wanted. Who listens and
//! sends is `schedule`.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::limits;
use crate::model::identity::Slot;
use crate::model::record::Record;

/// A record of this device that a node has taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub slot: Slot,
    pub record: Record,
}

/// Live push of one account.
pub struct Push {
    taken: watch::Sender<Option<Taken>>,
    state: watch::Sender<State>,
    /// Grows each time that a node is taken out of use, or into it again.
    switched: watch::Sender<u64>,
}

/// What is so of it now.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// Until then a message of one's own is known to get from one node to another.
    proven_until: Option<Instant>,
    /// When the nodes are to be read for what was missed.
    read_at: Option<Instant>,
    /// When push last had them read.
    last_read: Option<Instant>,
}

impl Default for Push {
    fn default() -> Self {
        Self {
            taken: watch::Sender::new(None),
            state: watch::Sender::new(State::default()),
            switched: watch::Sender::new(0),
        }
    }
}

impl Push {
    /// A node has taken a record of this device; the first one that does is told.
    pub fn took(&self, slot: Slot, record: &Record) {
        self.taken.send_if_modified(|taken| {
            let is_told = taken
                .as_ref()
                .is_some_and(|taken| taken.slot == slot && taken.record.sequence() >= record.sequence());
            if !is_told {
                *taken = Some(Taken { slot, record: record.clone() });
            }
            !is_told
        });
    }

    /// What was taken last, and what will be.
    pub fn taken(&self) -> watch::Receiver<Option<Taken>> {
        let mut taken = self.taken.subscribe();
        if taken.borrow().is_some() {
            taken.mark_changed();
        }
        taken
    }

    /// A message of one's own that was sent on one node came back by another.
    pub fn prove(&self, now: Instant) {
        self.state.send_modify(|state| state.proven_until = Some(now + limits::PUSH_PROVEN));
    }

    /// Fewer streams are open than it takes.
    pub fn disprove(&self) {
        self.state.send_if_modified(|state| state.proven_until.take().is_some());
    }

    pub fn is_proven(&self, now: Instant) -> bool {
        self.state.borrow().proven_until.is_some_and(|until| now < until)
    }

    /// Something may have been missed: the nodes are to be read after so long, if no other reading of this kind is too near.
    pub fn want_reading(&self, now: Instant, after: Duration) {
        self.want_reading_every(limits::PUSH_READ_EVERY, now, after);
    }

    /// The same where it is less likely, and readings are to be so far apart.
    pub fn want_reading_every(&self, every: Duration, now: Instant, after: Duration) {
        self.state.send_modify(|state| {
            let earliest = state.last_read.map_or(now, |last| last + every);
            let at = (now + after).max(earliest);
            state.read_at = Some(state.read_at.map_or(at, |before| before.min(at)));
        });
    }

    /// When the nodes are to be read.
    pub fn read_at(&self) -> Option<Instant> {
        self.state.borrow().read_at
    }

    /// They are read now.
    pub fn note_reading(&self, now: Instant) {
        self.state.send_modify(|state| (state.read_at, state.last_read) = (None, Some(now)));
    }

    /// A node was taken out of use, or into it again.
    pub fn note_switched(&self) {
        self.switched.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Hears of nodes that are taken out of use, and into it again.
    pub fn switches(&self) -> Switches {
        Switches(self.switched.subscribe())
    }

    /// Hears of changes.
    pub fn changes(&self) -> PushChanges {
        PushChanges(self.state.subscribe())
    }
}

/// Waits for changes.
pub struct PushChanges(watch::Receiver<State>);

impl PushChanges {
    /// Ends with the next change of whether push is proven, or of when a reading is wanted.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            // The account is gone and whoever waits with it.
            std::future::pending::<()>().await;
        }
    }
}

/// Waits for nodes that are taken out of use, or into it again.
pub struct Switches(watch::Receiver<u64>);

impl Switches {
    /// Ends with the next one.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            // The account is gone and whoever waits with it.
            std::future::pending::<()>().await;
        }
    }
}
