//! The wallet in one file: part of the permission set `admin`.

use std::sync::{Arc, Mutex, PoisonError};

use tauri::ipc::Channel;
use tauri::{Runtime, command};
use tokio::time::Instant;

use crate::clock::monotonic;
use crate::engine;
use crate::error::{Code, Error};
use crate::limits;
use crate::plugin::arg::Arg;
use crate::plugin::backups;
use crate::plugin::call::{Later, WindowCall};
use crate::plugin::call_limiter::CallClass;
use crate::plugin::main_thread::Outlet;
use crate::plugin::wire::{BackupProgress, BackupReport};

/// Writes everything that this device has into one encrypted file, in the folder that the app chose.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn export_backup<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    on_progress: Arg<Channel<BackupProgress>>,
) -> Later<R, BackupReport> {
    let outlet = Arc::new(call.outlet(on_progress.0));
    let base = call.wallets().backup_folder().to_owned();
    call.later(CallClass::Write, &account, |open| async move {
        let busy = |_| Error::new(Code::RateLimited, "a backup of this account is being written");
        let _one = open.exports.try_acquire().map_err(busy)?;
        let (id, now) = (open.id.clone(), open.engine.now());
        let named = tokio::task::spawn_blocking(move || backups::new_file(&base, &id, now)).await;
        let (path, name) = named.map_err(|_| Error::new(Code::TaskFailed, "the file was not named"))??;
        let steps = Steps { outlet, last: Mutex::new(None) };
        let report = open.engine.export_backup(&path, false, move |step| steps.send(step)).await?;
        Ok(BackupReport::of(report, name))
    })
}

/// Sends progress at most twenty times a second; the last message is always sent.
struct Steps {
    outlet: Arc<Outlet<BackupProgress>>,
    last: Mutex<Option<Instant>>,
}

impl Steps {
    fn send(&self, step: engine::BackupProgress) {
        let now = monotonic();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if step.done < step.total && last.is_some_and(|at| now < at + limits::EVENT_SPACING) {
            return;
        }
        *last = Some(now);
        // The window may be closed; the file is written all the same.
        let _ = self.outlet.send(step.into());
    }
}
