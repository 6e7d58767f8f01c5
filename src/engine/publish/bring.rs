//! The task of one lane: edition after edition to one node, until it holds the newest or fails.

use std::sync::Arc;

use futures_util::future::join;
use tokio::sync::oneshot;

use super::lane::{Lane, lacks_this};
use super::level::level_up;
use super::run::Run;
use super::settle::{is_ours, settle};
use super::steps::LaneEnd;
use crate::engine::account::Account;
use crate::engine::local::edition::Outgoing;
use crate::error::{Code, Error};
use crate::limits;
use crate::node::broke_off;

/// Runs one lane.
pub async fn bring(account: &Arc<Account>, at: usize, run: &Arc<Run>) {
    let mut held: Option<Arc<Outgoing>> = None;
    loop {
        // What is held waits; what was made meanwhile does not wait with it.
        let is_held =
            |outgoing: &Arc<Outgoing>| held.as_ref().is_some_and(|held| Arc::ptr_eq(held, outgoing));
        let is_wanted =
            |outgoing: &Arc<Outgoing>| !is_held(outgoing) && lacks_this(account, at, &outgoing.edition);
        let Some(outgoing) = account.lanes.next(at, is_wanted) else { return };
        let ended = tokio::select! {
            biased;
            ended = one(account, at, &outgoing, run) => ended,
            () = left_alone(account, at) => return,
        };
        if matches!(ended, Ok(LaneEnd::Held)) {
            held = Some(outgoing.clone());
        }
        let goes_on = note(account, at, &outgoing, ended, run).await;
        account.events.step();
        match goes_on {
            Ok(true) => {}
            Ok(false) => return,
            Err(e) => {
                let luck = account.entropy.below(1_000) as f64 / 1_000.0;
                return account.lanes.note_failed(at, e, account.clock.monotonic(), luck);
            }
        }
    }
}

/// Ends when the account is closed, everything is verified, and the lane comes no further as others did: the next process takes
/// it up.
async fn left_alone(account: &Account, at: usize) {
    account.tasks.closing().await;
    loop {
        let now = account.clock.monotonic();
        let is_needed = account.local.read().levels().pending() > 0;
        match account.lanes.is_promising_until(at).filter(|_| !is_needed) {
            Some(until) if now >= until => return,
            Some(until) => tokio::time::sleep_until(until).await,
            None => tokio::time::sleep(limits::STEP_PATIENCE).await,
        }
    }
}

/// Brings one edition to the node.
async fn one(account: &Arc<Account>, at: usize, outgoing: &Outgoing, run: &Run) -> Result<LaneEnd, Error> {
    let lane = Lane::to(at, account, &outgoing.edition, run)?.among(outgoing);
    let started = account.clock.monotonic();
    let learnt = learn_machine(account, at).await;
    // What is surplus since the last time goes meanwhile: nobody waits for it.
    let (ended, ()) = join(lane.publish(), lane.unpin_older()).await;
    let took = account.clock.monotonic().saturating_duration_since(started);
    // A node that does not say in the time of all that counts once it has: what was asked for first is answered first.
    let _ = tokio::time::timeout(took / 8, learnt).await;
    ended
}

/// Asks the node behind the answer which machine it is; what is received ends with that.
async fn learn_machine(account: &Arc<Account>, at: usize) -> oneshot::Receiver<()> {
    let (done, ended) = oneshot::channel();
    if account.network.is_machine_due(at) {
        let shared = account.clone();
        let learn = async move {
            let before = named(&shared, at);
            let learnt = tokio::select! {
                biased;
                learnt = shared.learn_machine(at) => learnt,
                () = left_alone(&shared, at) => return,
            };
            if let Err(e) = learnt {
                tracing::warn!(code = %e.code(), "which machine a node is could not be noted");
            }
            if done.send(()).is_err() && named(&shared, at) != before {
                // The lane has ended without it: what it means for the level is worked out by the next run. A node that did not
                // say wakes nobody: where none is in reach, that would be a circle without a pause.
                shared.events.wake_outbox();
            }
        };
        account.tasks.behind(learn).await;
    }
    ended
}

