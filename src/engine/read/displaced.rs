//! What another edition of a name displaced without containing it: no edition that counts has it, and this device alone answers for it
//! until its own root does.

use std::collections::BTreeSet;

use super::repairs::{Best, best};
use crate::clock::millis;
use crate::engine::account::Account;
use crate::engine::local::state::names::KnownName;
use crate::engine::merge::Merged;
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::root::Root;

/// What came of an edition that another one has displaced may be on the nodes that show it and nowhere else.
///
/// # Errors
/// Store errors.
pub async fn note_if_stray(
    account: &Account,
    slot: Slot,
    root: Option<Cid>,
    merged: &Result<Merged, Error>,
) -> Result<(), Error> {
    let is_news =
        matches!(merged, Ok(Merged::Yes(_, gain, _) | Merged::Part(_, gain, _)) if gain.changed > 0);
    let is_stray = |best: Best| root.is_some_and(|root| !best.contains(&root));
    if is_news && best(account, slot).is_some_and(is_stray) {
        account.local.note_stray().await?;
    }
    Ok(())
}

/// Looks at what gave way to another root once that one is here, or does not come: a root names the last few that it contains, and what is
/// in no root that is shown now and here is astray.
///
/// # Errors
/// Store errors.
pub async fn judge_displaced(account: &Account) -> Result<(), Error> {
    let displaced = account.local.read().names().displaced().clone();
    if displaced.is_empty() {
        return Ok(());
    }
    let judged: BTreeSet<(Slot, Cid)> =
        displaced.into_iter().filter(|(slot, _)| !is_waited_for(account, *slot)).collect();
    if judged.is_empty() {
        return Ok(());
    }
    let mut is_stray = false;
    for (slot, before) in &judged {
        let newest = newest(account, *slot).await?;
        let is_there = newest.is_some_and(|(cid, root)| cid == *before || root.predecessors.contains(before));
        is_stray |= !is_there && !is_all_shown(account).await?;
    }
    account.local.note_judged(&judged, is_stray).await
}

/// Whether the newest root of a slot is not here yet and may still come. A time in the future is none.
fn is_waited_for(account: &Account, slot: Slot) -> bool {
    let state = account.local.read();
    let names = state.names();
    let since = names.get(slot).map_or(0, |known| known.changed_at);
    let ago = account.clock.now().saturating_sub(since);
    names.unread().any(|unread| unread == slot) && (0..millis(limits::DISPLACED_WAIT)).contains(&ago)
}

/// The newest root of a slot that is here.
async fn newest(account: &Account, slot: Slot) -> Result<Option<(Cid, Root)>, Error> {
    let known = account.local.read().names().get(slot).cloned();
    let Some(KnownName { record, .. }) = known else { return Ok(None) };
    let Some(cid) = account.local.read().names().root_here(slot) else { return Ok(None) };
    let carried = record.map(|record| record.carried()).unwrap_or_default();
    let block = match carried.into_iter().find(|block| *block.cid() == cid) {
        Some(block) => Some(block),
        None => account.local.block(&cid).await?,
    };
    let keys = account.local.keys();
    let root = block.and_then(|block| Root::open(&block, keys.sealer(), keys.wallet_id()).ok());
    Ok(root.map(|root| (cid, root)))
}

/// Whether the newest root of some slot has all that is here.
async fn is_all_shown(account: &Account) -> Result<bool, Error> {
    let (index, _) = account.local.seals()?;
    let slots: Vec<Slot> = account.local.read().names().iter().map(|(slot, _)| slot).collect();
    for slot in slots {
        if newest(account, slot).await?.is_some_and(|(_, root)| root.index == index) {
            return Ok(true);
        }
    }
    Ok(false)
}
