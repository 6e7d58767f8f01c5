//! Brings everything that a record stands for here, so that what is signed next may replace it.

use std::collections::HashSet;

use super::content::fetch_blocks;
use super::{Merged, merge_named, merge_record};
use crate::engine::account::Account;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::{Cid, Codec};
use crate::model::identity::Slot;
use crate::model::keep;
use crate::model::record::Record;
use crate::model::root::Root;
use crate::node::{Call, Node};
use crate::shown::counted;

/// Merges a record's items, fetches the blocks of its keep that items here still want, and notes its root as contained. A
/// block that no machine gives and that `holder`, the node which shows the record, does not hold either is lost already:
/// it is named and hinders nothing.
///
/// # Errors
/// `conflict` when the record stands for no root of this wallet; `inventory_too_large` when not all of it fits here;
/// `unreachable` and the like when a machine has something that did not come in time; store errors.
///
/// # Cancel safety
/// What was merged and fetched stays.
pub async fn contain(
    account: &Account,
    slot: Slot,
    record: &Record,
    holder: &dyn Node,
    call: &Call,
) -> Result<(), Error> {
    match merge_record(account, slot, record, call).await? {
        Merged::Yes(..) | Merged::Already => {}
        Merged::Part(..) | Merged::PartAlready => return Err(no_room()),
        Merged::Foreign(e) | Merged::ReadOnly(e) => {
            return Err(e.within("what stands there cannot be taken over"));
        }
    }
    let Some(cid) = record.root() else {
        return Err(Error::new(Code::Conflict, "the record does not point at a root"));
    };
    finish(account, slot, &cid, record.carried(), holder, call).await
}

/// The same for a root that only a beacon names.
///
/// # Errors
/// As [`contain`].
///
/// # Cancel safety
/// As [`contain`].
pub async fn contain_root(
    account: &Account,
    slot: Slot,
    cid: &Cid,
    holder: &dyn Node,
    call: &Call,
) -> Result<(), Error> {
    match merge_named(account, slot, cid, call).await? {
        Merged::Yes(..) | Merged::Already => finish(account, slot, cid, Vec::new(), holder, call).await,
        Merged::Part(..) | Merged::PartAlready => Err(no_room()),
        Merged::Foreign(e) | Merged::ReadOnly(e) => Err(e.within("what stands there cannot be taken over")),
    }
}

fn no_room() -> Error {
    Error::new(Code::InventoryTooLarge, "what stands there does not fit here: it cannot be taken over")
}

async fn finish(
    account: &Account,
    slot: Slot,
    cid: &Cid,
    carried: Vec<Block>,
    holder: &dyn Node,
    call: &Call,
) -> Result<(), Error> {
    let lost = fetch_keep(account, cid, carried, holder, call).await?;
    if lost > 0 {
        let blocks = counted(lost, "block", "blocks");
        account.local.alert("content_lost", format!("{blocks} of slot {slot} on no node any more"));
    }
    account.local.note_contained(*cid).await
}

/// Fetches what is wanted here and named in the root's keep; gives the number of blocks that are nowhere.
async fn fetch_keep(
    account: &Account,
    cid: &Cid,
    carried: Vec<Block>,
    holder: &dyn Node,
    call: &Call,
) -> Result<usize, Error> {
    if account.local.read().holdings().missing_count() == 0 {
        return Ok(0);
    }
    let block = match carried.into_iter().find(|block| block.cid() == cid) {
        Some(block) => block,
        None => match account.local.block(cid).await? {
            Some(block) => block,
            None => account.network.fetch_block(cid, call).await?,
        },
    };
    let keys = account.local.keys();
    let root = Root::open(&block, keys.sealer(), keys.wallet_id())?;
    let wanted = wanted_of(account, root.keep, holder, call).await?;
    fetch_blocks(account, &wanted, &half(account, call)).await?;
    let left: Vec<Cid> = {
        let state = account.local.read();
        wanted.into_iter().filter(|cid| state.holdings().is_missing(cid)).collect()
    };
    for cid in &left {
        if holder.holds(cid, call).await? {
            return Err(Error::new(Code::Unreachable, "a node has content that did not come in time"));
        }
    }
    Ok(left.len())
}

/// What is nowhere is looked for until the deadline: half of the time is left to ask the holder whether it has it.
fn half(account: &Account, call: &Call) -> Call {
    let now = account.clock.monotonic();
    let left = call.deadline.saturating_duration_since(now);
    Call { deadline: now + left / 2, meter: call.meter.clone() }
}

/// Blocks of a keep that items here want and that are not here.
///
/// # Errors
/// `unreachable` and the like where `holder` has a part of it that did not come.
pub async fn wanted_of(
    account: &Account,
    root: Cid,
    holder: &dyn Node,
    call: &Call,
) -> Result<Vec<Cid>, Error> {
    let (mut wanted, mut seen) = (Vec::new(), HashSet::from([root]));
    let mut level = vec![root];
    while !level.is_empty() {
        let fetched = account.network.fetch_blocks(&level, &half(account, call)).await;
        level.clear();
        for (cid, e) in fetched.failed {
            // A part of the keep that is nowhere names nothing any more.
            if holder.holds(&cid, call).await? {
                return Err(e);
            }
        }
        for block in &fetched.blocks {
            for link in keep::parse_node(block)? {
                match link.codec() {
                    Codec::DagCbor if seen.len() < limits::INDEX_NODES && seen.insert(link) => {
                        level.push(link)
                    }
                    Codec::DagCbor => {}
                    Codec::Raw if account.local.read().holdings().is_missing(&link) => wanted.push(link),
                    Codec::Raw => {}
                }
            }
        }
    }
    Ok(wanted)
}
