//! From the nodes to this device: one read of the wallet.
//!
//! Rounds of questions until no new slot is named; what was heard is merged, judged and noted; laggards are repaired behind
//! the answer; payloads are fetched with the time that is left.

mod beacons;
pub mod cache;
mod checks;
mod confirm;
pub mod repairs;
pub mod reput;
mod round;
mod search;
mod verdict;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use self::beacons::Lights;
use self::cache::Reading;
use self::confirm::ShownBy;
use self::round::Tally;
use super::account::Account;
use super::api::event::Progress;
use super::api::report::{SyncFailure, SyncOutcome};
use super::api::request::OnProgress;
use super::merge::content::fetch_missing;
use super::network::heard::Heard;
use crate::error::{Code, Error};
use crate::limits;
use crate::metrics::Operation;
use crate::model::identity::Slot;
use crate::model::root::Root;
use crate::node::{Call, Meter, Source};

/// How long an answer waits for blocks that arrived in time to be written.
const WRITE_SLACK: Duration = Duration::from_millis(50);

/// What a reading may take.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// For asking.
    pub ask: Duration,
    /// For what the answers name: more where a caller gives it, as long as bytes flow.
    pub total: Duration,
}

/// Reads the nodes.
///
/// # Errors
/// `unreachable`, `invalid` or `denied` when nothing usable was heard; store errors. Local data are as they were.
///
/// # Cancel safety
/// What was merged stays.
pub async fn read_nodes(
    account: &Arc<Account>,
    fresh: bool,
    budget: Budget,
    meter: Arc<Meter>,
    progress: &OnProgress,
) -> Result<Reading, SyncFailure> {
    let started = account.clock.monotonic();
    let call = Call { deadline: started + budget.ask, meter };
    let content = Call { deadline: started + budget.total, meter: call.meter.clone() };
    let check = checks::begin(account, &call);
    let proven = repairs::proven(account);
    let (heard, mut tally, plan) = ask_all(account, fresh, budget.ask, &content, progress).await?;
    checks::end(account, check).await;
    verdict::judge(account, &heard, plan.cold, &plan.lights, &mut tally).await?;
    let list = account.clock.monotonic().saturating_duration_since(started);
    progress(Progress::Listed { added: tally.added });
    let shown = ShownBy::of(account, &heard);
    verdict::note(account, &heard, &tally, plan.gap, &shown).await?;
    repairs::start(account, &heard, &proven).await?;
    fetch_content(account, std::mem::take(&mut tally.roots), heard.source(), progress, &content).await?;
    confirm::start(account, shown).await;
    search::start(account).await;
    let unread = tally.told_unread(account.local.read().names().own().slot, cache::unread(account));
    let outcome = match (account.local.read().session().is_read_only(), tally.changed) {
        (true, _) => SyncOutcome::ReadOnly,
        (_, true) => SyncOutcome::Merged,
        _ => SyncOutcome::UpToDate,
    };
    Ok(Reading {
        source: heard.source(),
        outcome,
        list,
        elapsed: account.clock.monotonic().saturating_duration_since(started),
        added: tally.added,
        spent: tally.spent,
        nodes: heard.node_reports(&account.network),
        warnings: tally.warnings,
        unread,
    })
}

/// What kind of read it is.
struct Plan {
    /// No name is known yet.
    cold: bool,
    /// The slots beyond the known ones are asked for too.
    gap: bool,
    /// What beacons said.
    lights: Lights,
}

