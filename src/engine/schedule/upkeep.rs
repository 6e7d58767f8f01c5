//! What is due by the wall clock.

use std::sync::Arc;

use crate::clock::millis;
use crate::engine::account::Account;
use crate::engine::read::reput::reput;
use crate::error::Error;
use crate::limits;

/// Puts records again every 12 h, signs again every year, trims cache and history.
///
/// # Errors
/// Store errors.
pub async fn upkeep(account: &Arc<Account>) -> Result<(), Error> {
    let now = account.clock.now();
    let signed_at = account.local.read().names().edition().map(|edition| edition.signed_at);
    reput(account).await?;
    if signed_at.is_some_and(|at| now.saturating_sub(at) >= millis(limits::RESIGN_EVERY)) {
        account.local.publish_again().await?;
    }
    account.local.trim_cache(account.config.cache.max_bytes).await?;
    account.local.write_measurements(&account.measure).await
}
