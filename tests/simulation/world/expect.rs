//! Expectations: what ought to be so right after an act, and what a scenario asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::engine::{Engine, NodeState, Spend, SyncFailure, SyncRequest};
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::seal::{Compression, Kind as SealKind};
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::store::{Level, Store};

use super::World;
use super::findings::Kind;
use super::ledger::{id_of, id_of_key};
use super::probe::{Content, restore};
use crate::kubo::Kubo;
use crate::script::Act;

/// Requests of one device at rest to one node for one name in an hour: a poll a minute, and as many again.
const REQUESTS_AN_HOUR: u64 = 130;
/// Requests to one node in an hour of a device that could not read the wallet yet: record and beacons of the four slots that a
/// first reading begins with, once a minute, and every five for a change that waits.
const FIRST_READINGS_AN_HOUR: u64 = 4 * 3 * (60 + 12);
/// Requests of one node for the one search of all slots, record and beacons.
pub const SEARCH: u64 = 64 * 3;
/// Shorter waits say nothing about rest.
const AN_HOUR: Duration = Duration::from_secs(3_600);
/// Payloads that are looked for after a put.
const SAMPLE: usize = 3;
/// What fits into a reading without a deadline, which has 1.8 s.
const FITS: Duration = Duration::from_millis(1_700);

/// Whether a node can answer a reading in its time: the way there and back goes twice, for the record, which carries its root, and
/// for what that leads to; three times where there are only beacons, which carry none; and what they lead to is there.
fn gives(node: &Kubo, request: &SyncRequest) -> bool {
    let there_and_back = node.manners().rtt.unwrap_or_default();
    let names = node.names().into_iter();
    let roots: Vec<Cid> = names.filter_map(|name| node.record(&name)?.root()).collect();
    let ways = if roots.is_empty() && !node.held().labels.is_empty() { 3 } else { 2 };
    if request.deadline.is_none() && there_and_back * ways > FITS {
        return false;
    }
    roots.is_empty() || roots.iter().any(|root| node.has_dag(root))
}

impl World {
    /// Lets time pass. Who works by itself and has nothing to do asks for little.
    pub async fn wait(&mut self, time: Duration) {
        let rests = |world: &Self| -> BTreeMap<String, u64> {
            let at_rest = world.devices.iter().filter(|(_, device)| device.live && device.engine.is_some());
            at_rest.map(|(name, device)| (name.clone(), device.requests())).collect()
        };
        let before = rests(self);
        tokio::time::sleep(time).await;
        if time < AN_HOUR {
            return;
        }
        let after = rests(self);
        let names: BTreeSet<String> =
            self.nodes.iter().flat_map(|node| node.names()).map(|name| name.peer_id()).collect();
        for (name, asked) in before {
            let Some(now) = after.get(&name) else { continue };
            let nodes = self.devices[&name].nodes.len();
            let places = u64::try_from(nodes * (names.len() + 3)).unwrap();
            let an_hour = match self.devices[&name].known.has_read {
                true => places * REQUESTS_AN_HOUR,
                false => u64::try_from(nodes).unwrap() * FIRST_READINGS_AN_HOUR,
            };
            let mut budget = an_hour * time.as_secs() / AN_HOUR.as_secs();
            let asked = now.saturating_sub(asked);
            if asked > budget && std::mem::take(&mut self.devices.get_mut(&name).unwrap().searches) {
                budget += u64::try_from(nodes).unwrap() * SEARCH;
            }
            if asked > budget {
                self.find_once(
                    Kind::Restless,
                    format!("{name} sent {asked} requests at rest, {budget} are enough"),
                );
            }
        }
    }

    /// A put that succeeded is on the disk.
    pub async fn expect_on_disk(&mut self, name: &str, ids: &[String]) {
        for id in ids.iter().take(SAMPLE) {
            if self.device(name).known.spent.contains(id) {
                continue;
            }
            let cid = self.payload_cid(id);
            let found = self.device(name).stored().block(&cid).await;
            if matches!(found, Ok(None)) {
                self.find_once(Kind::Dropped, format!("{name} put {id}, and its payload is not on the disk"));
            }
        }
    }

