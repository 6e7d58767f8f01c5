//! One read of the wallet: cache, then the nodes. Merges what is new and says what it found.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::account::Account;
use super::event::Progress;
use super::fetch::fetch_missing;
use super::merge::{Merged, merge_record};
use super::open::{FAILED, FIRST_READ, GAP, HEALTH, REMOTE_LEVEL, name_row};
use super::report::{NodeReport, SyncFailure, SyncOutcome};
use super::resolve::{Heard, ask, beyond, first_slots, millis};
use super::restore::search_pins;
use super::{claim, repair};
use crate::metrics::Operation;
use crate::model::identity::Slot;
use crate::model::record::Freshness;
use crate::model::root::Root;
use crate::node::{Call, Meter, Source};
use crate::store::{Level, Write};
use crate::{Code, Error};

/// What a read found.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub source: Source,
    pub outcome: SyncOutcome,
    pub list: Duration,
    pub elapsed: Duration,
    pub added: usize,
    pub spent: usize,
    pub nodes: Vec<NodeReport>,
    pub warnings: Vec<String>,
}

#[derive(Default)]
struct Tally {
    added: usize,
    spent: usize,
    changed: bool,
    warnings: Vec<String>,
    roots: Vec<Root>,
    /// Under our own name stood a record that this device never wrote.
    rival: bool,
}

/// Answers from cache when nothing can be new, or when everything failed moments ago.
pub(super) fn cached(account: &Account, started: Instant) -> Option<Reading> {
    let state = account.read();
    let now = account.clock.now();
    let ttl = millis(account.config.cache.record_ttl);
    let within = |at: i64, span: i64| (0..span).contains(&now.saturating_sub(at));
    // A failure since the last good read is told as it is: what was verified then is no longer known to be current.
    let fresh = state.first_read
        && state.failed_at.is_none()
        && state.names.values().all(|known| {
            known.record.is_none() || within(known.verified_at, ttl) || is_quiet(known.changed_at, now)
        })
        && state.verified_recently(now, ttl)
        && state.missing.is_empty()
        && state.pending() == 0;
    let outcome = if fresh {
        SyncOutcome::UpToDate
    } else if state.first_read
        && state.failed_at.is_some_and(|at| within(at, millis(account.config.cache.failure_backoff)))
    {
        SyncOutcome::Offline
    } else {
        return None;
    };
    let source = if fresh { Source::Cache } else { Source::None };
    drop(state);
    let elapsed = account.clock.monotonic().saturating_duration_since(started);
    let nodes = Heard::default().node_reports(account);
    Some(Reading {
        source,
        outcome,
        list: elapsed,
        elapsed,
        added: 0,
        spent: 0,
        nodes,
        warnings: if fresh { Vec::new() } else { vec!["every node failed moments ago".to_owned()] },
    })
}

fn is_quiet(changed_at: i64, now: i64) -> bool {
    now.saturating_sub(changed_at) > millis(crate::limits::QUIET_NAME)
}

/// Reads the nodes.
///
/// # Errors
/// `unreachable`, `invalid` or `denied` when nothing usable was heard; store errors. Local data are as they were.
pub(super) async fn read_nodes(
    account: &Arc<Account>,
    fresh: bool,
    budget: Duration,
    meter: Arc<Meter>,
    progress: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Reading, SyncFailure> {
    let started = account.clock.monotonic();
    let call = Call { deadline: started + budget, meter };
    let which = askable(account, started, fresh);
    let (mut queue, gap) = first_slots(&account.read(), account.clock.now(), fresh);
    let cold = account.read().names.is_empty();
    progress(Progress::Reading { names: queue.len() });
    let mut tally = Tally::default();
    let mut heard = Heard::default();
    let mut asked: BTreeSet<Slot> = BTreeSet::new();
    while !queue.is_empty() && account.clock.monotonic() < call.deadline {
        asked.extend(queue.iter().copied());
        let asked_at = account.clock.monotonic();
        let round = ask(account, &queue, &which, Some(started), &call).await;
        account.measure_part(Operation::Resolve, round.source(), asked_at, round.source() != Source::None);
        let mut heads = take_round(account, &queue, &round, &call, &mut tally).await?;
        heard.extend(round);
        if gap {
            heads.extend(beyond(&account.read()));
        }
        queue = heads.into_iter().filter(|slot| !asked.contains(slot)).collect();
    }
    heard.note_shown(account);
    judge(account, &heard, cold, &call, &mut tally).await?;
    let list = account.clock.monotonic().saturating_duration_since(started);
    progress(Progress::Listed { added: tally.added });
    if tally.rival {
        claim::leave_slot(account, &mut tally.warnings).await?;
    }
    remember(account, &heard, gap).await?;
    repair::plan(account, &heard).await?;
    if tally.roots.is_empty() && !account.read().missing.is_empty() {
        tally.roots = known_roots(account).await?;
    }
    fetch_payloads(account, &tally.roots, heard.source(), progress, &call).await?;
    let read_only = !account.read().read_only.is_empty();
    let outcome = match (read_only, tally.changed) {
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
        nodes: heard.node_reports(account),
        warnings: tally.warnings,
    })
}

