//! Work behind an answer, and the end of an account: what was started is waited for, then nothing new begins.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use crate::error::{Code, Error};

/// The tasks of one account.
pub struct Tasks {
    background: Mutex<JoinSet<()>>,
    closed: Arc<watch::Sender<bool>>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { background: Mutex::default(), closed: Arc::new(watch::channel(false).0) }
    }
}

impl Tasks {
    /// # Errors
    /// [`Code::Closed`] once the account was closed.
    pub fn check_open(&self) -> Result<(), Error> {
        if *self.closed.borrow() {
            return Err(Error::new(Code::Closed, "the account is closed"));
        }
        Ok(())
    }

    /// Runs work that nobody waits for but [`Tasks::drain`].
    pub async fn behind(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut background = self.background.lock().await;
        // A set keeps the results of ended tasks until they are taken.
        while background.try_join_next().is_some() {}
        background.spawn(work);
    }

    /// The same for work that is of no use any more once the account is closed.
    pub async fn behind_while_open(&self, work: impl Future<Output = ()> + Send + 'static) {
        let closed = self.closed.clone();
        self.behind(async move {
            tokio::select! {
                () = work => {}
                () = is_closed(&closed) => {}
            }
        })
        .await;
    }

    /// Marks the account as closed; `false` when it was already.
    pub fn close(&self) -> bool {
        self.closed.send_if_modified(|closed| !std::mem::replace(closed, true))
    }

    /// Ends when the account is closed: what may as well be done after the next start is not waited for.
    pub async fn closing(&self) {
        is_closed(&self.closed).await;
    }

    /// Waits for running work, at most this long, then stops what is left.
    pub async fn drain(&self, limit: Duration) {
        let mut background = std::mem::take(&mut *self.background.lock().await);
        let ended = async { while background.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, ended).await.is_err() {
            background.shutdown().await;
        }
    }
}

async fn is_closed(closed: &watch::Sender<bool>) {
    // The sender lives as long as it is waited for.
    let _ = closed.subscribe().wait_for(|closed| *closed).await;
}

/// Runs a write in a task of its own: a caller that goes away does not leave it half done.
///
/// # Errors
/// Those of the work; [`Code::TaskFailed`] when it panicked.
pub async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(work).await.map_err(|_| Error::new(Code::TaskFailed, "a write ended unexpectedly"))?
}
