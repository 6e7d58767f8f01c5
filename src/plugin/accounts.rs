//! The open accounts, each with its engine, its listeners and limits on concurrent work.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::call_limiter::{CallClass, CallLimiter};
use super::calls::Calls;
use super::failure::CommandResult;
use super::feed::Feed;
use super::listeners::Listeners;
use super::looks::{Looks, Showing};
use super::pages::Pages;
use super::places::Places;
use super::spending::Verifier;
use super::turns::{Queue, Turns};
use super::{export, folder};
use crate::clock::monotonic;
use crate::config::Config;
use crate::engine::{Engine, FirstLook, Mode, OpenOptions};
use crate::error::{Code, Error};
use crate::limits;
use crate::secret::Secret;

/// The plugin's state: the accounts that the app has opened. See [`WalletSyncExt`](super::WalletSyncExt).
#[derive(Debug)]
pub struct WalletSync {
    config: Config,
    folder: PathBuf,
    backups: PathBuf,
    open: RwLock<BTreeMap<String, Arc<HostedAccount>>>,
    /// Held while an account is opened, closed or wiped.
    order: Mutex<()>,
    limiter: CallLimiter,
    /// Whether the app is in front, for accounts opened later.
    is_in_front: AtomicBool,
    /// Bytes of put bodies in memory, over all accounts.
    bodies: Arc<Semaphore>,
    pub(super) listeners: Arc<Listeners>,
    pub(super) calls: Calls,
    pub(super) pages: Pages,
    pub(super) looks: Looks,
    pub(super) places: Places,
    verifier: Option<Verifier>,
    /// Accounts opened so far.
    openings: AtomicU32,
}

/// An open account.
pub(super) struct HostedAccount {
    pub id: String,
    /// Number of this opening: the same name may be opened again, and is another then.
    pub opening: u32,
    pub engine: Engine,
    pub feed: Arc<Feed>,
    /// Payloads being read.
    pub payloads: Queue,
    /// Pages of the token list being made.
    pub listings: Queue,
    /// Proofs that the app checks.
    pub proofs: Queue,
    /// Syncs and flushes that windows wait for.
    pub syncs: Turns,
    /// Backup files being written.
    pub exports: Semaphore,
    /// One audit or rehearsal at a time.
    pub audits: Semaphore,
    /// Tasks that run as long as the account is open; dropping this ends them.
    tasks: Mutex<JoinSet<()>>,
}

/// What became of a wiped account's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wiped {
    /// It was removed. Every change of this device was `verified` on the nodes.
    Removed,
    /// It was moved to `set-aside` in the plugin's folder, because it may hold the only copy of something.
    SetAside,
}

impl std::fmt::Debug for HostedAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostedAccount").field("id", &self.id).finish_non_exhaustive()
    }
}

impl WalletSync {
    pub(super) fn new(
        config: Config,
        folder: PathBuf,
        backups: Option<PathBuf>,
        verifier: Option<Verifier>,
    ) -> Self {
        folder::finish_removals(&folder);
        Self {
            config,
            backups: backups.unwrap_or_else(|| folder.join("backups")),
            folder,
            open: RwLock::new(BTreeMap::new()),
            order: Mutex::new(()),
            limiter: CallLimiter::default(),
            is_in_front: AtomicBool::new(true),
            bodies: Arc::new(Semaphore::new(limits::PUT_BYTES_IN_FLIGHT)),
            listeners: Arc::default(),
            calls: Calls::default(),
            pages: Pages::default(),
            looks: Looks::default(),
            places: Places::default(),
            verifier,
            openings: AtomicU32::new(0),
        }
    }

    /// Opens an account with the plugin's settings, under a name that the app chooses. Commands can then use it, and it
    /// publishes and polls by itself. Meanwhile windows are shown how a large account was closed, as [`Engine::first_look`] has it.
    ///
    /// # Errors
    /// `bad_request` for an id that is not 1–64 characters of `A–Z a–z 0–9 . _ -`, `conflict` when an account of this name is
    /// open, `rate_limited` above [`limits::ACCOUNTS`] open accounts; otherwise as [`Engine::open`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves the account closed.
    pub async fn open_account(&self, id: &str, secret: Secret) -> Result<Engine, Error> {
        self.open_account_with(id, secret, self.config.clone()).await
    }

