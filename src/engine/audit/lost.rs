//! What is on no node any more and not here either: nothing brings it back but the device that has it, so that one is named.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;

use crate::engine::account::Account;
use crate::engine::api::audit::Lost;
use crate::engine::api::rehearsal::Missed;
use crate::engine::publish::owners::owners;
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::inventory::Item;
use crate::node::Node;

/// Looks on every node for what is listed and not here; names what is nowhere in an alert. `was_read`: the wallet was read just now, so
/// that a list which is still not here did not come.
///
/// # Errors
/// Store errors.
pub async fn look(account: &Arc<Account>, was_read: bool) -> Result<Vec<Lost>, Error> {
    let unread = if was_read { account.local.read().unread() } else { Vec::new() };
    let nowhere = nowhere(account).await;
    if nowhere.is_empty() && unread.is_empty() {
        return Ok(Vec::new());
    }
    let mut lost: BTreeMap<Option<Slot>, Lost> = BTreeMap::new();
    for slot in unread {
        lost.entry(Some(slot)).or_default().is_unread = true;
    }
    let owners = if nowhere.is_empty() { Vec::new() } else { owners(account).await? };
    for (cid, missed) in &nowhere {
        let slot = owners.iter().find(|(_, listed)| listed.contains(cid)).map(|(slot, _)| *slot);
        let one = lost.entry(slot).or_default();
        one.blocks += 1;
        if one.named.len() < limits::REHEARSAL_NAMES && !one.named.contains(missed) {
            one.named.push(missed.clone());
        }
    }
    let mut all = Vec::new();
    for (slot, mut one) in lost {
        if let Some(slot) = slot {
            one.slot = Some(slot.number());
            one.label = account.local.last_root(slot).await?.and_then(|(_, root)| root.label);
        }
        account.local.alert("content_lost", one.words());
        all.push(one);
    }
    Ok(all)
}

/// Blocks that items here want, that are not here, and that no node has, where most of them say so.
async fn nowhere(account: &Account) -> BTreeMap<Cid, Missed> {
    let mut wanted: BTreeMap<Cid, Missed> = BTreeMap::new();
    {
        let state = account.local.read();
        if state.holdings().missing_count() == 0 {
            return wanted;
        }
        let is_spent = |item: &Item| matches!(item, Item::Token(_, state) if state.is_spent());
        for item in state.holdings().inventory().items().filter(|item| !is_spent(item)) {
            for block in item.refs() {
                let missing = block.chunks().filter(|cid| state.holdings().is_missing(cid));
                wanted.extend(missing.map(|cid| (*cid, Missed::of(&item))));
            }
        }
    }
    let cids: Vec<Cid> = wanted.keys().take(limits::LOST_LOOKED).copied().collect();
    let nodes: Vec<&dyn Node> = (0..account.network.len())
        .filter_map(|at| account.network.node(at))
        .filter(|node| node.has_api())
        .collect();
    let mut nowhere = BTreeMap::new();
    for some in cids.chunks(limits::BLOCK_REQUESTS) {
        for (cid, is_nowhere) in join_all(some.iter().map(|cid| is_nowhere(account, &nodes, *cid))).await {
            if let Some(missed) = wanted.remove(&cid).filter(|_| is_nowhere) {
                nowhere.insert(cid, missed);
            }
        }
    }
    nowhere
}

async fn is_nowhere(account: &Account, nodes: &[&dyn Node], cid: Cid) -> (Cid, bool) {
    let call = account.network.call(limits::LOST_LOOK);
    let said = join_all(nodes.iter().map(|node| node.holds(&cid, &call))).await;
    let has_not = said.iter().filter(|held| matches!(held, Ok(false))).count();
    let has = said.iter().any(|held| matches!(held, Ok(true)));
    (cid, !has && has_not >= account.network.majority())
}
