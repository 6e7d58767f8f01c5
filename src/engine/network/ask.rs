//! Asks nodes for names and collects answers within the grace window; the third tier joins where HTTP gives nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::Network;
use super::heard::{Heard, STRANGER};
use super::rest::Rest;
use super::third_tier::ThirdTier;
use crate::error::{Code, Error};
use crate::model::identity::{Name, Slot};
use crate::model::record::Record;
use crate::node::peers::PeerAnswer;
use crate::node::race::{Grace, Question, RecordAnswer, RecordAnswers};
use crate::node::{Call, Outcome};

/// A name that is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub slot: Slot,
    pub name: Name,
    /// Whether the name is known to exist: a gateway may be asked for it.
    pub is_known: bool,
    /// Highest sequence ever seen; a record at or above it is used at once.
    pub high_water: u64,
    /// The record that nodes are expected to show: one that does is not asked for its bytes.
    pub expected: Option<Record>,
}

/// One round of questions.
struct AskRound<'a> {
    network: &'a Network,
    asked: &'a [Asked],
    heard: Heard,
    grace: Grace,
    third: ThirdTier<'a>,
    started: Instant,
    /// The window over HTTP is over.
    http_over: bool,
    /// What was heard is an answer: a record at its mark, or "absent" from a majority for every name.
    usable: bool,
}

impl Network {
    /// Asks `which` nodes for every name. `began` is when the whole sync began: then the peers are asked where HTTP
    /// gives nothing; without it they are left out. Whoever is silent at the end counts as unreachable in this round.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn ask(&self, asked: &[Asked], which: &[usize], began: Option<Instant>, call: &Call) -> Heard {
        let healthy: BTreeSet<usize> =
            which.iter().copied().filter(|at| self.health().believed_healthy(*at)).collect();
        // Who is far cannot answer within the window: its answer is taken behind.
        let near = healthy.iter().copied().filter(|at| self.health().is_near(*at, self.grace));
        let near: BTreeSet<usize> = near.collect();
        let far: BTreeSet<usize> = healthy.difference(&near).copied().collect();
        // Where none is believed in, the first answer must not end the round.
        let awaited = if near.is_empty() { which.iter().copied().collect() } else { near };
        let bare: Vec<Name> = asked.iter().map(|one| one.name).collect();
        let mut round = AskRound {
            network: self,
            asked,
            heard: Heard::default(),
            grace: Grace::new(self.grace, which, asked.len(), awaited, self.clock.monotonic())
                .with_strangers(which.iter().copied().filter(|at| self.health().is_stranger(*at)).collect()),
            third: ThirdTier::new(self, &bare, began, call),
            started: self.clock.monotonic(),
            http_over: false,
            usable: false,
        };
        let answers = round.run(which, far.clone(), call).await;
        let mut heard = round.heard;
        let slots = asked.iter().map(|one| one.slot).collect();
        heard.rest.extend(Rest::of(answers, slots, &healthy, far, call.deadline, &self.arrivals));
        for one in asked {
            for node in which {
                heard.note_silent(one.slot, *node, Error::new(Code::Deadline, "no answer in time"));
            }
        }
        heard
    }
}

impl AskRound<'_> {
    async fn run(&mut self, which: &[usize], far: BTreeSet<usize>, call: &Call) -> RecordAnswers {
        let question =
            |one: &Asked| Question { name: one.name, known: one.is_known, expected: one.expected.clone() };
        let questions: Vec<Question> = self.asked.iter().map(question).collect();
        let mut answers = self.network.nodes.ask_records(&questions, which, call).with_far(far);
        loop {
            let now = self.network.clock.monotonic();
            if self.has_ended(now, call.deadline) {
                return answers;
            }
            let wake = self.wakes_at(now, call.deadline);
            tokio::select! {
                biased;
                answer = answers.recv(), if !self.http_over => match answer {
                    Some(answer) => self.take(answer),
                    None => self.http_over = true,
                },
                copy = self.third.recv() => if let Some(copy) = copy { self.take_copy(copy) },
                () = tokio::time::sleep_until(wake) => {}
            }
        }
    }

    fn has_ended(&mut self, now: Instant, deadline: Instant) -> bool {
        self.http_over |= self.grace.is_done() || now >= self.grace.deadline(deadline);
        let majority = self.network.majority();
        self.usable |= self.asked.iter().all(|one| self.heard.absent(one.slot) >= majority);
        if !self.usable {
            self.third.turn(now, self.http_over);
        }
        now >= deadline
            || self.third.has_answered(now)
            || (self.http_over && (self.usable || self.third.is_over(now)))
    }

    fn wakes_at(&self, now: Instant, deadline: Instant) -> Instant {
        let http = if self.http_over { deadline } else { self.grace.deadline(deadline) };
        self.third.due(now).filter(|_| !self.usable).map_or(http, |due| due.min(http))
    }

    fn take(&mut self, answer: RecordAnswer) {
        let Some(one) = self.asked.get(answer.name) else { return };
        let now = self.network.clock.monotonic();
        let Some(outcome) = answer.outcome else {
            return self.grace.owes(answer.node, answer.name, answer.elapsed, now);
        };
        let is_fresh = one.is_answered_by(&outcome);
        self.usable |= is_fresh;
        match &outcome {
            Outcome::Unreachable(_) | Outcome::Skipped => self.grace.failed(answer.node, answer.name),
            _ => self.grace.heard(answer.node, answer.name, is_fresh, now),
        }
        self.heard.note(one.slot, answer.node, outcome, answer.elapsed);
    }

    fn take_copy(&mut self, copy: PeerAnswer) {
        let Some(one) = self.asked.get(copy.name) else { return };
        let now = self.network.clock.monotonic();
        self.third.heard(one.is_answered_by(&copy.outcome), now);
        let took = now.saturating_duration_since(self.started);
        self.heard.note(one.slot, copy.node.unwrap_or(STRANGER), copy.outcome, took);
    }
}

impl Asked {
    fn is_answered_by(&self, outcome: &Outcome) -> bool {
        matches!(outcome, Outcome::Found(record, _) if record.sequence() >= self.high_water)
    }
}

impl Heard {
    /// A node gave no answer for a name.
    fn note_silent(&mut self, slot: Slot, node: usize, error: Error) {
        let nodes = self.answers.entry(slot).or_default();
        nodes.entry(node).or_insert((Outcome::Unreachable(error), Duration::ZERO));
    }
}
