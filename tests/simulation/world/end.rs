//! The end of a run: everything is healed, what was on the line arrives, and the promises are held against what is there.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tauri_plugin_wallet_sync::engine::Ack;

use super::World;
use super::expect::SEARCH;
use super::findings::Kind;
use super::ledger::{Claim, Setting};
use super::probe::{Content, Restored, restore};
use crate::kubo::Manners;

/// All that is on the line arrives within this.
const ARRIVES: Duration = Duration::from_secs(180);
/// What the surviving devices need to be done with everything.
const SETTLES: Duration = Duration::from_secs(800);
/// A while at rest.
const RESTS: Duration = Duration::from_secs(420);
/// Requests of one device to one node for one name in that while: a poll a minute, the gap once, and as many again.
const REQUESTS_AT_REST: u64 = 16;
/// What was set so long after everything else wins.
const CLEARLY_LATER: Duration = Duration::from_secs(900);
/// Clocks that are off by less tell which of two such values is the later one, milliseconds.
const CLOCKS_AGREE: u64 = 400_000;

impl World {
    /// Heals, restores, brings the survivors back, restores again.
    pub async fn finish(&mut self) {
        for node in &self.nodes {
            *node.manners() = Manners::default();
        }
        for device in self.devices.values_mut() {
            device.cut.values().for_each(|cut| cut.store(false, Ordering::Relaxed));
            device.loss.store(0, Ordering::Relaxed);
            device.close().await;
        }
        tokio::time::sleep(ARRIVES).await;
        let restored = restore(&self.nodes, self.started, &self.secret, &Content::All).await;
        self.look_for_lost(&restored);
        self.bring_back().await;
        let restored = restore(&self.nodes, self.started, &self.secret, &Content::All).await;
        self.look_for_lost(&restored);
        self.look_at_survivors(&restored);
        self.look_at_shown(&restored);
        for device in self.devices.values_mut() {
            device.close().await;
        }
    }

    fn look_for_lost(&mut self, restored: &Restored) {
        let mut found = Vec::new();
        let copies = |by: &str| self.devices.get(by).map_or(2, |device| device.nodes.len().min(2));
        for (id, fate) in &self.ledger.tokens {
            let claims: Vec<(&String, &Claim)> =
                fate.claims.iter().filter(|(by, claim)| !self.ledger.is_excused(claim, copies(by))).collect();
            let Some((by, _)) = claims.first() else { continue };
            let spent = claims.iter().any(|(_, claim)| claim.spent);
            match restored.tokens.get(id) {
                None => found.push((Kind::Lost, format!("{by} told {id} as verified"))),
                Some(false) if spent => {
                    found.push((Kind::Lost, format!("{by} told the spend of {id} as verified")))
                }
                Some(false) if restored.payloads.get(id) != Some(&fate.payload) => {
                    found.push((Kind::Lost, format!("{by} told {id} as verified, its payload is gone")));
                }
                Some(_) => {}
            }
        }
        for (kind, words) in found {
            self.find_once(kind, words);
        }
    }

    /// The devices that live work by themselves until they are done, then rest.
    async fn bring_back(&mut self) {
        let living: Vec<String> =
            self.devices.iter().filter(|(_, device)| !device.dead).map(|(name, _)| name.clone()).collect();
        for name in &living {
            let device = self.device(name);
            device.live = true;
            device.changed_at = None;
            self.start(name).await;
        }
        tokio::time::sleep(SETTLES).await;
        self.look().await;
        let (names, before) = (self.sequences(), self.requests());
        tokio::time::sleep(RESTS).await;
        if self.sequences() != names {
            self.find_once(
                Kind::Unstable,
                format!(
                    "something is still published although nothing changes: {names:?} {:?}",
                    self.sequences()
                ),
            );
        }
        let asked = self.requests() - before;
        let places = u64::try_from(living.len() * self.nodes.len() * (names.len() + 5)).unwrap();
        let mut budget = places * REQUESTS_AT_REST;
        for name in &living {
            // The search of all slots is due once a day, and may come now.
            let device = self.device(name);
            if asked > budget && std::mem::take(&mut device.searches) {
                budget += u64::try_from(device.nodes.len()).unwrap() * SEARCH;
            }
        }
        if asked > budget {
            self.find_once(Kind::Restless, format!("{asked} requests at rest"));
        }
        for name in &living {
            self.look_at_the_level_of(name);
        }
    }

