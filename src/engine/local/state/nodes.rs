//! What each node was proven, or is believed, to hold.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::clock::{UnixMs, millis};
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::store::NodeRow;

/// Nodes by their configured id.
#[derive(Debug, Default)]
pub struct Nodes {
    rows: BTreeMap<(String, u8), NodeRow>,
    held: HashMap<String, HashSet<Cid>>,
    doubts: Vec<Doubt>,
    /// Roots that a former owner of the own slot has pinned, oldest first.
    former: Vec<Former>,
    /// Nodes that are configured now; what others were proven to hold counts for nothing.
    configured: BTreeSet<String>,
    /// Which machine each node is, by its peer id. Two nodes of one machine count once.
    machines: BTreeMap<String, String>,
    /// What is damaged in their own stores.
    damaged: BTreeMap<String, Vec<Cid>>,
}

/// A rename of a beacon that was sent and not answered: it may still arrive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    pub node: String,
    pub slot: u8,
    pub place: u8,
    /// The edition that it names.
    pub sequence: u64,
    /// When it was sent last.
    pub at: UnixMs,
    /// It was sent before it was answered once: an answer does not say that both have arrived.
    #[serde(default)]
    pub twice: bool,
}

/// A root of whoever had the own slot before, pinned on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    pub node: String,
    pub root: Cid,
}

impl Nodes {
    /// What was found damaged in nodes' own stores, by their ids.
    pub fn damaged(&self) -> &BTreeMap<String, Vec<Cid>> {
        &self.damaged
    }

    pub(super) fn set_damaged(&mut self, damaged: BTreeMap<String, Vec<Cid>>) {
        self.damaged = damaged;
    }

    /// What is known of a node for a slot.
    pub fn row(&self, node: &str, slot: Slot) -> Option<&NodeRow> {
        self.rows.get(&(node.to_owned(), slot.number()))
    }

    /// The same, or that nothing is.
    pub fn row_or_new(&self, node: &str, slot: Slot) -> NodeRow {
        self.row(node, slot).cloned().unwrap_or_else(|| NodeRow {
            node: node.to_owned(),
            slot: slot.number(),
            pinned: Vec::new(),
            verified_sequence: 0,
            put_at: 0,
        })
    }

    /// Whether something of ours was once proven there.
    pub fn is_known(&self, node: &str) -> bool {
        self.rows_at(node).any(|row| !row.pinned.is_empty())
    }

    /// What one node is known to hold of every slot.
    pub fn rows_at(&self, node: &str) -> impl Iterator<Item = &NodeRow> {
        self.rows.range((node.to_owned(), 0)..=(node.to_owned(), u8::MAX)).map(|(_, row)| row)
    }

    /// Whether the node was proven to hold the record of this slot and sequence.
    pub fn is_proven(&self, node: &str, slot: Slot, sequence: u64) -> bool {
        self.row(node, slot).is_some_and(|row| row.verified_sequence == sequence)
    }

    /// Whether the node was seen to hold this root of another device, and that was its last.
    pub fn is_confirmed(&self, node: &str, slot: Slot, sequence: u64, root: &Cid) -> bool {
        self.row(node, slot)
            .is_some_and(|row| row.verified_sequence == sequence && row.pinned.last() == Some(root))
    }

    /// On how many machines.
    pub fn confirmed(&self, slot: Slot, sequence: u64, root: &Cid) -> usize {
        self.machines_where(slot, |row| row.verified_sequence == sequence && row.pinned.last() == Some(root))
    }

    /// What every node is known to hold of a slot.
    pub fn rows_of(&self, slot: Slot) -> impl Iterator<Item = &NodeRow> {
        self.rows.values().filter(move |row| row.slot == slot.number())
    }

    /// How many machines were proven to hold the record of this slot and sequence.
    pub fn proven(&self, slot: Slot, sequence: u64) -> usize {
        self.machines_where(slot, |row| row.verified_sequence == sequence)
    }

