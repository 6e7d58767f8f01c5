//! Raises the level of an edition's changes to what is proven by now.

use super::edition::SignedEdition;
use super::run::Run;
use crate::engine::account::Account;
use crate::engine::local::state::marks::Verified;
use crate::error::Error;
use crate::store::Level;

/// Gives the level, or none when no node showed the record.
///
/// # Errors
/// Store errors.
pub async fn raise(account: &Account, edition: &SignedEdition, run: &Run) -> Result<Option<Level>, Error> {
    let (verified, owned) = {
        let state = account.local.read();
        (state.verified_nodes(), state.names().own().owned)
    };
    let level = match (verified >= account.network.needed() && owned, run.was_seen() || verified > 0) {
        (true, _) => Level::Verified,
        (false, true) => Level::Published,
        (false, false) => return Ok(None),
    };
    let edition = &edition.edition;
    account.local.raise_level(edition.upto, level).await?;
    if level == Level::Verified {
        let verified = Verified { index: Some(edition.index), sequence: edition.sequence };
        account.local.note_verified(verified).await?;
    }
    Ok(Some(level))
}
