//! The third tier: when the nodes are asked as libp2p peers, and what for.
//!
//! HTTP goes first. The peers are asked for records when no node gave a usable answer, or none within
//! [`limits::DHT_AFTER`]; for content when HTTP fails or falls silent. Where HTTP failed everywhere the last time, they
//! are asked at once, beside it.

use std::collections::HashSet;
use std::pin::{Pin, pin};
use std::sync::{Arc, PoisonError};

use futures_util::future::{Either, select};
use tokio::time::Instant;

use super::account::Account;
use crate::metrics::Operation;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::node::peers::{PeerAnswer, PeerAnswers};
use crate::node::race::Fetched;
use crate::node::{Call, Source};
use crate::{Code, Error, limits};

/// Whether the last answer of every node over HTTP was a failure.
pub(super) fn http_is_down(account: &Account) -> bool {
    !account.nodes.is_empty()
        && (0..account.nodes.len()).all(|at| !account.nodes.health().believed_healthy(at))
}

/// The peers' part in one round of record reads.
pub(super) struct Third<'a> {
    account: &'a Account,
    names: Vec<Name>,
    call: Call,
    warm_at: Instant,
    ask_at: Instant,
    stage: Stage,
    /// When the first usable copy came.
    usable: Option<Instant>,
}

enum Stage {
    /// There are no peers, or this reading is none of theirs.
    Off,
    Waiting,
    Connecting,
    Asked {
        answers: PeerAnswers,
        since: Instant,
        until: Instant,
    },
    Ended,
}

impl<'a> Third<'a> {
    /// `began` is when the whole sync began; `None` leaves the peers out.
    pub fn new(account: &'a Account, names: &[Name], began: Option<Instant>, call: &Call) -> Self {
        let now = account.clock.monotonic();
        let began = began.filter(|_| account.peers.is_some());
        let (warm_at, ask_at) = match began {
            Some(began) if !http_is_down(account) => (began + limits::DHT_WARM, began + limits::DHT_AFTER),
            _ => (now, now),
        };
        let stage = if began.is_some() { Stage::Waiting } else { Stage::Off };
        Self { account, names: names.to_vec(), call: call.clone(), warm_at, ask_at, stage, usable: None }
    }

    /// Does what is due; `failed` says that HTTP has ended without a usable answer.
    pub fn turn(&mut self, now: Instant, failed: bool) {
        let Some(peers) = &self.account.peers else { return };
        if matches!(self.stage, Stage::Waiting | Stage::Connecting) && (failed || now >= self.ask_at) {
            let until = self.call.deadline.min(now + self.account.config.timeouts.dht);
            let call = Call { deadline: until, meter: self.call.meter.clone() };
            let answers = peers.records(&self.names, &call);
            self.stage = Stage::Asked { answers, since: now, until };
        } else if matches!(self.stage, Stage::Waiting) && now >= self.warm_at {
            peers.warm();
            self.stage = Stage::Connecting;
        }
    }

    /// When something is due next.
    pub fn due(&self, now: Instant) -> Option<Instant> {
        let next = match &self.stage {
            Stage::Off | Stage::Ended => return None,
            Stage::Waiting => self.warm_at.min(self.ask_at),
            Stage::Connecting => self.ask_at,
            Stage::Asked { until, .. } => self.window().map_or(*until, |window| window.min(*until)),
        };
        Some(next).filter(|next| *next > now)
    }

    fn window(&self) -> Option<Instant> {
        self.usable.map(|usable| usable + self.account.config.grace)
    }

    /// The next copy, or `None` once when the last one was given; waits without end where nothing was asked.
    pub async fn recv(&mut self) -> Option<PeerAnswer> {
        let Stage::Asked { answers, .. } = &mut self.stage else { return std::future::pending().await };
        let answer = answers.recv().await;
        if answer.is_none() {
            self.end();
        }
        answer
    }

    /// Notes a copy; `usable` when it is at or above the high-water mark.
    pub fn heard(&mut self, usable: bool, now: Instant) {
        if usable && self.usable.is_none() {
            self.usable = Some(now);
        }
    }

    /// Whether nothing more is to be had of the peers.
    pub fn is_over(&self, now: Instant) -> bool {
        match &self.stage {
            Stage::Off | Stage::Ended => true,
            Stage::Waiting | Stage::Connecting => false,
            Stage::Asked { until, .. } => now >= *until || self.window().is_some_and(|window| now >= window),
        }
    }

    /// Whether the peers gave what a sync can be answered with, and had time to give better.
    pub fn has_answered(&self, now: Instant) -> bool {
        self.usable.is_some() && self.is_over(now)
    }

