//! Commands that wait for the nodes; part of the permission set `write`.

use std::sync::{Arc, Mutex, PoisonError};

use tauri::ipc::Channel;
use tauri::{Runtime, command};
use tokio::time::Instant;

use crate::clock::monotonic;
use crate::engine::SyncRequest;
use crate::error::{Code, Error};
use crate::plugin::accounts::HostedAccount;
use crate::plugin::arg::Arg;
use crate::plugin::call::{Later, WindowCall};
use crate::plugin::call_limiter::CallClass;
use crate::plugin::failure::CommandResult;
use crate::plugin::main_thread::Outlet;
use crate::plugin::pages::Page;
use crate::plugin::turns::Turn;
use crate::plugin::wire::{Progress, SyncOptions, SyncReport};
use crate::plugin::{CommandError, args};
use crate::{engine, limits};

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn sync_now<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    options: Arg<SyncOptions>,
    on_progress: Arg<Channel<Progress>>,
) -> Later<R, SyncReport> {
    let (outlet, page, window) =
        (Arc::new(call.outlet(on_progress.0)), call.page(), call.window().to_owned());
    call.later_held(CallClass::Write, &account, |open, held| async move {
        let request = SyncRequest {
            fresh: options.fresh.unwrap_or(false),
            deadline: args::call_ms(options.deadline_ms)?,
            wait: options.wait.map(Into::into),
        };
        held.keep(turn(&open, &window)?);
        let steps = Steps { outlet: outlet.clone(), last: Mutex::new(None) };
        let syncing = open.engine.sync(request, move |step| steps.send(step));
        let done = waited_for(Box::pin(syncing), page).await?;
        // The window may be closed.
        let _ = outlet.send(Progress::Finished);
        report(&open, done)
    })
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn flush<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    within_ms: Arg<Option<u32>>,
) -> Later<R, SyncReport> {
    let (page, window) = (call.page(), call.window().to_owned());
    call.later_held(CallClass::Write, &account, |open, held| async move {
        let within = args::call_ms(*within_ms)?.unwrap_or(limits::FLUSH);
        held.keep(turn(&open, &window)?);
        let done = waited_for(Box::pin(open.engine.flush(within)), page).await?;
        report(&open, done)
    })
}

/// The work goes on behind a page that is gone; its turn is free for the next one.
async fn waited_for<T>(work: impl Future<Output = T>, page: Page) -> CommandResult<T> {
    tokio::select! {
        biased;
        done = work => Ok(done),
        () = page.end() => Err(Error::new(Code::Closed, "the page is gone").into()),
    }
}

fn turn(open: &HostedAccount, window: &str) -> CommandResult<Turn> {
    open.syncs.take(window).ok_or(CommandError::too_much("too many syncs are running"))
}

fn report(
    open: &HostedAccount,
    done: Result<engine::SyncReport, engine::SyncFailure>,
) -> CommandResult<SyncReport> {
    // A sync answered from cache is measured too, but causes no event.
    open.feed.note_measured();
    match done {
        Ok(report) => Ok(SyncReport::of(report, open.engine.revision())),
        Err(failure) => Err(failure.error.into()),
    }
}

/// Sends progress: the first step of each kind at once, further ones of a kind at most twenty times a second.
struct Steps {
    outlet: Arc<Outlet<Progress>>,
    last: Mutex<Option<(std::mem::Discriminant<engine::Progress>, Instant)>>,
}

impl Steps {
    fn send(&self, step: engine::Progress) {
        let (kind, now) = (std::mem::discriminant(&step), monotonic());
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|(old, at)| old == kind && now < at + limits::EVENT_SPACING) {
            return;
        }
        *last = Some((kind, now));
        // The window may be closed; the sync goes on.
        let _ = self.outlet.send(step.into());
    }
}
