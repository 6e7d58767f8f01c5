//! Publishing: one edition to every reachable node at once, and the level it reached.
//!
//! A node's 200 is never an acknowledgement. A node counts once its own store was read back: record, pin, root and
//! changed blocks, and the record a second time.

mod claim;
pub(super) mod edition;
mod node;
pub(super) mod peers;
pub(super) mod supply;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::join;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use self::edition::Prepared;
use self::node::Own;
use super::account::Account;
use super::claim as slots;
use super::open::{VERIFIED_INDEX, VERIFIED_SEQUENCE};
use crate::clock::UnixMs;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::node::{Call, Meter};
use crate::store::{Level, Write};
use crate::{Code, Error, limits};

/// One publishing run: its deadline, its meter, what was seen so far.
pub(super) struct Run {
    deadline: Option<Instant>,
    meter: Arc<Meter>,
    last_put: Mutex<Option<UnixMs>>,
    seen: AtomicU64,
}

impl Run {
    pub fn new(meter: Arc<Meter>, deadline: Option<Instant>) -> Self {
        Self { deadline, meter, last_put: Mutex::new(None), seen: AtomicU64::new(0) }
    }

    /// Bounds of one request of this run.
    pub fn call(&self, account: &Account, timeout: Duration) -> Call {
        let own = account.clock.monotonic() + timeout;
        Call { deadline: self.deadline.map_or(own, |deadline| deadline.min(own)), meter: self.meter.clone() }
    }

    fn note_put(&self, account: &Account) {
        *self.last_put.lock().unwrap_or_else(PoisonError::into_inner) = Some(account.clock.now());
    }

    fn seen(&self, at: usize) {
        self.seen
            .fetch_or(1_u64.checked_shl(u32::try_from(at).unwrap_or(63)).unwrap_or(0), Ordering::Relaxed);
    }
}

