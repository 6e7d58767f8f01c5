//! What is still on its way when a round has ended: nodes that are far, or have become slow, may be the only ones with news.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::Instant;

use crate::clock::monotonic;
use crate::model::identity::Slot;
use crate::node::Outcome;
use crate::node::race::{RecordAnswer, RecordAnswers};

/// The answers of one round that were not waited for.
pub struct Rest {
    answers: RecordAnswers,
    slots: Vec<Slot>,
    /// Nodes that were believed in when they were asked, or whose answer to an earlier question was on its way.
    owing: BTreeSet<usize>,
    /// Those that are known to be far, and to answer.
    far: BTreeSet<usize>,
    until: Instant,
    arrivals: Arc<Arrivals>,
}

/// An answer that came after all.
pub struct Latecomer {
    pub slot: Slot,
    pub node: usize,
    pub outcome: Outcome,
    pub elapsed: Duration,
}

impl Rest {
    /// What of a round is still to come, if anything is. `believed`: nodes that were believed in when it began; `far`: those of them that
    /// could not answer as soon as others.
    pub fn of(
        mut answers: RecordAnswers,
        slots: Vec<Slot>,
        believed: &BTreeSet<usize>,
        far: BTreeSet<usize>,
        until: Instant,
        arrivals: &Arc<Arrivals>,
    ) -> Option<Self> {
        answers.stop_waiting();
        let mut owing = answers.silent();
        if owing.is_empty() || monotonic() >= until {
            return None;
        }
        owing.retain(|at| believed.contains(at) || arrivals.is_owed(*at));
        arrivals.owe(&owing);
        Some(Self { answers, slots, owing, far, until, arrivals: arrivals.clone() })
    }

    /// Nodes that answer usually, and have not.
    pub fn owing(&self) -> &BTreeSet<usize> {
        &self.owing
    }

    /// The slots that were asked for.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Whether an answer is on its way that may be counted on: it is waited for at the end of a process too.
    pub fn is_due(&self) -> bool {
        !self.far.is_disjoint(&self.answers.silent())
    }

    /// The next answers, with all that came at the same time; none when there are no more, or the time of the round is over.
    ///
    /// # Cancel safety
    /// No answer is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Vec<Latecomer>> {
        let silent = self.answers.silent();
        let first = tokio::time::timeout_at(self.until, self.answers.recv()).await.ok()??;
        let mut came: Vec<Latecomer> = self.name(first).into_iter().collect();
        while let Some(Some(more)) = self.answers.recv().now_or_never() {
            came.extend(self.name(more));
        }
        let now = monotonic();
        silent.difference(&self.answers.silent()).for_each(|at| self.arrivals.note(*at, now));
        Some(came)
    }

    fn name(&self, answer: RecordAnswer) -> Option<Latecomer> {
        let RecordAnswer { node, name, outcome, elapsed } = answer;
        Some(Latecomer { slot: *self.slots.get(name)?, node, outcome: outcome?, elapsed })
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.arrivals.settle(&self.owing);
    }
}

/// Which nodes answered every name that a reading asked for, and which have answers on their way.
#[derive(Default)]
pub struct Arrivals(Mutex<BTreeMap<usize, Arrival>>);

#[derive(Default)]
struct Arrival {
    last: Option<Instant>,
    /// Rounds whose answers are on their way.
    owed: usize,
}

impl Arrivals {
    fn nodes(&self) -> MutexGuard<'_, BTreeMap<usize, Arrival>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A node answered every name.
    pub fn note(&self, at: usize, now: Instant) {
        self.nodes().entry(at).or_default().last = Some(now);
    }

    /// Whether that is no longer ago.
    pub fn is_within(&self, at: usize, time: Duration, now: Instant) -> bool {
        let last = self.nodes().get(&at).and_then(|node| node.last);
        last.is_some_and(|last| now.saturating_duration_since(last) < time)
    }

    fn is_owed(&self, at: usize) -> bool {
        self.nodes().get(&at).is_some_and(|node| node.owed > 0)
    }

    fn owe(&self, which: &BTreeSet<usize>) {
        let mut nodes = self.nodes();
        which.iter().for_each(|at| nodes.entry(*at).or_default().owed += 1);
    }

    fn settle(&self, which: &BTreeSet<usize>) {
        let mut nodes = self.nodes();
        for at in which {
            let node = nodes.entry(*at).or_default();
            node.owed = node.owed.saturating_sub(1);
        }
    }
}
