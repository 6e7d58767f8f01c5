//! Drops handles of windows and of the app on the main thread only.
//!
//! Tauri's handles contain a reference count that is not atomic (tauri#15408): they may be moved to another thread, but
//! cloning or dropping one there, while the main thread does the same, damages the heap. Handles that this plugin moves
//! to a worker are returned through here; see `docs/adr/0008-window-handles-stay-on-the-main-thread.md`.

use std::mem::ManuallyDrop;
use std::sync::mpsc;
use std::thread;

use tauri::ipc::{Channel, IpcResponse};
use tauri::{AppHandle, Runtime, Webview};

/// A handle that can run something on the main thread.
pub(super) trait MainThreadHandle: Send + Sized + 'static {
    fn post(&self, work: impl FnOnce() + Send + 'static) -> tauri::Result<()>;
}

impl<R: Runtime> MainThreadHandle for Webview<R> {
    fn post(&self, work: impl FnOnce() + Send + 'static) -> tauri::Result<()> {
        self.run_on_main_thread(work)
    }
}

impl<R: Runtime> MainThreadHandle for AppHandle<R> {
    fn post(&self, work: impl FnOnce() + Send + 'static) -> tauri::Result<()> {
        self.run_on_main_thread(work)
    }
}

/// Does `work` on the main thread and drops the handle there. After the end of the event loop, both are leaked.
pub(super) fn hand_back<H: MainThreadHandle>(handle: H, work: impl FnOnce() + Send + 'static) {
    let asked_on = thread::current().id();
    let (give, take) = mpsc::sync_channel::<ManuallyDrop<H>>(1);
    let work = ManuallyDrop::new(work);
    let posted = handle.post(move || {
        ManuallyDrop::into_inner(work)();
        // The handle is sent right after this was posted, unless this runs at once on the same thread.
        if thread::current().id() != asked_on {
            let _ = take.recv().map(ManuallyDrop::into_inner);
        }
    });
    let given = give.send(ManuallyDrop::new(handle));
    if let (Ok(()), Err(mpsc::SendError(back))) = (posted, given) {
        drop(ManuallyDrop::into_inner(back));
    }
}

/// A channel to a window that may be dropped on any thread.
pub(super) struct Outlet<T: Send + 'static> {
    channel: Option<Channel<T>>,
    at_end: Option<Box<dyn FnOnce(Channel<T>) + Send + Sync>>,
}

impl<T: IpcResponse + Send> Outlet<T> {
    pub(super) fn new<R: Runtime>(channel: Channel<T>, webview: Webview<R>) -> Self {
        let at_end = move |channel| hand_back(webview, move || drop(channel));
        Self { channel: Some(channel), at_end: Some(Box::new(at_end)) }
    }

    /// A channel without a window.
    #[cfg(test)]
    pub(super) fn unbound(channel: Channel<T>) -> Self {
        Self { channel: Some(channel), at_end: None }
    }

    /// Whether it was sent; `false` when the window is closed.
    pub(super) fn send(&self, message: T) -> bool {
        self.channel.as_ref().is_some_and(|channel| channel.send(message).is_ok())
    }
}

impl<T: Send + 'static> Drop for Outlet<T> {
    fn drop(&mut self) {
        if let (Some(channel), Some(at_end)) = (self.channel.take(), self.at_end.take()) {
            at_end(channel);
        }
    }
}

#[cfg(test)]
mod tests;
