//! Everything that is only told: lists, payloads, status, statistics; and closing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;

use super::account::Account;
use super::fetch::keep_blocks;
use super::report::{CacheKind, CacheStats, HighWater, NameInfo, Status, TokenRow};
use super::write::check_entry_key;
use crate::clock::Clock;
use crate::metrics::{Metrics, Rollup, Snapshot};
use crate::model::identity::Slot;
use crate::model::inventory::{BlockRef, EntryValue, Id, Item, TokenKey};
use crate::model::seal::Kind;
use crate::node::health::NodeHealth;
use crate::node::{Call, Meter};
use crate::store::{Level, RollupRow, Store, Write};
use crate::{Code, Error, limits};

pub(super) fn tokens(account: &Account, after: Option<&TokenKey>, limit: usize, all: bool) -> Vec<TokenRow> {
    let state = account.read();
    let remote = state.remote_level.unwrap_or(Level::Published);
    let sealer = account.keys.sealer();
    state
        .inventory
        .view_from(after, all)
        .take(limit)
        .map(|row| {
            let payload = row.state.payloads.first();
            // Most wallets have few changes of their own pending; the key is only made where it is needed.
            let level = if state.changes.is_empty() {
                remote
            } else {
                let item = Item::Token(row.key.clone(), Default::default());
                state.changes.get(&item.index_key(sealer)).map_or(remote, |(_, level)| *level)
            };
            TokenRow {
                key: row.key.clone(),
                previous: row.state.previous.as_ref().map(|id| id.as_str().to_owned()),
                summary: row.state.summary.clone(),
                size: payload.map_or(0, |payload| payload.size),
                spend: row.spend,
                forked: row.forked,
                ack: level,
                has_payload: payload.is_some_and(|payload| state.on_disk.contains_key(&payload.cid)),
            }
        })
        .collect()
}

pub(super) async fn get(account: &Account, key: &str) -> Result<Bytes, Error> {
    check_entry_key(key)?;
    let now = account.clock.now();
    let value = {
        let state = account.read();
        let entry = state.inventory.entry(key);
        entry.and_then(|entry| entry.shown(now)).map(|version| version.value.clone())
    };
    match value {
        None => Err(Error::new(Code::NotFound, "there is no entry of this key")),
        Some(EntryValue::Inline(bytes)) => Ok(bytes),
        Some(EntryValue::Block(block)) => open_block(account, Kind::Value, &block, limits::VALUE_BYTES).await,
    }
}

pub(super) async fn payload(account: &Account, token_id: &str, state_hash: &str) -> Result<Bytes, Error> {
    let key = TokenKey {
        token_id: Id::parse(token_id).map_err(|e| e.within("tokenId"))?,
        state_hash: Id::parse(state_hash).map_err(|e| e.within("stateHash"))?,
    };
    let block = {
        let state = account.read();
        state.inventory.state(&key).and_then(|state| state.payloads.first().copied())
    };
    let Some(block) = block else { return Err(Error::new(Code::NotFound, "there is no such token state")) };
    open_block(account, Kind::State, &block, limits::PAYLOAD_BYTES).await
}

/// Opens a data block, fetching it when it is not here.
async fn open_block(account: &Account, kind: Kind, block: &BlockRef, max: usize) -> Result<Bytes, Error> {
    let sealed = match account.store.block(&block.cid).await? {
        Some(sealed) => sealed,
        None => {
            let deadline = account.clock.monotonic() + account.config.timeouts.sync;
            let call = Call { deadline, meter: Arc::new(Meter::default()) };
            let fetched = super::peers::fetch_block(account, &block.cid, &call).await?;
            if !account.read_along {
                keep_blocks(account, vec![fetched.clone()]).await?;
            }
            fetched
        }
    };
    account.keys.sealer().open(kind, sealed.bytes(), max).map(Bytes::from)
}

pub(super) fn status(account: &Account) -> Status {
    let state = account.read();
    Status {
        revision: state.revision,
        tokens: state.counts(),
        pending: state.pending(),
        ack: state.ack(),
        last_sync: state.last_sync.clone(),
        slot: state.own.slot.map(Slot::number),
        high_water: state
            .names
            .iter()
            .map(|(slot, known)| HighWater {
                name: account.keys.slot(*slot).name().peer_id(),
                sequence: known.sequence,
            })
            .collect(),
        verified_nodes: state.verified_nodes(),
        missing_payloads: state.missing_payloads(),
    }
}

