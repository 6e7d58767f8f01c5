//! One round of record reads: every node is asked for every name at once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::Name;
use crate::node::health::Health;
use crate::node::{Call, Node, Outcome};

/// What one node answered for one name.
#[derive(Debug)]
pub struct RecordAnswer {
    /// Position of the node.
    pub node: usize,
    /// Position of the name in the question.
    pub name: usize,
    /// The answer.
    pub outcome: Outcome,
    /// How long it took.
    pub elapsed: Duration,
}

/// The answers of a round as they arrive.
///
/// Dropping it ends the round: a node that has not answered by then counts as failing, and its requests may finish for a
/// moment longer, so that an HTTP/1.1 connection is not closed because of a late answer.
#[derive(Debug)]
pub struct RecordAnswers {
    answers: mpsc::UnboundedReceiver<RecordAnswer>,
    silent: BTreeSet<(usize, usize)>,
    round: Arc<Round>,
}

#[derive(Debug)]
struct Round {
    health: Arc<Health>,
    started: Instant,
    /// Nodes whose failure in this round was counted: four names that fail are one failure.
    failed: Mutex<BTreeSet<usize>>,
}

impl Round {
    fn failed(&self, node: usize, error: &Error) {
        if self.failed.lock().unwrap_or_else(PoisonError::into_inner).insert(node) {
            self.health.bad(node, error, monotonic());
        }
    }

    fn note(&self, node: usize, outcome: &Outcome, took: Duration) {
        match outcome {
            Outcome::Found(..) | Outcome::Absent => self.health.good(node, took),
            Outcome::Unreachable(e) | Outcome::Invalid(e) => self.failed(node, e),
            Outcome::Skipped => {}
        }
    }
}

impl RecordAnswers {
    /// The next answer; `None` after the last.
    ///
    /// # Cancel safety
    /// No answer is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<RecordAnswer> {
        let answer = self.answers.recv().await?;
        self.silent.remove(&(answer.node, answer.name));
        Some(answer)
    }
}

impl Drop for RecordAnswers {
    fn drop(&mut self) {
        // Answers still in the channel arrived in time, although nobody has read them.
        while let Ok(answer) = self.answers.try_recv() {
            self.silent.remove(&(answer.node, answer.name));
        }
        let late = Error::new(Code::Deadline, "no answer in time");
        for (node, _) in &self.silent {
            self.round.failed(*node, &late);
        }
    }
}

/// Starts a round.
pub(super) fn ask(
    nodes: &[Arc<dyn Node>],
    health: &Arc<Health>,
    names: &[(Name, bool)],
    which: &[usize],
    call: &Call,
) -> RecordAnswers {
    let (sender, answers) = mpsc::unbounded_channel();
    let round =
        Arc::new(Round { health: health.clone(), started: monotonic(), failed: Mutex::new(BTreeSet::new()) });
    let mut silent = BTreeSet::new();
    for at in which {
        let Some(node) = nodes.get(*at) else { continue };
        for (name_at, (name, known)) in names.iter().enumerate() {
            silent.insert((*at, name_at));
            let one = One { node: node.clone(), at: *at, name: *name, name_at, known: *known };
            tokio::spawn(one.run(sender.clone(), round.clone(), call.clone()));
        }
    }
    RecordAnswers { answers, silent, round }
}

struct One {
    node: Arc<dyn Node>,
    at: usize,
    name: Name,
    name_at: usize,
    known: bool,
}

impl One {
    async fn run(self, sender: mpsc::UnboundedSender<RecordAnswer>, round: Arc<Round>, call: Call) {
        let asking = self.node.record(&self.name, self.known, &call);
        let ended = async {
            sender.closed().await;
            tokio::time::sleep(limits::LOSER_DRAIN).await;
        };
        let outcome = tokio::select! {
            biased;
            outcome = tokio::time::timeout_at(call.deadline, asking) => {
                outcome.unwrap_or_else(|_| Outcome::Unreachable(Error::new(Code::Deadline, "no answer in time")))
            }
            () = ended => return,
        };
        let elapsed = monotonic().saturating_duration_since(round.started);
        round.note(self.at, &outcome, elapsed);
        // If nobody listens any more, the answer was late.
        let _ = sender.send(RecordAnswer { node: self.at, name: self.name_at, outcome, elapsed });
    }
}
