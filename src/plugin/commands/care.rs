//! Auditing the nodes and rehearsing a restore; part of the permission set `admin`.

use std::sync::{Arc, Mutex, PoisonError};

use tauri::ipc::Channel;
use tauri::{Runtime, command};
use tokio::time::Instant;

use crate::clock::monotonic;
use crate::engine::{self, AuditRequest};
use crate::error::{Code, Error};
use crate::limits;
use crate::plugin::arg::Arg;
use crate::plugin::call::{Later, WindowCall};
use crate::plugin::call_limiter::CallClass;
use crate::plugin::main_thread::Outlet;
use crate::plugin::wire::{AuditOptions, AuditProgress, AuditReport, Rehearsal};

/// Looks at what each node's own store holds of the wallet.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn audit<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    options: Arg<AuditOptions>,
    on_progress: Arg<Channel<AuditProgress>>,
) -> Later<R, AuditReport> {
    let (steps, page) = (Arc::new(Steps::to(call.outlet(on_progress.0))), call.page());
    call.later(CallClass::Write, &account, |open| async move {
        let _turn = open.audits.try_acquire().map_err(|_| busy())?;
        let request =
            AuditRequest { all: options.all.unwrap_or(false), repair: options.repair.unwrap_or(false) };
        let shown = steps.clone();
        // With its page the audit ends, so that the next one has the turn and the line.
        let report = open.engine.audit_until(request, move |step| shown.send(step), page.end()).await;
        steps.finish();
        Ok(report?.into())
    })
}

/// Restores into memory from the secret and the nodes alone, and compares with what is here.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn rehearse<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    on_progress: Arg<Channel<AuditProgress>>,
) -> Later<R, Rehearsal> {
    let (steps, page) = (Arc::new(Steps::to(call.outlet(on_progress.0))), call.page());
    call.later(CallClass::Write, &account, |open| async move {
        let _turn = open.audits.try_acquire().map_err(|_| busy())?;
        let shown = steps.clone();
        let rehearsal = tokio::select! {
            biased;
            rehearsal = open.engine.rehearse(move |step| shown.send(step)) => rehearsal,
            () = page.end() => Err(Error::new(Code::Closed, "the page is gone")),
        };
        steps.finish();
        Ok(Rehearsal::of(&rehearsal?, open.engine.now()))
    })
}

fn busy() -> Error {
    Error::new(Code::RateLimited, "an audit or a rehearsal of this account is running")
}

/// Sends progress, at most twenty times a second.
struct Steps {
    outlet: Outlet<AuditProgress>,
    last: Mutex<(Option<Instant>, engine::AuditProgress)>,
}

impl Steps {
    fn to(outlet: Outlet<AuditProgress>) -> Self {
        Self { outlet, last: Mutex::default() }
    }

    fn send(&self, step: engine::AuditProgress) {
        let now = monotonic();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.1 = step;
        if last.0.is_some_and(|at| now < at + limits::EVENT_SPACING) {
            return;
        }
        last.0 = Some(now);
        // The window may be closed by now.
        let _ = self.outlet.send(AuditProgress::of(step, false));
    }

    fn finish(&self) {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).1;
        let _ = self.outlet.send(AuditProgress::of(last, true));
    }
}

#[cfg(all(test, feature = "test-ipc"))]
mod tests;
