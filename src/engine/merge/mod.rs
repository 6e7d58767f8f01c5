//! Brings a root that was found elsewhere into the inventory: root, index, items. Nothing is taken that was not verified,
//! nothing is ever removed.

pub mod attempt;
mod basket;
mod clock;
pub mod contain;
pub mod content;
mod index;
pub mod moves;
mod part;
mod pool;
mod singly;

use std::collections::HashMap;

use self::basket::Basket;
use self::index::How;
use self::part::{LeftOut, left_out};
use super::account::Account;
use super::api::event::{Arrived, Way};
use super::local::join::{Author, Gain};
use super::local::records::RootFate;
use super::local::state::change::Change;
use super::local::state::partly::{Partly, PartlyHere};
use super::local::turn::Turn;
use crate::error::{Code, Error};
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::model::root::Root;
use crate::node::Call;
use crate::shown::counted;

/// What became of one published root.
pub enum Merged {
    /// Its content is in the inventory now.
    Yes(Box<Root>, Gain, Vec<String>),
    /// What fits of it is in the inventory now, and not the rest: it is read, and nothing is put over it.
    Part(Box<Root>, Gain, Vec<String>),
    /// It was in the inventory already.
    Already,
    /// What fits of it was.
    PartAlready,
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
    let merged = merge_record_into(account, slot, (record, Way::Poll), &basket, call).await;
    kept_if_not(account, merged, &basket).await
}

async fn merge_record_into(
    account: &Account,
    slot: Slot,
    (record, way): (&Record, Way),
    basket: &Basket,
    call: &Call,
) -> Result<Merged, Error> {
    let local = &account.local;
    let Some(cid) = record.root() else {
        local.note_record(slot, record, RootFate::Foreign).await?;
        return Ok(Merged::Foreign(Error::new(Code::Malformed, "the record does not point at a root")));
    };
    let merged = match already(account, &cid) {
        Some(merged) => merged,
        None => merge_root(account, (slot, way), &cid, record.carried(), basket, call).await?,
    };
    let fate = match &merged {
        Merged::Yes(..) | Merged::Already => RootFate::Merged(cid),
        Merged::Foreign(_) => RootFate::Foreign,
        Merged::Part(..) | Merged::PartAlready | Merged::ReadOnly(_) => RootFate::Unread,
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
    moves::look(account, &root).await?;
    let warnings = clock::look(account, &root).into_iter().chain(pool::look(account, &root)).collect();
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
    if let Some(merged) = already(account, cid) {
        return Ok(merged);
    }
    let merged = merge_root(account, (slot, Way::Poll), cid, Vec::new(), basket, call).await?;
    if let Merged::Yes(root, ..) = &merged {
        account.local.note_pinned(root, *cid).await?;
    }
    Ok(merged)
}

/// What need not be fetched.
fn already(account: &Account, root: &Cid) -> Option<Merged> {
    let state = account.local.read();
    let names = state.names();
    if names.is_merged(root) {
        return Some(Merged::Already);
    }
    names.partly().get(root).map(|_| Merged::PartAlready)
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
    (slot, way): (Slot, Way),
    cid: &Cid,
    carried: Vec<Block>,
    basket: &Basket,
    call: &Call,
) -> Result<Merged, Error> {
    let local = &account.local;
    let mut at_hand: HashMap<Cid, Block> = carried.into_iter().map(|block| (*block.cid(), block)).collect();
    let block = match at_hand.remove(cid) {
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
    moves::look(account, &root).await?;
    if local.is_left() {
        local.check_here()?;
    }
    let (is_own, is_retried) = {
        let state = local.read();
        let names = state.names();
        let is_retried = names.get(slot).is_some() && names.root_here(slot).is_none();
        (names.is_signed_root(root.slot, cid), is_retried)
    };
    let how = How { is_retried, is_whole: is_own };
    let mut pulled = index::pull(account, root.index, at_hand, how, basket, call).await?;
    let mut warnings: Vec<String> = pulled.strange.warnings(slot).collect();
    warnings.extend(clock::look(account, &root));
    warnings.extend(pool::look(account, &root));
    let arrived = (!is_own).then(|| Arrived::of(&root, way, account.clock.now()));
    let spare = account.entropy.draw();
    let turn = local.turn().await;
    let twin = turn.state().names().twin(&root, cid);
    let joining = turn.fit(std::mem::take(&mut pulled.items), Author::Other { twin, spare }, is_own)?;
    let left = left_out(&pulled, joining.left_out(), turn.state().names().partly())?;
    let mut with = turn.no_longer_kept(slot, &pulled.walked);
    with.push(Change::CacheBlock(block));
    match left.filter(|_| !is_own || pulled.is_cut) {
        Some(left) => {
            let here = PartlyHere { slot, sequence: root.sequence, root: *cid, left_out: left.items };
            with.push(noted(&turn, here, left));
            let gain = turn.take_of(joining, with, arrived).await?;
            let items = counted(here.left_out as usize, "item", "items");
            let words = format!("{items} of slot {slot} left out: no room here");
            local.alert("limit", words);
            Ok(Merged::Part(Box::new(root), gain, warnings))
        }
        None => {
            // What had no room beside less may be among what is here now: it is read anew.
            let is_more = is_own && !joining.is_empty() && !turn.state().names().partly().is_empty();
            with.extend(is_more.then(|| Change::Partly(Partly::default())));
            with.push(Change::Merged(turn.state().names().merged_with(&[*cid])));
            let news = root.pool.as_ref().filter(|mark| turn.state().marks().is_pool_news(mark));
            with.extend(news.cloned().map(Change::Pool));
            if root.retired && root.slot == slot {
                with.push(Change::Retired(turn.state().names().retired_with(slot, *cid)));
            }
            let gain = turn.take_of(joining, with, arrived).await?;
            Ok(Merged::Yes(Box::new(root), gain, warnings))
        }
    }
}

fn noted(turn: &Turn, here: PartlyHere, left: LeftOut) -> Change {
    let partly = turn.state().names().partly().with(turn.local().bounds().name(), here, left.nodes);
    Change::Partly(partly)
}