pub(super) fn names(account: &Account) -> Vec<NameInfo> {
    let highest = account.read().names.keys().next_back().map_or(0, |slot| slot.number());
    Slot::all()
        .take_while(|slot| slot.number() <= highest.saturating_add(limits::SLOT_GAP))
        .map(|slot| {
            let name = account.keys.slot(slot).name();
            NameInfo { slot: slot.number(), name: name.peer_id(), cid: name.k51() }
        })
        .collect()
}

pub(super) fn metrics(account: &Account) -> Snapshot {
    let mut snapshot = account.metrics.snapshot();
    snapshot.nodes = node_health(account).iter().filter_map(|node| serde_json::to_value(node).ok()).collect();
    snapshot
}

pub(super) fn node_health(account: &Account) -> Vec<NodeHealth> {
    account.nodes.report(account.clock.monotonic())
}

pub(super) async fn cache_stats(account: &Account) -> Result<CacheStats, Error> {
    let blocks = account.store.block_stats().await?;
    let figures = account.metrics.snapshot().operations;
    let sum = |count: fn(&crate::metrics::OperationFigures) -> u64| figures.iter().map(count).sum();
    Ok(CacheStats {
        records: account.read().names.len(),
        blocks: blocks.data_blocks.saturating_add(blocks.cache_blocks),
        bytes: blocks.data_bytes.saturating_add(blocks.cache_bytes),
        hits: sum(|f| f.cache_hits),
        misses: sum(|f| f.cache_misses),
        failures: sum(|f| f.failures),
    })
}

pub(super) async fn clear_cache(account: &Account, kind: CacheKind) -> Result<(), Error> {
    if matches!(kind, CacheKind::Records | CacheKind::All) {
        let _order = account.order.lock().await;
        let mut names = account.read().names.clone();
        let mut batch = vec![Write::Meta { key: super::open::GAP, value: None }];
        for (slot, known) in &mut names {
            known.verified_at = 0;
            batch.push(Write::Name(super::open::name_row(*slot, known)));
        }
        account.store.commit(batch).await?;
        let mut state = account.write();
        state.names = names;
        state.gap_at = 0;
    }
    if matches!(kind, CacheKind::Content | CacheKind::All) {
        account.store.trim_cache(0).await?;
    }
    Ok(())
}

/// The history of this folder.
pub(super) async fn rollups(store: &dyn Store, clock: &dyn Clock) -> Result<Vec<Rollup>, Error> {
    let kept = i64::try_from(limits::ROLLUP_MINUTES).unwrap_or(i64::MAX);
    let from = clock.now().checked_div(60_000).unwrap_or(0).saturating_sub(kept);
    let rows = store.rollups(from).await?;
    Ok(rows.into_iter().map(|row| Rollup { minute: row.minute, json: row.json }).collect())
}

impl Account {
    /// Writes what was measured since the last time, joined with what other processes wrote for the same minutes.
    pub(super) async fn flush_metrics(&self) -> Result<(), Error> {
        // Rows are read, joined and written back: one at a time.
        let _one = self.measuring.lock().await;
        let drained = self.metrics.drain_rollups();
        let Some(first) = drained.iter().map(|row| row.minute).min() else { return Ok(()) };
        let kept = self.store.rollups(first).await?;
        let last = self.read().last_sync.as_ref().and_then(|last| serde_json::to_vec(last).ok());
        let mut batch = vec![Write::Meta { key: super::open::LAST_SYNC, value: last.map(Bytes::from) }];
        for row in drained {
            let old = kept.iter().find(|old| old.minute == row.minute);
            let json = match old.map(|old| Metrics::merge_json(&old.json, &row.json)) {
                Some(Ok(joined)) => joined,
                // A damaged row is replaced by what is known now.
                Some(Err(_)) | None => row.json,
            };
            batch.push(Write::Rollup(RollupRow { minute: row.minute, json }));
        }
        let minutes = i64::try_from(limits::ROLLUP_MINUTES).unwrap_or(i64::MAX);
        let now = self.clock.now().checked_div(60_000).unwrap_or(0);
        batch.push(Write::PruneRollups { before_minute: now.saturating_sub(minutes) });
        self.store.commit(batch).await
    }
}

pub(super) async fn close(account: &Arc<Account>, drain: Duration) -> Result<(), Error> {
    if account.closed.swap(true, Ordering::AcqRel) {
        return Ok(());
    }
    account.schedule.lock().await.shutdown().await;
    let mut background = std::mem::take(&mut *account.background.lock().await);
    let drained =
        tokio::time::timeout(drain, async { while background.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        background.shutdown().await;
    }
    if let Some(peers) = &account.peers {
        peers.close();
    }
    if !account.read_along {
        account.flush_metrics().await?;
    }
    account.store.close().await
}
