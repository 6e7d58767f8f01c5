//! Publishes changes shortly after they were made, and keeps trying with growing pauses.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{timeout, timeout_at};

use crate::engine::account::Account;
use crate::engine::api::request::SyncRequest;
use crate::engine::api::status::Ack;
use crate::engine::publish::is_needed;
use crate::engine::publish::lanes::next_due;
use crate::engine::sync::Syncs;
use crate::limits;
use crate::node::PutMode;
use crate::store::Level;

/// Time beyond the node's own bound in which its answer may still come.
const SPREAD_SLACK: Duration = Duration::from_secs(1);

/// Runs until the schedule ends.
pub async fn run(syncs: Arc<Syncs>) {
    let account = syncs.account();
    let mut pause = Duration::ZERO;
    loop {
        if pause.is_zero() {
            if !is_needed(account) {
                work(account).await;
            }
            tokio::time::sleep(account.config.coalesce).await;
        } else {
            let _ = timeout(pause, account.events.local_change()).await;
        }
        let fresh = pause > limits::RETRY_FIRST;
        let request = SyncRequest { fresh, deadline: None, wait: Some(Level::Verified) };
        let is_done = syncs.sync_again(request).await.is_ok() && is_verified(account);
        if is_done {
            pause = Duration::ZERO;
            spread_when_quiet(account).await;
        } else {
            pause = longer(account, pause);
        }
    }
}

/// Waits for a change, or until a lane without the last edition may try again.
async fn work(account: &Account) {
    let change = account.events.local_change();
    match next_due(account) {
        Some(at) => drop(timeout_at(at, change).await),
        None => change.await,
    }
}

fn is_verified(account: &Account) -> bool {
    account.local.read().levels().ack() == Ack::Verified && !account.local.has_pending()
}

/// Doubles up to the longest pause, with a fifth of jitter so that devices do not march in step.
fn longer(account: &Account, pause: Duration) -> Duration {
    let doubled =
        if pause.is_zero() { limits::RETRY_FIRST } else { pause.saturating_mul(2).min(limits::RETRY_MAX) };
    let fifth = u64::try_from(doubled.as_millis() / 5).unwrap_or(u64::MAX - 1);
    doubled.saturating_add(Duration::from_millis(account.entropy.below(fifth + 1)))
}

/// After a while without changes the record goes to the DHT, one node after the other, bounded. A change ends it: nobody
/// waits for a walk.
async fn spread_when_quiet(account: &Account) {
    let walk = async {
        tokio::time::sleep(limits::SPREAD_QUIET).await;
        spread(account).await;
    };
    tokio::select! {
        biased;
        // It is taken up next.
        () = account.events.local_change() => account.events.wake_outbox(),
        () = walk => {}
    }
}

async fn spread(account: &Account) {
    let record = {
        let state = account.local.read();
        let slot = state.names().own().slot;
        slot.and_then(|slot| state.names().get(slot)).and_then(|known| known.record.clone())
    };
    let Some(record) = record else { return };
    for at in account.network.writable() {
        let Some(node) = account.network.node(at) else { continue };
        let call = account.network.call(limits::SPREAD_TIMEOUT + SPREAD_SLACK);
        let _ = node.put_record(&record, PutMode::Spread, &call).await;
    }
    account.network.spread_to_peers(&record).await;
}
