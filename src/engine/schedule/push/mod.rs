//! Live push: a stream on each of two nodes, by which devices tell each other what a node has just taken.
//!
//! Nothing depends on it: whatever is missed is found by a reading. All that comes is hostile until it opens, and costs little
//! until then (`desk`); what opens is a record like one that a node shows (`arrived`). Where no node has pubsub all of this
//! sleeps.

mod arrived;
mod desk;
mod ears;
mod nodes;
mod seen;
mod send;

use std::sync::Arc;

use futures_util::future::join;
use tokio::sync::mpsc;

use self::desk::Desk;
use crate::engine::account::Account;
use crate::limits;

/// Hears and tells until the schedule ends.
pub async fn run(account: Arc<Account>) {
    if !is_wanted(&account) {
        return;
    }
    let (opened, waiting) = mpsc::channel(limits::PUSH_WAITING);
    let desk = Desk::new(account, opened);
    let ears = futures_util::future::join_all((0..limits::PUSH_NODES).map(|place| ears::run(&desk, place)));
    join(ears, join(send::run(&desk), arrived::run(&desk, waiting))).await;
}

/// Only tells what nodes have taken, until the schedule ends: for an account that works on request and may be closed at any moment.
pub async fn tell(account: Arc<Account>) {
    if is_wanted(&account) {
        let (opened, _) = mpsc::channel(1);
        send::tell(&Arc::new(Desk::new(account, opened))).await;
    }
}

fn is_wanted(account: &Account) -> bool {
    account.config.push && !account.local.reads_along() && !account.network.api_nodes().is_empty()
}