    /// A put that failed shows nothing that is not on the disk.
    pub async fn expect_nothing_else_shown(&mut self, name: &str, ids: &[String]) {
        let device = self.device(name);
        let rows = device.stored().load().await.expect("a snapshot can be read").items;
        let stored: BTreeSet<String> = rows.iter().map(|row| id_of(&row.token_id, &row.state_hash)).collect();
        let shown: BTreeSet<String> = device.rows().iter().map(|row| id_of_key(&row.key)).collect();
        if let Some(id) = ids.iter().find(|id| shown.contains(*id) && !stored.contains(*id)) {
            self.find_once(Kind::Invented, format!("{name} shows {id}, whose put failed"));
        }
    }

    /// The evidence of a spend that succeeded is on the disk.
    pub async fn expect_evidence_on_disk(&mut self, name: &str, id: &str, evidence: &[u8]) {
        let sealed = self.keys.sealer().seal(SealKind::Evidence, evidence, Compression::IfSmaller);
        let block = Block::new(Codec::Raw, sealed.expect("evidence can be sealed"));
        if matches!(self.device(name).stored().block(block.cid()).await, Ok(None)) {
            self.find_once(Kind::Dropped, format!("{name} spent {id}, and its evidence is not on the disk"));
        }
    }

    /// Every payload that a node in reach has is here.
    fn look_for_missing(&mut self, name: &str) {
        let Some(device) = self.devices.get(name).filter(|device| device.engine.is_some()) else { return };
        let absent = device.rows().into_iter().filter(|row| !row.has_payload && row.spend != Spend::Proof);
        let found = absent.map(|row| id_of_key(&row.key)).find(|id| {
            let in_reach = |at: &&usize| !device.cut[*at].load(Ordering::Relaxed);
            let cid = self.payload_cid(id);
            device.nodes.iter().filter(in_reach).any(|at| self.nodes[*at].own(&cid).is_some())
        });
        if let Some(id) = found {
            self.find_once(Kind::Blind, format!("{name} does not get the payload of {id}, which a node has"));
        }
    }

    fn expect_shown(&mut self, name: &str, ids: &[String]) {
        let shown: BTreeSet<String> =
            self.devices[name].rows().iter().map(|row| id_of_key(&row.key)).collect();
        if let Some(id) = ids.iter().find(|id| !shown.contains(*id)) {
            self.find_once(Kind::Stale, format!("{name} ought to show {id}"));
        }
    }

    /// What a scenario says ought to be so.
    pub fn expect(&mut self, name: &str, act: &Act) {
        match act {
            Act::Whole => self.look_for_missing(name),
            Act::Shows(ids) => self.expect_shown(name, ids),
            Act::Proven(ids) => self.expect_level(name, ids, Level::Verified),
            Act::Published(ids) => self.expect_level(name, ids, Level::Published),
            Act::AllUp => self.expect_all_up(name),
            Act::Names(most) => self.expect_names(*most),
            Act::Editions(most) => self.expect_editions(name, *most),
            Act::SignsOnce => self.expect_signed_once(),
            _ => {}
        }
    }

    pub async fn expect_versions(&mut self, name: &str, key: &str, values: &[String]) -> String {
        let engine = self.devices[name].engine.clone();
        let engine = engine.expect("the device was started");
        let rows =
            engine.entry_versions(key, 1_000_000).await.map(|versions| versions.rows).unwrap_or_default();
        let text = |value: Option<Bytes>| String::from_utf8_lossy(&value.unwrap_or_default()).into_owned();
        let found: Vec<String> = rows.into_iter().map(|row| text(row.value)).collect();
        if found != values {
            self.find_once(
                Kind::Dropped,
                format!("{name} ought to have {values:?} of {key}, it has {found:?}"),
            );
        }
        found.join(",")
    }

