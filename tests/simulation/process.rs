//! What a process shares with its lines, and writes that a node does not do at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::node::Call;
use tauri_plugin_wallet_sync::{Code, Error};
use tokio::sync::oneshot;

/// Between the comparison of a put and its writing: mostly, and on a node that is busy.
const PUT_GAPS_MS: [u64; 5] = [3, 3, 3, 45, 45];

/// What a process shares with its lines: whether it lives, and how bad the line is.
pub struct Process {
    pub alive: AtomicBool,
    /// Chance of trouble per request, percent.
    pub loss: Arc<AtomicU64>,
    /// Requests that it sent.
    pub requests: AtomicU64,
    pub luck: Arc<Entropy>,
}

/// Writes a moment later, as a node does that looks first and then writes; tells when it is done.
pub fn after_a_gap(luck: &Entropy, write: impl FnOnce() + Send + 'static) -> oneshot::Receiver<()> {
    let most = PUT_GAPS_MS[usize::try_from(luck.below(PUT_GAPS_MS.len() as u64)).unwrap()];
    let gap = Duration::from_millis(luck.below(most));
    let (sender, written) = oneshot::channel();
    tokio::spawn(async move {
        tokio::time::sleep(gap).await;
        write();
        let _ = sender.send(());
    });
    written
}

/// Waits for that.
pub async fn in_time(written: oneshot::Receiver<()>, call: &Call) -> Result<(), Error> {
    match tokio::time::timeout_at(call.deadline, written).await {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::new(Code::Deadline, "no answer in time")),
    }
}