/// Fetches what is missing, and counts it when anything was.
async fn fetch_payloads(
    account: &Account,
    roots: &[Root],
    source: Source,
    progress: &(dyn Fn(Progress) + Send + Sync),
    call: &Call,
) -> Result<(), Error> {
    if account.read().missing.is_empty() {
        return Ok(());
    }
    let started = account.clock.monotonic();
    let fetched = fetch_missing(account, roots, progress, call).await;
    let whole = fetched.is_ok() && account.read().missing.is_empty();
    account.measure_part(Operation::Fetch, source, started, whole);
    fetched
}

/// Every node, except those that just failed; every node when the caller insists or none is left.
fn askable(account: &Account, now: Instant, fresh: bool) -> Vec<usize> {
    let all = 0..account.nodes.len();
    let open: Vec<usize> =
        all.clone().filter(|at| fresh || account.nodes.health().available(*at, now)).collect();
    if open.is_empty() { all.collect() } else { open }
}

/// Merges what one round showed; gives the slots that the found roots name.
async fn take_round(
    account: &Arc<Account>,
    slots: &[Slot],
    round: &Heard,
    call: &Call,
    tally: &mut Tally,
) -> Result<BTreeSet<Slot>, SyncFailure> {
    let mut heads = BTreeSet::new();
    let now = account.clock.now();
    for slot in slots {
        for record in round.records(*slot) {
            if claim::is_rival(account, *slot, record) {
                tally.rival = true;
            }
            if record.freshness(now) == Freshness::Expired {
                tally.warnings.push(format!("slot {slot}: a record past its EOL"));
            }
            match merge_record(account, *slot, record, call).await {
                Ok(Merged::Yes(root, applied, warnings)) => {
                    tally.added = tally.added.saturating_add(applied.added);
                    tally.spent = tally.spent.saturating_add(applied.spent);
                    tally.changed |= applied.changed > 0;
                    tally.warnings.extend(warnings);
                    heads.extend(root.heads.keys().copied());
                    tally.roots.push(*root);
                }
                Ok(Merged::Already) => {}
                Ok(Merged::Foreign(e)) => {
                    tally
                        .warnings
                        .push(format!("slot {slot} holds something else and is left alone: {}", e.message()));
                }
                Ok(Merged::ReadOnly(e)) => tally.warnings.push(format!("slot {slot}: {}", e.message())),
                Err(e) if is_storage(&e) => return Err(e.into()),
                Err(e) => {
                    tracing::debug!(slot = slot.number(), code = %e.code(), "a root could not be merged");
                    tally
                        .warnings
                        .push(format!("slot {slot}: its content could not be read: {}", e.message()));
                }
            }
        }
    }
    Ok(heads)
}

fn is_storage(error: &Error) -> bool {
    matches!(
        error.code(),
        Code::StorageFull
            | Code::StorageIo
            | Code::Corrupt
            | Code::Locked
            | Code::InventoryTooLarge
            | Code::Closed
    )
}

/// Decides whether what was heard is an answer at all, and searches the pins where every record is gone.
async fn judge(
    account: &Arc<Account>,
    heard: &Heard,
    cold: bool,
    call: &Call,
    tally: &mut Tally,
) -> Result<(), SyncFailure> {
    let majority = account.majority();
    let answered = heard.outcomes().filter(|(_, o, _)| matches!(o, crate::node::Outcome::Found(..))).count();
    if answered > 0 {
        let nodes: BTreeSet<usize> = heard
            .outcomes()
            .filter(|(_, o, _)| matches!(o, crate::node::Outcome::Found(..) | crate::node::Outcome::Absent))
            .map(|(node, ..)| node)
            .collect();
        if cold && nodes.len() < majority {
            tally.warnings.push("degraded: fewer than a majority of the nodes answered".to_owned());
        }
        return finish_first_read(account, heard, tally).await;
    }
    let asked: Vec<Slot> = heard.answers.keys().copied().collect();
    if asked.is_empty() || !asked.iter().all(|slot| heard.absent(*slot) >= majority) {
        return Err(SyncFailure {
            error: note_failure(account, heard).await,
            nodes: heard.node_reports(account),
        });
    }
    if account.read().first_read && !cold {
        tally.warnings.push("no node has any record of this wallet; it is put back".to_owned());
        return Ok(());
    }
    let found = search_pins(account, asked, call).await?;
    tally.warnings.extend(found.warnings);
    tally.added = tally.added.saturating_add(found.added);
    tally.changed |= found.added > 0;
    let any = !found.roots.is_empty();
    tally.roots.extend(found.roots);
    if any {
        tally.warnings.push("no records were left; the wallet was found by its pins".to_owned());
    } else if found.answered < majority || !tally.warnings.is_empty() {
        let error =
            Error::new(Code::Unreachable, "the search for pinned roots was not answered by a majority");
        return Err(SyncFailure { error, nodes: heard.node_reports(account) });
    }
    set_first_read(account).await.map_err(Into::into)
}

