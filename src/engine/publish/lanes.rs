//! Starts the lanes: one task per node brings its node to the newest edition.
//!
//! Lanes share nothing but the edition and the line: bulk waits for its turn there, and for nothing else; what a reading thought of a
//! node gates no lane.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::bring::bring;
use super::lane::{by_need, lacks};
use super::run::Run;
use crate::engine::account::Account;
use crate::engine::local::edition::{Outgoing, SignedEdition};

/// Makes an edition the one that lanes take up, and starts every lane that has work and is not backing off.
pub async fn start(account: &Arc<Account>, edition: SignedEdition, run: &Arc<Run>) {
    let lacking: Vec<usize> =
        account.network.writable().into_iter().filter(|at| lacks(account, *at)).collect();
    let record = edition.record.clone();
    let order = by_need(account, &lacking, &edition);
    // A node that was proven to hold it has all blocks.
    let is_held = account.network.writable().len() > lacking.len();
    let outgoing = Arc::new(Outgoing { edition, order, carried: watch::channel(is_held).0 });
    // The same edition keeps what its lanes have agreed on.
    let replaces = |old: &Arc<Outgoing>| !old.edition.record.same_as(&record);
    for at in account.lanes.offer(outgoing, replaces, &lacking, account.clock.monotonic()) {
        let lane = Running { account: account.clone(), at };
        let run = run.clone();
        account.tasks.behind(async move { bring(&lane.account, lane.at, &run).await }).await;
    }
}

/// When the first lane that has work may try again; `None` when no node lacks the last edition.
pub fn next_due(account: &Account) -> Option<Instant> {
    let lacking = account.network.writable().into_iter().filter(|at| lacks(account, *at));
    let now = account.clock.monotonic();
    lacking.map(|at| account.lanes.retry_at(at).unwrap_or(now)).min()
}

/// A lane that is under way; it counts as ended however its task ends.
struct Running {
    account: Arc<Account>,
    at: usize,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.account.lanes.end(self.at);
        self.account.events.step();
    }
}
