//! Reads the nodes from time to time and does what is due.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::presence::{Occasion, Presence, Readings};
use super::upkeep::upkeep;
use crate::engine::read::glance::is_as_known;
use crate::engine::sync::Syncs;

/// Runs until the schedule ends.
pub async fn run(syncs: Arc<Syncs>, heard: watch::Receiver<Presence>) {
    let account = syncs.account();
    let mut readings = Readings::new(account, heard);
    let mut turn = 0_usize;
    loop {
        let occasion = readings.next().await;
        if occasion == Occasion::Glance {
            turn = turn.wrapping_add(1);
            if !is_as_known(account, turn).await {
                account.push.want_reading(account.clock.monotonic(), Duration::ZERO);
            }
        } else if let Err(failure) = syncs.sync(occasion.request(), Arc::new(|_| ())).await {
            tracing::debug!(code = %failure.error.code(), "a scheduled sync failed");
        }
        if let Err(e) = upkeep(account).await {
            tracing::warn!(code = %e.code(), "upkeep failed");
        }
    }
}
