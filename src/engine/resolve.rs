//! Reads names from every node at once and says what was heard.

use std::collections::BTreeMap;
use std::time::Duration;

use super::account::Account;
use super::report::{NodeOutcome, NodeReport};
use super::state::State;
use crate::clock::UnixMs;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::node::race::Grace;
use crate::node::{Call, Outcome, Source};
use crate::{Code, Error, limits};

/// Every answer of one round.
#[derive(Default)]
pub(super) struct Heard {
    pub answers: BTreeMap<Slot, BTreeMap<usize, (Outcome, Duration)>>,
}

impl Heard {
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
        records
    }

    /// How many nodes said that they have nothing.
    pub fn absent(&self, slot: Slot) -> usize {
        self.count(slot, |outcome| matches!(outcome, Outcome::Absent))
    }

    /// How many nodes showed exactly this record.
    pub fn showing(&self, slot: Slot, record: &Record) -> usize {
        self.count(slot, |outcome| matches!(outcome, Outcome::Found(found, _) if found.same_as(record)))
    }

    fn count(&self, slot: Slot, which: impl Fn(&Outcome) -> bool) -> usize {
        self.answers
            .get(&slot)
            .map_or(0, |nodes| nodes.values().filter(|(outcome, _)| which(outcome)).count())
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
    }

    /// One line per configured node: the best it gave.
    pub fn node_reports(&self, account: &Account) -> Vec<NodeReport> {
        (0..account.nodes.len())
            .filter_map(|at| Some((at, account.nodes.node(at)?)))
            .map(|(at, node)| {
                let mut report = NodeReport {
                    id: node.id().to_owned(),
                    outcome: NodeOutcome::Skipped,
                    ms: 0.0,
                    error: None,
                };
                for (_, outcome, took) in self.outcomes().filter(|(node, ..)| *node == at) {
                    let (class, error) = classify(outcome);
                    report.ms = report.ms.max(took.as_secs_f64() * 1_000.0);
                    if rank(class) > rank(report.outcome) {
                        report.outcome = class;
                        report.error = error;
                    }
                }
                report
            })
            .collect()
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
        if !errors.is_empty() && errors.iter().all(|e| e.code() == Code::Denied) {
            return Error::new(Code::Denied, "every node refused the credentials");
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

/// Asks `which` nodes for every slot and collects within the grace window.
pub(super) async fn ask(account: &Account, slots: &[Slot], which: &[usize], call: &Call) -> Heard {
    let names: Vec<_> = {
        let state = account.read();
        slots.iter().map(|slot| (account.keys.slot(*slot).name(), state.names.contains_key(slot))).collect()
    };
    let high_water: Vec<u64> = {
        let state = account.read();
        slots.iter().map(|slot| state.names.get(slot).map_or(0, |known| known.sequence)).collect()
    };
    let mut heard = Heard::default();
    let healthy = which.iter().copied().filter(|at| account.nodes.health().believed_healthy(*at)).collect();
    let mut grace = Grace::new(account.config.grace, which, slots.len(), healthy);
    let mut answers = account.nodes.ask_records(&names, which, call);
    loop {
        let until = grace.deadline(call.deadline);
        let answer = match tokio::time::timeout_at(until, answers.recv()).await {
            Ok(Some(answer)) => answer,
            Ok(None) | Err(_) => break,
        };
        let Some(slot) = slots.get(answer.name) else { continue };
        let fresh = match &answer.outcome {
            Outcome::Found(record, _) => {
                high_water.get(answer.name).is_some_and(|mark| record.sequence() >= *mark)
            }
            _ => false,
        };
        grace.heard(answer.node, answer.name, fresh, account.clock.monotonic());
        heard.answers.entry(*slot).or_default().insert(answer.node, (answer.outcome, answer.elapsed));
        if grace.is_done() {
            break;
        }
    }
    // Whoever is still silent counts as unreachable in this round.
    for slot in slots {
        let nodes = heard.answers.entry(*slot).or_default();
        for node in which {
            let late = || Error::new(Code::Deadline, "no answer in time");
            nodes.entry(*node).or_insert_with(|| (Outcome::Unreachable(late()), Duration::ZERO));
        }
    }
    heard
}

/// The names a sync begins with, and whether they include the gap beyond the known ones.
pub(super) fn first_slots(state: &State, now: UnixMs, fresh: bool) -> (Vec<Slot>, bool) {
    if state.names.is_empty() {
        return (Slot::all().take(usize::from(limits::FIRST_ROUND_SLOTS)).collect(), true);
    }
    let since_gap = now.saturating_sub(state.gap_at);
    let gap = fresh || since_gap < 0 || since_gap >= millis(limits::GAP_EVERY);
    let quiet = now.saturating_sub(millis(limits::QUIET_NAME));
    let mut slots: Vec<Slot> = state
        .names
        .iter()
        .filter(|(slot, known)| gap || known.changed_at > quiet || state.own.slot == Some(**slot))
        .map(|(slot, _)| *slot)
        .collect();
    if gap {
        slots.extend(beyond(state));
    }
    (slots, gap)
}

/// The next slots beyond the highest known one.
pub(super) fn beyond(state: &State) -> impl Iterator<Item = Slot> + use<> {
    let next = state.names.keys().next_back().map_or(0, |slot| slot.number().saturating_add(1));
    (0..limits::SLOT_GAP).filter_map(move |step| Slot::new(next.saturating_add(step)))
}

pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
