//! Reads names from every node at once and says what was heard.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::account::Account;
use super::peers::Third;
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

/// Stands for every peer that is none of the configured nodes.
const STRANGER: usize = usize::MAX;

impl Heard {
    /// Notes an answer; one without a record never hides one with.
    fn note(&mut self, slot: Slot, node: usize, outcome: Outcome, took: Duration) {
        let nodes = self.answers.entry(slot).or_default();
        let found = |outcome: &Outcome| matches!(outcome, Outcome::Found(..));
        match nodes.get(&node) {
            Some((there, _)) if found(there) && !found(&outcome) => {}
            // Several strangers share a place: the highest stays.
            Some((Outcome::Found(there, _), _)) if node == STRANGER => {
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

    /// Tells the health list over which way each node showed its records, and who showed an older one.
    pub fn note_shown(&self, account: &Account) {
        for at in 0..account.nodes.len() {
            let (mut way, mut behind) = (None, false);
            for (slot, nodes) in &self.answers {
                let Some((Outcome::Found(record, source), _)) = nodes.get(&at) else { continue };
                way = Some(*source);
                let highest = self.records(*slot).first().map_or(0, |best| best.sequence());
                behind |= record.sequence() < highest;
            }
            if let Some(source) = way {
                account.nodes.health().shown(at, source, behind);
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

/// Asks `which` nodes for every slot and collects within the grace window. `began` is when the whole sync began: then the
/// peers are asked where HTTP gives nothing; without it they are left out.
pub(super) async fn ask(
    account: &Account,
    slots: &[Slot],
    which: &[usize],
    began: Option<Instant>,
    call: &Call,
) -> Heard {
    let started = account.clock.monotonic();
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
    let bare: Vec<_> = names.iter().map(|(name, _)| *name).collect();
    let mut third = Third::new(account, &bare, began, call);
    let at_mark = |at: usize, outcome: &Outcome| match outcome {
        Outcome::Found(record, _) => high_water.get(at).is_some_and(|mark| record.sequence() >= *mark),
        _ => false,
    };
    let majority = account.majority();
    let (mut over, mut usable) = (false, false);
    loop {
        let now = account.clock.monotonic();
        over |= grace.is_done() || now >= grace.deadline(call.deadline);
        usable |= slots.iter().all(|slot| heard.absent(*slot) >= majority);
        if !usable {
            third.turn(now, over);
        }
        if now >= call.deadline || third.has_answered(now) || (over && (usable || third.is_over(now))) {
            break;
        }
        let http = if over { call.deadline } else { grace.deadline(call.deadline) };
        let due = third.due(now).filter(|_| !usable).map_or(http, |due| due.min(http));
        tokio::select! {
            answer = answers.recv(), if !over => {
                let Some(answer) = answer else {
                    over = true;
                    continue;
                };
                let Some(slot) = slots.get(answer.name) else { continue };
                let fresh = at_mark(answer.name, &answer.outcome);
                usable |= fresh;
                grace.heard(answer.node, answer.name, fresh, account.clock.monotonic());
                heard.note(*slot, answer.node, answer.outcome, answer.elapsed);
            }
            copy = third.recv() => {
                let Some(copy) = copy else { continue };
                let Some(slot) = slots.get(copy.name) else { continue };
                let now = account.clock.monotonic();
                third.heard(at_mark(copy.name, &copy.outcome), now);
                let took = now.saturating_duration_since(started);
                heard.note(*slot, copy.node.unwrap_or(STRANGER), copy.outcome, took);
            }
            () = tokio::time::sleep_until(due) => {}
        }
    }
    drop(third);
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
