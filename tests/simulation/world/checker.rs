//! What is looked at after every step, and after every answer of a sync.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, Spend, SyncOutcome, SyncReport, SyncRequest};
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::model::identity::{Name, Slot};
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::store::Level;
use tokio::time::Instant;

use super::World;
use super::findings::Kind;
use super::ledger::{Claim, id_of_key};
use super::probe::{Content, restore};
use crate::kubo::Kubo;

/// How long a change may stay unproven on a device that works by itself while two honest machines answer: as long as the
/// longest pause between attempts, and a while.
const STUCK_AFTER: Duration = Duration::from_secs(480);
/// The same for a change that is made when this has been so for long.
const STUCK_WHEN_WELL: Duration = Duration::from_secs(20);
/// A rename that was on the line when a node fell ill may arrive for two minutes: until then the next is not sent.
const DOUBTED: Duration = Duration::from_secs(130);
/// How old what a fresh look misses may be.
const FRESH: Duration = Duration::from_secs(1);
/// The same for an answer from the cache: its time, and that of the gap in which quiet names are read.
const CACHED: Duration = Duration::from_secs(900);

/// What names the nodes whose answers were not waited for.
const LATE: &str = "late: ";
/// What they owe a reading has come after this: the time of one, and once more for what it leads to.
const COMES: Duration = Duration::from_secs(6);
/// The time of a reading without a deadline, and a little less.
const READING: Duration = Duration::from_millis(1_700);

/// Payloads that are looked for when something is told as verified.
const SAMPLE: usize = 3;

/// What a device was told by a sync.
pub struct Told {
    pub began: Instant,
    /// What honest nodes showed when it began: what comes while it runs, as its own repairs do, it need not have.
    pub shown: BTreeSet<(usize, Name, Cid)>,
    pub request: SyncRequest,
    pub report: SyncReport,
}

impl World {
    /// Looks at every device and at the names that are in use.
    pub async fn look(&mut self) {
        let names: Vec<String> = self.devices.keys().cloned().collect();
        for name in &names {
            self.look_at_tokens(name);
            self.look_at_levels(name).await;
            self.look_at_progress(name);
            self.look_at_records(name);
        }
        let used: BTreeSet<String> =
            self.nodes.iter().flat_map(|node| node.names()).map(|name| name.peer_id()).collect();
        if used.len() > self.disks + 1 {
            let words = format!("{} names for {} devices", used.len(), self.disks);
            self.find_once(Kind::Greedy, words);
        }
    }

    /// A kind of finding that would come again at each step is noted once.
    pub fn find_once(&mut self, kind: Kind, words: impl Into<String>) {
        if !self.findings.iter().any(|finding| finding.kind == kind) {
            self.find(kind, words);
        }
    }

    fn look_at_tokens(&mut self, name: &str) {
        let Some(device) = self.devices.get_mut(name).filter(|device| device.engine.is_some()) else {
            return;
        };
        let rows = device.rows();
        let mut found = Vec::new();
        for mark in device.engine.iter().flat_map(|engine| engine.status().high_water) {
            let known = device.known.high_water.entry(mark.name).or_default();
            if mark.sequence < *known {
                let words = format!("{name} believes record {} after record {known}", mark.sequence);
                found.push((Kind::Stale, words));
            }
            *known = mark.sequence.max(*known);
        }
        let mut shown = BTreeSet::new();
        for row in &rows {
            let id = id_of_key(&row.key);
            if !self.ledger.tokens.contains_key(&id) {
                found.push((Kind::Invented, format!("{name} shows {id}")));
            }
            let is_proven = row.spend == Spend::Proof;
            if is_proven && !self.ledger.spent.contains(&id) {
                found.push((Kind::Invented, format!("{name} shows a spend of {id} that nobody made")));
            }
            if is_proven {
                device.known.spent.insert(id.clone());
            } else if device.known.spent.contains(&id) && !device.known.rotten.contains(&id) {
                found.push((Kind::Resurrected, format!("{name} offers {id} again")));
            }
            shown.insert(id);
        }
        for id in device.known.tokens.iter().filter(|id| !shown.contains(*id)) {
            if !device.known.rotten.contains(id) {
                found.push((Kind::Dropped, format!("{name} does not show {id}")));
            }
        }
        for (kind, words) in found {
            self.find_once(kind, words);
        }
    }

