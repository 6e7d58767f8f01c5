//! Answers that come behind that of a reading. Nobody waits for a far node where near ones have answered; but it may be the only one
//! with news, so what it shows is merged when it comes, and an answer without it says so.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;

use super::payloads::fetch_content;
use super::round::{self, Tally};
use crate::engine::account::Account;
use crate::engine::api::report::SyncFailure;
use crate::engine::api::request::OnProgress;
use crate::engine::api::warning::Word;
use crate::engine::network::heard::Heard;
use crate::engine::network::rest::Rest;
use crate::limits;
use crate::node::Outcome;

/// Notes which nodes answered all of a reading, and gives what it has to say of those that answer usually and have not. A reading
/// that rests on what is known of them for a while says so only where the caller insists.
pub fn owed(account: &Account, heard: &Heard, rest: &[Rest], fresh: bool) -> Option<String> {
    let network = &account.network;
    let now = network.now();
    let answered = |at: &usize| {
        let of_slot = |(outcome, _): &(Outcome, _)| matches!(outcome, Outcome::Found(..) | Outcome::Absent);
        heard.answers.values().all(|nodes| nodes.get(at).is_some_and(of_slot))
    };
    (0..network.len()).filter(answered).for_each(|at| network.arrivals.note(at, now));
    let owing: BTreeSet<usize> = rest.iter().flat_map(Rest::owing).copied().collect();
    let is_told = |at: &usize| fresh || !network.arrivals.is_within(*at, limits::GAP_EVERY, now);
    let told: Vec<String> = owing.into_iter().filter(is_told).map(|at| network.id(at)).collect();
    let told = told.join(", ");
    (!told.is_empty())
        .then(|| Word::Late.say(format_args!("{told}: no answer yet, it is read behind this one")))
}

/// Goes on behind the answer with what is still on its way.
pub async fn start(account: &Arc<Account>, rest: Vec<Rest>) {
    if rest.is_empty() || account.local.reads_along() {
        return;
    }
    let shared = account.clone();
    let work = async move {
        for read in join_all(rest.into_iter().map(|rest| read(&shared, rest))).await {
            if let Err(failure) = read {
                tracing::warn!(code = %failure.error.code(), "what came late could not be merged");
            }
        }
    };
    account.tasks.behind(work).await;
}

/// Merges what comes until all have answered or the time of the reading is over. At the end of a process only those are waited for
/// that are known to be far and to answer.
async fn read(account: &Arc<Account>, mut rest: Rest) -> Result<(), SyncFailure> {
    loop {
        let is_due = rest.is_due();
        let came = tokio::select! {
            biased;
            came = rest.next() => came,
            () = account.tasks.closing(), if !is_due => None,
        };
        let Some(came) = came else { return Ok(()) };
        let mut heard = Heard::default();
        for one in came.into_iter().filter(|one| matches!(one.outcome, Outcome::Found(..))) {
            heard.note(one.slot, one.node, one.outcome, one.elapsed);
        }
        merge(account, &rest, heard).await?;
    }
}

async fn merge(account: &Arc<Account>, rest: &Rest, heard: Heard) -> Result<(), SyncFailure> {
    let call = account.network.call(account.config.timeouts.sync);
    let mut tally = Tally::default();
    round::take(account, rest.slots(), &heard, &call, &mut tally).await?;
    if !tally.roots.is_empty() {
        let quiet: OnProgress = Arc::new(|_| ());
        fetch_content(account, (tally.roots, false), heard.source(), &quiet, &call).await?;
    }
    Ok(())
}
