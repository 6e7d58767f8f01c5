//! A folder while it is being opened. Who gives up waiting leaves work behind that still holds it: until that has let go, the next one in
//! this process waits instead of being told that the account is in use.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::{Mutex as Order, OwnedMutexGuard, oneshot};

use crate::clock::Clock;
use crate::error::{Code, Error};
use crate::limits;
use crate::store::Store;
use crate::store::sqlite::{NetworkFolder, OpenMode, SqliteStore};

/// Folders that are being opened in this process, by their absolute paths.
static OPENING: Mutex<BTreeMap<PathBuf, Arc<Order<()>>>> = Mutex::new(BTreeMap::new());

/// An opened store, before the account is whole. Dropping it closes the store, and only then is it the next one's turn.
pub struct Opening {
    pub store: Arc<dyn Store>,
    /// Somebody else closes it.
    is_done: bool,
    /// None when reading along, which holds nothing.
    turn: Option<OwnedMutexGuard<()>>,
    /// What the store found damaged.
    pub warnings: Vec<String>,
}

impl Opening {
    /// Opens the store of a folder, on a thread where it holds up nothing else: of a large wallet it takes a second.
    ///
    /// # Errors
    /// As [`SqliteStore::open`]; `locked` also when somebody in this process is opening it for longer than it may take.
    ///
    /// # Cancel safety
    /// The folder is let go once the work that is under way has ended.
    pub async fn begin(
        dir: PathBuf,
        network: NetworkFolder,
        clock: Arc<dyn Clock>,
        mode: OpenMode,
    ) -> Result<Self, Error> {
        let turn = match mode {
            OpenMode::Own => Some(turn(&dir).await?),
            OpenMode::ReadAlong => None,
        };
        let (reply, opened) = oneshot::channel();
        tokio::task::spawn_blocking(move || {
            let opened = SqliteStore::open_on(&dir, network, clock, mode).map(|opened| Self {
                store: Arc::new(opened.store),
                is_done: false,
                turn,
                warnings: opened.warnings.iter().map(ToString::to_string).collect(),
            });
            // Where nobody waits any more it is dropped here.
            drop(reply.send(opened));
        });
        opened
            .await
            .map_err(|_| Error::new(Code::TaskFailed, "opening the folder ended unexpectedly"))
            .flatten()
    }

    /// The account has the store now.
    pub fn done(mut self) {
        self.is_done = true;
    }

    /// There is no account: the folder is free again when this returns.
    pub async fn end(mut self) {
        let _ = self.store.close().await;
        self.is_done = true;
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let (store, turn) = (self.store.clone(), self.turn.take());
            runtime.spawn(async move {
                let _ = store.close().await;
                drop(turn);
            });
        }
    }
}

/// Waits until nobody else in this process is opening the folder.
async fn turn(dir: &Path) -> Result<OwnedMutexGuard<()>, Error> {
    let path = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
    let order = {
        let mut all = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, order| Arc::strong_count(order) > 1);
        all.entry(path).or_default().clone()
    };
    let turn = tokio::time::timeout(limits::OPENING, order.lock_owned()).await;
    turn.map_err(|_| Error::new(Code::Locked, "the account is being opened by this process"))
}