/// A found record is a successful first read once its content is merged.
async fn finish_first_read(account: &Arc<Account>, heard: &Heard, tally: &Tally) -> Result<(), SyncFailure> {
    if account.read().first_read {
        return Ok(());
    }
    let merged = account.read().names.values().any(|known| known.merged_root.is_some() || known.occupied);
    if merged || !account.read().read_only.is_empty() {
        return set_first_read(account).await.map_err(Into::into);
    }
    let why = tally.warnings.last().cloned().unwrap_or_default();
    let error = Error::new(Code::Unreachable, format!("records were found, but not their content ({why})"));
    Err(SyncFailure { error, nodes: heard.node_reports(account) })
}

async fn set_first_read(account: &Account) -> Result<(), Error> {
    let _order = account.order.lock().await;
    account.store.commit(vec![Write::Meta { key: FIRST_READ, value: Some(vec![1].into()) }]).await?;
    account.write().first_read = true;
    Ok(())
}

/// Remembers that everything failed, so that the next plain sync does not wait again.
async fn note_failure(account: &Account, heard: &Heard) -> Error {
    let error = heard.failure();
    let _order = account.order.lock().await;
    let now = account.clock.now();
    let batch = vec![
        Write::Meta { key: FAILED, value: Some(now.to_be_bytes().to_vec().into()) },
        Write::Meta { key: HEALTH, value: Some(account.nodes.health().persist().into()) },
    ];
    match account.store.commit(batch).await {
        Ok(()) => {
            account.write().failed_at = Some(now);
            error
        }
        Err(e) => e,
    }
}

/// Notes when each name was last seen at its high-water mark, in one transaction.
async fn remember(account: &Account, heard: &Heard, gap: bool) -> Result<(), Error> {
    let _order = account.order.lock().await;
    let now = account.clock.now();
    let level = remote_level(account, heard);
    let mut names = account.read().names.clone();
    let mut batch = Vec::new();
    for (slot, known) in &mut names {
        let best = known.record.as_ref();
        if best.is_some_and(|best| heard.showing(*slot, best) > 0) {
            known.verified_at = now;
            batch.push(Write::Name(name_row(*slot, known)));
        }
    }
    if gap {
        batch.push(Write::Meta { key: GAP, value: Some(now.to_be_bytes().to_vec().into()) });
    }
    batch.push(Write::Meta { key: FAILED, value: None });
    batch.push(Write::Meta { key: HEALTH, value: Some(account.nodes.health().persist().into()) });
    if let Some(level) = level {
        let value = if level == Level::Verified { 2 } else { 1 };
        batch.push(Write::Meta { key: REMOTE_LEVEL, value: Some(vec![value].into()) });
    }
    account.store.commit(batch).await?;
    let mut state = account.write();
    state.names = names;
    state.failed_at = None;
    state.remote_level = level.or(state.remote_level);
    if gap {
        state.gap_at = now;
    }
    Ok(())
}

/// How well other devices' content is held: the weakest of their names.
fn remote_level(account: &Account, heard: &Heard) -> Option<Level> {
    let state = account.read();
    let needed = account.needed();
    let others = state.names.iter().filter(|(slot, _)| state.own.slot != Some(**slot));
    let counts = others.filter_map(|(slot, known)| Some(heard.showing(*slot, known.record.as_ref()?)));
    let weakest = counts.filter(|count| *count > 0).min()?;
    Some(if weakest >= needed { Level::Verified } else { Level::Published })
}

/// Roots of the known names, from the cache: their keeps hold what is still missing.
async fn known_roots(account: &Account) -> Result<Vec<Root>, Error> {
    let cids: Vec<_> = account.read().names.values().filter_map(|known| known.merged_root).collect();
    let blocks = account.store.blocks(&cids).await?;
    Ok(blocks
        .iter()
        .flatten()
        .filter_map(|block| Root::open(block, account.keys.sealer(), account.keys.wallet_id()).ok())
        .collect())
}
