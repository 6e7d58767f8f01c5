//! Giving slots back: the last edition of a device that is done, and that of a device that is gone.
//!
//! Both are editions like any other, under the rules of every put: whoever was not done after all finds a record that it did not
//! write, merges it and takes another slot.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::edition::prepare_retired;
use super::lane::Lane;
use super::proof::Claim;
use super::publish_once;
use super::run::Run;
use super::slot::take_over;
use super::steps::LaneEnd;
use crate::clock::millis;
use crate::engine::account::Account;
use crate::engine::local::edition::SignedEdition;
use crate::engine::local::records::RootFate;
use crate::engine::merge::contain::{contain, contain_root};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;

/// Publishes a last edition under the own slot, which says that this device is done with it, and waits until enough nodes hold it.
/// A device without a slot has nothing to say.
///
/// # Errors
/// `pending_changes` while a change is not verified, unless the wallet has another secret since; otherwise as [`publish_once`].
///
/// # Cancel safety
/// What is verified stays so: the edition before has the same content, and stays pinned.
pub async fn end(account: &Arc<Account>, run: &Arc<Run>) -> Result<(), Error> {
    if account.local.read().names().own().slot.is_none() {
        return Ok(());
    }
    if account.local.check_here().is_ok() {
        check_verified(account)?;
    }
    account.local.note_ending().await?;
    let mut steps = account.events.steps();
    publish_once(account, run).await?;
    while !is_ended(account) {
        if account.lanes.standing().is_at_rest {
            return Err(Error::new(Code::Unreachable, "too few nodes took the last edition"));
        }
        let _ = steps.changed().await;
    }
    Ok(())
}

fn is_ended(account: &Account) -> bool {
    let needed = account.needed();
    let state = account.local.read();
    let is_last = |slot| state.names().is_retired(slot);
    let edition = state.names().edition().filter(|edition| is_last(edition.slot));
    edition.is_some_and(|edition| state.nodes().proven(edition.slot, edition.sequence) >= needed)
}

/// Puts an edition with all that is here over the last one of another slot, which says that nobody needs the slot any more; only
/// where what it replaces is contained in it.
///
/// # Errors
/// `not_found` for a slot that nothing is known of; `bad_request` for the own one; `pending_changes`; `conflict` where the slot holds
/// something else, or its device is at work; `unreachable` when its content does not come, or too few nodes take the
/// edition; store errors.
///
/// # Cancel safety
/// Nothing is lost: the slot is given back on the nodes that took it, or is as it was. Call it again.
pub async fn retire(account: &Account, slot: Slot, run: &Run) -> Result<(), Error> {
    let mut earlier = Vec::new();
    for _ in 0..limits::RETIRE_TRIES {
        check(account, slot)?;
        if is_given_back(account, slot) {
            return Ok(());
        }
        if !take_over(account, slot, run).await? {
            return Err(Error::new(Code::Unreachable, format!("what slot {slot} has is not all here")));
        }
        // What was found there may be new.
        check(account, slot)?;
        let mut edition = prepare_retired(account, slot).await?;
        goes_over(&mut edition, &mut earlier);
        match to_nodes(account, &edition, run).await? {
            None => return Ok(()),
            // What stands there is brought here, so that the next edition contains it.
            Some((at, claim)) => bring_here(account, slot, at, &claim, run).await?,
        }
    }
    Err(Error::new(Code::Conflict, format!("in slot {slot} something else is found again and again")))
}

/// What was signed in an earlier try stands on some nodes by now, and all of it is in this edition.
pub(super) fn goes_over(edition: &mut SignedEdition, earlier: &mut Vec<Cid>) {
    edition.contained.get_or_insert_default().extend(earlier.iter().copied());
    earlier.push(edition.edition.root);
}

pub(super) fn check_verified(account: &Account) -> Result<(), Error> {
    if account.local.read().levels().pending() > 0 {
        return Err(Error::new(Code::PendingChanges, "changes of this device are not verified yet"));
    }
    Ok(())
}

