//! From the nodes to this device: one read of the wallet.
//!
//! Rounds of questions until no new slot is named; what was heard is merged, judged and noted; laggards are repaired behind
//! the answer; payloads are fetched with the time that is left.

mod beacons;
pub mod cache;
mod checks;
mod confirm;
mod displaced;
mod first;
pub mod glance;
mod order;
pub mod pushed;
pub mod repairs;
pub mod reput;
mod round;
mod search;
mod verdict;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join;
use tokio::time::Instant;

use self::beacons::Lights;
use self::cache::Reading;
use self::confirm::ShownBy;
use self::round::Tally;
use super::account::Account;
use super::api::event::Progress;
use super::api::report::{SyncFailure, SyncOutcome};
use super::api::request::OnProgress;
use super::api::warning::Word;
use super::merge::content::fetch_missing;
use super::network::ask::Asked;
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
    account.readings.fetch_add(1, Ordering::Relaxed);
    let call = Call { deadline: started + budget.ask, meter };
    let content = Call { deadline: started + budget.total, meter: call.meter.clone() };
    let check = checks::begin(account, &call);
    let proven = repairs::proven(account);
    let (heard, mut tally, plan) = ask_all(account, fresh, budget.ask, &content, progress).await?;
    if plan.cold {
        first::wait_for_something(account, &plan.lights, &content, &mut tally).await;
    }
    checks::end(account, check).await;
    verdict::judge(account, &heard, plan.cold, &plan.lights, &mut tally).await?;
    let list = account.clock.monotonic().saturating_duration_since(started);
    progress(Progress::Listed { added: tally.added });
    let shown = ShownBy::of(account, &heard);
    verdict::note(account, &heard, &tally, plan.gap, &shown).await?;
    repairs::start(account, &heard, &proven).await?;
    let found = (std::mem::take(&mut tally.roots), fresh);
    fetch_content(account, found, heard.source(), progress, &content).await?;
    confirm::start(account, shown).await;
    search::start(account, plan.cold).await;
    tally.warnings.extend(account.local.tell_few_slots().map(|words| Word::Slots.say(words)));
    let unread = tally.told_unread(account.local.read().names().own().slot, cache::unread(account));
    tally.warnings.extend(cache::left_out(account));
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

/// Who asks, and how.
struct Asking<'a> {
    account: &'a Arc<Account>,
    which: Vec<usize>,
    fresh: bool,
    cold: bool,
    started: Instant,
    /// What one round of questions may take.
    budget: Duration,
    /// What all of them and what they bring may take.
    content: &'a Call,
}

/// One round of questions, answered.
struct Round {
    slots: Vec<Slot>,
    names: Vec<Asked>,
    heard: Heard,
    seen: Lights,
}

impl Round {
    fn and(mut self, other: Self) -> Self {
        self.slots.extend(other.slots);
        self.names.extend(other.names);
        self.heard.extend(other.heard);
        self.seen.extend(other.seen);
        self
    }
}

impl Asking<'_> {
    async fn ask(&self, slots: Vec<Slot>) -> Round {
        let (account, asked_at) = (self.account, self.account.clock.monotonic());
        let deadline = self.content.deadline.min(asked_at + self.budget);
        let call = &Call { deadline, meter: self.content.meter.clone() };
        let names = round::names(account, &slots);
        let round = account.network.ask(&names, &self.which, Some(self.started), call);
        let (heard, seen) = if self.cold {
            // An old record never hides a newer beacon: a first reading asks for both at once.
            let lit = round::first_beacons(account, &slots, self.fresh);
            let lights = beacons::ask(account, &lit, &self.which, call);
            beacons::beside(account, round, lights, call).await
        } else {
            (round.await, Lights::default())
        };
        let source = heard.source();
        account.measure.part(Operation::Resolve, source, asked_at, source != Source::None);
        heard.note_shown(&account.network);
        Round { slots, names, heard, seen }
    }

    /// Merges what a round showed; gives the slots that the roots name, and what beacons said.
    async fn take(&self, round: &Round, tally: &mut Tally) -> Result<(BTreeSet<Slot>, Lights), SyncFailure> {
        let account = self.account;
        let mut heads = round::take(account, &round.slots, &round.heard, self.content, tally).await?;
        let dark = if self.cold { Vec::new() } else { round::dark(account, &round.names, &round.heard) };
        let further = if dark.is_empty() {
            Lights::default()
        } else {
            let until = self.content.deadline.min(account.clock.monotonic() + self.budget);
            let call = Call { deadline: until, meter: self.content.meter.clone() };
            beacons::ask(account, &dark, &self.which, &call).await
        };
        let share = round::share_of(account, self.content);
        let seen = if self.cold { &round.seen } else { &further };
        heads.extend(beacons::take(account, seen, &share, tally).await?);
        Ok((heads, further))
    }
}

