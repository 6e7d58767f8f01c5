//! Names of which a node is expected to show what is here already: one short question for all of them.
//!
//! The answer comes from the node's own store, so a node that has anything newer says so, whatever the others hide. Whatever
//! is not as expected is asked for by itself, and so is everything where the answer does not come soon.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::records::{Asker, Question};
use crate::clock::monotonic;
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::node::{Outcome, Shown, Source};

/// What is asked for by itself, because one name that a node does not have spoils the answer for all.
#[derive(Debug, Default)]
pub(super) struct Apart {
    names: Mutex<HashMap<(usize, Name), Reason>>,
    /// Nodes that answer no such question, and when they said so.
    refused: Mutex<HashMap<usize, Instant>>,
}

/// Why a name is asked for by itself as long as this root is expected of it.
#[derive(Clone, Copy, Debug)]
struct Reason {
    root: Cid,
    is_unpinned: bool,
}

impl Apart {
    fn is_apart(&self, at: usize, name: &Name, root: &Cid) -> bool {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(&(at, *name)).is_some_and(|reason| reason.root == *root)
    }

    fn has_refused(&self, at: usize) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let is_lately = |since: &Instant| monotonic().saturating_duration_since(*since) < limits::SHOWN_RETRY;
        refused.get(&at).is_some_and(is_lately)
    }

    fn refuse(&self, at: usize) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(at, monotonic());
    }

    fn unpinned(&self, at: usize, question: &Question) {
        let Some(root) = question.root() else { return };
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert((at, question.name), Reason { root, is_unpinned: true });
    }

    /// Learns from the answer to a single question.
    pub(super) fn note(&self, at: usize, question: &Question, outcome: &Outcome) {
        let Some(root) = question.root() else { return };
        let is_expected = match outcome {
            Outcome::Found(found, _) => {
                question.expected.as_ref().is_some_and(|record| found.same_as(record))
            }
            Outcome::Absent | Outcome::Invalid(_) => false,
            Outcome::Unreachable(_) | Outcome::Skipped => return,
        };
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (at, question.name);
        if !is_expected {
            names.insert(place, Reason { root, is_unpinned: false });
        } else if names.get(&place).is_some_and(|reason| !reason.is_unpinned || reason.root != root) {
            names.remove(&place);
        }
    }
}

impl Question {
    fn root(&self) -> Option<Cid> {
        self.expected.as_ref()?.root()
    }
}

impl Asker {
    /// Whether this name is one of those that are asked for together.
    pub(super) fn asks_together(&self, question: &Question) -> bool {
        let is_apart = |root: Cid| self.apart.is_apart(self.at, &question.name, &root);
        self.node.has_api()
            && !self.apart.has_refused(self.at)
            && question.root().is_some_and(|root| !is_apart(root))
    }

    /// All names in one question.
    pub(super) fn ask_together(self, questions: Vec<(usize, Question)>) {
        if !questions.is_empty() {
            tokio::spawn(self.run_together(questions));
        }
    }

    async fn run_together(self, questions: Vec<(usize, Question)>) {
        let names: Vec<Name> = questions.iter().map(|(_, question)| question.name).collect();
        let mut asking = tokio::spawn({
            let (node, call) = (self.node.clone(), self.call.clone());
            async move { tokio::time::timeout_at(call.deadline, node.shown(&names, &call)).await }
        });
        let soon = tokio::select! {
            biased;
            said = &mut asking => Some(said),
            () = tokio::time::sleep(self.patience()) => None,
            () = self.ended() => return,
        };
        let Some(said) = soon else {
            // What it says later counts all the same.
            self.ask_singly(questions.clone());
            tokio::select! {
                biased;
                said = &mut asking => if let Ok(Ok(Ok(Shown::Roots(roots)))) = said {
                    drop(self.take_roots(questions, &roots));
                },
                // It answers, but not this.
                () = self.ended() => if self.round.health.believed_healthy(self.at) {
                    self.apart.refuse(self.at);
                },
            }
            return;
        };
        let Ok(Ok(Ok(shown))) = said else { return self.ask_singly(questions) };
        let roots = match shown {
            Shown::Roots(roots) => {
                self.spoilt_by(&questions, roots.len());
                roots
            }
            Shown::Unpinned(which) => {
                self.spoilt_by(&questions, which);
                Vec::new()
            }
            Shown::Refused => {
                self.apart.refuse(self.at);
                Vec::new()
            }
            Shown::NotAll => Vec::new(),
        };
        let others = self.take_roots(questions, &roots);
        self.ask_singly(others);
    }

    /// The name at which the node stopped has no pin there, or no record: that the single answer says.
    fn spoilt_by(&self, questions: &[(usize, Question)], which: usize) {
        if let Some((_, question)) = questions.get(which) {
            self.apart.unpinned(self.at, question);
        }
    }

    /// Answers what is shown as expected; gives the rest, which is to be asked for.
    fn take_roots(&self, questions: Vec<(usize, Question)>, roots: &[Cid]) -> Vec<(usize, Question)> {
        let mut others = Vec::new();
        for (at, (name_at, question)) in questions.into_iter().enumerate() {
            match (&question.expected, roots.get(at)) {
                (Some(record), Some(root)) if record.root().as_ref() == Some(root) => {
                    self.answer(name_at, Outcome::Found(Box::new(record.clone()), Source::HttpRouting));
                }
                _ => {
                    self.owe(name_at);
                    others.push((name_at, question));
                }
            }
        }
        others
    }

    /// How long the node may take before each name is asked for by itself: well above what it usually takes.
    fn patience(&self) -> Duration {
        self.round.health.hedge(self.at) * limits::SHOWN_PATIENCE
    }
}
