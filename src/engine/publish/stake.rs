//! One try to claim a slot: supply a majority, put, wait, check that no other record is there.

use futures_util::StreamExt;
use futures_util::future::{join, join_all};
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::Instant;

use super::edition::SignedEdition;
use super::lane::{Lane, lacking};
use super::level::raise;
use super::look::{Look, look};
use super::proof::Shown;
use super::run::{Published, Run};
use super::spread::direct_nodes;
use crate::engine::account::Account;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::model::record::Record;

/// Result of a try.
pub enum Stake {
    /// The claim is made, or goes on in the next run.
    Made(Published),
    /// Somebody else is there.
    Lost(Vec<Record>),
}

/// A node that has everything, with the blocks it was sent.
struct Supplied {
    at: usize,
    sent: Vec<Cid>,
}

/// Supplies, puts, waits and looks.
///
/// # Errors
/// `unreachable` when no majority answers; store errors.
pub async fn stake(account: &Account, edition: &SignedEdition, run: &Run) -> Result<Stake, Error> {
    let slot = edition.edition.slot;
    let mut published = Published { upto: edition.edition.upto, ..Published::default() };
    let targets = account.network.available_api_nodes();
    let supplied = supply_all(account, edition, &targets, run, &mut published).await?;
    if supplied.len() < account.network.majority() {
        // A claim that no majority can show would only be in the way.
        return Ok(Stake::Made(published));
    }
    match look(account, slot, run).await {
        Look::Free | Look::Ours => {}
        Look::Unclear(e) => return Err(e),
        Look::Taken(records) => return Ok(Stake::Lost(records)),
    }
    // Put within a second of that reading: each request is bounded by it.
    let puts = supplied.iter().map(|node| put_and_prove(account, edition, node, run));
    let results = join_all(puts).await;
    account.local.note_claim_put().await?;
    published.level = raise(account, edition, run).await?;
    tokio::time::sleep(limits::CLAIM_SETTLE).await;
    match look(account, slot, run).await {
        Look::Ours => account.local.note_owned().await?,
        Look::Taken(records) => return Ok(Stake::Lost(records)),
        Look::Free | Look::Unclear(_) => return Ok(Stake::Made(published)),
    }
    for (node, result) in supplied.iter().zip(results) {
        match result {
            Ok(()) => Lane::to(node.at, account, edition, run)?.note_proven(&node.sent).await?,
            Err(e) if e.is_storage() => return Err(e),
            Err(e) => published.errors.push((account.network.id(node.at), e)),
        }
    }
    published.level = raise(account, edition, run).await?;
    published.verified = account.local.read().verified_nodes();
    published.again = published.verified < targets.len();
    Ok(Stake::Made(published))
}

/// Uploads and pins; gives the nodes that have everything. Once they are a majority the others get as long again, then the
/// claim goes on without them: they are brought along as soon as the slot is owned.
async fn supply_all(
    account: &Account,
    edition: &SignedEdition,
    targets: &[usize],
    run: &Run,
    published: &mut Published,
) -> Result<Vec<Supplied>, Error> {
    let direct = direct_nodes(account, edition, targets);
    let (ready, _) = watch::channel(false);
    let started = account.clock.monotonic();
    let mut tasks: FuturesUnordered<_> = targets
        .iter()
        .map(|at| supply_one(account, edition, *at, direct.contains(at), &ready, run))
        .collect();
    let mut supplied = Vec::new();
    let mut until: Option<Instant> = None;
    loop {
        let next = match until {
            Some(until) => tokio::time::timeout_at(until, tasks.next()).await.unwrap_or(None),
            None => tasks.next().await,
        };
        match next {
            None => return Ok(supplied),
            Some((at, Ok(sent))) => supplied.push(Supplied { at, sent }),
            Some((_, Err(e))) if e.is_storage() => return Err(e),
            Some((at, Err(e))) => {
                account.network.health().bad(at, &e, account.clock.monotonic());
                published.errors.push((account.network.id(at), e));
            }
        }
        if until.is_none() && supplied.len() >= account.network.majority() {
            let now = account.clock.monotonic();
            let took = now.saturating_duration_since(started);
            until = Some(now + took.clamp(limits::CLAIM_LAGGARDS, limits::CLAIM_SETTLE));
        }
    }
}

async fn supply_one(
    account: &Account,
    edition: &SignedEdition,
    at: usize,
    is_direct: bool,
    ready: &watch::Sender<bool>,
    run: &Run,
) -> (usize, Result<Vec<Cid>, Error>) {
    let supplied = async {
        let lane = Lane::to(at, account, edition, run)?;
        let lack = lacking(account, lane.node.id(), edition);
        if !is_direct {
            let _ = ready.subscribe().wait_for(|ready| *ready).await;
        }
        lane.supply(&lack, is_direct).await?;
        lane.pin_or_resend().await?;
        Ok(lack)
    };
    let supplied = supplied.await;
    if is_direct {
        ready.send_replace(true);
    }
    account.events.step();
    (at, supplied)
}

async fn put_and_prove(
    account: &Account,
    edition: &SignedEdition,
    supplied: &Supplied,
    run: &Run,
) -> Result<(), Error> {
    let lane = Lane::to(supplied.at, account, edition, run)?;
    match lane.shown().await? {
        Shown::Same => {}
        Shown::Rival(_) => return Err(Error::new(Code::Conflict, "another device claims this slot")),
        Shown::Behind => lane.put_record().await?,
    }
    // The look two seconds later is the second one.
    let (seen, held) = join(lane.check_shown(), lane.holds(&supplied.sent)).await;
    seen?;
    run.note_seen();
    account.events.step();
    if held? { Ok(()) } else { Err(Error::new(Code::Invalid, "the node said it pinned and lacks a block")) }
}
