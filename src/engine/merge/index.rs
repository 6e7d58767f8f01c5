//! Fetches what the local index does not have of another one.

use std::collections::{HashMap, HashSet};

use crate::engine::account::Account;
use crate::error::{Code, Error};
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::index::Diff;
use crate::model::inventory::Item;
use crate::node::Call;

/// Index nodes asked for one by one; of more, the whole index comes as one answer.
const SINGLE_NODES: usize = 64;

/// Items that are in another index and not in ours. A damaged item is named in the warnings and skipped.
///
/// # Errors
/// Fetch errors; `too_large`, `decrypt_failed` and the like for nodes that are no part of an index of this wallet.
pub async fn pull(
    account: &Account,
    index: Cid,
    mut pool: HashMap<Cid, Block>,
    call: &Call,
) -> Result<(Vec<Item>, Vec<String>), Error> {
    let is_empty = account.local.read().holdings().has_empty_index();
    let mut diff = Diff::new(index, account.local.index_cids()?);
    let (mut items, mut warnings) = (Vec::new(), Vec::new());
    let mut streamed = false;
    loop {
        let wanted = diff.wanted();
        if wanted.is_empty() {
            return Ok((items, warnings));
        }
        let mut absent: Vec<Cid> = wanted.iter().filter(|cid| !pool.contains_key(cid)).copied().collect();
        // A cold start wants the whole list: one answer instead of a round trip per level and handful of nodes.
        if !streamed && !absent.is_empty() && (is_empty || absent.len() > SINGLE_NODES) {
            streamed = true;
            stream(account, &index, &mut pool, call).await?;
            absent.retain(|cid| !pool.contains_key(cid));
        }
        for block in fetch_all(account, &absent, call).await? {
            pool.insert(*block.cid(), block);
        }
        for cid in wanted {
            let Some(block) = pool.remove(&cid) else {
                return Err(Error::new(Code::Unreachable, "a node of the index could not be fetched"));
            };
            read_node(account, &mut diff, &block, &mut items, &mut warnings)?;
        }
    }
}

/// Asks for the whole index as one answer. Where there are peers to ask, nodes that do not come are asked for one by one.
async fn stream(
    account: &Account,
    index: &Cid,
    pool: &mut HashMap<Cid, Block>,
    call: &Call,
) -> Result<(), Error> {
    let mut sink = |block: Block| {
        pool.insert(*block.cid(), block);
    };
    match account.network.fetch_car(index, HashSet::new(), &mut sink, call).await {
        Some(Err(e)) if !account.network.has_peers() => Err(e),
        _ => Ok(()),
    }
}

fn read_node(
    account: &Account,
    diff: &mut Diff,
    block: &Block,
    items: &mut Vec<Item>,
    warnings: &mut Vec<String>,
) -> Result<(), Error> {
    let sealer = account.local.keys().sealer();
    for (key, encoded) in diff.offer(block, sealer)? {
        match Item::decode(key, &encoded) {
            Ok(item) if item.index_key(sealer) == key => items.push(item),
            Ok(_) => warnings.push("one item of the index stands in a wrong place".to_owned()),
            Err(e) => warnings.push(format!("one item of the index does not parse: {}", e.message())),
        }
    }
    Ok(())
}

/// Fetches all of these blocks or fails.
async fn fetch_all(account: &Account, cids: &[Cid], call: &Call) -> Result<Vec<Block>, Error> {
    if let [one] = cids {
        return Ok(vec![account.network.fetch_block(one, call).await?]);
    }
    let fetched = account.network.fetch_blocks(cids, call).await;
    match fetched.failed.into_iter().next() {
        Some((_, error)) => Err(error),
        None => Ok(fetched.blocks),
    }
}