    /// The last sequence of a slot that each machine was proven to hold, highest first.
    pub fn proven_sequences(&self, slot: Slot) -> Vec<u64> {
        let mut by_machine: BTreeMap<Option<&str>, u64> = BTreeMap::new();
        for row in self.of_slot(slot) {
            let sequence = by_machine.entry(self.machine(&row.node)).or_default();
            *sequence = row.verified_sequence.max(*sequence);
        }
        if by_machine.len() > 1 {
            by_machine.remove(&None);
        }
        let mut sequences: Vec<u64> = by_machine.into_values().collect();
        sequences.sort_unstable_by(|a, b| b.cmp(a));
        sequences
    }

    /// How many machines were proven to hold this record or a later one.
    pub fn proven_from(&self, slot: Slot, sequence: u64) -> usize {
        self.machines_where(slot, |row| row.verified_sequence >= sequence)
    }

    /// Which machine a node is, as it last said.
    pub fn machine(&self, node: &str) -> Option<&str> {
        self.machines.get(node).map(String::as_str)
    }

    /// On how many machines these nodes are, at least: one of which that is not known may be any other's.
    pub fn machines_of<'a>(&self, nodes: impl Iterator<Item = &'a str>) -> usize {
        let machines: BTreeSet<Option<&str>> = nodes.map(|node| self.machine(node)).collect();
        machines.iter().flatten().count().max(usize::from(!machines.is_empty()))
    }

    /// How many machines are configured at most: of which a node is not known to be of another's counts as one of its own.
    pub fn machine_count(&self) -> usize {
        let (known, unknown): (Vec<_>, Vec<_>) =
            self.configured.iter().map(|node| self.machine(node)).partition(Option::is_some);
        known.into_iter().collect::<BTreeSet<_>>().len() + unknown.len()
    }

    /// Whether there is a node among these that was not configured before, when some were.
    pub fn is_configured_anew(&self, ids: &[String]) -> bool {
        !self.configured.is_empty() && ids.iter().any(|id| !self.configured.contains(id))
    }

    /// Configured nodes that are one machine.
    pub fn shared_machines(&self) -> Vec<Vec<&str>> {
        let mut by_machine: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for node in &self.configured {
            if let Some(machine) = self.machine(node) {
                by_machine.entry(machine).or_default().push(node);
            }
        }
        by_machine.into_values().filter(|nodes| nodes.len() > 1).collect()
    }

    /// All machines, with those of some nodes.
    pub fn machines_with(
        &self,
        named: impl IntoIterator<Item = (String, String)>,
    ) -> BTreeMap<String, String> {
        let is_known = |(known, _): &(&String, &String)| self.configured.contains(*known);
        let others =
            self.machines.iter().filter(is_known).map(|(node, machine)| (node.clone(), machine.clone()));
        others.chain(named).collect()
    }

    /// The rename of this beacon that may still arrive.
    pub fn doubt(&self, node: &str, slot: Slot, place: u8) -> Option<&Doubt> {
        self.doubts.iter().find(|doubt| doubt.is_of(node, slot, place))
    }

    /// The doubts that are left once this one was answered: without those that are over.
    pub fn doubts_without(&self, node: &str, slot: Slot, place: u8, now: UnixMs) -> Vec<Doubt> {
        let is_left = |doubt: &&Doubt| doubt.is_open(now) && (doubt.twice || !doubt.is_of(node, slot, place));
        self.doubts.iter().filter(is_left).cloned().collect()
    }

    /// The doubts that are left, with one more rename of a beacon.
    pub fn doubts_with(&self, new: Doubt) -> Vec<Doubt> {
        let (is_old, is_other): (Vec<&Doubt>, Vec<&Doubt>) =
            self.doubts.iter().filter(|doubt| doubt.is_open(new.at)).partition(|doubt| doubt.is_same(&new));
        let twice = is_old.iter().any(|old| old.twice || old.sequence == new.sequence);
        is_other.into_iter().cloned().chain(std::iter::once(Doubt { twice, ..new })).collect()
    }

    /// What a former owner of the own slot has pinned on a node, oldest first.
    pub fn former(&self, node: &str) -> impl Iterator<Item = Cid> {
        self.former.iter().filter(move |former| former.node == node).map(|former| former.root)
    }

    /// The roots of a former owner that are pinned anywhere.
    pub fn former_roots(&self) -> impl Iterator<Item = Cid> {
        self.former.iter().map(|former| former.root)
    }

    /// All that is pinned of a former owner, but for one root on one node.
    pub fn former_without(&self, node: &str, root: &Cid) -> Vec<Former> {
        let is_left = |former: &&Former| former.node != node || former.root != *root;
        self.former.iter().filter(is_left).cloned().collect()
    }

    /// These roots, oldest first, on every configured node; one that is known to be pinned there is known already.
    pub fn former_of(&self, slot: Slot, roots: &[Cid]) -> Vec<Former> {
        let is_known =
            |node: &str, root: &Cid| self.row(node, slot).is_some_and(|row| row.pinned.contains(root));
        let on = |node: &String| {
            let news: Vec<&Cid> = roots.iter().filter(|root| !is_known(node, root)).collect();
            news.into_iter().map(|root| Former { node: node.clone(), root: *root }).collect::<Vec<_>>()
        };
        self.configured.iter().flat_map(on).collect()
    }

    /// Blocks that a node is known to hold.
    pub fn held(&self, node: &str) -> Option<&HashSet<Cid>> {
        self.held.get(node)
    }

    fn machines_where(&self, slot: Slot, is_held: impl Fn(&NodeRow) -> bool) -> usize {
        self.machines_of(self.of_slot(slot).filter(|row| is_held(row)).map(|row| row.node.as_str()))
    }

    fn of_slot(&self, slot: Slot) -> impl Iterator<Item = &NodeRow> {
        let is_of = move |row: &&NodeRow| row.slot == slot.number() && self.configured.contains(&row.node);
        self.rows.values().filter(is_of)
    }

    /// Everything that must survive, in an order that does not depend on chance.
    #[cfg(test)]
    pub fn durable(&self) -> String {
        let sorted = |cids: &HashSet<Cid>| cids.iter().copied().collect::<std::collections::BTreeSet<_>>();
        let held: BTreeMap<_, _> = self.held.iter().map(|(node, cids)| (node, sorted(cids))).collect();
        format!("{:?} {held:?} {:?} {:?} {:?}", self.rows, self.doubts, self.former, self.machines)
    }

    pub(super) fn set_configured(&mut self, ids: Vec<String>) {
        self.configured = ids.into_iter().collect();
    }

    pub(super) fn set_machines(&mut self, machines: BTreeMap<String, String>) {
        self.machines = machines;
    }

    pub(super) fn set_doubts(&mut self, doubts: Vec<Doubt>) {
        self.doubts = doubts;
    }

    pub(super) fn set_former(&mut self, former: Vec<Former>) {
        self.former = former;
    }

    pub(super) fn put_row(&mut self, row: NodeRow) {
        self.rows.insert((row.node.clone(), row.slot), row);
    }

    pub(super) fn add_held(&mut self, node: String, cids: Vec<Cid>) {
        if !cids.is_empty() {
            self.held.entry(node).or_default().extend(cids);
        }
    }

    pub(super) fn set_held(&mut self, node: String, cids: Vec<Cid>) {
        self.held.remove(&node);
        self.add_held(node, cids);
    }
}

impl Doubt {
    fn is_of(&self, node: &str, slot: Slot, place: u8) -> bool {
        self.node == node && self.slot == slot.number() && self.place == place
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.node, self.slot, self.place) == (&other.node, other.slot, other.place)
    }

    /// Whether it may still arrive.
    pub fn is_open(&self, now: UnixMs) -> bool {
        (0..millis(limits::RENAME_DOUBT)).contains(&now.saturating_sub(self.at))
    }
}
