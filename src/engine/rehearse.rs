//! The restore rehearsal: a fresh device in memory, made from the wallet's keys and the nodes alone, compared with what is here.
//!
//! It is the one proof that a backup is one. It reads as a new device reads, changes nothing anywhere, and keeps no payload: each
//! is fetched, hashed against what the list says, and let go.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::account::Account;
use super::api::audit::{AuditProgress, OnAudit};
use super::api::rehearsal::{Missed, Rehearsal};
use super::api::request::OnProgress;
use super::read::{Budget, read_nodes};
use super::start;
use crate::error::Error;
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::inventory::{Inventory, Item};
use crate::node::{Call, Meter};

/// Readings of one rehearsal: what a first one found and had no time for, a later one brings.
const READINGS: usize = 3;

/// Rehearses a restore.
///
/// # Errors
/// `unreachable`, `invalid` or `denied` when no node gave a usable answer.
///
/// # Cancel safety
/// Reads only.
pub async fn rehearse(account: &Arc<Account>, progress: &OnAudit) -> Result<Rehearsal, Error> {
    let started = account.clock.monotonic();
    let meter = Arc::new(Meter::default());
    let fresh = start::rehearsal(account).await?;
    let result = compared(account, &fresh, started, &meter, progress).await;
    fresh.tasks.close();
    fresh.tasks.drain(limits::EXIT_CLOSE).await;
    result
}

async fn compared(
    account: &Arc<Account>,
    fresh: &Arc<Account>,
    started: Instant,
    meter: &Arc<Meter>,
    progress: &OnAudit,
) -> Result<Rehearsal, Error> {
    read(fresh, meter).await?;
    let ms = |since: Instant| fresh.clock.monotonic().saturating_duration_since(since).as_secs_f64() * 1e3;
    let list_ms = ms(started);
    let mut rehearsal = lists(account, fresh);
    let wanted = wanted(fresh);
    rehearsal.payloads = wanted.len();
    let left = fetch(fresh, wanted, meter, progress).await;
    rehearsal.payloads_missing = left.values().map(|whose| whose.0).collect::<BTreeSet<_>>().len();
    for (_, missed) in left.into_values() {
        rehearsal.note_payload(missed);
    }
    (rehearsal.list_ms, rehearsal.elapsed_ms) = (list_ms, ms(started));
    rehearsal.bytes_in = meter.totals().bytes_in;
    Ok(rehearsal)
}

/// Reads the list, until no slot that was seen is left out.
async fn read(fresh: &Arc<Account>, meter: &Arc<Meter>) -> Result<(), Error> {
    let quiet: OnProgress = Arc::new(|_| ());
    let ask = fresh.config.timeouts.sync.max(Duration::from_secs(2));
    for _ in 0..READINGS {
        let budget = Budget { ask, total: limits::REHEARSAL_LIST };
        let reading = Box::pin(read_nodes(fresh, true, budget, meter.clone(), &quiet));
        reading.await.map_err(|failure| failure.error)?;
        if fresh.local.read().unread().is_empty() {
            break;
        }
    }
    Ok(())
}

/// Compares the lists: nothing that is here may be missing there.
fn lists(account: &Account, fresh: &Account) -> Rehearsal {
    let (here, there) = (account.local.read(), fresh.local.read());
    let mut rehearsal = Rehearsal {
        tokens: here.counts(),
        tokens_there: there.counts(),
        entries: here.holdings().inventory().entry_count(),
        entries_there: there.holdings().inventory().entry_count(),
        unread: there.unread().into_iter().map(Slot::number).collect(),
        unpublished: here.levels().pending(),
        ..Rehearsal::default()
    };
    let (ours, theirs) = (here.holdings().inventory(), there.holdings().inventory());
    for item in ours.items().filter(|item| lacks(theirs, item)) {
        rehearsal.note_item(Missed::of(&item));
    }
    rehearsal.newer = theirs.items().filter(|item| lacks(ours, item)).count();
    rehearsal
}

/// Whether an inventory does not know all that an item says.
fn lacks(inventory: &Inventory, item: &Item) -> bool {
    inventory.joined(item).map_or(true, |joined| joined.changed.is_some())
}

type Wanted = HashMap<Cid, (Cid, Missed)>;

/// The chunks of every payload, evidence and value that a restored wallet needs, whether or not this device has them, each with the
/// first chunk of what it belongs to.
fn wanted(fresh: &Account) -> Wanted {
    let there = fresh.local.read();
    let is_spent = |item: &Item| matches!(item, Item::Token(_, state) if state.is_spent());
    let mut wanted = Wanted::new();
    for item in there.holdings().inventory().items().filter(|item| !is_spent(item)) {
        for block in item.refs() {
            for chunk in block.chunks() {
                wanted.insert(*chunk, (block.cid, Missed::of(&item)));
            }
        }
    }
    wanted
}

/// Fetches them, hashed, and lets them go; gives what did not come. First as streams, then one by one.
async fn fetch(fresh: &Account, wanted: Wanted, meter: &Arc<Meter>, progress: &OnAudit) -> Wanted {
    let total = wanted.len() as u64;
    let left = Mutex::new(wanted);
    let came = |block: &Block| {
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.remove(block.cid()).is_some() {
            progress(AuditProgress { checked: total.saturating_sub(left.len() as u64), total });
        }
    };
    let call = Call { deadline: fresh.clock.monotonic() + limits::WAIT_TOTAL, meter: meter.clone() };
    let is_done = || left.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
    let roots: Vec<Cid> =
        fresh.local.read().names().iter().filter_map(|(_, known)| known.merged_root).collect();
    for root in roots {
        if is_done() {
            break;
        }
        let mut sink = |block: Block| came(&block);
        if let Some(Err(e)) = fresh.network.fetch_car(&root, Default::default(), &mut sink, &call).await {
            tracing::debug!(code = %e.code(), "a stream broke off in a rehearsal");
        }
    }
    let rest: Vec<Cid> = left.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect();
    for some in rest.chunks(limits::BLOCK_REQUESTS) {
        let few = Call { deadline: fresh.clock.monotonic() + limits::CONTENT_IDLE, meter: meter.clone() };
        fresh.network.fetch_blocks_with(some, limits::BLOCK_REQUESTS, &came, &few).await;
    }
    left.into_inner().unwrap_or_else(PoisonError::into_inner)
}
