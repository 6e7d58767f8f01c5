//! Audits by itself: after opening, once a node is back that was away, and daily by the wall clock.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::clock::{UnixMs, millis};
use crate::engine::account::Account;
use crate::engine::api::audit::OnAudit;
use crate::engine::audit::audit_of;
use crate::limits;

/// What is known of the last one.
#[derive(Default)]
struct Last {
    /// When the last one of all nodes ended.
    at: Option<UnixMs>,
    /// When one was last tried.
    tried_at: Option<UnixMs>,
    /// Nodes that were away then, or since, and were not looked at again.
    away: BTreeSet<usize>,
}

/// Runs until the schedule ends.
pub async fn run(account: Arc<Account>) {
    let mut last = Last::default();
    tokio::time::sleep(limits::AUDIT_START).await;
    loop {
        let due = last.due(&account);
        if !due.is_empty() && is_at_rest(&account) {
            last.tried_at = Some(account.clock.now());
            if look(&account, &due).await {
                last.note(&account, &due);
            }
        }
        tokio::time::sleep(limits::AUDIT_LOOK).await;
    }
}

/// Whether the wallet is read under this secret, all that is here was published and no lane is under way: what is on its way is missing nowhere.
fn is_at_rest(account: &Account) -> bool {
    account.local.check_here().is_ok()
        && account.local.read().marks().first_read()
        && !account.local.has_pending()
        && account.lanes.running().is_empty()
}

/// Audits these nodes; whether one of them answered.
async fn look(account: &Arc<Account>, nodes: &[usize]) -> bool {
    let quiet: OnAudit = Arc::new(|_| ());
    match Box::pin(audit_of(account, nodes, &quiet)).await {
        Ok(report) => report.nodes.iter().any(|node| node.error.is_none()),
        Err(e) => {
            tracing::debug!(code = %e.code(), "nothing could be audited");
            false
        }
    }
}

impl Last {
    /// Nodes to be audited now: all of them daily, in between those that are back.
    fn due(&mut self, account: &Account) -> Vec<usize> {
        let away = away(account);
        let back: Vec<usize> = self.away.difference(&away).copied().collect();
        self.away.extend(away);
        let now = account.clock.now();
        let is_within = |at: Option<UnixMs>, time| {
            at.is_some_and(|at| (0..millis(time)).contains(&now.saturating_sub(at)))
        };
        if is_within(self.tried_at, limits::AUDIT_PAUSE) {
            return Vec::new();
        }
        if is_within(self.at, limits::CHECK_EVERY) { back } else { account.network.writable() }
    }

    fn note(&mut self, account: &Account, audited: &[usize]) {
        let away = away(account);
        if account.network.writable().iter().all(|at| audited.contains(at)) {
            (self.at, self.away) = (Some(account.clock.now()), away);
        } else {
            self.away.retain(|at| away.contains(at) || !audited.contains(at));
        }
    }
}

/// Nodes whose last answers were failures.
fn away(account: &Account) -> BTreeSet<usize> {
    let health = account.network.health();
    account.network.writable().into_iter().filter(|at| !health.believed_healthy(*at)).collect()
}
