//! What follows when a node shows, under our own name, what our edition does not contain.

use super::proof::Claim;
use super::run::Run;
use crate::engine::account::Account;
use crate::engine::local::edition::SignedEdition;
use crate::engine::merge::contain::{contain, contain_root};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::beacon::Rank;
use crate::model::identity::Slot;

/// Brings it here, so that the next edition contains it. Of two devices on one slot the one whose record nodes prefer stays;
/// the other moves, as does one that cannot get at the other's content. Of what this device wrote itself and cannot get at,
/// the node stays behind.
///
/// # Errors
/// Store errors; for what this device wrote, why its content did not come.
pub async fn settle(
    account: &Account,
    at: usize,
    edition: &SignedEdition,
    claim: &Claim,
    run: &Run,
) -> Result<(), Error> {
    let slot = edition.edition.slot;
    let is_ours = is_ours(account, slot, claim);
    let (holder, call) = (account.network.require(at)?, run.call(account, limits::CONTAIN));
    let contained = match (&claim.record, claim.root) {
        (Some(record), _) => contain(account, slot, record, holder, &call).await,
        (None, Some(root)) => contain_root(account, slot, &root, holder, &call).await,
        (None, None) => Err(Error::new(Code::Conflict, "what stands there points at no root")),
    };
    let gives_way = match &claim.record {
        Some(record) => record.cmp_order(&edition.record).is_lt(),
        None => claim.rank < Rank::of(&edition.record),
    };
    match contained {
        Err(e) if e.is_storage() || is_ours => return Err(e),
        Ok(()) if is_ours || gives_way => return Ok(()),
        Ok(()) => {}
        Err(e) => tracing::debug!(code = %e.code(), "the other's content could not be had"),
    }
    account.local.leave_slot(slot, account.entropy.draw()).await
}

/// Whether this device signed it.
pub fn is_ours(account: &Account, slot: Slot, claim: &Claim) -> bool {
    let state = account.local.read();
    claim.root.is_some_and(|root| state.names().is_signed_root(slot, &root))
}
