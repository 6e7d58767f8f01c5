//! The life of the app: pending changes are published before it exits, nodes are read more often while it is in front, and
//! again at once when it was suspended.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tauri::webview::{PageLoadEvent, PageLoadPayload};
use tauri::{AppHandle, Manager, RunEvent, Runtime, Webview, WindowEvent};

use super::main_thread::hand_back;
use super::{WalletSync, WalletSyncExt};
use crate::limits;

/// A page that is loaded again has lost its listeners.
pub(super) fn page_loaded<R: Runtime>(webview: &Webview<R>, payload: &PageLoadPayload<'_>) {
    if payload.event() == PageLoadEvent::Started
        && let Some(wallets) = webview.try_state::<Arc<WalletSync>>()
    {
        wallets.forget_listeners(webview.label());
    }
}

/// Handles the app's events.
pub(super) fn listener<R: Runtime>() -> impl FnMut(&AppHandle<R>, &RunEvent) + Send + 'static {
    let mut leaving = Leaving::default();
    let mut in_front = BTreeSet::new();
    move |app, event| match event {
        RunEvent::WindowEvent { label, event, .. } => window_changed(app, label, event, &mut in_front),
        RunEvent::ExitRequested { api, code, .. } if leaving.must_wait(app, code.unwrap_or(0)) => {
            api.prevent_exit();
        }
        // A restart cannot be delayed and comes here without a drain. The folder must be free for the new process.
        RunEvent::Exit if !leaving.is_done() => {
            tauri::async_runtime::block_on(drain(app));
        }
        _ => {}
    }
}

fn window_changed<R: Runtime>(
    app: &AppHandle<R>,
    label: &str,
    event: &WindowEvent,
    in_front: &mut BTreeSet<String>,
) {
    match event {
        #[cfg(mobile)]
        WindowEvent::Resumed => return app.wallet_sync().resume(),
        #[cfg(mobile)]
        WindowEvent::Suspended => in_front.remove(label),
        WindowEvent::Focused(true) => in_front.insert(label.to_owned()),
        WindowEvent::Focused(false) => in_front.remove(label),
        WindowEvent::Destroyed => {
            app.wallet_sync().forget_window(label);
            in_front.remove(label)
        }
        _ => return,
    };
    app.wallet_sync().set_foreground(!in_front.is_empty());
}

/// Publishes what is pending and closes. A disk that hangs must not keep the app from exiting.
async fn drain<R: Runtime>(app: &AppHandle<R>) {
    let all = app.wallet_sync().drain(limits::EXIT_DRAIN);
    let _ = tokio::time::timeout(limits::EXIT_DRAIN + limits::EXIT_CLOSE, all).await;
}

/// Exits in two steps: the first request starts the drain, and its end requests the exit again.
#[derive(Default)]
struct Leaving {
    done: Arc<AtomicBool>,
    is_draining: bool,
}

impl Leaving {
    fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    fn must_wait<R: Runtime>(&mut self, app: &AppHandle<R>, code: i32) -> bool {
        if self.is_done() {
            return false;
        }
        if !std::mem::replace(&mut self.is_draining, true) {
            let (app, done) = (app.clone(), self.done.clone());
            tauri::async_runtime::spawn(async move {
                drain(&app).await;
                done.store(true, Ordering::Release);
                app.exit(code);
                hand_back(app, || {});
            });
        }
        true
    }
}