    /// The same with settings of its own.
    ///
    /// # Errors
    /// As [`WalletSync::open_account`].
    ///
    /// # Cancel safety
    /// As [`WalletSync::open_account`].
    pub async fn open_account_with(&self, id: &str, secret: Secret, config: Config) -> Result<Engine, Error> {
        folder::check_id(id)?;
        let _order = self.order.lock().await;
        {
            let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
            if open.contains_key(id) {
                return Err(Error::new(Code::Conflict, "an account of this name is open"));
            }
            if open.len() >= limits::ACCOUNTS {
                return Err(Error::new(Code::RateLimited, "too many accounts are open"));
            }
        }
        let every = config.metrics.export.map(Duration::from_millis);
        let dir = folder::of(&self.folder, id);
        let feed = Arc::new(Feed::new(id, self.listeners.clone()));
        let options = OpenOptions { dir, config, mode: Mode::Background };
        let showing = self.looks.begin(&feed, &secret, &options).await;
        let engine = Engine::open(&secret, options).await?;
        engine.set_foreground(self.is_in_front.load(Ordering::Acquire));
        let opening = self.openings.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let mut tasks = JoinSet::new();
        let (running, events) = (feed.clone(), engine.subscribe());
        tasks.spawn(async move { running.run(events).await });
        if let Some(every) = every {
            tasks.spawn(export::run(id.to_owned(), engine.clone(), every));
        }
        let account = Arc::new(HostedAccount {
            id: id.to_owned(),
            opening,
            engine: engine.clone(),
            feed: feed.clone(),
            payloads: Queue::new(limits::PAYLOADS_IN_FLIGHT, limits::PAYLOADS_IN_FLIGHT / 2),
            listings: Queue::new(limits::LISTINGS_IN_FLIGHT, limits::LISTINGS_IN_FLIGHT / 2),
            proofs: Queue::new(limits::VERIFYING, limits::VERIFYING / 2),
            syncs: Turns::new(limits::SYNCS_IN_FLIGHT, limits::SYNCS_PER_WINDOW, limits::WINDOWS_SYNCING),
            exports: Semaphore::new(1),
            audits: Semaphore::new(1),
            tasks: Mutex::new(tasks),
        });
        self.open.write().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), account);
        showing.into_iter().for_each(Showing::end);
        feed.open(opening);
        Ok(engine)
    }

    /// Status and first page of the list of a large account that is not open yet; see [`Engine::first_look`].
    ///
    /// # Errors
    /// `bad_request` for an id that is none; otherwise as [`Engine::first_look`].
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn first_look(&self, id: &str, secret: &Secret) -> Result<Option<FirstLook>, Error> {
        folder::check_id(id)?;
        let (dir, config) = (folder::of(&self.folder, id), self.config.clone());
        Engine::first_look(secret, &OpenOptions { dir, config, mode: Mode::ReadAlong }).await
    }

    /// Closes an account: running work gets five seconds to end, listeners get a `closed` event, the folder is released.
    /// Changes that are not published yet are on disk and are published when the account is opened again.
    ///
    /// # Errors
    /// `closed` when no account of this name is open.
    ///
    /// # Cancel safety
    /// Commands do not find the account any more when the future is dropped; the folder is released when the engine's tasks end.
    pub async fn close_account(&self, id: &str) -> Result<(), Error> {
        let _order = self.order.lock().await;
        self.close(id).await.map(|_| ())
    }

    /// Where backup files go that a window asks for. Rust code writes and reads one anywhere: [`Engine::export_backup`],
    /// [`Engine::import_backup`].
    #[must_use]
    pub fn backup_folder(&self) -> &Path {
        &self.backups
    }

    /// The engine of an open account, for Rust code.
    #[must_use]
    pub fn engine(&self, id: &str) -> Option<Engine> {
        self.account(id).ok().map(|account| account.engine.clone())
    }

    /// Names of the open accounts.
    #[must_use]
    pub fn accounts(&self) -> Vec<String> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Closes an account and removes its folder from this device if every change of this device is `verified` on the nodes;
    /// otherwise, with `force`, the folder is set aside. Nodes and other devices keep what they have. Before that, without `force`, the
    /// device gives its slot back, if the nodes take that within [`limits::ENDING`].
    ///
    /// # Errors
    /// `closed` when no account of this name is open; `pending_changes` when a change is below `verified` and `force` is not
    /// given (nothing is changed then); `storage_io` when the folder cannot be moved (the account is closed then).
    ///
    /// # Cancel safety
    /// The folder is moved whole or not at all.
    pub async fn wipe_account(&self, id: &str, force: bool) -> Result<Wiped, Error> {
        self.wipe_opening(id, None, force).await
    }

    /// The same, unless the account was closed and opened again since the given opening (`conflict`).
    pub(super) async fn wipe_opening(
        &self,
        id: &str,
        opening: Option<u32>,
        force: bool,
    ) -> Result<Wiped, Error> {
        let _order = self.order.lock().await;
        let now = self.account(id)?.opening;
        if opening.is_some_and(|opening| opening != now) {
            return Err(Error::new(Code::Conflict, "the account was opened again meanwhile"));
        }
        if !force && self.account(id)?.engine.status().pending > 0 {
            return Err(Error::new(Code::PendingChanges, "changes of this device are not verified yet"));
        }
        let began = monotonic();
        if !force && let Err(e) = self.account(id)?.engine.end().await {
            // It is taken over later then.
            tracing::debug!(code = %e.code(), "the slot was not given back");
        }
        let left = limits::EXIT_DRAIN.saturating_sub(monotonic().saturating_duration_since(began));
        let engine = self.close_within(id, left).await?;
        // A change may have been made meanwhile: its only copy must stay.
        let is_safe = engine.status().pending == 0;
        let (base, id) = (self.folder.clone(), id.to_owned());
        let moved = tokio::task::spawn_blocking(move || {
            if is_safe {
                folder::remove(&base, &id).map(|()| Wiped::Removed)
            } else {
                folder::set_aside(&base, &id).map(|()| Wiped::SetAside)
            }
        });
        moved.await.map_err(|_| Error::new(Code::TaskFailed, "the folder was not removed"))?
    }

    /// Publishes what is pending in every account and closes it, all within a time limit. The rest is on disk.
    ///
    /// # Cancel safety
    /// Call it again when dropped early.
    pub async fn drain(&self, within: Duration) {
        let _order = self.order.lock().await;
        let end = monotonic() + within;
        let all = self.all();
        join_all(all.iter().map(|account| async move {
            if account.engine.status().pending > 0 {
                // Running out of time is no failure: publishing continues after the next start.
                let _ = tokio::time::timeout_at(end, account.engine.flush(within)).await;
            }
            let left = end.saturating_duration_since(monotonic());
            // One that is not open any more was closed elsewhere.
            let _ = self.close_within(&account.id, left).await;
        }))
        .await;
    }

    /// Tells every account whether the app is in front; while it is, nodes are read more often.
    pub fn set_foreground(&self, is_in_front: bool) {
        self.is_in_front.store(is_in_front, Ordering::Release);
        for account in self.all() {
            account.engine.set_foreground(is_in_front);
        }
    }

    /// Tells every account that the app runs again after it was suspended; each reads its nodes at once.
    pub fn resume(&self) {
        for account in self.all() {
            account.engine.resume();
        }
    }

    /// The page of a window is gone: it has lost its listeners, and what it waited for.
    pub(super) fn forget_page(&self, window: &str) {
        self.listeners.forget(window);
        self.pages.leave(window);
    }

    pub(super) fn forget_window(&self, window: &str) {
        self.forget_page(window);
        self.limiter.forget(window);
    }

    /// Admits a window's call.
    pub(super) fn admit(&self, window: &str, class: CallClass) -> CommandResult<()> {
        Ok(self.limiter.admit(window, class, monotonic())?)
    }

    /// Admits a window's call and returns the open account.
    pub(super) fn enter(
        &self,
        window: &str,
        class: CallClass,
        id: &str,
    ) -> CommandResult<Arc<HostedAccount>> {
        self.admit(window, class)?;
        Ok(self.account(id)?)
    }

    /// The app's check of proofs.
    pub(super) fn verifier(&self) -> Option<Verifier> {
        self.verifier.clone()
    }

    /// Admits a window's call that is worth several, and returns the open account.
    pub(super) fn enter_worth(
        &self,
        window: &str,
        class: CallClass,
        id: &str,
        worth: impl FnOnce(&Engine) -> u32,
    ) -> CommandResult<Arc<HostedAccount>> {
        let open = self.account(id);
        let worth = open.as_ref().map_or(1, |open| worth(&open.engine));
        self.limiter.admit_worth(window, class, worth, monotonic())?;
        Ok(open?)
    }

    /// Reserves memory for a body until the permit is dropped.
    pub(super) fn body_room(&self, bytes: usize) -> CommandResult<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let room = self.bodies.clone().try_acquire_many_owned(bytes);
        room.map_err(|_| Error::new(Code::RateLimited, "too many bytes under way").into())
    }

    pub(super) fn account(&self, id: &str) -> Result<Arc<HostedAccount>, Error> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(id).cloned().ok_or_else(|| Error::new(Code::Closed, "no account of this name is open"))
    }

    pub(super) fn all(&self) -> Vec<Arc<HostedAccount>> {
        self.open.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    async fn close(&self, id: &str) -> Result<Engine, Error> {
        self.close_within(id, limits::EXIT_DRAIN).await
    }

    async fn close_within(&self, id: &str, drain: Duration) -> Result<Engine, Error> {
        let account = self.account(id)?;
        self.open.write().unwrap_or_else(PoisonError::into_inner).remove(id);
        account.tasks.lock().await.shutdown().await;
        account.feed.close();
        if let Err(error) = account.engine.close(drain).await {
            // What was answered stays done, and the folder is free.
            tracing::warn!(code = %error.code(), "an account was not put in order when it was closed");
        }
        Ok(account.engine.clone())
    }
}
