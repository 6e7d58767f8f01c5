//! What devices do.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::engine::{Ack, Engine, NewToken, SpendKind, SyncOutcome, SyncRequest};
use tauri_plugin_wallet_sync::node::Source;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::store::{Level, Store};
use tauri_plugin_wallet_sync::{Code, Secret};

use super::World;
use super::checker::Told;
use super::findings::Kind;
use super::ledger::{id_of, parts};
use crate::script::Act;

/// What an answer may be late.
const SLACK: Duration = Duration::from_millis(400);
/// A sync that waits for `verified` without a deadline ends by itself within this.
const WAITS: Duration = Duration::from_secs(60);
/// A plain read.
const READS: Duration = Duration::from_secs(2);

impl World {
    /// Makes sure that the device's process runs.
    pub async fn start(&mut self, name: &str) -> bool {
        let (nodes, luck) = (self.nodes.clone(), self.luck.clone());
        let secret = Secret::new([7; 32]);
        let device = self.device(name);
        if device.dead {
            return false;
        }
        if device.was_killed() {
            device.crash();
        }
        if device.engine.is_none()
            && let Err(error) = device.open(&nodes, &luck, &secret).await
        {
            self.find(Kind::Stuck, format!("{name} cannot be opened: {error}"));
            return false;
        }
        true
    }

    pub async fn act(&mut self, name: &str, act: &Act) -> String {
        match act {
            Act::Clones(other) => return self.clone_disk(name, other),
            Act::Close => self.device(name).close().await,
            Act::Crash => self.device(name).crash(),
            Act::Dies => {
                let device = self.device(name);
                device.crash();
                device.dead = true;
            }
            Act::Saves => {
                let device = self.device(name);
                device.saved = Some((device.disk.snapshot(), device.known.clone()));
            }
            Act::Returns => return self.back_to_saved(name),
            Act::Reinstall => {
                self.ledger.forget_settings(name);
                let device = self.device(name);
                device.crash();
                (device.disk, device.known) = (MemoryStore::new(), Default::default());
                device.forget_told();
                self.disks += 1;
            }
            Act::Clock(by) => {
                self.device(name).cared_at = None;
                self.device(name).clock.off.fetch_add(*by, Ordering::Relaxed);
            }
            Act::Uses(nodes) => {
                let device = self.device(name);
                device.close().await;
                device.nodes = nodes.clone();
                // What is told from now on is told of other machines.
                device.forget_told();
                self.start(name).await;
            }
            Act::LosesItem(id) => self.rot_item(name, id).await,
            Act::LosesBlock(id) => self.rot_block(name, id),
            Act::Live => {
                let device = self.device(name);
                if !device.live {
                    device.close().await;
                    device.live = true;
                }
                self.start(name).await;
            }
            _ => {
                if !self.start(name).await {
                    return "gone".to_owned();
                }
                return self.use_engine(name, act).await;
            }
        }
        String::new()
    }

    fn clone_disk(&mut self, name: &str, other: &str) -> String {
        let (disk, known) = {
            let other = self.device(other);
            (other.disk.snapshot(), other.known.clone())
        };
        self.ledger.forget_settings(name);
        // The disk that was here is gone, with the slot that it had.
        self.disks += usize::from(self.devices.contains_key(name));
        let device = self.device(name);
        device.crash();
        (device.disk, device.known) = (disk, known);
        device.forget_told();
        // What the other told by what it had seen, this one tells by the same.
        for fate in self.ledger.tokens.values_mut() {
            let claim = fate.claims.get(other).cloned();
            fate.claims.extend(claim.map(|claim| (name.to_owned(), claim)));
        }
        String::new()
    }

    fn back_to_saved(&mut self, name: &str) -> String {
        self.ledger.forget_settings(name);
        self.disks += 1;
        let device = self.device(name);
        device.crash();
        let Some((disk, known)) = &device.saved else { return "nothing saved".to_owned() };
        (device.disk, device.known) = (disk.snapshot(), known.clone());
        device.forget_told();
        String::new()
    }

    async fn rot_item(&mut self, name: &str, id: &str) {
        let device = self.device(name);
        device.crash();
        let rows = device.disk.clone().load().await.map(|loaded| loaded.items).unwrap_or_default();
        for row in rows.iter().filter(|row| row.token_id == id) {
            device.disk.damage_item(&row.key);
            device.known.rotten.insert(id_of(&row.token_id, &row.state_hash));
        }
    }

    fn rot_block(&mut self, name: &str, id: &str) {
        let cid = self.payload_cid(id);
        let device = self.device(name);
        device.crash();
        device.disk.damage_block(&cid);
        device.known.lost_payloads = true;
    }

