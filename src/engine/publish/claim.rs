//! Claiming a slot: the first edition of a device, put only where nobody else is, and owned only when a majority
//! still shows it alone two seconds later.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{join, join_all};
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::edition::{Prepared, prepare};
use super::node::{holds, note_verified, own_record, pin_or_resend, put_record, sees, supply};
use super::supply::lacking;
use super::{Own, Published, Run, is_storage, raise};
use crate::engine::account::Account;
use crate::engine::claim::{abandon, free_slot, note_claim_put, note_owned, note_winner};
use crate::engine::merge::{Merged, merge_record};
use crate::engine::resolve::{Heard, ask, millis};
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::{Code, Error, limits};

/// How a slot looks on the nodes.
enum Look {
    /// A majority says it has nothing, and no node has anything but ours.
    Free,
    /// A majority shows exactly our claim, and nobody anything else.
    Ours,
    /// Somebody else is there.
    Taken(Vec<Record>),
    /// Too few answers to tell.
    Unclear(Error),
}

/// Claims a slot, or carries on a claim that was interrupted.
///
/// # Errors
/// `unreachable` when no majority answers: the wallet stays at level `local`. `slots_exhausted`; store errors.
pub(super) async fn publish_claim(account: &Account, run: &Run) -> Result<Published, Error> {
    for _ in 0..limits::SLOTS {
        let carried_on = account.read().own.slot;
        let slot = match carried_on {
            Some(slot) => slot,
            None => free_slot(account)?,
        };
        match look(account, slot, run).await {
            Look::Unclear(e) => return Err(e),
            Look::Taken(records) => {
                lose(account, slot, &records, run).await?;
                continue;
            }
            Look::Ours if settled(account) => {
                note_owned(account).await?;
                return Ok(Published { again: true, ..Published::default() });
            }
            Look::Ours | Look::Free => {}
        }
        let prepared = prepare(account, slot).await?;
        // A claim is sequence 1. An interrupted one whose content changed since cannot be put again.
        if prepared.edition.sequence != 1 {
            abandon(account).await?;
            continue;
        }
        match stake(account, &prepared, run).await? {
            Some(published) => return Ok(published),
            None => random_wait(account).await,
        }
    }
    Err(Error::new(Code::SlotsExhausted, "no slot could be claimed"))
}

/// Supplies, puts, waits and looks. `None`: the slot was lost.
async fn stake(account: &Account, prepared: &Prepared, run: &Run) -> Result<Option<Published>, Error> {
    let slot = prepared.edition.slot;
    let mut published = Published { upto: prepared.edition.upto, ..Published::default() };
    let targets: Vec<usize> = {
        let now = account.clock.monotonic();
        account.api_nodes().into_iter().filter(|at| account.nodes.health().available(*at, now)).collect()
    };
    let supplied = supply_all(account, prepared, &targets, run, &mut published).await?;
    if supplied.len() < account.majority() {
        // A claim that no majority can show would only be in the way.
        return Ok(Some(published));
    }
    match look(account, slot, run).await {
        Look::Free | Look::Ours => {}
        Look::Unclear(e) => return Err(e),
        Look::Taken(records) => return lose(account, slot, &records, run).await.map(|()| None),
    }
    // Put within a second of that reading: each request is bounded by it.
    let put = supplied.iter().map(|(at, lack)| async move {
        let node = account.nodes.node(*at)?;
        let put = async {
            match own_record(account, node.as_ref(), prepared, run).await? {
                Own::Same => Ok(()),
                Own::Rival(_) => Err(Error::new(Code::Conflict, "another device claims this slot")),
                Own::Behind => put_record(account, node.as_ref(), prepared, run).await,
            }
        };
        let result = match put.await {
            Ok(()) => prove(account, *at, prepared, lack, run).await,
            Err(e) => Err(e),
        };
        Some((*at, lack, result))
    });
    let results: Vec<_> = join_all(put).await.into_iter().flatten().collect();
    note_claim_put(account, account.clock.now()).await?;
    published.level = raise(account, prepared, run).await?;
    tokio::time::sleep(limits::CLAIM_SETTLE).await;
    match look(account, slot, run).await {
        Look::Ours => note_owned(account).await?,
        Look::Taken(records) => return lose(account, slot, &records, run).await.map(|()| None),
        // Carried on by the next run.
        Look::Free | Look::Unclear(_) => return Ok(Some(published)),
    }
    for (at, lack, result) in results {
        let Some(node) = account.nodes.node(at) else { continue };
        match result {
            Ok(()) => note_verified(account, node.id(), prepared, lack).await?,
            Err(e) if is_storage(&e) => return Err(e),
            Err(e) => published.errors.push((node.id().to_owned(), e)),
        }
    }
    published.level = raise(account, prepared, run).await?;
    published.verified = account.read().verified_nodes();
    published.again = published.verified < targets.len();
    Ok(Some(published))
}

/// A node that has everything, with the blocks it was sent.
type Supplied = (usize, Vec<Cid>);

