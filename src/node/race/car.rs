//! Fetches one CAR from one node; when its stream stalls or breaks, the next node is asked for the rest.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::flowing::Flowing;
use super::{NodeSet, worse};
use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::car::CarSummary;
use crate::model::cid::{Cid, Codec};
use crate::node::{BlockSink, Call, Meter};

/// One running stream.
struct Stream {
    at: usize,
    started: Instant,
    stop: tokio::sync::oneshot::Sender<()>,
}

/// The running streams. Those that are given up took at least that long.
struct Streams<'a> {
    set: &'a NodeSet,
    running: Vec<Stream>,
}

impl Drop for Streams<'_> {
    fn drop(&mut self) {
        let now = monotonic();
        let slow = |stream: &Stream| {
            self.set.health.slow(stream.at, now.saturating_duration_since(stream.started));
        };
        self.running.iter().for_each(slow);
    }
}

/// What has been received so far, over all streams.
struct ReceivedBlocks {
    seen: HashSet<Cid>,
    /// Blocks without links: a later stream need not send them again.
    leaves: HashSet<Cid>,
    last: Instant,
    /// Which stream gave the last new block; how many blocks in a row, and how many leaves.
    run: (usize, usize, usize),
}

impl ReceivedBlocks {
    /// Counts a new block of a stream. The first ones say little: a node may have the tries and no leaves.
    fn is_flowing(&mut self, at: usize, is_leaf: bool) -> bool {
        let (blocks, leaves) = if self.run.0 == at { (self.run.1, self.run.2) } else { (0, 0) };
        self.run = (at, blocks + 1, leaves + usize::from(is_leaf));
        self.run.2 >= limits::FLOWING_LEAVES || self.run.1 >= limits::FLOWING_BLOCKS
    }
}

pub(super) async fn fetch(
    set: &NodeSet,
    root: &Cid,
    held: HashSet<Cid>,
    sink: BlockSink<'_>,
    call: &Call,
) -> Result<CarSummary, Error> {
    // What these streams alone bring.
    let call = &Call { deadline: call.deadline, meter: Arc::new(Meter::part_of(call.meter.clone())) };
    let mut waiting = set.order(call);
    let (sender, mut arrived) = mpsc::unbounded_channel::<(usize, Block)>();
    let mut running = FuturesUnordered::new();
    let mut running_streams = Streams { set, running: Vec::new() };
    let streams = &mut running_streams.running;
    let mut received = ReceivedBlocks {
        seen: HashSet::new(),
        leaves: HashSet::new(),
        last: monotonic(),
        run: (usize::MAX, 0, 0),
    };
    let mut failure: Option<Error> = None;
    let mut join_at = monotonic();
    let line = Flowing::new(&call.meter);
    let mut bytes = 0;
    loop {
        let now = monotonic();
        if now >= call.deadline {
            // What is here was paid for.
            while let Ok((_, block)) = arrived.try_recv() {
                take(block, &mut received, sink);
            }
            return Err(
                failure.unwrap_or_else(|| Error::new(Code::Deadline, "the content did not arrive in time"))
            );
        }
        let is_due = now >= join_at || streams.is_empty();
        // As long as bytes come, another copy would only share the line; what drips is joined by one more.
        let total = call.meter.totals().bytes_in;
        let drips = std::mem::replace(&mut bytes, total) != total && streams.len() >= limits::CAR_COPIES;
        if is_due && !streams.is_empty() && (drips || line.is_busy()) {
            join_at = now + limits::CAR_STALL;
        } else if is_due {
            match waiting.pop_front() {
                Some(at) => {
                    let (stop, stopped) = tokio::sync::oneshot::channel();
                    let mut have = held.clone();
                    have.extend(received.leaves.iter().copied());
                    running.push(stream(set, at, root, have, sender.clone(), stopped, call));
                    streams.push(Stream { at, started: now, stop });
                    received.last = now;
                    join_at = now + set.health.hedge(at);
                }
                None if streams.is_empty() => {
                    return Err(failure.unwrap_or_else(|| Error::new(Code::Unreachable, "no nodes")));
                }
                None => join_at = call.deadline,
            }
        }
        tokio::select! {
            biased;
            Some((at, block)) = arrived.recv() => {
                let is_leaf = block.cid().codec() == Codec::Raw;
                if take(block, &mut received, sink) && received.is_flowing(at, is_leaf) {
                    // Who was slow may yet be the only one that has the rest.
                    waiting.extend(drop_stalled(set, streams, at));
                }
                join_at = received.last + stall(set, at);
            }
            Some((at, result)) = running.next() => match result {
                None => {}
                Some(Ok(summary)) => {
                    while let Ok((_, block)) = arrived.try_recv() {
                        take(block, &mut received, sink);
                    }
                    streams.clear();
                    return Ok(summary);
                }
                Some(Err(e)) => {
                    set.note_failure(at, &e, call);
                    streams.retain(|stream| stream.at != at);
                    failure = Some(worse(failure, e));
                    join_at = monotonic();
                }
            },
            () = tokio::time::sleep_until(join_at.min(call.deadline)) => {}
        }
    }
}

/// Once blocks arrive, a pause this long makes the next node start.
fn stall(set: &NodeSet, at: usize) -> Duration {
    set.health.hedge(at).max(limits::CAR_STALL)
}

/// Whether the block is new.
fn take(block: Block, received: &mut ReceivedBlocks, sink: BlockSink<'_>) -> bool {
    if !received.seen.insert(*block.cid()) {
        return false;
    }
    received.last = monotonic();
    if block.cid().codec() == Codec::Raw {
        received.leaves.insert(*block.cid());
    }
    sink(block);
    true
}

/// Stops every stream but the one that delivers, so that nothing is transferred twice; gives the nodes of those that were stopped.
fn drop_stalled(set: &NodeSet, streams: &mut Vec<Stream>, flowing: usize) -> Vec<usize> {
    let now = monotonic();
    let (keep, stalled): (Vec<_>, Vec<_>) =
        std::mem::take(streams).into_iter().partition(|stream| stream.at == flowing);
    *streams = keep;
    let stop = |stream: Stream| {
        set.health.slow(stream.at, now.saturating_duration_since(stream.started));
        // It may have ended by itself.
        let _ = stream.stop.send(());
        stream.at
    };
    stalled.into_iter().map(stop).collect()
}

/// Reads one node's stream; `None` when it was stopped.
async fn stream(
    set: &NodeSet,
    at: usize,
    root: &Cid,
    have: HashSet<Cid>,
    sender: mpsc::UnboundedSender<(usize, Block)>,
    stopped: tokio::sync::oneshot::Receiver<()>,
    call: &Call,
) -> (usize, Option<Result<CarSummary, Error>>) {
    let Some(node) = set.nodes.get(at) else {
        return (at, Some(Err(Error::new(Code::NotFound, "no such node"))));
    };
    let mut sink = move |block: Block| {
        // The receiver lives as long as this stream.
        let _ = sender.send((at, block));
    };
    tokio::select! {
        biased;
        result = node.car(root, have, &mut sink, call) => (at, Some(result)),
        Ok(()) = stopped => (at, None),
    }
}
