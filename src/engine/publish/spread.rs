//! Sends an edition to every reachable node that is not proven to hold it.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::join;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;

use super::edition::SignedEdition;
use super::lane::{Lane, is_bulk};
use super::level::raise;
use super::run::{Published, Run};
use super::steps::LaneEnd;
use crate::engine::account::Account;
use crate::engine::local::state::names::Edition;
use crate::engine::merge::merge_record;
use crate::error::Error;
use crate::limits;
use crate::model::record::Record;

/// Result of one node's part of a run.
enum Noted {
    Holds,
    /// Somebody else writes to our name.
    Rival,
    Failed(String, Error),
}

/// Publishes to all nodes at once.
///
/// # Errors
/// Store errors; what a node says is in the result.
pub async fn publish(account: &Arc<Account>, edition: &SignedEdition, run: &Run) -> Result<Published, Error> {
    let targets = unproven(account, &edition.edition);
    let direct = direct_nodes(account, edition, &targets);
    let has_direct = !direct.is_empty();
    // Opens once a direct node was supplied: the others pull from it.
    let (ready, _) = watch::channel(false);
    // Each node's own future notes what came of it. Were the loop below to wait for a lock, the future that holds it
    // would not go on.
    let mut tasks: FuturesUnordered<_> = targets
        .iter()
        .map(|at| {
            let (ready, at, is_direct) = (&ready, *at, direct.contains(at));
            async move {
                if !is_direct && has_direct {
                    let _ = ready.subscribe().wait_for(|ready| *ready).await;
                }
                let result = match Lane::to(at, account, edition, run) {
                    // What is surplus since the last run goes meanwhile: nobody waits for it.
                    Ok(lane) => join(lane.publish(is_direct), lane.unpin_older()).await.0,
                    Err(e) => Err(e),
                };
                if is_direct {
                    ready.send_replace(true);
                }
                let noted = note(account, edition, at, result, run).await;
                account.events.step();
                noted
            }
        })
        .collect();
    let mut published = Published { upto: edition.edition.upto, ..Published::default() };
    let mut storage = None;
    while let Some(noted) = tasks.next().await {
        match noted {
            Ok(Noted::Holds) => {}
            Ok(Noted::Rival) => published.again = true,
            Ok(Noted::Failed(id, e)) => published.errors.push((id, e)),
            // The other nodes go on; what they hold is worth having.
            Err(e) => storage = Some(e),
        }
    }
    drop(tasks);
    if let Some(e) = storage {
        return Err(e);
    }
    published.level = raise(account, edition, run).await?;
    published.verified = account.local.read().verified_nodes();
    if published.again {
        account.local.leave_slot(account.entropy.draw()).await?;
    }
    Ok(published)
}

/// Nodes that can be written to, are not backing off, and are not proven to hold this edition.
pub fn unproven(account: &Account, edition: &Edition) -> Vec<usize> {
    let available = account.network.available_api_nodes();
    let state = account.local.read();
    let is_proven = |at: &usize| {
        let node = account.network.node(*at);
        node.is_some_and(|node| state.nodes().is_proven(node.id(), edition.slot, edition.sequence))
    };
    available.into_iter().filter(|at| !is_proven(at)).collect()
}

/// Small deltas go to every node; of bulk, only the best nodes are sent everything.
pub fn direct_nodes(account: &Account, edition: &SignedEdition, targets: &[usize]) -> Vec<usize> {
    let takes_bulk =
        |at: &usize| account.network.node(*at).is_some_and(|node| is_bulk(account, node.id(), edition));
    let bulk: Vec<usize> = targets.iter().copied().filter(takes_bulk).collect();
    let order = account.network.health().order();
    let best: Vec<usize> =
        order.into_iter().filter(|at| bulk.contains(at)).take(limits::BULK_NODES).collect();
    targets.iter().copied().filter(|at| !bulk.contains(at) || best.contains(at)).collect()
}

/// Raises the level as far as this node proves it, and merges what was in our place.
async fn note(
    account: &Account,
    edition: &SignedEdition,
    at: usize,
    result: Result<LaneEnd, Error>,
    run: &Run,
) -> Result<Noted, Error> {
    let noted = match result {
        Ok(LaneEnd::Verified) => Noted::Holds,
        Ok(LaneEnd::Rival(record)) => {
            take_rival(account, edition, &record, run).await?;
            return Ok(Noted::Rival);
        }
        Err(e) if e.is_storage() => return Err(e),
        Err(e) => {
            let id = account.network.id(at);
            tracing::debug!(node = id, code = %e.code(), "publishing to a node failed: {}", e.message());
            account.network.health().bad(at, &e, account.clock.monotonic());
            Noted::Failed(id, e)
        }
    };
    raise(account, edition, run).await?;
    Ok(noted)
}

/// Merges the record found under our own name before anything replaces it.
async fn take_rival(
    account: &Account,
    edition: &SignedEdition,
    record: &Record,
    run: &Run,
) -> Result<(), Error> {
    match merge_record(account, edition.edition.slot, record, &run.usual_call(account)).await {
        Err(e) if e.is_storage() => Err(e),
        Err(e) => {
            tracing::debug!(code = %e.code(), "a rival's content could not be read yet");
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}