    fn expect_level(&mut self, name: &str, ids: &[String], level: Level) {
        let rows = self.devices[name].rows();
        let told: BTreeSet<String> =
            rows.iter().filter(|row| row.ack >= level).map(|row| id_of_key(&row.key)).collect();
        if let Some(id) = ids.iter().find(|id| !told.contains(*id)) {
            self.find_once(Kind::Stuck, format!("{name} ought to have {id} {level:?}"));
        }
    }

    fn expect_all_up(&mut self, name: &str) {
        let nodes = self.devices[name].engine.as_ref().map(Engine::nodes).unwrap_or_default();
        let down = nodes.into_iter().find(|node| node.health.state == NodeState::Down);
        if let Some(node) = down {
            let words = format!("{name} takes {} for down: {:?}", node.health.id, node.health.last_error);
            self.find_once(Kind::Blind, words);
        }
    }

    fn expect_names(&mut self, most: usize) {
        let used: BTreeSet<String> =
            self.nodes.iter().flat_map(|node| node.names()).map(|name| name.peer_id()).collect();
        if used.len() > most {
            self.find_once(Kind::Greedy, format!("{} names in use, {most} are enough", used.len()));
        }
    }

    /// Sequences are given one after the other.
    fn expect_editions(&mut self, name: &str, most: u64) {
        let own = self.slot_of(name);
        let records = self.nodes.iter().filter_map(|node| node.record(own.as_ref()?));
        let last = records.map(|record| record.sequence()).max().unwrap_or_default();
        if last > most {
            self.find_once(Kind::Unstable, format!("{name} has signed {last} records, {most} are enough"));
        }
    }

    fn expect_signed_once(&mut self) {
        let mut signed: BTreeMap<(String, u64), BTreeSet<Vec<u8>>> = BTreeMap::new();
        for record in self.nodes.iter().flat_map(|node| node.offered()) {
            let place = (record.name().peer_id(), record.sequence());
            signed.entry(place).or_default().insert(record.raw().to_vec());
        }
        let twice = signed.into_iter().find(|(_, records)| records.len() > 1);
        if let Some(((name, sequence), _)) = twice {
            self.find_once(Kind::Unstable, format!("sequence {sequence} of {name} was signed twice"));
        }
    }

    /// A reading fails only where too few honest machines answer, and no sooner than it has to.
    pub fn judge_failure(
        &mut self,
        name: &str,
        request: &SyncRequest,
        took: Duration,
        failure: &SyncFailure,
    ) {
        let device = &self.devices[name];
        let given = device.honest(&self.nodes).into_iter().filter(|node| gives(node, request)).count();
        let is_majority = given > device.nodes.len() / 2;
        let had_time = request.deadline.is_none_or(|deadline| took * 4 < deadline);
        if request.fresh && had_time && is_majority && device.line_is_clean() {
            let words = format!("{name} cannot read although a majority answers: {}", failure.error);
            self.find_once(Kind::Blind, words);
        }
    }

    /// What `wipe` without force does: the folder goes when nothing is pending; nothing goes with it.
    pub async fn wipe(&mut self, name: &str) {
        let device = self.device(name);
        if device.engine.as_ref().is_none_or(|engine| engine.status().pending > 0) {
            return;
        }
        if let Some(engine) = device.engine.clone() {
            // Whatever comes of it, the folder goes; but for what it found not to be safe after all.
            drop(engine.end().await);
            if engine.status().pending > 0 {
                return;
            }
        }
        let shown: Vec<String> = device.rows().iter().map(|row| id_of_key(&row.key)).collect();
        device.close().await;
        (device.disk, device.known) = (MemoryStore::new(), super::device::Known::default());
        device.dead = true;
        let nodes: Vec<Arc<Kubo>> =
            self.devices[name].nodes.iter().map(|at| self.nodes[*at].clone()).collect();
        let restored = restore(&nodes, self.started, &self.secret, &Content::Of(&BTreeSet::new())).await;
        if let Some(id) = shown.iter().find(|id| !restored.tokens.contains_key(*id)) {
            self.find_once(Kind::Lost, format!("{name} was wiped with the last copy of {id}"));
        }
    }
}
