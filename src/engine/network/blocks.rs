//! Fetches blocks: over HTTP while bytes flow, else from the peers as well.

use std::collections::HashSet;
use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};

use futures_util::future::{Either, select};

use super::Network;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::car::CarSummary;
use crate::model::cid::Cid;
use crate::node::race::{Fetched, OnBlock};
use crate::node::{BlockSink, Call};

impl Network {
    /// Fetches one block, over HTTP or from the peers.
    ///
    /// # Errors
    /// As [`NodeSet::fetch_block`](crate::node::race::NodeSet::fetch_block).
    pub async fn fetch_block(&self, cid: &Cid, call: &Call) -> Result<Block, Error> {
        let mut fetched = self.fetch_blocks(std::slice::from_ref(cid), call).await;
        match (fetched.blocks.pop(), fetched.failed.pop()) {
            (Some(block), _) => Ok(block),
            (None, Some((_, e))) => Err(e),
            (None, None) => Err(Error::new(Code::Unreachable, "no node gave the block")),
        }
    }

    /// Fetches several blocks: over HTTP while that flows, else from the peers too while HTTP goes on, because the peers
    /// may be what is down.
    pub async fn fetch_blocks(&self, cids: &[Cid], call: &Call) -> Fetched {
        self.fetch_blocks_with(cids, limits::BLOCK_REQUESTS, &|_| (), call).await
    }

    /// The same, so many at once over HTTP, with each block shown to `arrived` as soon as it is here: who stops before the end keeps
    /// those.
    pub async fn fetch_blocks_with(
        &self,
        cids: &[Cid],
        at_once: usize,
        arrived: OnBlock<'_>,
        call: &Call,
    ) -> Fetched {
        let shown = Mutex::new(HashSet::new());
        let once = |block: &Block| {
            if shown.lock().unwrap_or_else(PoisonError::into_inner).insert(*block.cid()) {
                arrived(block);
            }
        };
        let fetched = self.fetch_by_any_way(cids, at_once, &once, call).await;
        fetched.blocks.iter().for_each(once);
        fetched
    }

    async fn fetch_by_any_way(
        &self,
        cids: &[Cid],
        at_once: usize,
        arrived: OnBlock<'_>,
        call: &Call,
    ) -> Fetched {
        let mut http = pin!(self.nodes.fetch_blocks(cids, at_once, arrived, call));
        let first = self.flows(call, &mut http).await;
        let Some(peers) = &self.peers else { return first.unwrap_or_default() };
        let Some(fetched) = first else {
            let peer = pin!(peers.blocks(cids, call));
            return match select(http, peer).await {
                Either::Left((fetched, _)) | Either::Right((fetched, _)) if fetched.failed.is_empty() => {
                    fetched
                }
                Either::Left((fetched, peer)) => either(fetched, peer.await),
                Either::Right((fetched, http)) => either(http.await, fetched),
            };
        };
        if fetched.failed.is_empty() {
            return fetched;
        }
        let left: Vec<Cid> = fetched.failed.iter().map(|(cid, _)| *cid).collect();
        let more = peers.blocks(&left, call).await;
        either(fetched, more)
    }

    /// Streams all blocks under a root over HTTP as long as bytes flow. `None` where HTTP is known to be down or fell
    /// silent, and there are peers to ask as well.
    pub async fn fetch_car(
        &self,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Option<Result<CarSummary, Error>> {
        self.flows(call, &mut pin!(self.nodes.fetch_car(root, held, sink, call))).await
    }

    /// Whether content is better asked of the peers as well, now.
    pub fn http_fails(&self) -> bool {
        self.has_peers() && (self.is_silent() || self.http_is_down())
    }

    /// Lets HTTP work as long as bytes flow; `None` after [`limits::DHT_AFTER`] without any.
    async fn flows<F: Future>(&self, call: &Call, work: &mut Pin<&mut F>) -> Option<F::Output> {
        if !self.has_peers() {
            return Some(work.await);
        }
        if self.http_fails() {
            return None;
        }
        loop {
            let before = call.meter.totals().bytes_in;
            tokio::select! {
                biased;
                done = &mut *work => return Some(done),
                () = tokio::time::sleep(limits::DHT_AFTER) => {
                    if call.meter.totals().bytes_in == before {
                        self.fell_silent();
                        return None;
                    }
                }
            }
        }
    }
}

/// What either of two gave; for what neither did, why HTTP did not.
fn either(http: Fetched, peers: Fetched) -> Fetched {
    let Fetched { mut blocks, mut failed } = http;
    let here: HashSet<Cid> = blocks.iter().map(|block| *block.cid()).collect();
    blocks.extend(peers.blocks.into_iter().filter(|block| !here.contains(block.cid())));
    let here: HashSet<Cid> = blocks.iter().map(|block| *block.cid()).collect();
    failed.retain(|(cid, _)| !here.contains(cid));
    Fetched { blocks, failed }
}
