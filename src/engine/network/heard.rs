//! What the nodes answered in one round, and how to read it as a whole.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Network;
use super::rest::Rest;
use crate::engine::api::report::{NodeOutcome, NodeReport};
use crate::error::{Code, Error};
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::node::{Outcome, Source};
use crate::planted::{Bug, is_planted};

/// Every answer of one round.
#[derive(Default)]
pub struct Heard {
    pub answers: BTreeMap<Slot, BTreeMap<usize, (Outcome, Duration)>>,
    /// What is still on its way: it is given up with this.
    pub rest: Vec<Rest>,
}

/// Stands for every peer that is none of the configured nodes.
pub const STRANGER: usize = usize::MAX;

impl Heard {
    /// Notes an answer; one without a record never hides one with.
    pub fn note(&mut self, slot: Slot, node: usize, outcome: Outcome, took: Duration) {
        let nodes = self.answers.entry(slot).or_default();
        let found = |outcome: &Outcome| matches!(outcome, Outcome::Found(..));
        match nodes.get(&node) {
            Some((there, _)) if found(there) && !found(&outcome) => {}
            // Several strangers share a place, and a node may be asked in two ways: the highest stays.
            Some((Outcome::Found(there, _), _)) => {
                if let Outcome::Found(record, _) = &outcome
                    && record.cmp_order(there).is_gt()
                {
                    nodes.insert(node, (outcome, took));
                }
            }
            _ => drop(nodes.insert(node, (outcome, took))),
        }
    }

    /// Distinct records of a slot, highest first.
    pub fn records(&self, slot: Slot) -> Vec<&Record> {
        let mut records: Vec<&Record> = Vec::new();
        for (outcome, _) in self.answers.get(&slot).into_iter().flat_map(BTreeMap::values) {
            if let Outcome::Found(record, _) = outcome
                && !records.iter().any(|seen| seen.same_as(record))
            {
                records.push(record);
            }
        }
        records.sort_by(|a, b| b.cmp_order(a));
        if is_planted(Bug::FirstRecordOnly) {
            records.retain(|record| self.first(slot).is_some_and(|first| first.same_as(record)));
        }
        records
    }

    /// The record that came first.
    fn first(&self, slot: Slot) -> Option<&Record> {
        let found = self.answers.get(&slot)?.values().filter_map(|(outcome, took)| match outcome {
            Outcome::Found(record, _) => Some((*took, &**record)),
            _ => None,
        });
        found.min_by_key(|(took, _)| *took).map(|(_, record)| record)
    }

    /// How many nodes said that they have nothing.
    pub fn absent(&self, slot: Slot) -> usize {
        let silent_too = is_planted(Bug::AbsentIsEmpty);
        self.count(slot, |outcome| match outcome {
            Outcome::Absent => true,
            Outcome::Unreachable(_) => silent_too,
            _ => false,
        })
    }

    /// How many nodes gave an answer: a record, or that they have none.
    pub fn answering(&self, slot: Slot) -> usize {
        self.count(slot, |outcome| matches!(outcome, Outcome::Found(..) | Outcome::Absent))
    }

    /// How many nodes showed exactly this record.
    pub fn showing(&self, slot: Slot, record: &Record) -> usize {
        self.count(slot, |outcome| matches!(outcome, Outcome::Found(found, _) if found.same_as(record)))
    }

    fn count(&self, slot: Slot, which: impl Fn(&Outcome) -> bool) -> usize {
        self.answers
            .get(&slot)
            .map_or(0, |nodes| nodes.iter().filter(|(at, (o, _))| **at != STRANGER && which(o)).count())
    }

    /// The way the first record came, or the way "absent" came.
    pub fn source(&self) -> Source {
        let first = self
            .outcomes()
            .filter_map(|(_, outcome, took)| match outcome {
                Outcome::Found(_, source) => Some((took, *source)),
                _ => None,
            })
            .min_by_key(|(took, _)| *took);
        match first {
            Some((_, source)) => source,
            None if self.outcomes().any(|(_, o, _)| matches!(o, Outcome::Absent)) => Source::HttpRouting,
            None => Source::None,
        }
    }

