//! Brings a root that was found elsewhere into the inventory: root, index, items. Nothing is taken that was not verified,
//! nothing is ever removed.

pub mod attempt;
mod basket;
mod clock;
pub mod contain;
pub mod content;
mod index;

use std::collections::HashMap;

use self::basket::Basket;
use self::index::Pulled;
use super::account::Account;
use super::local::join::{Author, Gain};
use super::local::records::RootFate;
use super::local::state::change::Change;
use crate::error::{Code, Error};
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::model::root::Root;
use crate::node::Call;

/// What became of one published root.
pub enum Merged {
    /// Its content is in the inventory now.
    Yes(Box<Root>, Gain, Vec<String>),
    /// It was in the inventory already.
    Already,
    /// It is not a root of this wallet: the slot is occupied by something else.
    Foreign(Error),
    /// A newer format: not merged.
    ReadOnly(Error),
}

/// Merges the root a record points at, and notes the record as the best of its name when it is.
///
/// # Errors
/// Fetch errors (`unreachable`, `invalid`, …), with nothing changed; store errors.
pub async fn merge_record(
    account: &Account,
    slot: Slot,
    record: &Record,
    call: &Call,
) -> Result<Merged, Error> {
    let basket = Basket::default();
    let merged = merge_record_into(account, slot, record, &basket, call).await;
    kept_if_not(account, merged, &basket).await
}

async fn merge_record_into(
    account: &Account,
    slot: Slot,
    record: &Record,
    basket: &Basket,
    call: &Call,
) -> Result<Merged, Error> {
    let local = &account.local;
    let Some(cid) = record.root() else {
        local.note_record(slot, record, RootFate::Foreign).await?;
        return Ok(Merged::Foreign(Error::new(Code::Malformed, "the record does not point at a root")));
    };
    let is_here = local.read().names().is_merged(&cid);
    let merged = if is_here {
        Merged::Already
    } else {
        merge_root(account, slot, &cid, record.carried(), basket, call).await?
    };
    let fate = match &merged {
        Merged::Yes(..) | Merged::Already => RootFate::Merged(cid),
        Merged::Foreign(_) => RootFate::Foreign,
        Merged::ReadOnly(_) => RootFate::Unread,
    };
    local.note_record(slot, record, fate).await?;
    Ok(merged)
}

/// Notes a record whose root's content came with another root, which names it as contained.
///
/// # Errors
/// Store errors.
pub async fn merge_contained(
    account: &Account,
    slot: Slot,
    record: &Record,
    root: Box<Root>,
    cid: Cid,
) -> Result<Merged, Error> {
    account.local.note_merged(&[cid]).await?;
    if root.retired && root.slot == slot {
        account.local.note_retired(slot, cid).await?;
    }
    account.local.note_record(slot, record, RootFate::Merged(cid)).await?;
    let warnings = clock::look(account, &root).into_iter().collect();
    Ok(Merged::Yes(root, Gain::default(), warnings))
}

/// Merges a root that a beacon names, and remembers its slot and sequence when it opens.
///
/// # Errors
/// As [`merge_record`].
pub async fn merge_named(account: &Account, slot: Slot, cid: &Cid, call: &Call) -> Result<Merged, Error> {
    let basket = Basket::default();
    let merged = merge_named_into(account, slot, cid, &basket, call).await;
    kept_if_not(account, merged, &basket).await
}

async fn merge_named_into(
    account: &Account,
    slot: Slot,
    cid: &Cid,
    basket: &Basket,
    call: &Call,
) -> Result<Merged, Error> {
    if account.local.read().names().is_merged(cid) {
        return Ok(Merged::Already);
    }
    let merged = merge_root(account, slot, cid, Vec::new(), basket, call).await?;
    if let Merged::Yes(root, ..) = &merged {
        account.local.note_pinned(root, *cid).await?;
    }
    Ok(merged)
}

/// What came of a root that is not merged is kept for the next attempt.
async fn kept_if_not(
    account: &Account,
    merged: Result<Merged, Error>,
    basket: &Basket,
) -> Result<Merged, Error> {
    if merged.is_err() {
        account.local.keep_for_later(basket.take()).await?;
    }
    merged
}

/// Merges a root by its CID; blocks that the record `carried` need not be fetched.
async fn merge_root(
    account: &Account,
    slot: Slot,
    cid: &Cid,
    carried: Vec<Block>,
    basket: &Basket,
    call: &Call,
) -> Result<Merged, Error> {
    let local = &account.local;
    let mut pool: HashMap<Cid, Block> = carried.into_iter().map(|block| (*block.cid(), block)).collect();
    let block = match pool.remove(cid) {
        Some(block) => block,
        None => match local.block(cid).await? {
            Some(block) => block,
            None => {
                let block = account.network.fetch_block(cid, call).await?;
                basket.put(&block);
                block
            }
        },
    };
    let keys = local.keys();
    let root = match Root::open(&block, keys.sealer(), keys.wallet_id()) {
        Ok(root) => root,
        Err(e) if e.code() == Code::ReadOnly => {
            local.note_read_only(slot).await?;
            return Ok(Merged::ReadOnly(e));
        }
        Err(e) => return Ok(Merged::Foreign(e)),
    };
    let is_retried = local.read().names().get(slot).is_some_and(|known| known.merged_root.is_none());
    let pulled = index::pull(account, root.index, pool, is_retried, basket, call).await?;
    let Pulled { items, mut warnings, walked } = pulled;
    warnings.extend(clock::look(account, &root));
    let spare = account.entropy.draw();
    let turn = local.turn().await;
    let (merged, twin) = {
        let state = turn.state();
        (state.names().merged_with(&[*cid]), state.names().twin(&root, cid))
    };
    let mut with = turn.no_longer_kept(slot, &walked);
    with.extend([Change::CacheBlock(block), Change::Merged(merged)]);
    if root.retired && root.slot == slot {
        with.push(Change::Retired(turn.state().names().retired_with(slot, *cid)));
    }
    let gain = turn.join(items, Author::Other { twin, spare }, with).await?;
    Ok(Merged::Yes(Box::new(root), gain, warnings))
}
