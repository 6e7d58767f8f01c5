//! Signals that end a process: without a handler they do so at once, and what is pending stays on this disk only.

use tauri::{AppHandle, Runtime};

/// Ends the app as [`AppHandle::exit`] does when the process is told to end.
#[cfg(unix)]
pub(super) fn follow<R: Runtime>(app: &AppHandle<R>) {
    use tokio::signal::unix::{SignalKind, signal};

    // On the runtime: that is where signals are received.
    let (app, kinds) = (app.clone(), [SignalKind::terminate(), SignalKind::interrupt()]);
    tauri::async_runtime::spawn(async move {
        let [Ok(mut terminate), Ok(mut interrupt)] = kinds.map(signal) else {
            tracing::warn!("signals are not received: one that ends the process does so at once");
            return super::main_thread::hand_back(app, || {});
        };
        let code = tokio::select! {
            _ = terminate.recv() => 128 + SignalKind::terminate().as_raw_value(),
            _ = interrupt.recv() => 128 + SignalKind::interrupt().as_raw_value(),
        };
        end(app, code, async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await;
    });
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
