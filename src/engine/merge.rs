//! Merges published roots: root, index, items; nothing is taken that was not verified, nothing is ever removed.

use std::collections::{HashMap, HashSet};

use super::account::Account;
use super::apply::{Applied, Origin, apply};
use super::claim;
use super::open::{MERGED, merged_value, name_row};
use super::peers::{fetch_block, fetch_blocks, while_it_flows};
use super::state::KnownName;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::index::Diff;
use crate::model::inventory::Item;
use crate::model::record::Record;
use crate::model::root::Root;
use crate::node::Call;
use crate::store::{BlockClass, Write};
use crate::{Code, Error};

/// What became of one published root.
pub(super) enum Merged {
    /// Its content is in the inventory now.
    Yes(Box<Root>, Applied, Vec<String>),
    /// It was in the inventory already.
    Already,
    /// It is not a root of this wallet: the slot is occupied by something else.
    Foreign(Error),
    /// A newer format: kept out, and said.
    ReadOnly(Error),
}

/// Merges the root a record points at and notes the record as the best of its name when it is.
///
/// # Errors
/// Fetch errors (`unreachable`, `invalid`, …), with nothing changed; store errors.
pub(super) async fn merge_record(
    account: &Account,
    slot: Slot,
    record: &Record,
    call: &Call,
) -> Result<Merged, Error> {
    let Some(cid) = record.root() else {
        note_record(account, slot, record, None, true).await?;
        return Ok(Merged::Foreign(Error::new(Code::Malformed, "the record does not point at a root")));
    };
    if account.is_merged(&cid) || claim::is_own(account, slot, record) {
        note_record(account, slot, record, Some(cid), false).await?;
        return Ok(Merged::Already);
    }
    let carried = record.carried();
    let merged = merge_root(account, slot, &cid, carried, call).await?;
    match &merged {
        Merged::Yes(..) | Merged::Already => note_record(account, slot, record, Some(cid), false).await?,
        Merged::Foreign(_) => note_record(account, slot, record, None, true).await?,
        Merged::ReadOnly(_) => note_record(account, slot, record, None, false).await?,
    }
    Ok(merged)
}

/// Merges a root by its CID; `carried` blocks save fetching them.
///
/// # Errors
/// As [`merge_record`].
pub(super) async fn merge_root(
    account: &Account,
    slot: Slot,
    cid: &Cid,
    carried: Vec<Block>,
    call: &Call,
) -> Result<Merged, Error> {
    let mut pool: HashMap<Cid, Block> = carried.into_iter().map(|block| (*block.cid(), block)).collect();
    let block = match pool.remove(cid) {
        Some(block) => block,
        None => match account.store.block(cid).await? {
            Some(block) => block,
            None => fetch_block(account, cid, call).await?,
        },
    };
    let root = match Root::open(&block, account.keys.sealer(), account.keys.wallet_id()) {
        Ok(root) => root,
        Err(e) if e.code() == Code::ReadOnly => {
            account.write().read_only.insert(slot);
            return Ok(Merged::ReadOnly(e));
        }
        Err(e) => return Ok(Merged::Foreign(e)),
    };
    let (items, warnings) = pull_index(account, root.index, pool, call).await?;
    let order = account.order.lock().await;
    let merged = {
        let mut merged = account.read().merged.clone();
        merged.push(*cid);
        merged_value(&merged)
    };
    let extra = vec![
        Write::Block { block, class: BlockClass::Cache },
        Write::Meta { key: MERGED, value: Some(merged) },
    ];
    let cid = *cid;
    let applied = apply(account, &order, items, Vec::new(), Origin::Remote, extra, move |state| {
        state.note_merged(cid);
    })
    .await?;
    Ok(Merged::Yes(Box::new(root), applied, warnings))
}

/// Index nodes asked for one by one; of more, the whole index comes as one answer.
const SINGLE_NODES: usize = 64;

