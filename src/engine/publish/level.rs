//! Raises the level of changes to what is proven by now.

use crate::engine::account::Account;
use crate::engine::local::edition::SignedEdition;
use crate::engine::local::state::marks::Verified;
use crate::error::Error;
use crate::store::Level;

/// Raises the level of everything that enough nodes are proven to hold: what the weakest of them has counts. While a node shows
/// what the edition does not contain, nothing is verified.
///
/// # Errors
/// Store errors.
pub async fn level_up(account: &Account, edition: &SignedEdition) -> Result<(), Error> {
    let needed = account.needed();
    let (held, upto) = {
        let state = account.local.read();
        let Some(slot) = state.names().own().slot else { return Ok(()) };
        let held = state.nodes().proven_sequences(slot);
        let sequence = held.get(needed.saturating_sub(1)).copied().unwrap_or(0);
        (sequence, state.names().upto(slot, sequence))
    };
    let Some(upto) = upto.filter(|_| !account.lanes.has_foreign()) else { return Ok(()) };
    account.local.raise_level(upto, Level::Verified).await?;
    let edition = &edition.edition;
    if held == edition.sequence {
        let verified = Verified { index: Some(edition.index), keep: Some(edition.keep), sequence: held };
        account.local.note_verified(verified).await?;
    }
    Ok(())
}
