//! Fetches one block: from the node that answers soonest, and from others when that one is silent and nothing else flows.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::{AbortHandle, abortable};
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::flowing::Flowing;
use super::{NodeSet, worse};
use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::node::{Call, Meter};

/// A node that was asked.
struct Source {
    at: usize,
    since: Instant,
    /// What it alone brought.
    meter: Arc<Meter>,
    stop: AbortHandle,
}

impl Source {
    fn bytes(&self) -> u64 {
        self.meter.totals().bytes_in
    }
}

pub(super) async fn fetch(set: &NodeSet, cid: &Cid, line: &Flowing, call: &Call) -> Result<Block, Error> {
    // What this block alone brings.
    let whole = Arc::new(Meter::part_of(call.meter.clone()));
    let own = Flowing::new(&whole);
    let mut waiting = set.order(call);
    let mut running = FuturesUnordered::new();
    let mut asked: Vec<Source> = Vec::new();
    let mut failure: Option<Error> = None;
    let ask = |at: usize| {
        let meter = Arc::new(Meter::part_of(whole.clone()));
        let own_call = Call { deadline: call.deadline, meter: meter.clone() };
        let (asking, stop) = abortable(async move {
            match set.nodes.get(at) {
                Some(node) => (at, node.block(cid, &own_call).await),
                None => (at, Err(Error::new(Code::NotFound, "no such node"))),
            }
        });
        (asking, Source { at, since: monotonic(), meter, stop })
    };
    let mut join_at = monotonic();
    // Who waits while others receive is asked of another node in the end.
    let patience = join_at + limits::CONTENT_PATIENCE;
    loop {
        let now = monotonic();
        if stop_copies(&mut asked, &mut waiting) {
            join_at = now + limits::CAR_STALL;
        }
        if running.is_empty() || now >= join_at {
            let flows = own.is_busy() || line.is_busy() && now < patience;
            match waiting.pop_front() {
                Some(at) if !running.is_empty() && flows => {
                    waiting.push_front(at);
                    join_at = now + limits::CAR_STALL;
                }
                Some(at) => {
                    let (asking, source) = ask(at);
                    running.push(asking);
                    asked.push(source);
                    join_at = now + set.health.hedge(at);
                }
                None if running.is_empty() => {
                    return Err(failure.unwrap_or_else(|| Error::new(Code::Unreachable, "no nodes")));
                }
                None => join_at = call.deadline,
            }
        }
        let look = if asked.len() > 1 { monotonic() + limits::COPY_LOOK } else { join_at };
        let next = tokio::select! {
            biased;
            next = running.next() => next,
            () = tokio::time::sleep_until(join_at.min(look).min(call.deadline)) => None,
        };
        match next {
            Some(Ok((at, Ok(block)))) => {
                note_taken(set, at, &asked);
                return Ok(block);
            }
            Some(Ok((at, Err(e)))) => {
                set.note_failure(at, &e, call);
                asked.retain(|source| source.at != at);
                failure = Some(worse(failure, e));
                // Whoever is next is asked at once.
                if let Some(at) = waiting.pop_front() {
                    let (asking, source) = ask(at);
                    running.push(asking);
                    asked.push(source);
                    join_at = monotonic() + set.health.hedge(at);
                }
            }
            None if monotonic() >= call.deadline => {
                return Err(failure.unwrap_or_else(|| Error::new(Code::Deadline, "no block in time")));
            }
            // One that was stopped, or time to look again.
            Some(Err(_)) | None => {}
        }
    }
}

/// Once whoever was asked first delivers, those that joined it and brought less are stopped: they would only share the line. Whether
/// there were any.
fn stop_copies(asked: &mut Vec<Source>, waiting: &mut VecDeque<usize>) -> bool {
    let first = asked.first().map_or(0, Source::bytes);
    if first < limits::COPY_BYTES || asked.len() < 2 {
        return false;
    }
    let (keep, stopped): (Vec<_>, Vec<_>) = std::mem::take(asked)
        .into_iter()
        .enumerate()
        .partition(|(n, source)| *n == 0 || source.bytes() > first);
    *asked = keep.into_iter().map(|(_, source)| source).collect();
    let is_any = !stopped.is_empty();
    for (_, source) in stopped {
        source.stop.abort();
        waiting.push_back(source.at);
    }
    is_any
}

/// What a block that came says of those that were asked for it.
fn note_taken(set: &NodeSet, at: usize, asked: &[Source]) {
    let now = monotonic();
    for source in asked {
        let took = now.saturating_duration_since(source.since);
        if source.at == at { set.health.good(at, took) } else { set.health.slow(source.at, took) }
    }
}