/// How far one node came.
enum Step {
    /// It holds the edition, proven twice.
    Verified,
    /// Under our name it shows a record we never wrote.
    Rival(Box<Record>),
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Published {
    /// What the edition's changes have reached.
    pub level: Option<Level>,
    /// The last change that is in the edition.
    pub upto: u64,
    pub verified: usize,
    pub errors: Vec<(String, Error)>,
    /// A rival or lost claim: another run is needed.
    pub again: bool,
}

/// Publishes what is pending, once.
///
/// # Errors
/// `unreachable` before the first successful read of the wallet or when no node can be written to; `slots_exhausted`;
/// store errors.
///
/// # Cancel safety
/// Every step is on disk before its effect; an interrupted run is taken up by the next one.
pub(super) async fn publish_once(account: &Arc<Account>, run: &Run) -> Result<Published, Error> {
    let _one = account.publishing.lock().await;
    account.check_open()?;
    if !account.read().first_read {
        return Err(Error::new(Code::Unreachable, "nothing is published before the wallet was read once"));
    }
    if account.nodes.is_empty() {
        return Err(Error::new(Code::Unreachable, "no nodes are configured"));
    }
    let (slot, owned) = {
        let state = account.read();
        (state.own.slot, state.own.owned)
    };
    match slot {
        Some(slot) if owned => publish_owned(account, slot, run).await,
        _ => claim::publish_claim(account, run).await,
    }
}

async fn publish_owned(account: &Arc<Account>, slot: Slot, run: &Run) -> Result<Published, Error> {
    let prepared = match edition::prepare(account, slot).await {
        Err(e) if e.code() == Code::SequenceExhausted => {
            slots::abandon(account).await?;
            return Ok(Published { again: true, ..Published::default() });
        }
        other => other?,
    };
    spread(account, &prepared, run).await
}

/// Sends an edition to every reachable node that is not proven to hold it.
async fn spread(account: &Arc<Account>, prepared: &Prepared, run: &Run) -> Result<Published, Error> {
    let targets = targets(account, prepared);
    let direct = direct_nodes(account, prepared, &targets);
    // Opens once a direct node was supplied: the others pull from it.
    let (ready, _) = tokio::sync::watch::channel(0_usize);
    // Each node's own future notes what came of it. Were the loop below to wait for a lock, the future that holds it
    // would not go on.
    let mut tasks: FuturesUnordered<_> = targets
        .iter()
        .copied()
        .map(|at| {
            let (ready, is_direct) = (&ready, direct.contains(&at));
            let direct_count = direct.len().min(targets.len());
            async move {
                if !is_direct {
                    let mut wait = ready.subscribe();
                    let _ = wait.wait_for(|done| *done > 0 || direct_count == 0).await;
                }
                // What is surplus since the last run goes meanwhile: nobody waits for it.
                let publish = node::publish_to(account, at, prepared, is_direct, run);
                let (result, ()) = join(publish, node::unpin_older(account, at, run)).await;
                if is_direct {
                    ready.send_modify(|done| *done = done.saturating_add(1));
                }
                let noted = note(account, prepared, at, result, run).await;
                account.step();
                noted
            }
        })
        .collect();
    let mut published = Published { upto: prepared.edition.upto, ..Published::default() };
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
    published.level = raise(account, prepared, run).await?;
    published.verified = account.read().verified_nodes();
    if published.again {
        slots::leave_slot(account, &mut Vec::new()).await?;
    }
    Ok(published)
}

/// What one node's part of a run came to.
enum Noted {
    Holds,
    Rival,
    Failed(String, Error),
}

/// Raises the level as far as this node proves it, and merges what stood in our place.
///
/// # Errors
/// Store errors.
async fn note(
    account: &Account,
    prepared: &Prepared,
    at: usize,
    result: Result<Step, Error>,
    run: &Run,
) -> Result<Noted, Error> {
    let noted = match result {
        Ok(Step::Verified) => Noted::Holds,
        Ok(Step::Rival(record)) => {
            take_rival(account, prepared, &record, run).await?;
            return Ok(Noted::Rival);
        }
        Err(e) if is_storage(&e) => return Err(e),
        Err(e) => {
            let id = account.nodes.node(at).map(|node| node.id().to_owned()).unwrap_or_default();
            tracing::debug!(node = id, code = %e.code(), "publishing to a node failed: {}", e.message());
            account.nodes.health().bad(at, &e, account.clock.monotonic());
            Noted::Failed(id, e)
        }
    };
    raise(account, prepared, run).await?;
    Ok(noted)
}

fn is_storage(error: &Error) -> bool {
    matches!(error.code(), Code::StorageFull | Code::StorageIo | Code::Corrupt | Code::Closed)
}

/// Nodes that can be written to, are not backing off, and are not proven to hold this edition.
fn targets(account: &Account, prepared: &Prepared) -> Vec<usize> {
    let now = account.clock.monotonic();
    let state = account.read();
    let slot = prepared.edition.slot.number();
    account
        .api_nodes()
        .into_iter()
        .filter(|at| account.nodes.health().available(*at, now))
        .filter(|at| {
            let row = account.nodes.node(*at).and_then(|node| state.nodes.get(node.id()));
            row.is_none_or(|row| row.slot != slot || row.verified_sequence != prepared.edition.sequence)
        })
        .collect()
}

/// Small deltas go to every node; of bulk, only the best nodes are sent everything.
fn direct_nodes(account: &Account, prepared: &Prepared, targets: &[usize]) -> Vec<usize> {
    let bulk: Vec<usize> = targets
        .iter()
        .copied()
        .filter(|at| account.nodes.node(*at).is_some_and(|node| node::is_bulk(account, node.id(), prepared)))
        .collect();
    let order = account.nodes.health().order();
    let best: Vec<usize> =
        order.into_iter().filter(|at| bulk.contains(at)).take(limits::BULK_NODES).collect();
    targets.iter().copied().filter(|at| !bulk.contains(at) || best.contains(at)).collect()
}

/// Raises the level of the edition's changes to what is proven by now.
async fn raise(account: &Account, prepared: &Prepared, run: &Run) -> Result<Option<Level>, Error> {
    let (verified, owned) = {
        let state = account.read();
        (state.verified_nodes(), state.own.owned)
    };
    let seen = run.seen.load(Ordering::Relaxed) != 0 || verified > 0;
    let level = match (verified >= account.needed() && owned, seen) {
        (true, _) => Level::Verified,
        (false, true) => Level::Published,
        (false, false) => return Ok(None),
    };
    account.raise_level(prepared.edition.upto, level).await?;
    if level == Level::Verified {
        note_verified_index(account, prepared).await?;
    }
    Ok(Some(level))
}

async fn note_verified_index(account: &Account, prepared: &Prepared) -> Result<(), Error> {
    {
        let state = account.read();
        let same = state.verified_index == Some(prepared.edition.index);
        if same && state.verified_sequence == prepared.edition.sequence {
            return Ok(());
        }
    }
    let _order = account.order.lock().await;
    let value = Some(prepared.edition.index.to_bytes().into());
    let sequence = Some(prepared.edition.sequence.to_be_bytes().to_vec().into());
    let batch = vec![
        Write::Meta { key: VERIFIED_INDEX, value },
        Write::Meta { key: VERIFIED_SEQUENCE, value: sequence },
    ];
    account.store.commit(batch).await?;
    let mut state = account.write();
    state.verified_index = Some(prepared.edition.index);
    state.verified_sequence = prepared.edition.sequence;
    Ok(())
}

/// Merges what stands under our own name before anything replaces it.
async fn take_rival(account: &Account, prepared: &Prepared, record: &Record, run: &Run) -> Result<(), Error> {
    let call = run.call(account, account.config.timeouts.publish);
    match super::merge::merge_record(account, prepared.edition.slot, record, &call).await {
        Err(e) if is_storage(&e) => Err(e),
        Err(e) => {
            tracing::debug!(code = %e.code(), "a rival's content could not be read yet");
            Ok(())
        }
        Ok(_) => Ok(()),
    }
}
