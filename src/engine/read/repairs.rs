//! Puts the newest record where an older one, or none, was shown. Records only, and only over content that was merged.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::engine::account::Account;
use crate::engine::network::heard::Heard;
use crate::error::Error;
use crate::limits;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::node::{Outcome, Put, PutMode};
use crate::planted::{Bug, is_planted};
use crate::store::Level;

/// One repair may take this long; it runs behind the answer.
const REPAIR: Duration = Duration::from_secs(4);
/// Times a record that was displaced at once is put again.
const PUTS: u32 = 2;

/// Starts the repairs that a read showed to be needed, and corrects what is believed of our own name.
///
/// # Errors
/// Store errors.
pub async fn start(account: &Arc<Account>, heard: &Heard) -> Result<(), Error> {
    let mut work = Vec::new();
    for (slot, nodes) in &heard.answers {
        let Some(best) = best(account, *slot) else { continue };
        let is_own = account.local.read().names().own().slot == Some(*slot);
        for (at, (outcome, _)) in nodes {
            if !is_behind(account, outcome, &best) {
                continue;
            }
            if is_own {
                doubt(account, *at).await?;
            } else {
                work.push((*at, best.clone()));
            }
        }
    }
    check_own_level(account).await?;
    if !work.is_empty() {
        let shared = account.clone();
        let repair = async move {
            join_all(work.iter().map(|(at, record)| put_back(&shared, *at, record))).await;
        };
        account.tasks.behind(repair).await;
    }
    Ok(())
}

fn is_behind(account: &Account, outcome: &Outcome, best: &Record) -> bool {
    match outcome {
        Outcome::Absent => true,
        Outcome::Found(record, _) => may_replace(account, record, best),
        _ => false,
    }
}

/// Whether the record that a node shows is older and merged.
fn may_replace(account: &Account, there: &Record, record: &Record) -> bool {
    let is_older = there.sequence() < record.sequence()
        || is_planted(Bug::TieByArrival) && there.sequence() == record.sequence() && !there.same_as(record);
    is_older && there.root().is_some_and(|root| account.local.read().names().is_merged(&root))
}

/// The record to repair with: the high-water mark, merged, and a root of ours.
fn best(account: &Account, slot: Slot) -> Option<Record> {
    let state = account.local.read();
    let known = state.names().get(slot)?;
    known.merged_root?;
    let own = state.names().own();
    if known.occupied || (own.slot == Some(slot) && !own.owned) {
        return None;
    }
    known.record.clone()
}

/// A node that was proven to hold our latest record does not show it: whatever it was known to hold is in doubt. A
/// node that only lags behind is brought along by the next publish.
async fn doubt(account: &Account, at: usize) -> Result<(), Error> {
    let Some(node) = account.network.node(at) else { return Ok(()) };
    let is_proven = {
        let state = account.local.read();
        let proven = state.nodes().newest_row(node.id()).map_or(0, |row| row.verified_sequence);
        let is_latest = state.names().edition().is_some_and(|edition| edition.sequence == proven);
        proven > 0 && (proven >= state.marks().verified().sequence || is_latest)
    };
    if is_proven { account.local.doubt_node(node.id()).await } else { Ok(()) }
}

/// Lowers the level when fewer nodes than needed are left of those that were proven to hold what was verified.
async fn check_own_level(account: &Account) -> Result<(), Error> {
    let (left, verified) = {
        let state = account.local.read();
        let verified = state.marks().verified().sequence;
        let slot = state.names().owned_slot();
        (slot.map_or(0, |slot| state.nodes().proven_from(slot, verified)), verified)
    };
    if verified == 0 || left >= account.network.needed() {
        return Ok(());
    }
    let level = if left > 0 { Level::Published } else { Level::Local };
    account.local.lower_level(level, format!("only {left} nodes still hold what was verified")).await
}

/// Puts the exact bytes by the online verb, whose path is locked on the node, then looks at them again.
async fn put_back(account: &Account, at: usize, record: &Record) {
    let Some(node) = account.network.node(at) else { return };
    let call = account.network.call(REPAIR);
    for _ in 0..PUTS {
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
        tokio::time::sleep(limits::SECOND_LOOK).await;
    }
}

/// Puts every known record again, bytes unchanged: nodes forget after 48 h. Gives the nodes that took all of them.
///
/// # Errors
/// Store errors.
pub async fn reput(account: &Arc<Account>) -> Result<usize, Error> {
    let slots: Vec<Slot> = account.local.read().names().iter().map(|(slot, _)| slot).collect();
    let records: Vec<Record> = slots.into_iter().filter_map(|slot| best(account, slot)).collect();
    let records = &records;
    let nodes = account.network.api_nodes().into_iter().map(|at| async move {
        let mut all = !records.is_empty();
        for record in records {
            all &= reput_one(account, at, record).await;
        }
        all
    });
    let done = join_all(nodes).await.into_iter().filter(|all| *all).count();
    if done > 0 {
        account.local.note_reput().await?;
    }
    Ok(done)
}

async fn reput_one(account: &Account, at: usize, record: &Record) -> bool {
    let Some(node) = account.network.node(at) else { return false };
    let call = account.network.call(REPAIR);
    match node.record(record.name(), true, &call).await {
        Outcome::Found(there, _) if there.same_as(record) || may_replace(account, &there, record) => {}
        Outcome::Absent => {}
        _ => return false,
    }
    matches!(node.put_record(record, PutMode::Offline, &call).await, Ok(Put::Stored))
}

/// Whether the known records were last put again too long ago.
pub fn reput_is_due(account: &Account) -> bool {
    let state = account.local.read();
    let own = state.names().own().slot;
    let only_own = state.names().iter().all(|(slot, _)| own == Some(slot));
    // Our own last publish was a put as well.
    let published = state.nodes().last_put().filter(|_| only_own).unwrap_or(0);
    let since = account.clock.now().saturating_sub(state.marks().reput_at().max(published));
    !state.names().is_empty() && since >= crate::clock::millis(limits::REPUT_EVERY)
}
