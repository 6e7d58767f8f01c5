//! Brings the blocks of live items to this disk: payloads first, then evidence and values.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::clock::UnixMs;
use crate::engine::account::Account;
use crate::engine::api::event::Progress;
use crate::engine::network::flow::{Flow, is_thin};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::root::Root;
use crate::node::rate::ByteRate;
use crate::node::{Call, Meter};

/// Bytes written in one transaction while content streams in: bounds memory.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;
/// Blocks asked for before their arrival is committed, at most.
pub(super) const CHUNK_BLOCKS: usize = 64;
/// Part of the time that somebody waits after which a stream must flow.
pub(super) const STREAM_SHARE: f64 = 0.7;
/// With up to this many blocks missing, single requests are as good as a stream.
const FEW_BLOCKS: usize = 3;

/// Fetch of what is missing, and who hears of it.
pub(super) struct ContentFetch<'a> {
    pub(super) account: &'a Account,
    /// Who waits insists: nothing is put off.
    insists: bool,
    pub(super) call: &'a Call,
    /// Until then somebody waits.
    pub(super) waited_until: Instant,
    /// What is on its way is given up, and what has come is written.
    pub(super) stop: watch::Receiver<bool>,
    /// What would not be whole before nobody waits any more is not begun before.
    pub(super) pauses: AtomicBool,
    total: usize,
    progress: &'a (dyn Fn(Progress) + Send + Sync),
}

/// Fetches everything that is missing until the call's deadline, until nothing flows any more, or until the account is closed;
/// what arrived is kept in any case. Who `insists` is not told of what came in vain lately without another question.
///
/// # Errors
/// Store errors only: content that cannot be had is still missing afterwards.
///
/// # Cancel safety
/// Blocks that were committed stay.
pub async fn fetch_missing(
    account: &Account,
    (roots, insists): (&[Root], bool),
    progress: &(dyn Fn(Progress) + Send + Sync),
    waited_until: Instant,
    call: &Call,
) -> Result<(), Error> {
    let (stops, stop) = watch::channel(false);
    let call = &Call { deadline: call.deadline, meter: Arc::new(Meter::part_of(call.meter.clone())) };
    let total = account.local.read().holdings().missing_count();
    let pauses = AtomicBool::new(false);
    let fetching = ContentFetch { account, insists, call, waited_until, stop, pauses, total, progress };
    let flow = Flow::new(call.meter.clone(), waited_until, account.network.still_flows());
    let silence = flow.end_unless(&fetching.pauses);
    let stopping = async {
        tokio::select! {
            () = silence => {}
            // A block that is all but here is not cut off.
            () = async { account.tasks.closing().await; tokio::time::sleep(limits::LAST_BLOCK).await } => {}
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

    pub(super) fn is_over(&self) -> bool {
        let is_stopped = *self.stop.borrow() || self.account.tasks.check_open().is_err();
        is_stopped || self.account.clock.monotonic() >= self.deadline()
    }

    /// What is missing and may be asked for now.
    pub(super) fn due(&self) -> Vec<(Cid, u64)> {
        let luck = u8::try_from(self.account.entropy.below(1 << u8::BITS)).unwrap_or(0);
        let now = if self.insists { UnixMs::MAX } else { self.account.clock.now() };
        self.account.local.read().holdings().missing(now, luck)
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
        if self.is_worth_a_stream().await? {
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

    /// One answer for all pays off when most of a device's content is wanted. It ends at the first block that is nowhere: then each
    /// is asked for by itself, and again the next time. What is here comes again with it: on a thin line too much.
    async fn is_worth_a_stream(&self) -> Result<bool, Error> {
        let (left, bytes, kept, in_vain) = {
            let state = self.account.local.read();
            let holdings = state.holdings();
            (holdings.missing_count(), holdings.missing_bytes(), holdings.kept(), holdings.has_in_vain())
        };
        let is_large = bytes / (left.max(1) as u64) > limits::LARGE_BLOCK;
        if left <= FEW_BLOCKS || left < kept || in_vain || is_large {
            return Ok(false);
        }
        if kept == 0 {
            return Ok(true);
        }
        let rate = || self.account.network.pace.rate(self.account.clock.monotonic());
        if rate().is_none() {
            self.first_step(&self.due()).await?;
        }
        Ok(rate().is_some_and(|rate| rate > ByteRate::new(limits::WIDE_LINE)) && !self.is_over())
    }

    async fn keep(&self, blocks: Vec<Block>) -> Result<(), Error> {
        self.account.local.keep_blocks(blocks).await?;
        self.report();
        Ok(())
    }

    /// Fetches these, and gives those that were asked for and did not come; one that is nowhere keeps the others waiting no longer than a
    /// silence, the first of which may be longer. Where one is given, they are asked for again: it says nothing of them yet.
    pub(super) async fn some(
        &self,
        chunk: &[Cid],
        at_once: usize,
        silence: Option<(Duration, Duration)>,
    ) -> Result<Vec<Cid>, Error> {
        let meter = Arc::new(Meter::part_of(self.call.meter.clone()));
        let call = Call { deadline: self.deadline(), meter: meter.clone() };
        let now = self.account.clock.monotonic();
        let idle = self.account.config.timeouts.content_idle;
        let (first, patience) = silence.unwrap_or((idle, idle));
        let flow = Flow::new(meter, now, patience).begun_within(first);
        let (sender, arrived) = mpsc::unbounded_channel::<Block>();
        let fetching = async move {
            // The receiver lives until this ends.
            let shown = move |block: &Block| drop(sender.send(block.clone()));
            tokio::select! {
                biased;
                _ = self.account.network.fetch_blocks_with(chunk, at_once, &shown, &call) => false,
                () = flow => true,
            }
        };
        let fell_silent = self.written(fetching, arrived).await?;
        let is_asked_again = silence.is_some();
        if (is_asked_again && fell_silent.is_none()) || self.account.tasks.check_open().is_err() {
            return Ok(Vec::new());
        }
        // Nodes are asked in order: in a silence for the first ones that are missing, so many at once.
        let is_all = fell_silent == Some(false) || self.account.network.http_fails();
        let asked = if is_all { chunk.len() } else { at_once };
        let failed: Vec<Cid> = {
            let state = self.account.local.read();
            chunk.iter().filter(|cid| state.holdings().is_missing(cid)).take(asked).copied().collect()
        };
        if is_asked_again {
            self.account.local.note_silent(failed.clone()).await?;
        } else {
            self.account.local.note_in_vain(failed.clone()).await?;
        }
        Ok(failed)
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
