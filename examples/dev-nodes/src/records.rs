//! IPNS records on a node: what it accepts, what it shows, how records move between the nodes of a cluster.
//!
//! The rules are those measured on Kubo 0.43: a node answers with any unexpired copy of its own, an expired copy
//! lets a lower sequence in, and an online put says yes whatever it did.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::UnixMs;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::identity::Name;

use crate::fault::Fault;
use crate::ipns::Record;
use crate::node::Node;

/// A node drops a foreign record this long after its last put.
const KEPT: Duration = Duration::from_secs(48 * 3600);

/// What a full disk says.
pub(crate) const NO_SPACE: &str = "no space left on device";

/// A record and when it was last put.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub record: Record,
    pub put_at: UnixMs,
    /// It was put here with `offline=true`.
    pub is_offline: bool,
}

pub(crate) type Records = HashMap<Name, Held>;

/// What a node's own store says about a name.
#[derive(Debug)]
pub(crate) enum Own {
    Absent,
    /// Past its EOL: an offline get says so, everything else treats it as absent.
    Expired,
    /// The bytes to show, and the record if they were not planted by a test.
    Found(Bytes, Option<Box<Record>>),
}

/// What a gateway remembers of a resolved name.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub value: String,
    pub until: UnixMs,
}

impl Node {
    /// The own copy as it is shown to others, faults included.
    pub fn own_record(&self, name: &Name) -> Own {
        if let Some(raw) = self.store().planted.get(name) {
            return Own::Found(raw.clone(), None);
        }
        let Some(held) = self.shown(name) else { return Own::Absent };
        let now = self.now();
        if now.saturating_sub(held.put_at) > millis(KEPT) {
            return Own::Absent;
        }
        if held.record.is_expired(now) {
            return Own::Expired;
        }
        Own::Found(self.forged(&held.record.raw), Some(Box::new(held.record)))
    }

    /// The same as the network sees it.
    pub fn shared_record(&self, name: &Name) -> Own {
        let is_apart = self.shown(name).is_some_and(|held| held.is_offline);
        if is_apart && !self.dialect().shares_offline_puts() { Own::Absent } else { self.own_record(name) }
    }

    fn shown(&self, name: &Name) -> Option<Held> {
        if self.has(Fault::Stale) {
            return self.frozen_records().get(name).cloned();
        }
        let store = self.store();
        if self.has(Fault::RollBack) {
            return store.oldest.get(name).cloned();
        }
        store.records.get(name).cloned()
    }

    /// The own copy that a new record is compared with; none if it is expired or too old.
    fn rival(&self, name: &Name) -> Option<Record> {
        let held = self.store().records.get(name).cloned()?;
        let now = self.now();
        let counts = now.saturating_sub(held.put_at) <= millis(KEPT) && !held.record.is_expired(now);
        counts.then_some(held.record)
    }

    /// Checks a record as every put does, in Kubo's words.
    pub fn check_record(&self, name: &Name, raw: &Bytes) -> Result<Record, String> {
        let record = Record::parse(raw.clone(), name)?;
        if record.is_expired(self.now()) { Err("record is expired".to_owned()) } else { Ok(record) }
    }

    /// Whether puts are answered with yes and dropped.
    pub fn drops_records(&self) -> bool {
        self.has(Fault::Forget) || self.has(Fault::Stale)
    }

    /// Stores a record if the order of records lets it in; tells whether it did or already had it.
    pub fn accept_record(&self, record: Record) -> bool {
        self.accept(record, false)
    }

    fn accept(&self, record: Record, is_offline: bool) -> bool {
        if self.drops_records() || self.has(Fault::Full) {
            return false;
        }
        if self.rival(&record.name).is_some_and(|rival| !beats(&record, &rival)) {
            return false;
        }
        self.store_record(record, is_offline);
        true
    }

    fn store_record(&self, record: Record, is_offline: bool) {
        let held = Held { put_at: self.now(), record, is_offline };
        let name = held.record.name;
        let mut store = self.store();
        store.oldest.entry(name).or_insert_with(|| held.clone());
        store.records.insert(name, held);
    }

