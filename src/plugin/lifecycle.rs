//! The life of the app: pending changes are published before it exits, nodes are read more often while it is in front, and
//! again at once when it was suspended.

use std::collections::BTreeSet;
use std::sync::{Arc, Weak};

use tauri::webview::{PageLoadEvent, PageLoadPayload};
use tauri::{AppHandle, Manager, Resource, RunEvent, Runtime, Webview, WindowEvent};

use super::{WalletSync, WalletSyncExt};
use crate::limits;

/// A page that is loaded again has lost its listeners, and nobody waits for what it asked.
pub(super) fn page_loaded<R: Runtime>(webview: &Webview<R>, payload: &PageLoadPayload<'_>) {
    if payload.event() == PageLoadEvent::Started
        && let Some(wallets) = webview.try_state::<Arc<WalletSync>>()
    {
        wallets.forget_page(webview.label());
    }
}

/// Handles the app's events.
///
/// Nothing is closed before the app ends: whether it does is decided by the app itself, which may live on in the tray without a
/// window. [`RunEvent::Exit`] comes once that is certain, whoever asked for it, and holds the process until all is in order.
pub(super) fn listener<R: Runtime>() -> impl FnMut(&AppHandle<R>, &RunEvent) + Send + 'static {
    let mut in_front = BTreeSet::new();
    move |app, event| match event {
        RunEvent::WindowEvent { label, event, .. } => window_changed(app, label, event, &mut in_front),
        RunEvent::Exit => {
            // Windows that are still there would look as if they hung.
            for window in app.webview_windows().into_values() {
                let _ = window.hide();
            }
            leave(app.state::<Arc<WalletSync>>().inner());
        }
        _ => {}
    }
}

/// Puts all accounts in order when Tauri cleans up. A restart that is asked for on the main thread ends the process without any
/// event, but not without this.
pub(super) struct AtCleanup(Weak<WalletSync>);

impl AtCleanup {
    pub(super) fn of(wallets: &Arc<WalletSync>) -> Self {
        Self(Arc::downgrade(wallets))
    }
}

impl Resource for AtCleanup {
    /// A page may close resources by number; that is no end of the app.
    fn close(self: Arc<Self>) {
        std::mem::forget(self);
    }
}

impl Drop for AtCleanup {
    fn drop(&mut self) {
        if let Some(wallets) = self.0.upgrade() {
            leave(&wallets);
        }
    }
}

/// Publishes what is pending, closes, and returns when both are done or the time is up.
pub(super) fn leave(wallets: &Arc<WalletSync>) {
    if wallets.accounts().is_empty() {
        return;
    }
    let wallets = wallets.clone();
    // A thread of its own: whoever ends the app may do so inside of a runtime.
    let leaving = std::thread::spawn(move || tauri::async_runtime::block_on(drain(&wallets)));
    let _ = leaving.join();
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

/// A disk that hangs must not keep the app from ending.
async fn drain(wallets: &WalletSync) {
    let all = wallets.drain(limits::EXIT_DRAIN);
    let _ = tokio::time::timeout(limits::EXIT_DRAIN + limits::EXIT_CLOSE, all).await;
}