    fn look_at_the_level_of(&mut self, name: &str) {
        let Some(engine) = self.devices.get(name).and_then(|device| device.engine.clone()) else { return };
        let (status, has_nodes) = (engine.status(), !self.devices[name].nodes.is_empty());
        let is_gone = self.devices[name].known.lost_payloads && status.pending <= status.missing_payloads;
        if has_nodes
            && !is_gone
            && (status.pending > 0 || status.ack < Ack::Verified && status.ack != Ack::None)
        {
            let words =
                format!("{name} has {} changes at {:?} after all was healed", status.pending, status.ack);
            self.find_once(Kind::Stuck, words);
        }
    }

    /// What living devices acknowledged is restored too; a value that was clearly set last is the one that all show.
    fn look_at_survivors(&mut self, restored: &Restored) {
        let mut found = Vec::new();
        for (name, device) in
            self.devices.iter().filter(|(_, device)| !device.dead && !device.nodes.is_empty())
        {
            let kept = device.known.tokens.iter().filter(|id| !device.known.rotten.contains(*id));
            for id in kept {
                match restored.tokens.get(id) {
                    None => {
                        found.push((Kind::Dropped, format!("{name} lives, and {id} is not on the nodes")))
                    }
                    Some(false) if device.known.spent.contains(id) && !device.known.rotten.contains(id) => {
                        found
                            .push((Kind::Resurrected, format!("{name} lives, and {id} is restored unspent")));
                    }
                    Some(_) => {}
                }
            }
        }
        for (key, settings) in &self.ledger.settings {
            let (open, told): (Vec<&Setting>, Vec<&Setting>) = settings.iter().partition(|one| one.is_open);
            let Some((last, before)) = told.split_last() else { continue };
            let is_alive = self.devices.get(&last.device).is_some_and(|device| !device.dead);
            if !is_alive || before.iter().any(|one| one.at + CLEARLY_LATER > last.at) {
                continue;
            }
            let versions = restored.entries.get(key).map(Vec::as_slice).unwrap_or_default();
            // Of values that had not seen each other a clock that is off may show another one; it is there all the same.
            let is_told_by_time = settings.iter().all(|one| one.off.unsigned_abs() < CLOCKS_AGREE);
            let looked_at = if is_told_by_time { versions.get(..1).unwrap_or_default() } else { versions };
            // Nobody knows whether one was set whose process ended meanwhile: it may be what stands in the place of the last.
            let open = open.iter().filter(|one| one.at + CLEARLY_LATER > last.at);
            let may_be = || open.clone().any(|one| looked_at.contains(&one.value));
            if !looked_at.contains(&last.value) && !may_be() {
                let words = format!("{key} was set to {} last, {versions:?} is restored", last.value);
                found.push((Kind::Dropped, words));
            }
        }
        for (kind, words) in found {
            self.find_once(kind, words);
        }
    }

    /// The highest sequence of each name.
    fn sequences(&self) -> Vec<(String, u64)> {
        let names: std::collections::BTreeMap<String, u64> = self
            .nodes
            .iter()
            .flat_map(|node| node.names())
            .map(|name| {
                let highest =
                    self.nodes.iter().filter_map(|node| node.record(&name)).map(|record| record.sequence());
                (name.peer_id(), highest.max().unwrap_or(0))
            })
            .collect();
        names.into_iter().collect()
    }

    fn requests(&self) -> u64 {
        self.nodes.iter().map(|node| node.counts().requests).sum()
    }
}
