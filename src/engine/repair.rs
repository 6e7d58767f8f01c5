//! Puts the newest record where an older one, or none, was shown. Records only, and only over content that was merged.

use std::sync::Arc;
use std::time::Duration;

use super::account::Account;
use super::open::REPUT;
use super::publish::supply::doubt;
use super::resolve::Heard;
use crate::Error;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::node::{Call, Meter, Outcome, Put, PutMode};
use crate::store::{Level, NodeRow, Write};

/// One repair may take this long; it runs behind the answer.
const REPAIR: Duration = Duration::from_secs(4);

/// Starts the repairs that a read showed to be needed, and corrects what is believed of our own name.
///
/// # Errors
/// Store errors.
pub(super) async fn plan(account: &Arc<Account>, heard: &Heard) -> Result<(), Error> {
    let mut work = Vec::new();
    for (slot, nodes) in &heard.answers {
        let Some(best) = best(account, *slot) else { continue };
        let own = account.read().own.slot == Some(*slot);
        for (at, (outcome, _)) in nodes {
            let behind = match outcome {
                Outcome::Absent => true,
                Outcome::Found(record, _) => {
                    record.sequence() < best.sequence()
                        && record.root().is_some_and(|root| account.is_merged(&root))
                }
                _ => false,
            };
            if !behind {
                continue;
            }
            if own {
                lost(account, *at).await?;
            } else {
                work.push((*at, best.clone()));
            }
        }
    }
    check_own_level(account).await?;
    if work.is_empty() {
        return Ok(());
    }
    let shared = account.clone();
    account
        .behind(async move {
            let puts = work.iter().map(|(at, record)| put_back(&shared, *at, record));
            futures_util::future::join_all(puts).await;
        })
        .await;
    Ok(())
}

/// The record to repair with: the high-water mark, merged, and a root of ours.
fn best(account: &Account, slot: Slot) -> Option<Record> {
    let state = account.read();
    let known = state.names.get(&slot)?;
    known.merged_root?;
    if known.occupied || (state.own.slot == Some(slot) && !state.own.owned) {
        return None;
    }
    known.record.clone()
}

/// A node that was proven to hold our latest record does not show it: whatever it was known to hold is in doubt. A
/// node that only lags behind is brought along by the next publish.
async fn lost(account: &Account, at: usize) -> Result<(), Error> {
    let Some(node) = account.nodes.node(at) else { return Ok(()) };
    let proven = {
        let state = account.read();
        let proven = state.nodes.get(node.id()).map_or(0, |row| row.verified_sequence);
        proven > 0
            && (proven >= state.verified_sequence
                || state.edition.as_ref().is_some_and(|e| e.sequence == proven))
    };
    if proven { doubt(account, node.id()).await } else { Ok(()) }
}

/// Lowers the level when fewer nodes than needed are left of those that were proven to hold what was verified.
async fn check_own_level(account: &Account) -> Result<(), Error> {
    let (left, verified) = {
        let state = account.read();
        let verified = state.verified_sequence;
        let slot = state.own.slot.filter(|_| state.own.owned);
        let holds = |row: &&NodeRow| {
            slot.is_some_and(|slot| row.slot == slot.number()) && row.verified_sequence >= verified
        };
        (state.nodes.values().filter(holds).count(), verified)
    };
    if verified == 0 || left >= account.needed() {
        return Ok(());
    }
    let level = if left > 0 { Level::Published } else { Level::Local };
    account.lower_level(level, format!("only {left} nodes still hold what was verified")).await
}

/// The winner's exact bytes by the online verb, whose path is locked on the node, then looked at again.
async fn put_back(account: &Account, at: usize, record: &Record) {
    let Some(node) = account.nodes.node(at) else { return };
    let call = Call { deadline: account.clock.monotonic() + REPAIR, meter: Arc::new(Meter::default()) };
    for _ in 0..2 {
        match node.record(record.name(), true, &call).await {
            // Between the read and now somebody may have put a newer one, or one that is not merged.
            Outcome::Found(there, _) if !may_replace(account, &there, record) => return,
            Outcome::Found(..) | Outcome::Absent => {}
            _ => return,
        }
        if let Err(e) = node.put_record(record, PutMode::Spread, &call).await {
            tracing::debug!(node = node.id(), code = %e.code(), "a repair failed");
            return;
        }
        tokio::time::sleep(crate::limits::SECOND_LOOK).await;
    }
}

fn may_replace(account: &Account, there: &Record, record: &Record) -> bool {
    there.sequence() < record.sequence() && there.root().is_some_and(|root| account.is_merged(&root))
}

/// Puts every known record again, bytes unchanged: nodes forget after 48 h. Gives the nodes that took all of them.
///
/// # Errors
/// Store errors.
pub(super) async fn reput(account: &Arc<Account>) -> Result<usize, Error> {
    let slots: Vec<Slot> = account.read().names.keys().copied().collect();
    let records: Vec<Record> = slots.into_iter().filter_map(|slot| best(account, slot)).collect();
    let records = &records;
    let nodes = account.api_nodes().into_iter().map(|at| async move {
        let mut all = !records.is_empty();
        for record in records {
            all &= reput_one(account, at, record).await;
        }
        all
    });
    let done = futures_util::future::join_all(nodes).await.into_iter().filter(|all| *all).count();
    if done > 0 {
        let _order = account.order.lock().await;
        let now = account.clock.now();
        let value = Some(now.to_be_bytes().to_vec().into());
        account.store.commit(vec![Write::Meta { key: REPUT, value }]).await?;
        account.write().reput_at = now;
    }
    Ok(done)
}

async fn reput_one(account: &Account, at: usize, record: &Record) -> bool {
    let Some(node) = account.nodes.node(at) else { return false };
    let call = Call { deadline: account.clock.monotonic() + REPAIR, meter: Arc::new(Meter::default()) };
    match node.record(record.name(), true, &call).await {
        Outcome::Found(there, _) if there.same_as(record) || may_replace(account, &there, record) => {}
        Outcome::Absent => {}
        _ => return false,
    }
    matches!(node.put_record(record, PutMode::Offline, &call).await, Ok(Put::Stored))
}