/// Fetches what the local index lacks; a damaged item is named and skipped, the rest goes on.
async fn pull_index(
    account: &Account,
    index: Cid,
    mut pool: HashMap<Cid, Block>,
    call: &Call,
) -> Result<(Vec<Item>, Vec<String>), Error> {
    let (known, empty) = {
        let mut state = account.write();
        state.index.seal(account.keys.sealer())?;
        (state.index.cids(), state.index.is_empty())
    };
    let mut diff = Diff::new(index, known);
    let (mut items, mut warnings) = (Vec::new(), Vec::new());
    let mut streamed = false;
    loop {
        let wanted = diff.wanted();
        if wanted.is_empty() {
            return Ok((items, warnings));
        }
        let mut absent: Vec<Cid> = wanted.iter().filter(|cid| !pool.contains_key(cid)).copied().collect();
        // A cold start wants the whole list: one answer instead of a round trip per level and handful of nodes.
        if !streamed && !absent.is_empty() && (empty || absent.len() > SINGLE_NODES) {
            streamed = true;
            let mut sink = |block: Block| {
                pool.insert(*block.cid(), block);
            };
            let stream = account.nodes.fetch_car(&index, HashSet::new(), &mut sink, call);
            match while_it_flows(account, call, stream).await {
                Some(Err(e)) if account.peers.is_none() => return Err(e),
                // What did not come is asked for one by one.
                _ => {}
            }
            absent.retain(|cid| !pool.contains_key(cid));
        }
        for block in fetch_all(account, &absent, call).await? {
            pool.insert(*block.cid(), block);
        }
        for cid in wanted {
            let Some(block) = pool.remove(&cid) else {
                return Err(Error::new(Code::Unreachable, "a node of the index could not be fetched"));
            };
            for (key, encoded) in diff.offer(&block, account.keys.sealer())? {
                match Item::decode(key, &encoded) {
                    Ok(item) if item.index_key(account.keys.sealer()) == key => items.push(item),
                    Ok(_) => warnings.push("one item of the index stands in a wrong place".to_owned()),
                    Err(e) => warnings.push(format!("one item of the index does not parse: {}", e.message())),
                }
            }
        }
    }
}

/// Fetches all of these blocks or fails.
async fn fetch_all(account: &Account, cids: &[Cid], call: &Call) -> Result<Vec<Block>, Error> {
    if let [one] = cids {
        return Ok(vec![fetch_block(account, one, call).await?]);
    }
    let fetched = fetch_blocks(account, cids, call).await;
    match fetched.failed.into_iter().next() {
        Some((_, error)) => Err(error),
        None => Ok(fetched.blocks),
    }
}

/// Notes what was heard of a name. The high-water mark only rises; nothing is taken back.
pub(super) async fn note_record(
    account: &Account,
    slot: Slot,
    record: &Record,
    merged_root: Option<Cid>,
    occupied: bool,
) -> Result<(), Error> {
    let order = account.order.lock().await;
    let now = account.clock.now();
    let known = {
        let state = account.read();
        let old = state.names.get(&slot);
        let rises = old.is_none_or(|old| match &old.record {
            Some(best) => record.cmp_order(best).is_gt() && record.sequence() >= old.sequence,
            None => record.sequence() >= old.sequence,
        });
        match old {
            Some(old) if !rises => {
                let same = old.record.as_ref().is_some_and(|best| best.same_as(record));
                let merged_root = if same { merged_root.or(old.merged_root) } else { old.merged_root };
                if merged_root == old.merged_root && old.occupied == (occupied && same || old.occupied) {
                    return Ok(());
                }
                KnownName { merged_root, occupied: old.occupied || (occupied && same), ..old.clone() }
            }
            old => KnownName {
                sequence: record.sequence(),
                record: Some(record.clone()),
                merged_root,
                verified_at: old.map_or(0, |old| old.verified_at),
                changed_at: now,
                occupied,
            },
        }
    };
    account.store.commit(vec![Write::Name(name_row(slot, &known))]).await?;
    account.write().names.insert(slot, known);
    drop(order);
    Ok(())
}
