//! Fetches what the local index does not have of another one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::basket::Basket;
use crate::engine::account::Account;
use crate::engine::api::warning::Word;
use crate::engine::local::state::partly::Partly;
use crate::engine::network::flow::is_thin;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::index::Diff;
use crate::model::inventory::Item;
use crate::node::{Call, Meter, is_refused};
use crate::shown::counted;
use crate::shown::for_log;

/// Index nodes asked for one by one; of more, the whole index comes as one answer.
const SINGLE_NODES: usize = 64;
/// The same of a line that was too thin for a stream.
const FIRST_NODES: usize = 4;

/// What another index has and ours has not.
pub struct Pulled {
    pub items: Vec<Item>,
    /// Items that this release cannot read are counted and skipped.
    pub strange: Strange,
    /// The nodes that were looked at.
    pub walked: HashSet<Cid>,
    /// The leaves among them, in the order of the items.
    pub leaves: Vec<Leaf>,
    /// Nodes that were not looked at, for what is at or under them had no room before; and how much that is.
    pub known_out: Vec<(Cid, u32)>,
    pub diff: Diff,
    /// The index is larger than any of this release: the walk ended before its end.
    pub is_cut: bool,
}

/// Items of an index that this release cannot read.
#[derive(Clone, Copy, Default)]
pub struct Strange {
    misplaced: u32,
    unparsed: u32,
}

impl Strange {
    /// What is said of them: one sentence of each kind, however many there are.
    pub fn warnings(self, slot: Slot) -> impl Iterator<Item = String> {
        let kinds = [
            (self.misplaced, "item stands in a wrong place", "items stand in a wrong place"),
            (self.unparsed, "item does not parse", "items do not parse"),
        ];
        let say = move |(count, one, several): (u32, &str, &str)| {
            Word::Damaged.say(format_args!("slot {slot}: {}", counted(count as usize, one, several)))
        };
        kinds.into_iter().filter(|(count, ..)| *count > 0).map(say)
    }
}

/// A leaf that was looked at.
pub struct Leaf {
    pub node: Cid,
    /// Its items end before this one.
    pub until: usize,
    /// Items that this release cannot read.
    pub unreadable: u32,
}

/// How an index is walked.
#[derive(Clone, Copy)]
pub struct How {
    /// An attempt that is not the first goes on where the last one ended.
    pub is_retried: bool,
    /// What had no room before is looked at too.
    pub is_whole: bool,
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

/// Items that are in another index and not in ours.
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
    how: How,
    basket: &Basket,
    call: &Call,
) -> Result<Pulled, Error> {
    let mut known = account.local.index_cids()?;
    let (is_empty, partly) = {
        let state = account.local.read();
        let partly = if how.is_whole { Partly::default() } else { state.names().partly().clone() };
        (state.holdings().has_empty_index(), partly)
    };
    known.extend(partly.nodes());
    let pulled = Pulled {
        items: Vec::new(),
        strange: Strange::default(),
        walked: HashSet::new(),
        leaves: Vec::new(),
        known_out: Vec::new(),
        diff: Diff::new(index, known),
        is_cut: false,
    };
    let window = if how.is_retried { 1 } else { SINGLE_NODES };
    let mut pull = Pull { account, basket, call, pool, window, pulled };
    // A stream begins anew each time: it is for the first attempt, or one that has nothing yet.
    let mut may_stream = true;
    loop {
        let wanted = pull.pulled.diff.wanted();
        if wanted.is_empty() || pull.pulled.is_cut {
            return Ok(pull.ended(&partly));
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
            match pull.read_node(&block) {
                Err(e) if e.code() == Code::InventoryTooLarge => {
                    pull.pulled.is_cut = true;
                    break;
                }
                read => read?,
            }
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
            // Where the whole is refused single nodes may be given.
            Some(Err(e)) if is_refused(&e) => Ok(()),
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
            let network = &self.account.network;
            let arrived = |block: &Block| basket.put(block);
            let fetched = network.fetch_blocks_with(now, self.window, &arrived, self.call).await;
            if let Some((_, error)) = fetched.failed.into_iter().next() {
                return Err(error);
            }
            self.pool.extend(fetched.blocks.into_iter().map(|block| (*block.cid(), block)));
            self.window = self.window.saturating_mul(2).min(SINGLE_NODES);
            rest = later;
        }
        Ok(())
    }

    fn read_node(&mut self, block: &Block) -> Result<(), Error> {
        let sealer = self.account.local.keys().sealer();
        let Pulled { items, strange, walked, leaves, diff, .. } = &mut self.pulled;
        let found = diff.offer(block, sealer)?;
        walked.insert(*block.cid());
        let (count, before) = (found.len(), items.len());
        for (key, encoded) in found {
            match Item::decode(key, &encoded) {
                Ok(item) if item.index_key(sealer) == key => items.push(item),
                Ok(_) => strange.misplaced = strange.misplaced.saturating_add(1),
                Err(e) => {
                    strange.unparsed = strange.unparsed.saturating_add(1);
                    tracing::trace!("an item of an index does not parse: {}", for_log(e.message()));
                }
            }
        }
        if count > 0 {
            let read = items.len() - before;
            let unreadable = u32::try_from(count.saturating_sub(read)).unwrap_or(u32::MAX);
            leaves.push(Leaf { node: *block.cid(), until: items.len(), unreadable });
        }
        Ok(())
    }

    fn ended(self, partly: &Partly) -> Pulled {
        let mut pulled = self.pulled;
        let skipped = pulled.diff.skipped().iter();
        pulled.known_out = skipped.filter_map(|node| Some((*node, partly.under(node)?))).collect();
        pulled
    }
}