    /// Notes what is told as verified; what is new, or told again after harm, must be true.
    pub async fn look_at_levels(&mut self, name: &str) {
        let last_harm = self.ledger.last_harm();
        let slots = self.slot_of(name);
        let root = slots.and_then(|name| self.current_root(&name));
        let Some(device) = self.devices.get_mut(name).filter(|device| device.engine.is_some()) else {
            return;
        };
        let rows = device.rows();
        let now = monotonic();
        let looked = device.looked_at.take();
        let (mut news, mut proved) = (BTreeSet::new(), BTreeSet::new());
        let before = std::mem::take(&mut device.verified);
        for row in rows.iter().filter(|row| row.ack == Level::Verified) {
            let (id, spent) = (id_of_key(&row.key), row.spend == Spend::Proof);
            let was = before.get(&id) == Some(&spent);
            let fate = self.ledger.tokens.entry(id.clone()).or_default();
            if fate.claims.get(name).is_none_or(|claim| claim.spent != spent) {
                proved.insert(id.clone());
            }
            let fresh = Claim { proved: now, told: now, root, spent };
            let claim = fate.claims.entry(name.to_owned()).or_insert_with(|| fresh.clone());
            if !was {
                news.insert(id.clone());
                *claim = fresh;
            } else if looked.is_some() {
                (claim.told, claim.root) = (now, root);
            }
            device.verified.insert(id, spent);
        }
        let is_told_again = looked.is_some_and(|at| last_harm.is_some_and(|harm| harm <= at));
        let has_any = !device.verified.is_empty();
        if !proved.is_empty() {
            self.look_at_proofs(name, &proved);
        }
        if has_any && (!news.is_empty() || is_told_again) {
            self.probe_level(name, &news).await;
        }
    }

    /// Each of at least two of the device's machines, alone, gives everything that it tells as verified.
    async fn probe_level(&mut self, name: &str, news: &BTreeSet<String>) {
        let device = &self.devices[name];
        let nodes: Vec<Arc<Kubo>> = device.nodes.iter().map(|at| self.nodes[*at].clone()).collect();
        let wanted = nodes.len().min(2);
        let mut left: BTreeMap<String, (bool, usize)> =
            device.verified.iter().map(|(id, spent)| (id.clone(), (*spent, wanted))).collect();
        let sample: BTreeSet<String> = news.iter().take(SAMPLE).cloned().collect();
        // A spend counts where its state is not known: each machine may have one of the two.
        let spends: Vec<String> =
            device.verified.iter().filter(|(_, spent)| **spent).map(|(id, _)| id.clone()).collect();
        for node in nodes {
            let content = Content::AndSpends(&sample, spends.clone());
            let restored = restore(&[node], self.started, &self.secret, &content).await;
            left.retain(|id, (spent, wanted)| {
                let is_spent = restored.tokens.get(id) == Some(&true);
                let is_whole =
                    !sample.contains(id) || is_spent || *spent || restored.payloads.contains_key(id);
                let is_there = restored.tokens.get(id).is_some_and(|is_spent| *is_spent || !*spent)
                    || *spent && restored.spent.contains(id);
                *wanted -= usize::from(is_whole && is_there);
                *wanted > 0
            });
            if left.is_empty() {
                return;
            }
        }
        let Some((id, (spent, missing))) = left.first_key_value() else { return };
        let what = if *spent { "the spend of" } else { "token" };
        let has = wanted - missing;
        let words =
            format!("{name} tells {what} {id} as verified, {has} of its machines give it, not {wanted}");
        self.find_once(Kind::FalseLevel, words);
    }

    /// A device that works by itself, with two honest machines in reach, gets its changes verified.
    fn look_at_progress(&mut self, name: &str) {
        let nodes = self.nodes.clone();
        let Some(device) = self.devices.get_mut(name) else { return };
        let status = device.engine.as_ref().map(tauri_plugin_wallet_sync::engine::Engine::status);
        let last = status.as_ref().and_then(|status| status.last_sync.as_ref());
        device.known.has_read |= last.is_some_and(|last| last.outcome != "offline");
        let wanted = device.machines_needed();
        let is_well = device.live
            && device.engine.is_some()
            && device.line_is_clean()
            && wanted > 0
            && device.honest(&nodes).len() >= wanted;
        if !is_well {
            device.well_since = None;
            return;
        }
        let since = *device.well_since.get_or_insert_with(monotonic);
        let Some(changed) = device.changed_at else { return };
        let lost = device.known.lost_payloads;
        let is_done = status.is_none_or(|status| {
            status.pending == 0 && status.ack == Ack::Verified
                || lost && status.pending <= status.missing_payloads
        });
        if is_done {
            device.changed_at = None;
            return;
        }
        let was_well = since + STUCK_AFTER < changed;
        let limit = if was_well { STUCK_WHEN_WELL } else { STUCK_AFTER };
        if since.max(changed).elapsed() >= limit {
            self.find_once(Kind::Stuck, format!("{name} has had a change pending for too long"));
        }
    }

