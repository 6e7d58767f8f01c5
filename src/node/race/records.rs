//! One round of record reads: every node is asked for every name at once.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::NodeSet;
use super::shown::Apart;
use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::Name;
use crate::model::record::Record;
use crate::node::health::Health;
use crate::node::{Call, Node, Outcome};

/// A name to ask for.
#[derive(Clone, Debug)]
pub struct Question {
    /// The name.
    pub name: Name,
    /// It has existed.
    pub known: bool,
    /// The record that is here, where nodes are expected to show just that.
    pub expected: Option<Record>,
}

/// What one node answered for one name.
#[derive(Debug)]
pub struct RecordAnswer {
    /// Position of the node.
    pub node: usize,
    /// Position of the name in the question.
    pub name: usize,
    /// The answer; none when the node answered without saying that it shows what is expected: that it is asked now.
    pub outcome: Option<Outcome>,
    /// How long it took.
    pub elapsed: Duration,
}

/// The answers of a round as they arrive.
///
/// Dropping it ends the round: a node that has not answered by then counts as failing, unless it is far and had time left, and its
/// requests may finish for a moment longer, so that an HTTP/1.1 connection is not closed because of a late answer.
#[derive(Debug)]
pub struct RecordAnswers {
    answers: mpsc::UnboundedReceiver<RecordAnswer>,
    /// Answers that had come when nobody was waited for any longer.
    ready: VecDeque<RecordAnswer>,
    silent: BTreeSet<(usize, usize)>,
    /// Nodes of which nobody expected an answer as soon as of others.
    far: BTreeSet<usize>,
    round: Arc<Round>,
}

#[derive(Debug)]
pub(super) struct Round {
    pub health: Arc<Health>,
    started: Instant,
    until: Instant,
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
        if let Some(answer) = self.ready.pop_front() {
            return Some(answer);
        }
        let answer = self.answers.recv().await?;
        self.note(&answer);
        Some(answer)
    }

    /// These are far: that others are not waited for says nothing against them.
    #[must_use]
    pub fn with_far(mut self, far: BTreeSet<usize>) -> Self {
        self.far = far;
        self
    }

    /// From now on nobody is waited for: who has not answered counts as failing, until its answer comes after all. Who is far does
    /// so once the time of the call is over.
    pub fn stop_waiting(&mut self) {
        // Answers still in the channel arrived in time, although nobody has read them.
        while let Ok(answer) = self.answers.try_recv() {
            self.note(&answer);
            self.ready.push_back(answer);
        }
        let late = Error::new(Code::Deadline, "no answer in time");
        let is_over = monotonic() >= self.round.until;
        for (node, _) in self.silent.iter().filter(|(node, _)| is_over || !self.far.contains(node)) {
            self.round.failed(*node, &late);
        }
    }

    /// Nodes that have not answered for every name.
    #[must_use]
    pub fn silent(&self) -> BTreeSet<usize> {
        self.silent.iter().map(|(node, _)| *node).collect()
    }

    fn note(&mut self, answer: &RecordAnswer) {
        if answer.outcome.is_some() {
            self.silent.remove(&(answer.node, answer.name));
        }
    }
}

impl Drop for RecordAnswers {
    fn drop(&mut self) {
        self.stop_waiting();
    }
}

/// Starts a round.
pub(super) fn ask(set: &NodeSet, questions: &[Question], which: &[usize], call: &Call) -> RecordAnswers {
    let (sender, answers) = mpsc::unbounded_channel();
    let (started, failed) = (monotonic(), Mutex::new(BTreeSet::new()));
    let round = Arc::new(Round { health: set.health.clone(), started, until: call.deadline, failed });
    let mut silent = BTreeSet::new();
    for at in which {
        let Some(node) = set.nodes.get(*at) else { continue };
        silent.extend((0..questions.len()).map(|name_at| (*at, name_at)));
        let (node, at, call) = (node.clone(), *at, call.clone());
        let asker =
            Asker { node, at, apart: set.apart.clone(), sender: sender.clone(), round: round.clone(), call };
        let all: Vec<(usize, Question)> = questions.iter().cloned().enumerate().collect();
        let (together, singly) = all.into_iter().partition(|(_, question)| asker.asks_together(question));
        asker.ask_singly(singly);
        asker.ask_together(together);
    }
    RecordAnswers { answers, ready: VecDeque::new(), silent, far: BTreeSet::new(), round }
}

/// Asks one node in one round.
#[derive(Clone)]
pub(super) struct Asker {
    pub node: Arc<dyn Node>,
    pub at: usize,
    pub apart: Arc<Apart>,
    pub sender: mpsc::UnboundedSender<RecordAnswer>,
    pub round: Arc<Round>,
    pub call: Call,
}

impl Asker {
    /// Each name by a request of its own.
    pub fn ask_singly(&self, questions: Vec<(usize, Question)>) {
        for (name_at, question) in questions {
            tokio::spawn(self.clone().run(name_at, question));
        }
    }

    async fn run(self, name_at: usize, question: Question) {
        let asking = self.node.record(&question.name, question.known, &self.call);
        let outcome = tokio::select! {
            biased;
            outcome = tokio::time::timeout_at(self.call.deadline, asking) => {
                outcome.unwrap_or_else(|_| Outcome::Unreachable(Error::new(Code::Deadline, "no answer in time")))
            }
            () = self.ended() => return,
        };
        self.apart.note(self.at, &question, &outcome);
        self.answer(name_at, outcome);
    }

    /// Ends a moment after nobody listens any more.
    pub async fn ended(&self) {
        self.sender.closed().await;
        tokio::time::sleep(limits::LOSER_DRAIN).await;
    }

    pub fn answer(&self, name_at: usize, outcome: Outcome) {
        let elapsed = monotonic().saturating_duration_since(self.round.started);
        self.round.note(self.at, &outcome, elapsed);
        self.send(name_at, Some(outcome), elapsed);
    }

    /// The node answers, and may show something else than expected: whoever waits for the others waits for that too.
    pub fn owe(&self, name_at: usize) {
        self.send(name_at, None, monotonic().saturating_duration_since(self.round.started));
    }

    fn send(&self, name_at: usize, outcome: Option<Outcome>, elapsed: Duration) {
        // If nobody listens any more, the answer was late.
        let _ = self.sender.send(RecordAnswer { node: self.at, name: name_at, outcome, elapsed });
    }
}