    async fn use_engine(&mut self, name: &str, act: &Act) -> String {
        let engine = self.device(name).engine.clone().expect("it was started");
        let done = match act {
            Act::Put(ids, size) => {
                let tokens: Vec<NewToken> = ids.iter().map(|id| self.new_token(id, *size)).collect();
                let done = engine.put(tokens).await.map(|_| ());
                if done.is_ok() {
                    self.device(name).known.tokens.extend(ids.iter().cloned());
                    self.changed(name);
                    self.expect_on_disk(name, ids).await;
                } else {
                    self.expect_nothing_else_shown(name, ids).await;
                }
                done
            }
            Act::Spend(id) | Act::Intend(id) => {
                let kind = if matches!(act, Act::Spend(_)) { SpendKind::Proof } else { SpendKind::Intent };
                let (token, state) = parts(id);
                if kind == SpendKind::Proof {
                    self.ledger.spent.insert(id.clone());
                }
                let evidence = Bytes::from(format!("spent {id}"));
                let done = engine.spend(token, &state, kind, evidence.clone()).await.map(|_| ());
                if done.is_ok() {
                    self.expect_evidence_on_disk(name, id, &evidence).await;
                    if kind == SpendKind::Proof {
                        self.device(name).known.spent.insert(id.clone());
                    }
                    self.ledger.tokens.entry(id.clone()).or_default();
                    self.changed(name);
                }
                done
            }
            Act::Set(key, value) => {
                let done = engine.set(key, Bytes::from(value.clone())).await;
                let is_open = self.device(name).was_killed_after();
                if done.is_ok() || is_open {
                    let off = self.device(name).clock.off.load(Ordering::Relaxed);
                    self.ledger.set(name, off, (key, value), done.is_err());
                }
                if done.is_ok() {
                    self.changed(name);
                } else if done.as_ref().is_err_and(|e| e.code() == Code::Conflict) {
                    self.find_once(Kind::Stuck, format!("{name} cannot set {key}"));
                }
                done
            }
            Act::Sync(deadline) => return self.sync(name, *deadline).await,
            Act::Read => return self.read(name).await,
            Act::CrashAt(n, after) => {
                self.device(name).crash_at(*n, *after);
                Ok(())
            }
            Act::Disable(node) => engine.set_node_enabled(&format!("n{node}"), false),
            Act::Enable(node) => engine.set_node_enabled(&format!("n{node}"), true),
            Act::Upkeep => engine.upkeep().await,
            Act::Wipe => {
                self.wipe(name).await;
                Ok(())
            }
            Act::Retires(slot) => engine.retire_device(*slot).await,
            Act::Verifies(time) => return self.verifies(name, *time).await,
            Act::Keeps(key, values) => return self.expect_versions(name, key, values).await,
            act => {
                self.expect(name, act);
                Ok(())
            }
        };
        done.map_or_else(|e| e.code().to_string(), |()| "ok".to_owned())
    }

    fn new_token(&mut self, id: &str, size: usize) -> NewToken {
        NewToken {
            token_id: parts(id).0.to_owned(),
            state_hash: parts(id).1,
            previous: None,
            summary: None,
            payload: self.ledger.attempt(id, size),
        }
    }

    /// Notes a change, if it was one.
    fn changed(&mut self, name: &str) {
        let device = self.device(name);
        if device.engine.as_ref().is_some_and(|engine| engine.status().pending > 0) {
            device.changed_at = Some(monotonic());
        }
    }

    async fn sync(&mut self, name: &str, deadline: Option<Duration>) -> String {
        let request = SyncRequest { fresh: true, deadline, wait: Some(Level::Verified) };
        let limit = deadline.map_or(WAITS, |deadline| deadline.max(READS));
        self.run_sync(name, request, limit).await
    }

    /// Without a deadline: the time is looked at, not given.
    async fn verifies(&mut self, name: &str, within: Duration) -> String {
        let began = monotonic();
        let said = self.sync(name, None).await;
        let took = began.elapsed();
        let status = self.device(name).engine.as_ref().map(Engine::status);
        let is_told = |ack| matches!(ack, Ack::Verified | Ack::None);
        let is_verified = status.is_some_and(|status| status.pending == 0 && is_told(status.ack));
        if !is_verified || took > within {
            self.find_once(Kind::Stuck, format!("{name} ought to be verified within {within:?}: {said}"));
        }
        said
    }

    /// With something pending it waits until that is published.
    async fn read(&mut self, name: &str) -> String {
        let is_idle = self.device(name).engine.as_ref().is_some_and(|engine| engine.status().pending == 0);
        let limit = if is_idle { READS } else { WAITS };
        self.run_sync(name, SyncRequest::default(), limit).await
    }

    async fn run_sync(&mut self, name: &str, request: SyncRequest, limit: Duration) -> String {
        let engine = self.device(name).engine.clone().expect("it was started");
        let had_pending = engine.status().pending > 0;
        self.note_own_looks(name);
        let (began, shown) = (monotonic(), self.shown_to(name));
        let result = engine.sync(request, |_| ()).await;
        let took = began.elapsed();
        if self.device(name).was_killed() {
            return "killed".to_owned();
        }
        if took > limit + SLACK {
            self.find(Kind::Hangs, format!("{name} answers after {took:?}"));
        }
        let told = match result {
            Err(failure) if failure.error.code() == Code::Closed => return "closed".to_owned(),
            Err(failure) => {
                self.judge_failure(name, &request, took, &failure);
                self.note_failure(name, &failure);
                return format!("{} after {took:?}", failure.error.code());
            }
            Ok(report) => Told { began, shown, request, report },
        };
        let looked = told.report.outcome != SyncOutcome::Offline;
        if looked && (request.fresh || told.report.requests > 0) {
            self.device(name).looked_at = Some(began);
        }
        self.device(name).known.has_read |= looked;
        if looked && request.fresh {
            self.note_look(name, began);
        }
        self.look_at_honesty(name, &told, had_pending);
        self.judge(name, &told).await;
        if looked && told.report.source != Source::Cache {
            self.device(name).reads.push(began);
        }
        self.look_for_vain(name, &told.report);
        let report = &told.report;
        format!(
            "{:?} {:?} +{} after {took:?} {:?}",
            report.outcome, report.ack, report.added, report.warnings
        )
    }
}