    /// What an answer tells must be so.
    pub async fn judge(&mut self, name: &str, told: &Told) {
        let report = &told.report;
        let device = &self.devices[name];
        let waited = told.request.wait.is_some() && told.request.deadline.is_none();
        let wanted = device.nodes.len().min(2);
        let honest = device.honest(&self.nodes);
        if waited
            && device.changed_at.is_some()
            && honest.iter().filter(|node| self.is_well_for(node.at, DOUBTED)).count() >= wanted
            && report.ack != Ack::Verified
            && !(device.known.lost_payloads && report.missing_payloads > 0)
            && device.line_is_clean()
        {
            let words = format!("{name} waited for verified in vain: {:?} {:?}", report.ack, report.warnings);
            self.find_once(Kind::Stuck, words);
            return;
        }
        if waited && report.ack == Ack::Verified {
            self.device(name).changed_at = None;
        }
        self.device(name).owes |= report.warnings.iter().any(|warning| warning.contains("could not be read"));
        let says_more = |warning: &String| warning != "deadline" && !warning.starts_with(LATE);
        let claims_all = matches!(report.outcome, SyncOutcome::UpToDate | SyncOutcome::Merged)
            && !report.warnings.iter().any(says_more);
        if !claims_all {
            return;
        }
        if report.names.is_empty() && told.request.fresh {
            self.find_once(Kind::Lies, format!("{name} found nothing and says {:?}", report.outcome));
            let copies = self.devices[name].nodes.len().min(2);
            let is_there = |claim: &Claim| !self.ledger.is_excused(claim, copies);
            if self.ledger.tokens.values().flat_map(|fate| fate.claims.values()).any(is_there) {
                self.find_once(Kind::Blind, format!("{name} found nothing of a wallet that was verified"));
            }
        }
        self.look_for_stale(name, told);
    }

    fn look_for_stale(&mut self, name: &str, told: &Told) {
        let device = &self.devices[name];
        let age = if told.request.fresh || device.owes { FRESH } else { CACHED };
        let here: BTreeSet<String> = device.rows().iter().map(|row| id_of_key(&row.key)).collect();
        // Who is named as owing its answer is not spoken for, but what it showed an earlier reading has come by now.
        let late = told.report.warnings.iter().find(|warning| warning.starts_with(LATE));
        let is_late = |node: &Kubo| late.is_some_and(|words| words.contains(&format!("n{}", node.at)));
        let reads = device.reads.iter().filter(|read| **read + COMES < told.began);
        let honest = device.honest(&self.nodes);
        let has_come = |node: &Kubo, claim: &Claim| {
            let is_well_since = |read: Instant| self.mended.get(&node.at).is_none_or(|at| *at < read);
            let is_in_time = node.manners().rtt.unwrap_or_default() * 2 < READING;
            is_in_time && reads.clone().any(|read| claim.told + age < *read && is_well_since(*read))
        };
        let is_spoken_for = |node: &Kubo, claim: &Claim| !is_late(node) || has_come(node, claim);
        let is_missed = |claim: &Claim| {
            let Some((of, root)) = claim.root else { return false };
            let mut spoken_for = honest.iter().filter(|node| is_spoken_for(node, claim));
            let shows = |node: &Kubo| node.record(&of).is_some_and(|record| record.root() == Some(root));
            claim.told + age < told.began
                && spoken_for.clone().any(|node| told.shown.contains(&(node.at, of, root)))
                && spoken_for.any(|node| shows(node) && node.has_dag(&root))
        };
        let missed = self.ledger.tokens.iter().find(|(id, fate)| {
            !here.contains(*id) && fate.claims.iter().any(|(by, claim)| by != name && is_missed(claim))
        });
        if let Some((id, _)) = missed {
            let words = format!("{name} says {:?} without {id}", told.report.outcome);
            self.find_once(Kind::Stale, words);
        }
    }

    /// The roots of the records that honest nodes show a device, by node.
    pub fn shown_to(&self, name: &str) -> BTreeSet<(usize, Name, Cid)> {
        let root = |node: &Kubo, name: Name| Some((node.at, name, node.record(&name)?.root()?));
        let honest = self.devices[name].honest(&self.nodes).into_iter();
        honest.flat_map(|node| node.names().into_iter().filter_map(|name| root(node, name))).collect()
    }

    /// Whether nothing has happened to a node for so long.
    fn is_well_for(&self, at: usize, time: Duration) -> bool {
        self.mended.get(&at).is_none_or(|mended| mended.elapsed() >= time)
    }

    /// The name under which a device publishes.
    pub fn slot_of(&self, name: &str) -> Option<Name> {
        let engine = self.devices.get(name)?.engine.as_ref()?;
        let slot = Slot::new(engine.status().slot?)?;
        Some(self.keys.name(slot))
    }

    fn current_root(&self, name: &Name) -> Option<(Name, Cid)> {
        let records = self.nodes.iter().filter_map(|node| node.record(name));
        let best = records.max_by(Record::cmp_order)?;
        Some((*name, best.root()?))
    }
}