/// Asks for the first slots, then for those that the found roots name, until there is nothing new. What carried roots name is
/// asked for while they are merged.
async fn ask_all(
    account: &Arc<Account>,
    fresh: bool,
    budget: Duration,
    content: &Call,
    progress: &OnProgress,
) -> Result<(Heard, Tally, Plan), SyncFailure> {
    let started = account.clock.monotonic();
    let which = account.network.askable(fresh);
    let cold = account.local.read().names().is_empty();
    let mut asking = Asking { account, which, fresh, cold, started, budget, content };
    let (queue, gap) = round::first_slots(account, fresh);
    progress(Progress::Reading { names: queue.len() });
    let (mut tally, mut heard) = (Tally { insists: fresh, ..Tally::default() }, Heard::default());
    let mut asked: BTreeSet<Slot> = queue.iter().copied().collect();
    let mut lights = Lights::default();
    let mut next = if queue.is_empty() { None } else { Some(asking.ask(queue).await) };
    while let Some(round) = next.take() {
        let mut open = order::named(account, &round.heard);
        if gap && !open.is_empty() {
            open.extend(round::beyond(account, &open));
        }
        open.retain(|slot| asked.insert(*slot));
        let ahead = async { if open.is_empty() { None } else { Some(asking.ask(into(open)).await) } };
        let (taken, ahead) = join(asking.take(&round, &mut tally), ahead).await;
        let (mut heads, further) = taken?;
        lights.extend(round.seen);
        lights.extend(further);
        heard.extend(round.heard);
        if gap {
            heads.extend(round::beyond(account, &BTreeSet::new()));
        }
        heads.retain(|slot| asked.insert(*slot));
        next = ahead;
        // Who left a question open is not waited for again in this reading, where enough are left.
        let silent = search::silent(&heard);
        if asking.which.iter().filter(|at| !silent.contains(at)).count() >= account.network.majority() {
            asking.which.retain(|at| !silent.contains(at));
        }
        if next.is_none() && heads.is_empty() && is_nothing(account, &heard, &lights, &tally) {
            let call = Call { deadline: started + budget, meter: content.meter.clone() };
            let found = search::search(account, &asking.which, &call, &mut tally, &|| true).await?;
            asked.extend(found.heard.answers.keys().copied());
            heard.extend(found.heard);
            lights.extend(found.lights);
            lights.silent.extend(found.silent);
            heads = found.heads.into_iter().filter(|slot| asked.insert(*slot)).collect();
        }
        if !heads.is_empty() && account.clock.monotonic() < content.deadline {
            let more = asking.ask(into(heads)).await;
            next = Some(match next {
                Some(round) => round.and(more),
                None => more,
            });
        }
    }
    Ok((heard, tally, Plan { cold, gap, lights }))
}

fn into(slots: BTreeSet<Slot>) -> Vec<Slot> {
    slots.into_iter().collect()
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
    (roots, insists): (Vec<Root>, bool),
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
    let started = account.clock.monotonic();
    let mut work = tokio::spawn({
        let (account, progress, meter) = (account.clone(), progress.clone(), call.meter.clone());
        let waited_until = call.deadline;
        let long = Call { deadline: waited_until.max(started + limits::WAIT_TOTAL), meter };
        async move {
            let _right = right;
            let fetched = fetch_missing(&account, (&roots, insists), &*progress, waited_until, &long).await;
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
