//! What a process shares with its lines, and writes that a node does not do at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::Entropy;
use tauri_plugin_wallet_sync::node::Call;
use tauri_plugin_wallet_sync::{Code, Error};
use tokio::sync::oneshot;

/// Between the comparison of a put and its writing: mostly, and on a node that is busy.
const PUT_GAPS_MS: [u64; 5] = [3, 3, 3, 45, 45];

/// How long a request that hangs on the line may be late.
const LATEST_MS: u64 = 90_000;

/// What a process shares with its lines: whether it lives, and how bad the line is.
pub struct Process {
    pub alive: AtomicBool,
    /// Chance of trouble per request, percent.
    pub loss: Arc<AtomicU64>,
    /// Requests that it sent.
    pub requests: AtomicU64,
    pub luck: Arc<Entropy>,
}

/// What becomes of a request.
pub enum Fate {
    Well,
    RequestLost,
    AnswerLost,
    Late(Duration),
    Twice(Duration),
}

impl Process {
    /// By chance, as bad as the line is.
    pub fn fate(&self) -> Fate {
        if self.luck.below(100) >= self.loss.load(Ordering::Relaxed) {
            return Fate::Well;
        }
        let late = Duration::from_millis(self.luck.below(LATEST_MS));
        match self.luck.below(4) {
            0 => Fate::RequestLost,
            1 => Fate::AnswerLost,
            2 => Fate::Late(late),
            _ => Fate::Twice(late),
        }
    }
}

/// Writes a moment later, or when it is no longer busy, as a node does that looks first and then writes; tells when it is done.
pub fn after_a_gap(
    luck: &Entropy,
    busy: Duration,
    write: impl FnOnce() + Send + 'static,
) -> oneshot::Receiver<()> {
    let most = PUT_GAPS_MS[usize::try_from(luck.below(PUT_GAPS_MS.len() as u64)).unwrap()];
    let gap = busy.max(Duration::from_millis(luck.below(most)));
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
