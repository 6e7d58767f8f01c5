//! The search of a first reading: every slot is asked for once, record and beacons, before a wallet is called new or complete.
//!
//! Where nothing was found it belongs to the reading; else it comes behind the answer. Each step is noted, so that short
//! processes get to its end too.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::beacons::{self, Lights};
use super::round::{self, Tally};
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
    account.local.read().marks().searched() < limits::SLOTS
}

/// Whether it is time to ask for them: at rest a search that nobody answers would be most of the requests.
pub fn is_wanted(account: &Account, insists: bool) -> bool {
    let is_put_off = || account.local.read().session().is_search_put_off(account.clock.now());
    is_due(account) && (insists || !is_put_off())
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
    let mut all = Searched::default();
    loop {
        let slots = step(account);
        if slots.is_empty() || account.clock.monotonic() >= call.deadline || !goes_on() {
            return Ok(all);
        }
        let names = round::names(account, &slots);
        let asking = account.network.ask(&names, which, None, call);
        let lights = beacons::ask(account, &slots, which, call);
        let (heard, lights) = futures_util::future::join(asking, lights).await;
        all.heads.extend(round::take(account, &slots, &heard, call, tally).await?);
        all.heads.extend(beacons::take(account, &lights, call, tally).await?);
        let majority = account.network.majority();
        let is_answered = slots.iter().all(|slot| heard.answering(*slot) >= majority)
            && lights.answered.len() >= majority.min(account.network.writable().len());
        all.silent.extend(silent(&heard));
        all.silent.extend(account.network.writable().into_iter().filter(|at| !lights.answered.contains(at)));
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
    }
}

/// The next slots to ask for. Those that are known are asked for at every reading.
fn step(account: &Account) -> Vec<Slot> {
    let state = account.local.read();
    let unknown = |slot: &Slot| state.names().get(*slot).is_none_or(|known| known.record.is_none());
    let left = (state.marks().searched()..limits::SLOTS).filter_map(Slot::new);
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

/// The rest of a search behind the answer, as long as there is no other work: it is a thousand requests, which a change, or a
/// restore on a thin line, must not wait behind. A process that ends ends the step that it is at.
pub async fn start(account: &Arc<Account>, cold: bool) {
    if !is_wanted(account, false) || account.local.reads_along() || !is_idle(account) {
        return;
    }
    let shared = account.clone();
    let work = async move {
        let call = shared.network.call(limits::CONFIRM);
        let which = shared.network.askable(false);
        let goes_on = || is_idle(&shared) && shared.tasks.check_open().is_ok();
        if let Err(failure) = search(&shared, &which, &call, &mut Tally::default(), &goes_on).await {
            tracing::warn!(code = %failure.error.code(), "the search for further devices ended early");
        }
    };
    if cold {
        // Who restores does not wait for it at the end either.
        account.tasks.behind_while_open(work).await;
    } else {
        account.tasks.behind(work).await;
    }
}

fn is_idle(account: &Account) -> bool {
    account.local.read().levels().pending() == 0 && account.lanes.standing().is_at_rest
}

/// Nodes that gave no answer for any of the names.
pub fn silent(heard: &Heard) -> BTreeSet<usize> {
    let silent = heard.outcomes().filter(|(_, outcome, _)| matches!(outcome, Outcome::Unreachable(_)));
    silent.map(|(node, ..)| node).collect()
}
