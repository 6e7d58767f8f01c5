//! The engine's own schedule: outbox, polling, upkeep. One task each, none wakes without a reason.

use std::sync::Arc;
use std::time::Duration;

use super::account::Account;
use super::presence::next_due;
use super::repair::reput;
use super::report::Ack;
use super::request::SyncRequest;
use super::resolve::millis;
use super::sync::sync;
use crate::node::{Call, Meter, PutMode};
use crate::store::Level;
use crate::{Error, limits};

/// Starts the schedule; it ends when the account is closed.
pub(super) async fn start(account: &Arc<Account>) {
    let mut background = account.schedule.lock().await;
    let warming = account.clone();
    background.spawn(async move { warming.nodes.warm(limits::PUBLISH_CONNECTIONS).await });
    background.spawn(outbox(account.clone()));
    background.spawn(poll(account.clone()));
}

/// Publishes changes shortly after they were made, and keeps trying with growing pauses.
async fn outbox(account: Arc<Account>) {
    let mut pause = Duration::ZERO;
    loop {
        if pause.is_zero() {
            if !account.needs_publish() {
                account.changed.notified().await;
            }
            tokio::time::sleep(account.config.coalesce).await;
        } else {
            let _ = tokio::time::timeout(pause, account.changed.notified()).await;
        }
        let request =
            SyncRequest { fresh: pause > limits::RETRY_FIRST, deadline: None, wait: Some(Level::Verified) };
        let done = sync(account.clone(), request, Arc::new(|_| ())).await;
        let verified = done.is_ok() && account.read().ack() == Ack::Verified && !account.has_pending();
        pause = if verified { Duration::ZERO } else { longer(&account, pause) };
        if verified {
            spread_when_quiet(&account).await;
        }
    }
}

/// Doubles up to the longest pause, with a fifth of jitter so that devices do not march in step.
fn longer(account: &Account, pause: Duration) -> Duration {
    let doubled =
        if pause.is_zero() { limits::RETRY_FIRST } else { pause.saturating_mul(2).min(limits::RETRY_MAX) };
    let fifth = u64::try_from(doubled.as_millis()).unwrap_or(u64::MAX).checked_div(5).unwrap_or(0);
    doubled.saturating_add(Duration::from_millis(account.entropy.below(fifth.saturating_add(1))))
}

/// After a while without changes the record goes to the DHT, one node after the other, bounded; publishing waits.
async fn spread_when_quiet(account: &Arc<Account>) {
    let quiet = tokio::time::timeout(limits::SPREAD_QUIET, account.changed.notified()).await;
    if quiet.is_ok() {
        // A change came: the outbox takes it up.
        account.changed.notify_one();
        return;
    }
    let _one = account.publishing.lock().await;
    let record = {
        let state = account.read();
        let slot = state.own.slot.filter(|_| state.own.owned);
        slot.and_then(|slot| state.names.get(&slot)).and_then(|known| known.record.clone())
    };
    let Some(record) = record else { return };
    for at in account.api_nodes() {
        let Some(node) = account.nodes.node(at) else { continue };
        let deadline = account.clock.monotonic() + limits::SPREAD_TIMEOUT + Duration::from_secs(1);
        let call = Call { deadline, meter: Arc::new(Meter::default()) };
        let _ = node.put_record(&record, PutMode::Spread, &call).await;
    }
    super::peers::spread(account, &record).await;
}

/// Reads the nodes from time to time and does what is due.
async fn poll(account: Arc<Account>) {
    let mut heard = account.presence.subscribe();
    loop {
        let request = next_due(&account, &mut heard).await.request();
        if let Err(failure) = sync(account.clone(), request, Arc::new(|_| ())).await {
            tracing::debug!(code = %failure.error.code(), "a scheduled sync failed");
        }
        if let Err(e) = upkeep(&account).await {
            tracing::warn!(code = %e.code(), "upkeep failed");
        }
    }
}

/// Whether the known records were last put again too long ago: nodes forget them.
pub(super) fn reput_is_due(account: &Account) -> bool {
    let state = account.read();
    let only_own = state.names.keys().all(|slot| state.own.slot == Some(*slot));
    // Our own last publish was a put as well.
    let published = state.nodes.values().map(|row| row.put_at).max().filter(|_| only_own);
    let since = account.clock.now().saturating_sub(state.reput_at.max(published.unwrap_or(0)));
    !state.names.is_empty() && since >= millis(limits::REPUT_EVERY)
}

/// What is due by the wall clock: records put again, signed anew, cache and history trimmed.
///
/// # Errors
/// Store errors.
pub(super) async fn upkeep(account: &Arc<Account>) -> Result<(), Error> {
    let now = account.clock.now();
    let signed_at = account.read().edition.as_ref().map(|edition| edition.signed_at);
    if reput_is_due(account) {
        reput(account).await?;
    }
    if signed_at.is_some_and(|at| now.saturating_sub(at) >= millis(limits::RESIGN_EVERY)) {
        account.write().verified_index = None;
        account.changed.notify_one();
    }
    account.store.trim_cache(account.config.cache.max_bytes).await?;
    account.flush_metrics().await
}