/// Uploads and pins; gives the nodes that have everything. Once they are a majority the others get as long again, then the
/// claim goes on without them: they are brought along as soon as the slot is owned.
async fn supply_all(
    account: &Account,
    prepared: &Prepared,
    targets: &[usize],
    run: &Run,
    published: &mut Published,
) -> Result<Vec<Supplied>, Error> {
    let direct = super::direct_nodes(account, prepared, targets);
    let (ready, _) = tokio::sync::watch::channel(0_usize);
    let started = account.clock.monotonic();
    let mut tasks: FuturesUnordered<_> = targets
        .iter()
        .copied()
        .map(|at| supply_one(account, prepared, at, direct.contains(&at), &ready, run))
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
            Some((at, Ok(lack))) => supplied.push((at, lack)),
            Some((_, Err(e))) if is_storage(&e) => return Err(e),
            Some((at, Err(e))) => {
                account.nodes.health().bad(at, &e, account.clock.monotonic());
                let id = account.nodes.node(at).map(|node| node.id().to_owned()).unwrap_or_default();
                published.errors.push((id, e));
            }
        }
        if until.is_none() && supplied.len() >= account.majority() {
            let now = account.clock.monotonic();
            let took = now.saturating_duration_since(started);
            until = Some(now + took.clamp(limits::CLAIM_LAGGARDS, limits::CLAIM_SETTLE));
        }
    }
}

async fn supply_one(
    account: &Account,
    prepared: &Prepared,
    at: usize,
    is_direct: bool,
    ready: &tokio::sync::watch::Sender<usize>,
    run: &Run,
) -> (usize, Result<Vec<Cid>, Error>) {
    let Some(node) = account.nodes.node(at) else {
        return (at, Err(Error::new(Code::NotFound, "no such node")));
    };
    let node = node.as_ref();
    let lack = lacking(account, node.id(), prepared);
    if !is_direct {
        let _ = ready.subscribe().wait_for(|done| *done > 0).await;
    }
    let supplied = async {
        supply(account, node, prepared, &lack, is_direct, run).await?;
        pin_or_resend(account, node, prepared, run).await
    }
    .await;
    if is_direct {
        ready.send_modify(|done| *done = done.saturating_add(1));
    }
    account.step();
    (at, supplied.map(|()| lack))
}

/// Reads back record and blocks; the look two seconds later is the second one.
async fn prove(
    account: &Account,
    at: usize,
    prepared: &Prepared,
    lack: &[Cid],
    run: &Run,
) -> Result<(), Error> {
    let Some(node) = account.nodes.node(at) else { return Err(Error::new(Code::NotFound, "no such node")) };
    let node = node.as_ref();
    let (seen, held) =
        join(sees(account, node, prepared, run), holds(account, node, prepared, lack, run)).await;
    if !seen? {
        return Err(Error::new(Code::Invalid, "the node said it took the record and does not show it"));
    }
    run.seen(at);
    account.step();
    if held? { Ok(()) } else { Err(Error::new(Code::Invalid, "the node said it pinned and lacks a block")) }
}

/// Reads a slot on all nodes.
async fn look(account: &Account, slot: Slot, run: &Run) -> Look {
    let which = account.api_nodes();
    let call = run.call(account, limits::CLAIM_FRESH);
    let heard = ask(account, &[slot], &which, None, &call).await;
    let ours = {
        let state = account.read();
        let known = state.names.get(&slot).filter(|_| state.own.slot == Some(slot));
        known.and_then(|known| known.record.clone())
    };
    let others: Vec<Record> = heard
        .records(slot)
        .into_iter()
        .filter(|record| ours.as_ref().is_none_or(|ours| !ours.same_as(record)))
        .cloned()
        .collect();
    if !others.is_empty() {
        return Look::Taken(others);
    }
    let shown = ours.as_ref().map_or(0, |ours| heard.showing(slot, ours));
    let majority = account.majority();
    if shown >= majority {
        return Look::Ours;
    }
    if heard.absent(slot).saturating_add(shown) >= majority {
        Look::Free
    } else {
        Look::Unclear(unclear(&heard))
    }
}

fn unclear(heard: &Heard) -> Error {
    heard.failure().within("a slot can be claimed only when a majority of the nodes answers")
}

fn settled(account: &Account) -> bool {
    let put_at = account.read().own.claim_put_at;
    put_at > 0 && account.clock.now().saturating_sub(put_at) >= millis(limits::CLAIM_SETTLE)
}

/// Merges what stands in the slot and moves on to the next one.
async fn lose(account: &Account, slot: Slot, records: &[Record], run: &Run) -> Result<(), Error> {
    let mut winner: Option<(&Record, bool)> = None;
    for record in records {
        let call = run.call(account, account.config.timeouts.publish);
        let merged = match merge_record(account, slot, record, &call).await {
            Ok(Merged::Yes(..) | Merged::Already) => true,
            Ok(Merged::Foreign(_) | Merged::ReadOnly(_)) => false,
            Err(e) if is_storage(&e) => return Err(e),
            Err(_) => false,
        };
        if winner.is_none() {
            winner = Some((record, merged));
        }
    }
    if account.read().own.slot == Some(slot) {
        abandon(account).await?;
    }
    if let Some((record, merged)) = winner {
        note_winner(account, slot, record, merged).await?;
    }
    Ok(())
}

async fn random_wait(account: &Account) {
    let most = u64::try_from(limits::CLAIM_BACKOFF.as_millis()).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(account.entropy.below(most.saturating_add(1)))).await;
}
