//! Signals that end a process: without a handler they do so at once, and what is pending stays on this disk only.

use tauri::{AppHandle, Runtime};

/// Ends the app as [`AppHandle::exit`] does when the process is told to end.
#[cfg(unix)]
pub(super) fn follow<R: Runtime>(app: &AppHandle<R>) {
    use tokio::signal::unix::{SignalKind, signal};

    // Asked before a handler takes its place.
    let hangs_up = !is_ignored(SignalKind::hangup().as_raw_value());
    // On the runtime: that is where signals are received.
    let (app, kinds) =
        (app.clone(), [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()]);
    tauri::async_runtime::spawn(async move {
        let [Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)] = kinds.map(signal) else {
            tracing::warn!("signals are not received: one that ends the process does so at once");
            return super::main_thread::hand_back(app, || {});
        };
        let code = tokio::select! {
            _ = terminate.recv() => 128 + SignalKind::terminate().as_raw_value(),
            _ = interrupt.recv() => 128 + SignalKind::interrupt().as_raw_value(),
            // The session or the terminal has ended.
            _ = hangup.recv(), if hangs_up => 128 + SignalKind::hangup().as_raw_value(),
        };
        end(app, code, async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
                _ = hangup.recv(), if hangs_up => {}
            }
        })
        .await;
    });
}

/// Whether the process was started so that this signal means nothing to it, as `nohup` does. Known on Linux only.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    u32::try_from(signal - 1).is_ok_and(|bit| mask.checked_shr(bit).unwrap_or(0) & 1 == 1)
}

#[cfg(not(unix))]
pub(super) fn follow<R: Runtime>(_: &AppHandle<R>) {}

/// Whoever sends a signal wants the process to end: an app that prevents its exit is ended after a while, and at once when it is asked
/// again.
#[cfg(unix)]
async fn end<R: Runtime>(app: AppHandle<R>, code: i32, again: impl Future<Output = ()>) {
    use std::sync::Arc;

    use tauri::Manager;

    use super::WalletSync;
    use super::lifecycle::leave;
    use super::main_thread::hand_back;
    use crate::limits;

    let wallets = app.state::<Arc<WalletSync>>().inner().clone();
    app.exit(code);
    hand_back(app, || {});
    let patience = limits::EXIT_DRAIN + limits::EXIT_CLOSE + limits::SIGNAL_SLACK;
    tokio::select! {
        () = again => {}
        () = tokio::time::sleep(patience) => {
            let _ = tokio::task::spawn_blocking(move || leave(&wallets)).await;
        }
    }
    std::process::exit(code);
}
