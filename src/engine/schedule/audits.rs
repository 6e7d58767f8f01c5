//! Audits by itself: after opening, once a node is back that was away, and daily by the wall clock.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::clock::{UnixMs, millis};
use crate::engine::account::Account;
use crate::engine::api::audit::{AuditRequest, OnAudit};
use crate::engine::audit::audit;
use crate::limits;

/// What is known of the last one.
#[derive(Default)]
struct Last {
    /// When it ended.
    at: Option<UnixMs>,
    /// When one was last tried.
    tried_at: Option<UnixMs>,
    /// Nodes that were away then, or since.
    away: BTreeSet<usize>,
}

/// Runs until the schedule ends.
pub async fn run(account: Arc<Account>) {
    let mut last = Last::default();
    tokio::time::sleep(limits::AUDIT_START).await;
    loop {
        if last.is_due(&account) && is_at_rest(&account) {
            last.tried_at = Some(account.clock.now());
            if look(&account).await {
                last.note(&account);
            }
        }
        tokio::time::sleep(limits::AUDIT_LOOK).await;
    }
}

/// Whether all that is here was published and no lane is under way: what is on its way is missing nowhere.
fn is_at_rest(account: &Account) -> bool {
    account.local.read().marks().first_read()
        && !account.local.has_pending()
        && account.lanes.running().is_empty()
}

/// Audits; whether some node answered.
async fn look(account: &Arc<Account>) -> bool {
    let request = AuditRequest { all: false, repair: false };
    let quiet: OnAudit = Arc::new(|_| ());
    match Box::pin(audit(account, request, &quiet)).await {
        Ok(report) => report.nodes.iter().any(|node| node.error.is_none()),
        Err(e) => {
            tracing::debug!(code = %e.code(), "nothing could be audited");
            false
        }
    }
}

impl Last {
    fn is_due(&mut self, account: &Account) -> bool {
        let away = away(account);
        let is_back = self.away.iter().any(|at| !away.contains(at));
        self.away.extend(away);
        let now = account.clock.now();
        let is_within = |at: Option<UnixMs>, time| {
            at.is_some_and(|at| (0..millis(time)).contains(&now.saturating_sub(at)))
        };
        let is_wanted = is_back || !is_within(self.at, limits::CHECK_EVERY);
        is_wanted && !is_within(self.tried_at, limits::AUDIT_PAUSE)
    }

    fn note(&mut self, account: &Account) {
        self.at = Some(account.clock.now());
        self.away = away(account);
    }
}

/// Nodes whose last answers were failures.
fn away(account: &Account) -> BTreeSet<usize> {
    let health = account.network.health();
    account.network.writable().into_iter().filter(|at| !health.believed_healthy(*at)).collect()
}
