//! Whether nodes still have what they were proven to hold: beside the questions of a look, so that it costs no time.
//!
//! Kubo does not force blocks to its disk: a power cut takes those of the last half minute and leaves record and pin. So a proof
//! is looked at again until a look came a minute after it, and daily.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::clock::millis;
use crate::engine::account::Account;
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::node::Call;

/// A node and a root that it was proven to hold.
struct Held {
    at: usize,
    slot: Slot,
    root: Cid,
}

/// A check that is under way, if one was due, and how long it is waited for.
pub struct Check(Option<(JoinHandle<()>, Instant)>);

/// Begins to ask every node that was proven to hold something for the root of it, if that is due.
pub fn begin(account: &Arc<Account>, call: &Call) -> Check {
    if !is_due(account) || account.local.reads_along() {
        return Check(None);
    }
    let until = account.clock.monotonic() + account.config.grace;
    let (account, call) = (account.clone(), call.clone());
    let work = tokio::spawn(async move {
        if let Err(e) = check(&account, &call).await {
            tracing::warn!(code = %e.code(), "what nodes lost could not be noted");
        }
    });
    Check(Some((work, until)))
}

/// Waits no longer than a grace window from its beginning: a frozen node adds nothing to what the records took. What is said
/// later counts from then on.
pub async fn end(account: &Account, Check(under_way): Check) {
    let Some((mut work, until)) = under_way else { return };
    if tokio::time::timeout_at(until, &mut work).await.is_err() {
        account.tasks.behind_while_open(async move { drop(work.await) }).await;
    }
}

fn is_due(account: &Account) -> bool {
    let state = account.local.read();
    let (proved, checked) = (state.marks().proved_at(), state.marks().checked_at());
    let is_young = checked < proved.saturating_add(millis(limits::UNSAFE_ON_DISK));
    let age = account.clock.now().saturating_sub(checked);
    proved > 0 && (is_young || !(0..millis(limits::CHECK_EVERY)).contains(&age))
}

async fn check(account: &Arc<Account>, call: &Call) -> Result<(), Error> {
    let held = all_held(account);
    let asks = held.iter().map(|held| async {
        let node = account.network.require(held.at)?;
        node.holds(&held.root, call).await
    });
    let answers = join_all(asks).await;
    let own = account.local.read().names().own().slot;
    let (mut all_answered, mut lost_any) = (true, false);
    for (held, answer) in held.iter().zip(answers) {
        match answer {
            Ok(true) => {}
            Ok(false) if own == Some(held.slot) => {
                lost_any = true;
                account.local.forget_node(&account.network.id(held.at), held.slot).await?;
                account.lanes.forget_failures(held.at);
            }
            Ok(false) => account.local.note_unconfirmed(&account.network.id(held.at), held.slot).await?,
            Err(_) => all_answered = false,
        }
    }
    if all_answered {
        account.local.note_checked().await?;
    }
    if lost_any {
        account.local.check_level(account.needed()).await?;
        account.events.wake_outbox();
    }
    Ok(())
}

/// The root that each node in use was proven to hold last, of each slot: of the own one an older edition counts too.
fn all_held(account: &Account) -> Vec<Held> {
    let nodes = account.network.writable();
    let state = account.local.read();
    let mut held = Vec::new();
    for (slot, _) in state.names().iter() {
        for at in &nodes {
            let row = account.network.node(*at).and_then(|node| state.nodes().row(node.id(), slot));
            let proven = row.filter(|row| row.verified_sequence > 0);
            if let Some(root) = proven.and_then(|row| row.pinned.last()) {
                held.push(Held { at: *at, slot, root: *root });
            }
        }
    }
    held
}
