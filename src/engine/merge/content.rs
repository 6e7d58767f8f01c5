//! Brings the blocks of live items to this disk: payloads first, then evidence and values.

use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::engine::account::Account;
use crate::engine::api::event::Progress;
use crate::engine::network::flow::{Flow, is_thin};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::root::Root;
use crate::node::{Call, Meter};

/// Bytes written in one transaction while content streams in: bounds memory.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;
/// Blocks asked for singly before their arrival is committed.
const CHUNK_BLOCKS: usize = 64;
/// The same at first: a thin line brings few to their end.
const FIRST_BLOCKS: usize = 8;
/// The same where the peers are asked: their windows stay full.
const PEER_CHUNK_BLOCKS: usize = 512;
/// Part of the time that somebody waits after which a stream must flow.
const STREAM_SHARE: f64 = 0.7;
/// With up to this many blocks missing, single requests are as good as a stream.
const FEW_BLOCKS: usize = 3;

/// Fetch of what is missing, and who hears of it.
struct ContentFetch<'a> {
    account: &'a Account,
    call: &'a Call,
    /// Until then somebody waits.
    waited_until: Instant,
    /// What is on its way is given up, and what has come is written.
    stop: watch::Receiver<bool>,
    total: usize,
    progress: &'a (dyn Fn(Progress) + Send + Sync),
}

/// Fetches everything that is missing until the call's deadline, until nothing flows any more, or until the account is closed;
/// what arrived is kept in any case.
///
/// # Errors
/// Store errors only: content that cannot be had is still missing afterwards.
///
/// # Cancel safety
/// Blocks that were committed stay.
pub async fn fetch_missing(
    account: &Account,
    roots: &[Root],
    progress: &(dyn Fn(Progress) + Send + Sync),
    waited_until: Instant,
    call: &Call,
) -> Result<(), Error> {
    let (stops, stop) = watch::channel(false);
    let call = &Call { deadline: call.deadline, meter: Arc::new(Meter::part_of(call.meter.clone())) };
    let total = account.local.read().holdings().missing_count();
    let fetching = ContentFetch { account, call, waited_until, stop, total, progress };
    let silence = Flow::new(call.meter.clone(), waited_until, limits::STILL_FLOWS).end();
    let stopping = async {
        tokio::select! {
            () = silence => {}
            () = account.tasks.closing() => {}
        }
        // What fetches has ended where nobody listens.
        let _ = stops.send(true);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        fetched = fetching.again_and_again(roots) => fetched,
        () = stopping => Ok(()),
    }
}

/// Fetches these blocks until the call's deadline and keeps what comes.
///
/// # Errors
/// Store errors only: what did not come is still missing afterwards.
///
/// # Cancel safety
/// Blocks that were committed stay.
pub async fn fetch_blocks(account: &Account, cids: &[Cid], call: &Call) -> Result<(), Error> {
    for chunk in cids.chunks(CHUNK_BLOCKS) {
        if account.clock.monotonic() >= call.deadline {
            break;
        }
        let fetched = account.network.fetch_blocks(chunk, call).await;
        account.local.keep_blocks(fetched.blocks).await?;
    }
    Ok(())
}

