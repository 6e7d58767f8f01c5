//! The last editions under a secret that was changed: one in each slot, which says so.

use super::edition::prepare_retired;
use super::proof::Claim;
use super::retire::{bring_here, goes_over, to_nodes};
use super::run::Run;
use super::slot::take_over;
use crate::engine::account::Account;
use crate::engine::merge::moves::is_marker;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::Slot;

/// Whether the last edition of a slot says that the wallet moved; where this device signed it, also whether enough nodes hold it.
///
/// # Errors
/// Store errors.
pub async fn is_marked(account: &Account, slot: Slot) -> Result<bool, Error> {
    let Some((cid, root)) = account.local.last_root(slot).await?.filter(|(_, root)| root.moved.is_some())
    else {
        return Ok(false);
    };
    let state = account.local.read();
    let is_ours = state.names().is_signed_root(slot, &cid);
    Ok(!is_ours || state.nodes().proven(slot, root.sequence) >= account.needed())
}

/// Puts it where nothing stands that is not known here: what else is found is left alone and not read.
///
/// # Errors
/// As [`mark`]; `conflict` where something else stands there.
///
/// # Cancel safety
/// As [`mark`].
pub async fn mark_known(account: &Account, slot: Slot, run: &Run) -> Result<(), Error> {
    let edition = prepare_retired(account, slot).await?;
    match to_nodes(account, &edition, run).await? {
        None => Ok(()),
        Some((_, claim)) if says_so(account, &claim, run).await => Ok(()),
        Some(_) => Err(Error::new(Code::Conflict, format!("in slot {slot} stands something else by now"))),
    }
}

/// Whether what stands there is a marker: it is opened, and nothing of it taken in.
async fn says_so(account: &Account, claim: &Claim, run: &Run) -> bool {
    let Some(root) = claim.root else { return false };
    let carried = claim.record.iter().flat_map(|record| record.carried()).find(|block| *block.cid() == root);
    let block = match carried {
        Some(block) => Ok(block),
        None => account.network.fetch_block(&root, &run.usual_call(account)).await,
    };
    block.is_ok_and(|block| is_marker(account, &block))
}

/// What became of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// Enough nodes show the marker.
    Yes,
    /// Something was found there that is not in the wallet of the new secret: it is here now.
    News,
}

/// Puts an edition with all that is here over the last one of another device's slot, once all that stands there is here and
/// `is_carried`: in what was verified under the new secret. The caller has noted that the wallet goes on there.
///
/// # Errors
/// `unreachable` when what stands there does not come, or too few nodes take the edition; `conflict` where something else is found
/// again and again, or the slot is no device's; store errors.
///
/// # Cancel safety
/// Nothing is lost: the slot is marked on the nodes that took it, or is as it was. Call it again.
pub async fn mark(
    account: &Account,
    slot: Slot,
    is_carried: impl Fn() -> bool,
    run: &Run,
) -> Result<Marked, Error> {
    let mut earlier = Vec::new();
    for _ in 0..limits::RETIRE_TRIES {
        if !take_over(account, slot, run).await? {
            return Err(Error::new(Code::Unreachable, format!("what slot {slot} has is not all here")));
        }
        if !is_carried() {
            return Ok(Marked::News);
        }
        let mut edition = prepare_retired(account, slot).await?;
        goes_over(&mut edition, &mut earlier);
        match to_nodes(account, &edition, run).await? {
            None => return Ok(Marked::Yes),
            Some((at, claim)) => bring_here(account, slot, at, &claim, run).await?,
        }
    }
    Err(Error::new(Code::Conflict, format!("in slot {slot} something else is found again and again")))
}
