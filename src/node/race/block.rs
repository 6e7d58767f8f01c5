//! Fetches one block: from the node that answers soonest, and from others when that one is silent and nothing else flows.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::flowing::Flowing;
use super::{NodeSet, worse};
use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::node::{Call, Meter};

pub(super) async fn fetch(set: &NodeSet, cid: &Cid, line: &Flowing, call: &Call) -> Result<Block, Error> {
    // What this block alone brings.
    let call = &Call { deadline: call.deadline, meter: Arc::new(Meter::part_of(call.meter.clone())) };
    let mut waiting = set.health.order().into_iter();
    let mut running = FuturesUnordered::new();
    let mut failure: Option<Error> = None;
    let ask = |at: usize| async move {
        let started = monotonic();
        let result = match set.nodes.get(at) {
            Some(node) => node.block(cid, call).await,
            None => Err(Error::new(Code::NotFound, "no such node")),
        };
        (at, started, result)
    };
    let mut asked = Vec::new();
    let mut join_at = monotonic();
    let own = Flowing::new(&call.meter);
    // Who waits while others receive is asked of another node in the end.
    let mut patient_until = None;
    loop {
        let now = monotonic();
        let is_due = now >= join_at && !running.is_empty();
        let patience = *patient_until.get_or_insert(now + limits::CONTENT_PATIENCE);
        if is_due && (own.is_busy() || line.is_busy() && now < patience) {
            join_at = now + limits::CAR_STALL;
        } else if is_due || running.is_empty() {
            match waiting.next() {
                Some(at) => {
                    join_at = now + set.health.hedge(at);
                    asked.push((at, now));
                    running.push(ask(at));
                }
                None if running.is_empty() => {
                    return Err(failure.unwrap_or_else(|| Error::new(Code::Unreachable, "no nodes")));
                }
                None => join_at = call.deadline,
            }
        }
        let next = tokio::select! {
            biased;
            next = running.next() => next,
            () = tokio::time::sleep_until(join_at.min(call.deadline)) => None,
        };
        match next {
            Some((at, started, Ok(block))) => {
                let now = monotonic();
                set.health.good(at, now.saturating_duration_since(started));
                for (loser, since) in asked.iter().filter(|(other, _)| *other != at) {
                    set.health.slow(*loser, now.saturating_duration_since(*since));
                }
                return Ok(block);
            }
            Some((at, _, Err(e))) => {
                set.note_failure(at, &e, call);
                asked.retain(|(other, _)| *other != at);
                failure = Some(worse(failure, e));
                join_at = monotonic();
                // Whoever is asked next is asked at once.
                if !running.is_empty()
                    && let Some(at) = waiting.next()
                {
                    join_at += set.health.hedge(at);
                    asked.push((at, monotonic()));
                    running.push(ask(at));
                }
            }
            None if monotonic() >= call.deadline => {
                return Err(failure.unwrap_or_else(|| Error::new(Code::Deadline, "no block in time")));
            }
            None => {}
        }
    }
}
