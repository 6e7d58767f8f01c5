//! Calls that a web view sends again.
//!
//! A reload breaks the connection on which the answer to a call would have come; Tauri's page then sends the same call again by
//! another way, seconds or minutes after it was handled. What changes something is done once: the call carries an id that its page
//! drew (a header, [`HEADER`]), and who sends it again gets the answer of the first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use serde_json::Value;
use tauri::http::HeaderMap;
use tauri::ipc::InvokeResponseBody;
use tokio::time::Instant;

use crate::clock::monotonic;
use crate::limits;

/// The header that carries the id of a call.
pub(super) const HEADER: &str = "wallet-sync-call";

/// The answer to a call, as it goes to the page.
pub(super) type Reply = Result<InvokeResponseBody, Value>;
/// Work that several may wait for.
pub(super) type SharedWork = Shared<BoxFuture<'static, Reply>>;

/// A call of a page.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CallId {
    window: String,
    command: String,
    id: String,
}

impl CallId {
    /// The id that a call carries; none where it carries none, or one that no page of ours draws.
    pub(super) fn of(window: &str, command: &str, headers: &HeaderMap) -> Option<Self> {
        let id = headers.get(HEADER)?.to_str().ok()?;
        let is_id = !id.is_empty() && id.len() <= limits::PAGE_ID_CHARS;
        is_id.then(|| Self { window: window.to_owned(), command: command.to_owned(), id: id.to_owned() })
    }
}

/// Calls under way, and those answered within the last minute.
#[derive(Default)]
pub(super) struct Calls(Mutex<BTreeMap<CallId, Known>>);

struct Known {
    work: SharedWork,
    ended: Arc<OnceLock<Instant>>,
}

impl std::fmt::Debug for Calls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Calls")
    }
}

impl Calls {
    /// The work of a call that came before.
    pub(super) fn find(&self, id: &CallId) -> Option<SharedWork> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).map(|known| known.work.clone())
    }

    /// Remembers a call until a minute after its answer.
    pub(super) fn begin(&self, id: CallId, work: BoxFuture<'static, Reply>, now: Instant) -> SharedWork {
        let ended = Arc::new(OnceLock::new());
        let at_end = ended.clone();
        let work = async move {
            let reply = work.await;
            let _ = at_end.set(monotonic());
            reply
        };
        let work = work.boxed().shared();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        forget(&mut known, now);
        known.insert(id, Known { work: work.clone(), ended });
        work
    }
}

fn forget(known: &mut BTreeMap<CallId, Known>, now: Instant) {
    let is_lately = |at: &Instant| now.saturating_duration_since(*at) < limits::CALL_REMEMBERED;
    known.retain(|_, one| one.ended.get().is_none_or(is_lately));
    if known.len() < limits::CALLS_REMEMBERED {
        return;
    }
    let oldest = known.iter().filter_map(|(id, one)| Some((*one.ended.get()?, id.clone()))).min();
    if let Some((_, id)) = oldest {
        known.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn id(text: &str) -> CallId {
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, text.parse().unwrap());
        CallId::of("main", "wipe", &headers).unwrap()
    }

    fn counting(count: &Arc<AtomicU32>) -> BoxFuture<'static, Reply> {
        let count = count.clone();
        async move { Ok(InvokeResponseBody::Json(count.fetch_add(1, Ordering::SeqCst).to_string())) }.boxed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_comes_again_within_a_minute_of_its_answer_gets_that_answer() {
        let (calls, count) = (Calls::default(), Arc::new(AtomicU32::new(0)));
        assert!(calls.find(&id("1")).is_none());
        calls.begin(id("1"), counting(&count), monotonic()).await.unwrap();
        calls.find(&id("1")).unwrap().await.unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 1);
        tokio::time::advance(limits::CALL_REMEMBERED).await;
        calls.begin(id("2"), counting(&count), monotonic()).await.unwrap();
        assert!(calls.find(&id("1")).is_none(), "it is forgotten");
        assert!(calls.find(&id("2")).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_are_remembered_and_what_is_under_way_is_among_them() {
        let (calls, count) = (Calls::default(), Arc::new(AtomicU32::new(0)));
        let running = calls.begin(id("running"), std::future::pending().boxed(), monotonic());
        for number in 0..limits::CALLS_REMEMBERED + 10 {
            calls.begin(id(&number.to_string()), counting(&count), monotonic()).await.unwrap();
        }
        assert!(calls.0.lock().unwrap().len() <= limits::CALLS_REMEMBERED);
        assert!(calls.find(&id("running")).is_some());
        drop(running);
    }
}