    /// `routing/put` with `offline=true`: this node only, honest.
    pub async fn put_offline(&self, record: Record) -> Result<(), String> {
        if self.has(Fault::Full) {
            return Err(NO_SPACE.to_owned());
        }
        let older = || self.dialect().older().to_owned();
        let race = self.find_fault(|fault| if let Fault::Racy(gap) = fault { Some(*gap) } else { None });
        let Some(gap) = race else {
            return if self.accept(record, true) { Ok(()) } else { Err(older()) };
        };
        if self.rival(&record.name).is_some_and(|rival| !beats(&record, &rival)) {
            return Err(older());
        }
        tokio::time::sleep(gap).await;
        self.store_record(record, true);
        Ok(())
    }

    /// An online put: the own store first, then the other nodes. Says nothing about either.
    pub async fn put_online(&self, record: Record) {
        if self.accept_record(record.clone()) {
            self.shared.stall(self).await;
            for peer in self.reachable_peers() {
                peer.accept_record(record.clone());
            }
        }
    }

    /// An online get: the own copy however old, else the best of the other nodes, which repairs those.
    pub async fn get_online(&self, name: &Name) -> Option<(Bytes, Option<Record>)> {
        if let Own::Found(raw, record) = self.own_record(name) {
            return Some((raw, record.map(|record| *record)));
        }
        self.shared.stall(self).await;
        let best = self
            .reachable_peers()
            .filter(|peer| !peer.has(Fault::Forge))
            .filter_map(|peer| {
                if let Own::Found(_, Some(record)) = peer.shared_record(name) { Some(*record) } else { None }
            })
            .max_by(Record::order)?;
        for peer in self.reachable_peers() {
            peer.accept_record(best.clone());
        }
        Some((self.forged(&best.raw), Some(best)))
    }

    /// `name/put`: refuses whatever does not raise the sequence of the own copy.
    pub async fn put_name(&self, name: &Name, raw: Bytes, offline: bool) -> Result<String, String> {
        if raw.is_empty() {
            return Err("record is empty".to_owned());
        }
        if raw.len() > limits::RECORD_BYTES {
            let most = limits::RECORD_BYTES;
            return Err(format!(
                "record exceeds maximum size of {most} bytes, use --force to skip size check"
            ));
        }
        let record = self.check_record(name, &raw).map_err(|reason| {
            let step = if reason.starts_with("record is malformed") {
                "invalid IPNS record"
            } else {
                "record validation failed"
            };
            format!("{step}: {reason}")
        })?;
        if let Some(rival) = self.rival(name) {
            let (old, new) = (rival.sequence, record.sequence);
            if old >= new && rival.raw != record.raw {
                return Err(format!(
                    "existing IPNS record has sequence {old} >= new record sequence {new}, use 'ipfs name put --force' to skip this check"
                ));
            }
        }
        let value = record.path().unwrap_or_default();
        if offline {
            self.put_offline(record).await?;
        } else {
            self.put_online(record).await;
        }
        Ok(value)
    }

    /// Resolves a name as the gateway does: remembers the answer for the record's TTL.
    pub async fn resolve(&self, name: &Name) -> Option<String> {
        let known = self.store().resolved.get(name).cloned();
        if let Some(known) = known.filter(|known| known.until > self.now()) {
            return Some(known.value);
        }
        let record = self.get_online(name).await?.1?;
        let ttl_ms = UnixMs::try_from(record.ttl_ns / 1_000_000).unwrap_or(UnixMs::MAX);
        let value = record.path()?;
        let until = self.now().saturating_add(ttl_ms);
        self.store().resolved.insert(*name, Resolved { value: value.clone(), until });
        Some(value)
    }
}

/// Whether a record replaces another one on a node: boxo's order, or the same bytes again.
fn beats(new: &Record, old: &Record) -> bool {
    new.raw == old.raw || new.order(old) == Ordering::Greater
}

fn millis(duration: Duration) -> UnixMs {
    UnixMs::try_from(duration.as_millis()).unwrap_or(UnixMs::MAX)
}