/// The machine that a node is known to be.
fn named(account: &Account, at: usize) -> Option<String> {
    account.local.read().nodes().machine(&account.network.id(at)).map(str::to_owned)
}

/// Notes what came of it; `false` ends the lane.
async fn note(
    account: &Arc<Account>,
    at: usize,
    outgoing: &Arc<Outgoing>,
    ended: Result<LaneEnd, Error>,
    run: &Arc<Run>,
) -> Result<bool, Error> {
    match ended {
        Ok(LaneEnd::Holds) => {
            account.lanes.note_through(at);
            level_up(account, &outgoing.edition).await?;
            look_again(account, at, outgoing, run).await;
            unpin_former(account, at, outgoing, run).await;
            Ok(true)
        }
        Ok(LaneEnd::Foreign(claim)) => {
            // Own content that cannot be had is nobody's claim: it keeps its node behind, and no change from being verified.
            if !is_ours(account, outgoing.edition.edition.slot, &claim) {
                account.lanes.note_foreign(at);
            }
            settle(account, at, &outgoing.edition, &claim, run).await?;
            account.lanes.note_again();
            Ok(false)
        }
        Ok(LaneEnd::Lost) => Ok(true),
        Ok(LaneEnd::Damaged) => {
            tracing::debug!(node = account.network.id(at), "a block of the edition is damaged here");
            account.lanes.note_again();
            Ok(false)
        }
        Ok(LaneEnd::Held) => {
            let why = Error::new(Code::Conflict, "an earlier rename of the beacon may still arrive");
            account.lanes.note_held(at, why, account.clock.monotonic() + limits::HELD_RETRY);
            Ok(true)
        }
        Err(e) => {
            if !e.is_storage() && e.code() != Code::Conflict {
                let id = account.network.id(at);
                tracing::debug!(node = id, code = %e.code(), "publishing to a node failed: {}", e.message());
                let health = account.network.health();
                match e.code() {
                    // How much of a body it takes says nothing of how it is read.
                    Code::TooLarge => health.note_error(at, &e),
                    _ if broke_off(&e) => health.note_error(at, &e),
                    // Nor does a verb that is refused say anything of the others.
                    Code::Denied => health.note_error(at, &e),
                    _ => health.bad(at, &e, account.clock.monotonic()),
                }
            }
            Err(e)
        }
    }
}

/// What a former owner of the slot has pinned goes while nobody waits for it, and by the next edition where there is no time.
async fn unpin_former(account: &Arc<Account>, at: usize, outgoing: &Arc<Outgoing>, run: &Arc<Run>) {
    let id = account.network.id(at);
    if account.local.read().nodes().former(&id).next().is_none() {
        return;
    }
    account.events.step();
    let Ok(lane) = Lane::to(at, account, &outgoing.edition, run) else { return };
    tokio::select! {
        biased;
        () = account.tasks.closing() => {}
        () = lane.unpin_former() => {}
    }
}

/// Behind the answer, once more: what racing puts leave behind shows by then.
async fn look_again(account: &Arc<Account>, at: usize, outgoing: &Arc<Outgoing>, run: &Arc<Run>) {
    let (account, outgoing, run) = (account.clone(), outgoing.clone(), run.clone());
    let look = {
        let account = account.clone();
        async move {
            // Whoever closes does not wait for it: what was just proven is asked for by the next reading.
            tokio::select! {
                biased;
                () = account.tasks.closing() => return,
                () = tokio::time::sleep(limits::SECOND_LOOK) => {}
            }
            let Ok(lane) = Lane::to(at, &account, &outgoing.edition, &run) else { return };
            if let Err(e) = lane.look_again().await {
                tracing::warn!(code = %e.code(), "a second look could not be noted");
            }
        }
    };
    account.tasks.behind(look).await;
}