fn check(account: &Account, slot: Slot) -> Result<(), Error> {
    check_verified(account)?;
    let state = account.local.read();
    if !state.marks().first_read() {
        return Err(Error::new(Code::Unreachable, "nothing is published before the wallet was read once"));
    }
    if state.names().own().slot == Some(slot) {
        let message = "this is the slot of this device: a wipe gives it back";
        return Err(Error::new(Code::BadRequest, message));
    }
    let Some(known) = state.names().get(slot) else {
        return Err(Error::new(Code::NotFound, format!("no device is known in slot {slot}")));
    };
    let since = account.clock.now().saturating_sub(known.changed_at);
    let left = millis(limits::AT_WORK).saturating_sub(since);
    if (0..millis(limits::AT_WORK)).contains(&since) && !state.names().is_retired(slot) {
        let message = format!(
            "the device of slot {slot} is at work: it published, or came to be known here, less than an hour ago"
        );
        // Nothing but time is missing.
        let wait = Duration::from_millis(u64::try_from(left).unwrap_or(0));
        return Err(Error::new(Code::Conflict, message).and_retry_after(wait));
    }
    if known.occupied || state.session().is_read_only_in(slot) {
        let message = format!("slot {slot} holds something that this release does not read");
        return Err(Error::new(Code::Conflict, message));
    }
    Ok(())
}

/// Whether the last root of the slot says so; where this device signed it, also whether enough nodes hold it.
fn is_given_back(account: &Account, slot: Slot) -> bool {
    let needed = account.needed();
    let state = account.local.read();
    let names = state.names();
    let Some(known) = names.get(slot).filter(|_| names.is_retired(slot)) else { return false };
    let is_ours = known.merged_root.is_some_and(|root| names.is_signed_root(slot, &root));
    !is_ours || state.nodes().proven(slot, known.sequence) >= needed
}

/// Brings the edition to every node; ends once enough hold it and the others had a moment. Gives what a node shows that the edition
/// does not contain.
pub(super) async fn to_nodes(
    account: &Account,
    edition: &SignedEdition,
    run: &Run,
) -> Result<Option<(usize, Claim)>, Error> {
    let to_one = |at: usize| async move { Ok::<_, Error>((at, to_node(account, at, edition, run).await?)) };
    let mut lanes: FuturesUnordered<_> = account.network.writable().into_iter().map(to_one).collect();
    let (slot, sequence) = (edition.edition.slot, edition.edition.sequence);
    let is_enough = || account.local.read().nodes().proven(slot, sequence) >= account.needed();
    let (mut until, mut failure, mut claim) = (None, None, None);
    loop {
        let patience = until.unwrap_or_else(|| account.clock.monotonic() + limits::RETIRE);
        let Ok(Some(ended)) = tokio::time::timeout_at(patience, lanes.next()).await else { break };
        match ended {
            Ok((at, LaneEnd::Foreign(shown))) => claim = Some((at, shown)),
            Ok((_, LaneEnd::Holds | LaneEnd::Damaged | LaneEnd::Held | LaneEnd::Lost)) => {}
            Err(e) if e.is_storage() => return Err(e),
            Err(e) => failure = Some(e),
        }
        if until.is_none() && is_enough() {
            until = Some(account.clock.monotonic() + limits::LINGER_MIN);
        }
    }
    match claim {
        _ if is_enough() && claim.is_none() => Ok(None),
        Some(claim) => Ok(Some(claim)),
        None => {
            let failure = failure.unwrap_or_else(|| Error::new(Code::Unreachable, "no node answers"));
            Err(failure.within("too few nodes took the edition that gives the slot back"))
        }
    }
}

/// One node. Once it holds the edition, that is the last one of the slot.
async fn to_node(account: &Account, at: usize, edition: &SignedEdition, run: &Run) -> Result<LaneEnd, Error> {
    let ended = Lane::to(at, account, edition, run)?.publish().await?;
    if matches!(ended, LaneEnd::Holds) {
        let (slot, root) = (edition.edition.slot, edition.edition.root);
        account.local.note_retired(slot, root).await?;
        account.local.note_record(slot, &edition.record, RootFate::Merged(root)).await?;
        account.learn_machine(at).await?;
    }
    Ok(ended)
}

pub(super) async fn bring_here(
    account: &Account,
    slot: Slot,
    at: usize,
    claim: &Claim,
    run: &Run,
) -> Result<(), Error> {
    let (holder, call) = (account.network.require(at)?, run.call(account, limits::CONTAIN));
    match (&claim.record, claim.root) {
        (Some(record), _) => contain(account, slot, record, holder, &call).await,
        (None, Some(root)) => contain_root(account, slot, &root, holder, &call).await,
        (None, None) => Err(Error::new(Code::Conflict, "what stands there points at no root")),
    }
}