    fn end(&mut self) {
        if let Stage::Asked { since, .. } = &self.stage {
            let found = self.usable.is_some();
            self.account.measure_part(Operation::Dht, Source::Dht, *since, found);
            self.stage = Stage::Ended;
        }
    }
}

impl Drop for Third<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// Lets HTTP work as long as bytes flow. `None` where it is known to be down, or was silent for
/// [`limits::DHT_AFTER`], and there are peers to ask as well.
pub(super) async fn while_it_flows<T>(
    account: &Account,
    call: &Call,
    work: impl Future<Output = T>,
) -> Option<T> {
    flows(account, call, &mut pin!(work)).await
}

/// Whether content is better asked of the peers as well, now.
pub(super) fn http_fails(account: &Account) -> bool {
    let silent_at = *account.silent_at.lock().unwrap_or_else(PoisonError::into_inner);
    let now = account.clock.monotonic();
    let fell_silent =
        silent_at.is_some_and(|at| now.saturating_duration_since(at) < account.config.timeouts.sync);
    account.peers.is_some() && (fell_silent || http_is_down(account))
}

async fn flows<F: Future>(account: &Account, call: &Call, work: &mut Pin<&mut F>) -> Option<F::Output> {
    if account.peers.is_none() {
        return Some(work.await);
    }
    if http_fails(account) {
        return None;
    }
    loop {
        let (_, before, _) = call.meter.totals();
        tokio::select! {
            done = &mut *work => return Some(done),
            () = tokio::time::sleep(limits::DHT_AFTER) => {
                if call.meter.totals().1 == before {
                    let now = account.clock.monotonic();
                    *account.silent_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
                    return None;
                }
            }
        }
    }
}

/// Fetches one block, over HTTP or from the peers.
///
/// # Errors
/// As [`NodeSet::fetch_block`](crate::node::race::NodeSet::fetch_block).
pub(super) async fn fetch_block(account: &Account, cid: &Cid, call: &Call) -> Result<Block, Error> {
    let mut fetched = fetch_blocks(account, std::slice::from_ref(cid), call).await;
    match (fetched.blocks.pop(), fetched.failed.pop()) {
        (Some(block), _) => Ok(block),
        (None, Some((_, e))) => Err(e),
        (None, None) => Err(Error::new(Code::Unreachable, "no node gave the block")),
    }
}

/// Fetches several blocks: over HTTP while that flows, else from the peers beside it, because the peers may be what is
/// down.
pub(super) async fn fetch_blocks(account: &Account, cids: &[Cid], call: &Call) -> Fetched {
    let mut http = pin!(account.nodes.fetch_blocks(cids, call));
    let first = flows(account, call, &mut http).await;
    let Some(peers) = &account.peers else { return first.unwrap_or_default() };
    let Some(fetched) = first else {
        let peer = pin!(peers.blocks(cids, call));
        return match select(http, peer).await {
            Either::Left((fetched, _)) | Either::Right((fetched, _)) if fetched.failed.is_empty() => fetched,
            Either::Left((fetched, peer)) => joined(fetched, peer.await),
            Either::Right((fetched, http)) => joined(http.await, fetched),
        };
    };
    if fetched.failed.is_empty() {
        return fetched;
    }
    let left: Vec<Cid> = fetched.failed.iter().map(|(cid, _)| *cid).collect();
    let more = peers.blocks(&left, call).await;
    joined(fetched, more)
}

/// What either of two gave; of what neither did, why HTTP did not.
fn joined(http: Fetched, peers: Fetched) -> Fetched {
    let Fetched { mut blocks, mut failed } = http;
    let here: HashSet<Cid> = blocks.iter().map(|block| *block.cid()).collect();
    blocks.extend(peers.blocks.into_iter().filter(|block| !here.contains(block.cid())));
    let here: HashSet<Cid> = blocks.iter().map(|block| *block.cid()).collect();
    failed.retain(|(cid, _)| !here.contains(cid));
    Fetched { blocks, failed }
}

/// Where records go after HTTP is done with them: nodes without an API as well. Bounded, and its answer proves nothing.
pub(super) async fn spread(account: &Arc<Account>, record: &crate::model::record::Record) {
    let Some(peers) = &account.peers else { return };
    let deadline = account.clock.monotonic() + limits::SPREAD_TIMEOUT;
    let took = peers.put_record(record, &Call { deadline, meter: Arc::default() }).await;
    tracing::debug!(took, "the record went to the peers");
}
