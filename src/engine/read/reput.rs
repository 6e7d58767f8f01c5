//! Puts known records again, bytes unchanged: nodes forget them after 48 h. Per node and name, so that one that cannot be put
//! holds up no other.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::repairs::{Best, REPAIR, best, has_content, shows_newer};
use crate::clock::{UnixMs, millis};
use crate::engine::account::Account;
use crate::error::Error;
use crate::limits;
use crate::model::identity::Slot;
use crate::node::{Node, Outcome, Put, PutMode};

/// A record that is due on a node.
struct Due<'a> {
    node: &'a dyn Node,
    slot: Slot,
    best: Best,
}

/// Puts again whatever is due.
///
/// # Errors
/// Store errors.
pub async fn reput(account: &Arc<Account>) -> Result<(), Error> {
    let due = all_due(account);
    if due.is_empty() {
        return Ok(());
    }
    let puts = due.iter().map(|one| async move { (one.node.id(), one.slot, put_again(account, one).await) });
    let (mut puts, mut done): (FuturesUnordered<_>, Vec<_>) = (puts.collect(), Vec::new());
    let started = account.clock.monotonic();
    loop {
        let took = account.clock.monotonic().saturating_duration_since(started);
        let is_most = done.len() * 2 > due.len();
        tokio::select! {
            biased;
            put = puts.next() => match put {
                Some(put) => done.push(put),
                None => break,
            },
            () = left_alone(account, took), if is_most => break,
        }
    }
    account.local.note_reput(&done).await
}

/// Who ends does not wait for a node that takes noticeably longer than most: the next process comes back to it.
async fn left_alone(account: &Account, took: Duration) {
    let last = account.clock.monotonic() + (took / 4).max(limits::STRANGER_PATIENCE);
    account.tasks.closing().await;
    tokio::time::sleep_until(last).await;
}

/// Whether any known record was last put on any node too long ago.
pub fn is_due(account: &Account) -> bool {
    !all_due(account).is_empty()
}

fn all_due(account: &Account) -> Vec<Due<'_>> {
    let slots: Vec<Slot> = account.local.read().names().iter().map(|(slot, _)| slot).collect();
    let mut due = Vec::new();
    for slot in slots {
        let nodes = account.network.writable().into_iter().filter_map(|at| account.network.node(at));
        let nodes: Vec<&dyn Node> = nodes.filter(|node| is_due_at(account, node.id(), slot)).collect();
        if nodes.is_empty() {
            continue;
        }
        if let Some(best) = best(account, slot) {
            due.extend(nodes.into_iter().map(|node| Due { node, slot, best: best.clone() }));
        }
    }
    due
}

/// Our own record is due only where it was proven: what was never there is a lane's work. A time in the future counts as due.
fn is_due_at(account: &Account, node: &str, slot: Slot) -> bool {
    let state = account.local.read();
    let row = state.nodes().row(node, slot);
    if state.names().own().slot == Some(slot)
        && row.is_none_or(|row| row.verified_sequence != state.names().high_water(slot))
    {
        return false;
    }
    let put_at: UnixMs = row.map_or(0, |row| row.put_at);
    !(0..millis(limits::REPUT_EVERY)).contains(&account.clock.now().saturating_sub(put_at))
}

async fn put_again(account: &Account, due: &Due<'_>) -> bool {
    let record = &due.best.record;
    let call = account.network.call(REPAIR);
    match due.node.record(record.name(), true, &call).await {
        Outcome::Found(there, _) if there.same_as(record) => {}
        Outcome::Found(there, _) if !due.best.may_replace(&there) => return false,
        Outcome::Found(..) | Outcome::Absent if has_content(due.node, &due.best, &call).await => {}
        _ => return false,
    }
    if shows_newer(account, due.node, &due.best, &call).await {
        return false;
    }
    matches!(due.node.put_record(record, PutMode::Offline, &call).await, Ok(Put::Stored))
}