impl ContentFetch<'_> {
    fn left(&self) -> usize {
        self.account.local.read().holdings().missing_count()
    }

    /// Peers give what they have at the end: nothing of theirs goes on behind the answer.
    fn deadline(&self) -> Instant {
        if self.account.network.http_fails() { self.waited_until } else { self.call.deadline }
    }

    fn is_over(&self) -> bool {
        *self.stop.borrow() || self.account.clock.monotonic() >= self.deadline()
    }

    fn report(&self) {
        (self.progress)(Progress::Fetching {
            done: self.total.saturating_sub(self.left()),
            total: self.total,
        });
    }

    /// Until all is here or a whole round has brought nothing.
    async fn again_and_again(&self, roots: &[Root]) -> Result<(), Error> {
        loop {
            let before = self.left();
            if before == 0 {
                return Ok(());
            }
            self.report();
            self.round(roots).await?;
            if self.is_over() || self.left() >= before {
                return Ok(());
            }
        }
    }

    async fn round(&self, roots: &[Root]) -> Result<(), Error> {
        let (left, kept, in_vain) = {
            let state = self.account.local.read();
            let holdings = state.holdings();
            (holdings.missing_count(), holdings.kept(), holdings.has_in_vain())
        };
        // One answer for all pays off when most of a device's content is wanted. It ends at the first block that is nowhere: then
        // each is asked for by itself, and again the next time.
        if left > FEW_BLOCKS && left >= kept && !in_vain {
            for root in roots {
                if !self.stream(root).await? || self.is_over() {
                    break;
                }
                if self.left() == 0 {
                    return Ok(());
                }
            }
        }
        self.singly().await
    }

    async fn keep(&self, blocks: Vec<Block>) -> Result<(), Error> {
        self.account.local.keep_blocks(blocks).await?;
        self.report();
        Ok(())
    }

    async fn singly(&self) -> Result<(), Error> {
        let rest = self.account.local.read().holdings().missing(self.account.clock.now());
        let size = if self.account.network.http_fails() { PEER_CHUNK_BLOCKS } else { FIRST_BLOCKS };
        let (mut rest, mut size, mut rate) = (&*rest, size, 0);
        while !rest.is_empty() && !self.is_over() {
            let (chunk, later) = rest.split_at(size.min(rest.len()));
            let (before, started) = (self.call.meter.totals().bytes_in, self.account.clock.monotonic());
            self.some(chunk).await?;
            rest = later;
            // More at once as long as that brings more.
            let took = self.account.clock.monotonic().saturating_duration_since(started).as_micros().max(1);
            let now = u128::from(self.call.meter.totals().bytes_in - before) * 1_000_000 / took;
            if now * 4 >= rate * 5 {
                size = size.saturating_mul(2).min(CHUNK_BLOCKS.max(size));
            }
            rate = rate.max(now);
        }
        Ok(())
    }

    /// Fetches these; one that is nowhere keeps the others waiting no longer than a silence.
    async fn some(&self, chunk: &[Cid]) -> Result<(), Error> {
        let meter = Arc::new(Meter::part_of(self.call.meter.clone()));
        let call = Call { deadline: self.deadline(), meter: meter.clone() };
        let now = self.account.clock.monotonic();
        let silence = Flow::new(meter, now, self.account.config.timeouts.content_idle).end();
        let (sender, arrived) = mpsc::unbounded_channel::<Block>();
        let fetching = async move {
            // The receiver lives until this ends.
            let shown = move |block: &Block| drop(sender.send(block.clone()));
            tokio::select! {
                biased;
                _ = self.account.network.fetch_blocks_with(chunk, &shown, &call) => {}
                () = silence => {}
            }
        };
        self.written(fetching, arrived).await?;
        if self.account.tasks.check_open().is_err() {
            return Ok(());
        }
        let failed: Vec<Cid> = {
            let state = self.account.local.read();
            chunk.iter().filter(|cid| state.holdings().is_missing(cid)).copied().collect()
        };
        self.account.local.note_in_vain(failed).await
    }

    /// Streams one device's keep and writes the wanted blocks as they come; `false` when the stream did not end by itself.
    async fn stream(&self, root: &Root) -> Result<bool, Error> {
        let held: HashSet<Cid> = self.account.local.read().holdings().on_disk().copied().collect();
        let meter = Arc::new(Meter::part_of(self.call.meter.clone()));
        let call = Call { deadline: self.call.deadline, meter };
        // A stream that hangs leaves time for the rest.
        let now = self.account.clock.monotonic();
        let share = self.waited_until.saturating_duration_since(now).mul_f64(STREAM_SHARE);
        let thin = is_thin(call.meter.clone(), now + share.min(limits::STILL_FLOWS), true);
        let (sender, arrived) = mpsc::unbounded_channel::<Block>();
        let streaming = async move {
            // The receiver lives until this ends.
            let mut sink = move |block: Block| drop(sender.send(block));
            tokio::select! {
                biased;
                streamed = self.account.network.fetch_car(&root.keep, held, &mut sink, &call) => streamed,
                () = thin => Some(Err(Error::new(Code::Deadline, "the stream is thin"))),
            }
        };
        match self.written(streaming, arrived).await? {
            Some(Some(Err(e))) => {
                tracing::debug!(code = %e.code(), "the content stream ended early");
                Ok(false)
            }
            Some(_) => Ok(true),
            None => Ok(false),
        }
    }

    /// Lets something fetch and writes the wanted blocks as they come; none where it was stopped.
    async fn written<T>(
        &self,
        fetching: impl Future<Output = T>,
        mut arrived: mpsc::UnboundedReceiver<Block>,
    ) -> Result<Option<T>, Error> {
        let fetching = async move {
            let mut stop = self.stop.clone();
            tokio::select! {
                biased;
                fetched = fetching => Some(fetched),
                _ = stop.wait_for(|stopped| *stopped) => None,
            }
        };
        let writing = async {
            let (mut blocks, mut bytes, mut since) = (Vec::new(), 0, self.account.clock.monotonic());
            loop {
                let next = match blocks.is_empty() {
                    true => Ok(arrived.recv().await),
                    false => tokio::time::timeout_at(since + limits::WRITE_EVERY, arrived.recv()).await,
                };
                let is_due = match next {
                    Ok(None) => break,
                    Ok(Some(block)) if self.account.local.read().holdings().is_missing(block.cid()) => {
                        if blocks.is_empty() {
                            since = self.account.clock.monotonic();
                        }
                        bytes += block.bytes().len();
                        blocks.push(block);
                        bytes >= COMMIT_BYTES || arrived.is_empty() && bytes >= COMMIT_BYTES / 4
                    }
                    Ok(Some(_)) => false,
                    Err(_) => true,
                };
                if is_due {
                    self.keep(std::mem::take(&mut blocks)).await?;
                    bytes = 0;
                }
            }
            self.keep(blocks).await
        };
        let (fetched, written) = futures_util::future::join(fetching, writing).await;
        written?;
        Ok(fetched)
    }
}
