//! The search of a first reading: every slot is asked for once, record and beacons, before a wallet is called new or complete.
//!
//! Where nothing was found it belongs to the reading; else it comes behind the answer. Each step is noted, so that short
//! processes get to its end too.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::beacons::{self, Lights};
use super::late;
use super::round::{self, Tally};
use crate::clock::millis;
use crate::engine::account::Account;
use crate::engine::api::report::SyncFailure;
use crate::engine::network::heard::Heard;
use crate::limits;
use crate::model::identity::Slot;
use crate::node::{Call, Outcome};

/// What a search heard.
#[derive(Default)]
pub struct Searched {
    pub heard: Heard,
    pub lights: Lights,
    /// Slots that the found roots name.
    pub heads: BTreeSet<Slot>,
    /// Nodes that left any of the questions open.
    pub silent: BTreeSet<usize>,
}

/// Whether slots are left that were never asked for.
pub fn is_due(account: &Account) -> bool {
    account.local.read().marks().searched_at() == 0
}

/// Whether it is time to ask for them: at rest a search that nobody answers would be most of the requests.
pub fn is_wanted(account: &Account, insists: bool) -> bool {
    is_due(account) && (insists || !is_put_off(account))
}

fn is_put_off(account: &Account) -> bool {
    account.local.read().session().is_search_put_off(account.clock.now())
}

/// Whether all slots are to be asked for, for the first time or because the last was long ago. A time in the future is none.
fn is_wanted_behind(account: &Account) -> bool {
    let at = account.local.read().marks().searched_at();
    let ago = account.clock.now().saturating_sub(at);
    (at == 0 || !(0..millis(limits::SEARCH_EVERY)).contains(&ago)) && !is_put_off(account)
}

/// Asks for every slot that is left, step by step, until the deadline of the call or as long as it `goes_on`; what is found is merged.
///
/// # Errors
/// Store errors.
pub async fn search(
    account: &Arc<Account>,
    which: &[usize],
    call: &Call,
    tally: &mut Tally,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<Searched, SyncFailure> {
    let (mut all, mut which) = (Searched::default(), which.to_vec());
    loop {
        if account.clock.monotonic() >= call.deadline || !goes_on() {
            return Ok(all);
        }
        let slots = step(account);
        if slots.is_empty() {
            account.local.note_searched(limits::SLOTS).await?;
            return Ok(all);
        }
        let names = round::names(account, &slots);
        let asking = account.network.ask(&names, &which, None, call);
        let lights = beacons::ask(account, &slots, &which, call);
        let (heard, lights) = futures_util::future::join(asking, lights).await;
        all.heads.extend(round::take(account, &slots, &heard, call, tally).await?);
        all.heads.extend(beacons::take(account, &lights, call, tally).await?);
        let majority = account.network.majority();
        let is_answered = slots.iter().all(|slot| heard.answering(*slot) >= majority)
            && lights.answered.len() >= majority.min(account.network.telling().len());
        let silent = silent(&heard);
        // Who is silent is silent once: several times in a row would keep it out of the next readings.
        if which.iter().filter(|at| !silent.contains(at)).count() >= majority {
            which.retain(|at| !silent.contains(at));
        }
        all.silent.extend(silent);
        all.silent.extend(account.network.telling().into_iter().filter(|at| !lights.answered.contains(at)));
        // What was found counts, whoever left a question open; that nothing is there is for a majority to say.
        if !is_answered {
            all.lights.seen.extend(lights.seen);
            all.heard.extend(found_in(heard));
            account.local.note_search_in_vain().await?;
            return Ok(all);
        }
        all.lights.extend(lights);
        all.heard.extend(heard);
        let below = slots.last().map_or(limits::SLOTS, |slot| slot.number().saturating_add(1));
        account.local.note_searched(below).await?;
        if below >= limits::SLOTS {
            return Ok(all);
        }
    }
}

/// The next slots to ask for. Those that are known are asked for at every reading.
fn step(account: &Account) -> Vec<Slot> {
    let state = account.local.read();
    let unknown = |slot: &Slot| state.names().get(*slot).is_none_or(|known| known.record.is_none());
    // Another search begins where the last one ended.
    let first = Some(state.marks().searched()).filter(|below| *below < limits::SLOTS).unwrap_or(0);
    let left = (first..limits::SLOTS).filter_map(Slot::new);
    left.filter(unknown).take(usize::from(limits::SEARCH_SLOTS)).collect()
}

/// What was heard of the slots that showed a record.
fn found_in(heard: Heard) -> Heard {
    let mut found = heard;
    let shown: BTreeSet<Slot> =
        found.answers.keys().copied().filter(|slot| !found.records(*slot).is_empty()).collect();
    found.answers.retain(|slot, _| shown.contains(slot));
    found
}

/// The rest of a search behind the answer, and all of it once a day. It is a thousand requests, which no change, no reading and
/// no restore on a thin line must wait behind: it begins when nothing else was done for a while, and gives way between its steps.
/// Who restores does not wait for it at the end; another process does one step.
pub async fn start(account: &Arc<Account>, cold: bool) {
    if !is_wanted_behind(account) || account.local.reads_along() {
        return;
    }
    let Ok(turn) = account.searching.clone().try_lock_owned() else { return };
    let shared = account.clone();
    let work = async move {
        let _turn = turn;
        if let Err(failure) = search_when_quiet(&shared, cold).await {
            tracing::warn!(code = %failure.error.code(), "the search for further devices ended early");
        }
    };
    account.tasks.behind(work).await;
}

async fn search_when_quiet(account: &Arc<Account>, cold: bool) -> Result<(), SyncFailure> {
    while is_wanted_behind(account) {
        let seen = account.readings.load(Ordering::Relaxed);
        let ends = tokio::select! {
            biased;
            () = account.tasks.closing() => true,
            () = tokio::time::sleep(limits::SEARCH_PAUSE) => false,
        };
        // After work the next reading begins it again.
        if !is_idle(account) || (ends && cold) {
            return Ok(());
        }
        if ends {
            return last_step(account).await;
        }
        let is_quiet = || {
            account.readings.load(Ordering::Relaxed) == seen
                && is_idle(account)
                && account.tasks.check_open().is_ok()
        };
        if is_quiet() {
            behind(account, limits::CONFIRM, &is_quiet).await?;
        }
    }
    Ok(())
}

async fn last_step(account: &Arc<Account>) -> Result<(), SyncFailure> {
    let first = AtomicBool::new(true);
    behind(account, limits::SEARCH_AT_END, &|| first.swap(false, Ordering::Relaxed)).await
}

async fn behind(
    account: &Arc<Account>,
    within: Duration,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<(), SyncFailure> {
    let call = account.network.call(within);
    let which = account.network.askable(false);
    let found = search(account, &which, &call, &mut Tally::default(), goes_on).await?;
    late::start(account, found.heard.rest).await;
    Ok(())
}

fn is_idle(account: &Account) -> bool {
    account.local.read().levels().pending() == 0 && account.lanes.standing().is_at_rest
}

/// Nodes that gave no answer for any of the names.
pub fn silent(heard: &Heard) -> BTreeSet<usize> {
    let silent = heard.outcomes().filter(|(_, outcome, _)| matches!(outcome, Outcome::Unreachable(_)));
    silent.map(|(node, ..)| node).collect()
}
