//! Which device had what is not here.

use std::collections::BTreeSet;

use crate::engine::account::Account;
use crate::engine::merge::contain::wanted_of;
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;

/// Of each device whose list is here, which of the blocks that are wanted here it had on its disk when it published last.
///
/// # Errors
/// Store errors.
///
/// # Cancel safety
/// Reads only.
pub async fn owners(account: &Account) -> Result<Vec<(Slot, BTreeSet<Cid>)>, Error> {
    let slots: Vec<Slot> = account.local.read().names().iter().map(|(slot, _)| slot).collect();
    let mut nodes = (0..account.network.len()).filter_map(|at| account.network.node(at));
    let Some(holder) = nodes.find(|node| node.has_api()) else { return Ok(Vec::new()) };
    let mut owners = Vec::new();
    for slot in slots {
        let Some((_, root)) = account.local.last_root(slot).await? else { continue };
        let call = account.network.call(limits::LOST_LOOK);
        // A list that does not come names nothing.
        match wanted_of(account, root.keep, holder, &call).await {
            Ok(listed) => owners.push((slot, listed.into_iter().collect())),
            Err(e) if e.is_storage() => return Err(e),
            Err(e) => tracing::debug!(%slot, code = %e.code(), "the keep of a device did not come"),
        }
    }
    Ok(owners)
}
