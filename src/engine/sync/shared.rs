//! The read of a sync, shared by all callers that come while it runs.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::Mutex;

use crate::engine::account::Account;
use crate::engine::api::event::Event;
use crate::engine::api::report::{SyncFailure, SyncOutcome};
use crate::engine::api::request::{OnProgress, SyncRequest};
use crate::engine::read::cache::Reading;
use crate::engine::read::{Budget, read_nodes};
use crate::error::{Code, Error};
use crate::limits;
use crate::metrics::Operation;
use crate::node::{Meter, Source, Traffic};

/// What a read may take beyond its deadline to put its result together.
const SLACK: Duration = Duration::from_millis(100);

/// A finished read with what it cost.
#[derive(Clone)]
pub struct Done {
    pub reading: Reading,
    pub traffic: Traffic,
}

/// A read that is under way.
pub struct SharedRead {
    /// It asks the nodes whatever was noted of their health.
    fresh: bool,
    read: Shared<BoxFuture<'static, Result<Done, SyncFailure>>>,
}

/// Joins the running read or starts one.
///
/// # Errors
/// Those of the read; `deadline` when it does not end.
pub async fn read_shared(
    account: &Arc<Account>,
    running: &Mutex<Option<SharedRead>>,
    request: SyncRequest,
    progress: &OnProgress,
) -> Result<Done, SyncFailure> {
    let usual = account.config.timeouts.sync;
    let total = request.deadline.unwrap_or(usual).min(limits::WAIT_TOTAL);
    // A caller that gives more time waits longer for a far node too.
    let ask = usual.max((total / 4).min(limits::LONGEST_SHARE)).min(total);
    let budget = Budget { ask, total };
    let read = {
        let mut running = running.lock().await;
        match running.as_ref() {
            Some(SharedRead { fresh, read }) if read.peek().is_none() && (*fresh || !request.fresh) => {
                read.clone()
            }
            _ => {
                let read = start(account.clone(), request.fresh, budget, progress.clone());
                *running = Some(SharedRead { fresh: request.fresh, read: read.clone() });
                read
            }
        }
    };
    match tokio::time::timeout(budget.total + SLACK, read).await {
        Ok(done) => done,
        Err(_) => Err(Error::new(Code::Deadline, "the sync did not end in time").into()),
    }
}

fn start(
    account: Arc<Account>,
    fresh: bool,
    budget: Budget,
    progress: OnProgress,
) -> Shared<BoxFuture<'static, Result<Done, SyncFailure>>> {
    let task = tokio::spawn(read(account, fresh, budget, progress));
    let ended = || SyncFailure::from(Error::new(Code::TaskFailed, "the sync ended unexpectedly"));
    async move { task.await.unwrap_or_else(|_| Err(ended())) }.boxed().shared()
}

/// Reads, measures, and announces start and end.
async fn read(
    account: Arc<Account>,
    fresh: bool,
    budget: Budget,
    progress: OnProgress,
) -> Result<Done, SyncFailure> {
    let started = account.clock.monotonic();
    let meter = Arc::new(Meter::default());
    let revision = account.local.revision();
    account.events.emit(Event::SyncChanged { revision, running: true, outcome: None, source: None });
    let result = read_nodes(&account, fresh, budget, meter.clone(), &progress).await;
    let traffic = meter.totals();
    let (outcome, source) = match &result {
        Ok(reading) => {
            let ok = reading.outcome != SyncOutcome::Offline;
            account.measure.read(Operation::Sync, reading.source, started, ok, traffic);
            (Some(reading.told()), Some(reading.source))
        }
        Err(failure) => {
            account.measure.failed_read(started, traffic, &failure.error);
            match is_of_store(failure.error.code()) {
                // The nodes are not to blame: an outcome would say that they are.
                true => (None, None),
                false => (Some(SyncOutcome::Offline), Some(Source::None)),
            }
        }
    };
    if let (Some(outcome), Some(source)) = (outcome, source) {
        account.measure.note_sync(source, outcome);
    }
    tell_of_store(&account, result.as_ref().err().map(|failure| &failure.error));
    let revision = account.local.revision();
    account.events.emit(Event::SyncChanged { revision, running: false, outcome, source });
    account.events.emit(Event::NodeHealthChanged { revision });
    result.map(|reading| Done { reading, traffic })
}

/// Whether the data folder is what failed.
fn is_of_store(code: Code) -> bool {
    matches!(code, Code::Locked | Code::StorageIo | Code::StorageFull | Code::Corrupt)
}

/// Says once why nothing can be written any more, until it is something else or a sync ends well: nobody waits for a background sync.
fn tell_of_store(account: &Account, failed: Option<&Error>) {
    let failed = failed.filter(|e| is_of_store(e.code()));
    let is_news = account.events.is_news(failed.map(Error::code));
    if let Some(error) = failed.filter(|_| is_news) {
        let kind = if error.code() == Code::Locked { "locked" } else { "storage" };
        account.local.alert(kind, error.message().to_owned());
    }
}
