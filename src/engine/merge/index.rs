//! Fetches what the local index does not have of another one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::basket::Basket;
use crate::engine::account::Account;
use crate::engine::api::warning::Word;
use crate::engine::network::flow::is_thin;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::index::Diff;
use crate::model::inventory::Item;
use crate::node::{Call, Meter};

/// Index nodes asked for one by one; of more, the whole index comes as one answer.
const SINGLE_NODES: usize = 64;
/// The same of a line that was too thin for a stream.
const FIRST_NODES: usize = 4;

/// What another index has and ours has not.
pub struct Pulled {
    pub items: Vec<Item>,
    /// A damaged item is named here and skipped.
    pub warnings: Vec<String>,
    /// The nodes that were looked at.
    pub walked: HashSet<Cid>,
}

/// A walk under way.
struct Pull<'a> {
    account: &'a Account,
    basket: &'a Basket,
    call: &'a Call,
    pool: HashMap<Cid, Block>,
    /// How many blocks are asked for at once: of a line that was too slow before, few at first.
    window: usize,
    pulled: Pulled,
}

/// Items that are in another index and not in ours. An attempt that is not the first goes on where the last one ended.
///
/// # Errors
/// Fetch errors; `too_large`, `decrypt_failed` and the like for nodes that are no part of an index of this wallet.
///
/// # Cancel safety
/// What came is in the basket.
pub async fn pull(
    account: &Account,
    index: Cid,
    pool: HashMap<Cid, Block>,
    is_retried: bool,
    basket: &Basket,
    call: &Call,
) -> Result<Pulled, Error> {
    let is_empty = account.local.read().holdings().has_empty_index();
    let mut diff = Diff::new(index, account.local.index_cids()?);
    let pulled = Pulled { items: Vec::new(), warnings: Vec::new(), walked: HashSet::new() };
    let window = if is_retried { 1 } else { SINGLE_NODES };
    let mut pull = Pull { account, basket, call, pool, window, pulled };
    // A stream begins anew each time: it is for the first attempt, or one that has nothing yet.
    let mut may_stream = true;
    loop {
        let wanted = diff.wanted();
        if wanted.is_empty() {
            return Ok(pull.pulled);
        }
        let mut absent = pull.absent(&wanted);
        let kept = account.local.kept(&absent).await?;
        may_stream &= kept.is_empty();
        pull.pool.extend(kept.into_iter().map(|block| (*block.cid(), block)));
        absent = pull.absent(&absent);
        // A cold start wants the whole list: one answer instead of a round trip per level and handful of nodes.
        if may_stream && !absent.is_empty() && (is_empty || absent.len() > SINGLE_NODES) {
            may_stream = false;
            pull.stream(&index).await?;
            absent = pull.absent(&absent);
        }
        pull.fetch_all(&absent).await?;
        for cid in wanted {
            let Some(block) = pull.pool.remove(&cid) else {
                return Err(Error::new(Code::Unreachable, "a node of the index could not be fetched"));
            };
            pull.read_node(&mut diff, &block)?;
        }
    }
}

impl Pull<'_> {
    fn absent(&self, cids: &[Cid]) -> Vec<Cid> {
        cids.iter().filter(|cid| !self.pool.contains_key(cid)).copied().collect()
    }

    /// Asks for the whole index as one answer. Nodes that it does not bring are asked for one by one, where it brought any or
    /// there are peers to ask.
    async fn stream(&mut self, index: &Cid) -> Result<(), Error> {
        let (pool, basket) = (&mut self.pool, self.basket);
        let before = pool.len();
        let meter = Arc::new(Meter::part_of(self.call.meter.clone()));
        let call = Call { deadline: self.call.deadline, meter: meter.clone() };
        let thin = is_thin(meter, self.account.clock.monotonic() + limits::CAR_STALL, false);
        let mut sink = |block: Block| {
            basket.put(&block);
            pool.insert(*block.cid(), block);
        };
        let streamed = tokio::select! {
            biased;
            streamed = self.account.network.fetch_car(index, HashSet::new(), &mut sink, &call) => streamed,
            () = thin => None,
        };
        // What is left is asked for in parts that a thin line brings to their end.
        self.window = FIRST_NODES;
        match streamed {
            Some(Err(e)) if self.pool.len() == before && !self.account.network.has_peers() => Err(e),
            _ => Ok(()),
        }
    }

    /// Fetches all of these blocks or fails.
    async fn fetch_all(&mut self, cids: &[Cid]) -> Result<(), Error> {
        let mut rest = cids;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(self.window.min(rest.len()));
            let basket = self.basket;
            let fetched =
                self.account.network.fetch_blocks_with(now, &|block| basket.put(block), self.call).await;
            if let Some((_, error)) = fetched.failed.into_iter().next() {
                return Err(error);
            }
            self.pool.extend(fetched.blocks.into_iter().map(|block| (*block.cid(), block)));
            self.window = self.window.saturating_mul(2).min(SINGLE_NODES);
            rest = later;
        }
        Ok(())
    }

    fn read_node(&mut self, diff: &mut Diff, block: &Block) -> Result<(), Error> {
        let sealer = self.account.local.keys().sealer();
        let Pulled { items, warnings, walked } = &mut self.pulled;
        walked.insert(*block.cid());
        for (key, encoded) in diff.offer(block, sealer)? {
            match Item::decode(key, &encoded) {
                Ok(item) if item.index_key(sealer) == key => items.push(item),
                Ok(_) => warnings.push(Word::Damaged.say("one item of the index stands in a wrong place")),
                Err(e) => warnings.push(
                    Word::Damaged.say(format_args!("one item of the index does not parse: {}", e.message())),
                ),
            }
        }
        Ok(())
    }
}