/// Asks for the first slots, then for those that the found roots name, until there is nothing new. One round of questions may take
/// the budget, all of them and what they bring the time of `content`.
async fn ask_all(
    account: &Arc<Account>,
    fresh: bool,
    budget: Duration,
    content: &Call,
    progress: &OnProgress,
) -> Result<(Heard, Tally, Plan), SyncFailure> {
    let started = account.clock.monotonic();
    let mut which = account.network.askable(fresh);
    let cold = account.local.read().names().is_empty();
    let (mut queue, gap) = round::first_slots(account, fresh);
    progress(Progress::Reading { names: queue.len() });
    let (mut tally, mut heard) = (Tally { insists: fresh, ..Tally::default() }, Heard::default());
    let mut asked: BTreeSet<Slot> = BTreeSet::new();
    let mut lights = Lights::default();
    while !queue.is_empty() && account.clock.monotonic() < content.deadline {
        asked.extend(queue.iter().copied());
        let asked_at = account.clock.monotonic();
        let call = &Call { deadline: content.deadline.min(asked_at + budget), meter: content.meter.clone() };
        let names = round::names(account, &queue);
        let round = account.network.ask(&names, &which, Some(started), call);
        let (round, mut seen) = if cold {
            // An old record never hides a newer beacon: a first reading asks for both at once.
            let slots = round::first_beacons(account, &queue, fresh);
            let lights = beacons::ask(account, &slots, &which, call);
            beacons::beside(account, round, lights, call).await
        } else {
            (round.await, Lights::default())
        };
        let source = round.source();
        account.measure.part(Operation::Resolve, source, asked_at, source != Source::None);
        round.note_shown(&account.network);
        let mut heads = round::take(account, &queue, &round, content, &mut tally).await?;
        let dark = if cold { Vec::new() } else { round::dark(account, &names, &round) };
        if !dark.is_empty() {
            seen = beacons::ask(account, &dark, &which, call).await;
        }
        heads.extend(beacons::take(account, &seen, &round::share_of(account, content), &mut tally).await?);
        lights.extend(seen);
        heard.extend(round);
        if gap {
            heads.extend(round::beyond(account));
        }
        // Who left a question open is not waited for again in this reading, where enough are left.
        let silent = search::silent(&heard);
        if which.iter().filter(|at| !silent.contains(at)).count() >= account.network.majority() {
            which.retain(|at| !silent.contains(at));
        }
        if heads.iter().all(|slot| asked.contains(slot)) && is_nothing(account, &heard, &lights, &tally) {
            let call = Call { deadline: started + budget, meter: content.meter.clone() };
            let found = search::search(account, &which, &call, &mut tally).await?;
            asked.extend(found.heard.answers.keys().copied());
            heard.extend(found.heard);
            lights.extend(found.lights);
            lights.silent.extend(found.silent);
            heads = found.heads;
        }
        queue = heads.into_iter().filter(|slot| !asked.contains(slot)).collect();
    }
    Ok((heard, tally, Plan { cold, gap, lights }))
}

/// Nothing was found, a majority says so, there are slots that were never asked for, and no change waits for this.
fn is_nothing(account: &Account, heard: &Heard, lights: &Lights, tally: &Tally) -> bool {
    let is_absent = |slot: &Slot| heard.absent(*slot) >= account.network.majority();
    let is_found =
        tally.changed || !lights.seen.is_empty() || account.local.read().names().highest().is_some();
    let waits = account.local.read().levels().pending() > 0;
    let is_nothing = !is_found && !waits && heard.answers.keys().all(is_absent);
    is_nothing && search::is_wanted(account, tally.insists)
}

/// Fetches what is missing, and counts it when anything was. The answer waits no longer than the deadline: what flows then goes
/// on behind it, and what has come is written.
async fn fetch_content(
    account: &Arc<Account>,
    found: Vec<Root>,
    source: Source,
    progress: &OnProgress,
    call: &Call,
) -> Result<(), Error> {
    if is_whole(account) || account.local.reads_along() {
        return Ok(());
    }
    // One at a time: what goes on behind an earlier answer is waited for.
    let waiting = account.fetching.clone().lock_owned();
    let Ok(right) = tokio::time::timeout_at(call.deadline, waiting).await else { return Ok(()) };
    // A stream begins anew each time: what an earlier reading did not get to the end of is asked for block by block.
    let roots = found;
    let started = account.clock.monotonic();
    let mut work = tokio::spawn({
        let (account, progress, meter) = (account.clone(), progress.clone(), call.meter.clone());
        let waited_until = call.deadline;
        let long = Call { deadline: waited_until.max(started + limits::WAIT_TOTAL), meter };
        async move {
            let _right = right;
            let fetched = fetch_missing(&account, &roots, &*progress, waited_until, &long).await;
            let is_done = fetched.is_ok() && is_whole(&account);
            account.measure.part(Operation::Fetch, source, started, is_done);
            fetched
        }
    });
    let ended = |_| Error::new(Code::TaskFailed, "fetching content ended unexpectedly");
    if let Ok(fetched) = tokio::time::timeout_at(call.deadline + WRITE_SLACK, &mut work).await {
        return fetched.map_err(ended)?;
    }
    let rest = async move {
        if let Err(e) = work.await.map_err(ended).flatten() {
            tracing::warn!(code = %e.code(), "content that arrived could not be written");
        }
    };
    account.tasks.behind(rest).await;
    Ok(())
}

fn is_whole(account: &Account) -> bool {
    account.local.read().holdings().missing_count() == 0
}
