//! What an account says of itself, without any network; its cache; and what a node is able to do.

use std::sync::Arc;

use crate::engine::account::Account;
use crate::engine::api::event::Event;
use crate::engine::api::status::{CacheKind, CacheStats, DeviceRow, HighWater, LeftOut, NameInfo, Status};
use crate::engine::local::state::names::KnownName;
use crate::error::{Code, Error};
use crate::limits;
use crate::metrics::{HistoryPoint, Metrics, OperationFigures, Snapshot};
use crate::model::identity::Slot;
use crate::node::Meter;
use crate::node::check::{Finding, check};
use crate::shown::plain_or_none;

pub fn status(account: &Account) -> Status {
    let state = account.local.read();
    let high_water = state.names().iter().map(|(slot, known)| HighWater {
        name: account.local.keys().name(slot).peer_id(),
        sequence: known.sequence,
    });
    let left_out = state.left_out().into_iter();
    let left_out = left_out.map(|(slot, items)| LeftOut { slot: slot.number(), items });
    Status {
        revision: state.revision(),
        tokens: state.counts(),
        pending: state.levels().pending(),
        ack: state.levels().ack(),
        last_sync: account.measure.last_sync(),
        slot: state.names().own().slot.map(Slot::number),
        high_water: high_water.collect(),
        verified_nodes: state.verified_nodes(),
        missing_payloads: state.holdings().missing_payloads(),
        unread: state.unread().into_iter().map(Slot::number).collect(),
        left_out: left_out.collect(),
        moved: state.marks().moved().is_some_and(|moved| moved.is_over()),
    }
}

/// Everybody who has a slot, by slot.
///
/// # Errors
/// Store errors.
pub async fn devices(account: &Account) -> Result<Vec<DeviceRow>, Error> {
    let mut rows: Vec<(Slot, DeviceRow)> = {
        let state = account.local.read();
        let (names, is_whole) = (state.names(), state.holdings().missing_count() == 0);
        let row = |(slot, known): (Slot, &KnownName)| {
            let is_self = names.own().slot == Some(slot);
            let contained = is_self || is_whole && known.merged_root.is_some();
            let retired = names.is_retired(slot);
            let row = DeviceRow {
                slot: slot.number(),
                label: state.marks().label().text.clone().filter(|_| is_self).and_then(plain_or_none),
                is_self,
                sequence: known.sequence,
                published_at: None,
                retired,
                contained,
            };
            (slot, row)
        };
        let known = names.iter().filter(|(_, known)| !known.occupied);
        known.map(row).collect()
    };
    for (slot, row) in &mut rows {
        let Some((_, root)) = account.local.last_root(*slot).await? else { continue };
        row.published_at = Some(root.published);
        if !row.is_self {
            row.label = root.label.and_then(plain_or_none);
        }
    }
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Names of slot 0 to the highest known and the gap beyond it.
pub fn names(account: &Account) -> Vec<NameInfo> {
    let highest = account.local.read().names().highest().map_or(0, Slot::number);
    let last = highest.saturating_add(limits::SLOT_GAP);
    Slot::all()
        .take_while(|slot| slot.number() <= last)
        .map(|slot| {
            let name = account.local.keys().name(slot);
            NameInfo { slot: slot.number(), name: name.peer_id(), cid: name.k51() }
        })
        .collect()
}

pub fn metrics(account: &Account) -> Snapshot {
    let mut snapshot = account.measure.metrics.snapshot();
    let nodes = account.network.node_health();
    snapshot.nodes = nodes.iter().filter_map(|node| serde_json::to_value(node).ok()).collect();
    snapshot
}

/// # Errors
/// Store errors.
pub async fn metrics_history(
    account: &Account,
    from_minute: i64,
    to_minute: i64,
    step_minutes: u32,
) -> Result<Vec<HistoryPoint>, Error> {
    if !account.local.reads_along() {
        account.tasks.check_open()?;
        account.local.write_measurements(&account.measure).await?;
    }
    let rows = account.local.rollups(from_minute).await?;
    Ok(Metrics::history(&rows, from_minute, to_minute, step_minutes))
}

/// # Errors
/// Store errors.
pub async fn reset_metrics(account: &Account) -> Result<(), Error> {
    account.local.forget_history().await?;
    account.measure.metrics.reset();
    Ok(())
}

/// # Errors
/// Store errors.
pub async fn cache_stats(account: &Account) -> Result<CacheStats, Error> {
    let blocks = account.local.block_stats().await?;
    let figures = account.measure.metrics.snapshot().operations;
    let sum = |count: fn(&OperationFigures) -> u64| figures.iter().map(count).sum();
    Ok(CacheStats {
        records: account.local.read().names().len(),
        blocks: blocks.data_blocks + blocks.cache_blocks,
        bytes: blocks.data_bytes + blocks.cache_bytes,
        hits: sum(|f| f.cache_hits),
        misses: sum(|f| f.cache_misses),
        failures: sum(|f| f.failures),
    })
}

/// # Errors
/// Store errors.
pub async fn clear_cache(account: &Account, kind: CacheKind) -> Result<(), Error> {
    if matches!(kind, CacheKind::Records | CacheKind::All) {
        account.local.forget_freshness().await?;
    }
    if matches!(kind, CacheKind::Content | CacheKind::All) {
        account.local.trim_cache(0).await?;
    }
    Ok(())
}

/// # Errors
/// `not_found` when no node has this id; `closed`.
pub fn set_node_enabled(account: &Account, id: &str, enabled: bool) -> Result<(), Error> {
    account.tasks.check_open()?;
    account.network.set_enabled(id, enabled)?;
    account.push.note_switched();
    account.events.emit(Event::NodeHealthChanged { revision: account.local.revision() });
    if enabled {
        // What it missed is published to it.
        account.events.wake_outbox();
    }
    Ok(())
}

/// What a configured node is able to do; one at a time, since each is sent a megabyte.
pub async fn check_node(account: &Account, id: &str) -> Result<Vec<Finding>, Error> {
    account.tasks.check_open()?;
    let node = account.network.require(account.network.of_id(id)?)?;
    let busy = |_| Error::new(Code::RateLimited, "a node is being checked already");
    let _one = account.checking.try_lock().map_err(busy)?;
    let (entropy, now) = (&account.entropy, account.clock.now());
    tokio::select! {
        found = check(node, entropy, now, Arc::new(Meter::default())) => Ok(found),
        () = account.tasks.closing() => Err(Error::new(Code::Closed, "the account is closed")),
    }
}
