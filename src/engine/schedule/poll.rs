//! Reads the nodes from time to time and does what is due.

use std::sync::Arc;

use tokio::sync::watch;

use super::presence::{Presence, next_reading};
use super::upkeep::upkeep;
use crate::engine::sync::Syncs;

/// Runs until the schedule ends.
pub async fn run(syncs: Arc<Syncs>, mut heard: watch::Receiver<Presence>) {
    let account = syncs.account();
    loop {
        let request = next_reading(account, &mut heard).await.request();
        if let Err(failure) = syncs.sync(request, Arc::new(|_| ())).await {
            tracing::debug!(code = %failure.error.code(), "a scheduled sync failed");
        }
        if let Err(e) = upkeep(account).await {
            tracing::warn!(code = %e.code(), "upkeep failed");
        }
    }
}
