//! The payloads that found roots refer to, with the time that a reading leaves and behind its answer.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::account::Account;
use crate::engine::api::request::OnProgress;
use crate::engine::merge::content::fetch_missing;
use crate::error::{Code, Error};
use crate::limits;
use crate::metrics::Operation;
use crate::model::root::Root;
use crate::node::{Call, Source};

/// How long an answer waits for blocks that arrived in time to be written.
const WRITE_SLACK: Duration = Duration::from_millis(50);

/// Fetches what is missing, and counts it when anything was. The answer waits no longer than the deadline: what flows then goes
/// on behind it, and what has come is written.
///
/// # Errors
/// Store errors.
///
/// # Cancel safety
/// What has come is kept.
pub async fn fetch_content(
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
