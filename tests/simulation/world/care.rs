//! What a device owes when nothing is asked of it: its records are kept alive, what it shows is on the nodes, and a look that
//! failed is not answered for by memory.

use std::time::Duration;

use tauri_plugin_wallet_sync::Code;
use tauri_plugin_wallet_sync::engine::{
    Ack, NodeOutcome, NodeReport, Spend, Status, SyncFailure, SyncOutcome, SyncReport,
};
use tauri_plugin_wallet_sync::model::identity::Slot;
use tauri_plugin_wallet_sync::node::Source;
use tokio::time::Instant;

use super::World;
use super::checker::Told;
use super::findings::Kind;
use super::ledger::id_of_key;
use super::probe::Restored;

/// A node forgets a record after 48 hours, and whoever looks puts one again that is older than twelve: so long after a look
/// it is there.
const CARED: Duration = Duration::from_secs(35 * 3_600);

impl World {
    /// Notes a look at nodes that are all well.
    pub fn note_look(&mut self, name: &str, at: Instant) {
        let device = &self.devices[name];
        let is_well = device.honest(&self.nodes).len() == device.nodes.len() && device.line_is_clean();
        self.device(name).cared_at = is_well.then_some(at);
    }

    /// Who looks at the nodes now and then keeps its own record alive there.
    pub fn look_at_records(&mut self, name: &str) {
        let device = &self.devices[name];
        let is_cared = device.cared_at.is_some_and(|at| at.elapsed() < CARED);
        let status = device.engine.as_ref().map(tauri_plugin_wallet_sync::engine::Engine::status);
        let is_verified = |status: &Status| is_cared && status.ack == Ack::Verified && status.pending == 0;
        let Some(slot) = status.filter(is_verified).and_then(|status| Slot::new(status.slot?)) else {
            return;
        };
        let own = self.keys.name(slot);
        let shows = |at: &&usize| self.nodes[**at].record(&own).is_some();
        let (has, wanted) = (device.nodes.iter().filter(shows).count(), device.nodes.len().min(2));
        if has < wanted {
            let words = format!("{name} let its record be forgotten, {has} machines show it");
            self.find_once(Kind::FalseLevel, words);
        }
    }

    /// Notes that no node gave a usable answer.
    pub fn note_failure(&mut self, name: &str, failure: &SyncFailure) {
        let is_of_nodes = matches!(failure.error.code(), Code::Unreachable | Code::Invalid | Code::Denied);
        self.device(name).in_vain |= is_of_nodes;
    }

    /// A device that works by itself may have looked at the nodes again since its last look failed.
    pub fn note_own_looks(&mut self, name: &str) {
        let device = self.device(name);
        let last = device.engine.as_ref().and_then(|engine| engine.status().last_sync);
        let has_looked = last.is_some_and(|last| last.outcome != "offline" && last.source != "cache");
        device.in_vain &= !(device.live && has_looked);
    }

    /// After a look that failed, nothing is up to date until one succeeds.
    pub fn look_for_vain(&mut self, name: &str, report: &SyncReport) {
        let is_told = report.outcome != SyncOutcome::Offline;
        if is_told && report.source == Source::Cache && self.devices[name].in_vain {
            let words = format!("{name} says {:?} although its last look failed", report.outcome);
            self.find_once(Kind::Stale, words);
        }
        if is_told && report.source != Source::Cache {
            self.device(name).in_vain = false;
        }
    }

    /// An answer says what it rests on: a fresh one on the nodes, one with changes pending too, and the first one of few nodes
    /// says that they were few.
    pub fn look_at_honesty(&mut self, name: &str, told: &Told, had_pending: bool) {
        let (report, request) = (&told.report, &told.request);
        if request.fresh && matches!(report.outcome, SyncOutcome::Offline) {
            self.find_once(Kind::Lies, format!("{name} was asked for a fresh answer and gives an old one"));
        }
        if had_pending && report.source == Source::Cache {
            self.find_once(Kind::Stale, format!("{name} answers from memory although changes are pending"));
        }
        let device = &self.devices[name];
        let answered = |node: &&NodeReport| matches!(node.outcome, NodeOutcome::Found | NodeOutcome::Absent);
        let few = report.nodes.iter().filter(answered).count() * 2 <= device.nodes.len();
        let is_first = device.known.high_water.is_empty() && !report.names.is_empty();
        let says_so = report.warnings.iter().any(|warning| warning.starts_with("degraded"));
        if request.fresh && is_first && few && !says_so && report.added > 0 {
            self.find_once(Kind::Lies, format!("{name} does not say that few nodes answered"));
        }
    }

    /// What a living device shows is on the nodes once everything is healed and it had its time.
    pub fn look_at_shown(&mut self, restored: &Restored) {
        let living = self.devices.iter().filter(|(_, device)| !device.dead && !device.nodes.is_empty());
        let gone = living.flat_map(|(name, device)| {
            let rows = device.rows().into_iter().map(move |row| (name, row));
            rows.filter(|(_, row)| row.has_payload || row.spend == Spend::Proof)
        });
        let gone = gone.map(|(name, row)| (name.clone(), id_of_key(&row.key)));
        let gone = gone.into_iter().find(|(_, id)| !restored.tokens.contains_key(id));
        if let Some((name, id)) = gone {
            self.find_once(Kind::Dropped, format!("{name} shows {id}, which no node has"));
        }
    }
}
