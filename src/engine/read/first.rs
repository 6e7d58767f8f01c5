//! The last moment of a first reading: where nothing of the wallet is here yet there are no payloads to leave time for, and what was
//! found and is on its way has all that is left.

use futures_util::FutureExt;
use futures_util::future::select_all;
use tokio::time::timeout_at;

use super::beacons::Lights;
use super::round::Tally;
use crate::engine::account::Account;
use crate::node::Call;

/// Waits for the first root of those that are on their way, no longer than the call may take.
///
/// # Cancel safety
/// The attempts go on.
pub async fn wait_for_something(account: &Account, lights: &Lights, call: &Call, tally: &mut Tally) {
    if tally.unread.is_empty() || is_something_here(account) {
        return;
    }
    loop {
        let on_their_way = account.attempts.under_way();
        if on_their_way.is_empty() {
            return;
        }
        // Each only ever ends.
        let ends = on_their_way.into_iter().map(|mut ends| async move { drop(ends.changed().await) }.boxed());
        if timeout_at(call.deadline, select_all(ends)).await.is_err() {
            return;
        }
        if is_something_here(account) {
            tally.named |= !lights.seen.is_empty();
            return;
        }
    }
}

fn is_something_here(account: &Account) -> bool {
    account.local.read().names().has_merged()
}