    pub fn outcomes(&self) -> impl Iterator<Item = (usize, &Outcome, Duration)> {
        self.answers.values().flat_map(|nodes| nodes.iter().map(|(node, (o, took))| (*node, o, *took)))
    }

    pub fn extend(&mut self, other: Self) {
        for (slot, nodes) in other.answers {
            self.answers.entry(slot).or_default().extend(nodes);
        }
        self.rest.extend(other.rest);
    }

    /// One line per configured node: the best it gave.
    pub fn node_reports(&self, network: &Network) -> Vec<NodeReport> {
        (0..network.len())
            .filter_map(|at| Some((at, network.node(at)?)))
            .map(|(at, node)| {
                let mut report = NodeReport {
                    id: node.id().to_owned(),
                    outcome: NodeOutcome::Skipped,
                    ms: 0.0,
                    source: None,
                    error: None,
                };
                for (_, outcome, took) in self.outcomes().filter(|(node, ..)| *node == at) {
                    let (class, error) = classify(outcome);
                    report.ms = report.ms.max(took.as_secs_f64() * 1_000.0);
                    if rank(class) > rank(report.outcome) {
                        report.outcome = class;
                        report.source = match outcome {
                            Outcome::Found(_, source) => Some(*source),
                            _ => None,
                        };
                        report.error = error;
                    }
                }
                report
            })
            .collect()
    }

    /// Notes in the health list by which way each node showed its records, and who showed an older one.
    pub fn note_shown(&self, network: &Network) {
        for at in 0..network.len() {
            let (mut way, mut behind) = (None, false);
            for (slot, nodes) in &self.answers {
                let Some((Outcome::Found(record, source), _)) = nodes.get(&at) else { continue };
                way = Some(*source);
                let highest = self.records(*slot).first().map_or(0, |best| best.sequence());
                behind |= record.sequence() < highest;
            }
            if let Some(source) = way {
                network.health().shown(at, source, behind);
            }
        }
    }

    /// Why nothing usable was heard: every node's refusal, invalid answers, or nobody there.
    pub fn failure(&self) -> Error {
        let errors: Vec<&Error> = self
            .outcomes()
            .filter_map(|(_, outcome, _)| match outcome {
                Outcome::Unreachable(e) | Outcome::Invalid(e) => Some(e),
                _ => None,
            })
            .collect();
        let invalid = self.outcomes().any(|(_, outcome, _)| matches!(outcome, Outcome::Invalid(_)));
        if invalid {
            return Error::new(Code::Invalid, "the nodes answered, but nothing they gave is valid");
        }
        if let Some(first) = errors.first().filter(|_| errors.iter().all(|e| e.code() == Code::Denied)) {
            return Error::new(Code::Denied, format!("every node refused: {}", first.message()));
        }
        let absent = self.outcomes().any(|(_, outcome, _)| matches!(outcome, Outcome::Absent));
        if absent {
            return Error::new(Code::Unreachable, "fewer than a majority of the nodes answered");
        }
        Error::new(Code::Unreachable, "no node answered")
    }
}

fn classify(outcome: &Outcome) -> (NodeOutcome, Option<Error>) {
    match outcome {
        Outcome::Found(..) => (NodeOutcome::Found, None),
        Outcome::Absent => (NodeOutcome::Absent, None),
        Outcome::Invalid(e) => (NodeOutcome::Invalid, Some(e.clone())),
        Outcome::Unreachable(e) => (NodeOutcome::Unreachable, Some(e.clone())),
        Outcome::Skipped => (NodeOutcome::Skipped, None),
    }
}

const fn rank(outcome: NodeOutcome) -> u8 {
    match outcome {
        NodeOutcome::Skipped => 0,
        NodeOutcome::Unreachable => 1,
        NodeOutcome::Absent => 2,
        NodeOutcome::Found => 3,
        NodeOutcome::Invalid => 4,
    }
}
