//! When the engine works by itself: outbox, polling, push, upkeep, audits. One task each, none wakes without a reason.

mod audits;
mod outbox;
mod poll;
pub mod presence;
mod push;
pub mod upkeep;

use std::sync::Arc;

use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use self::presence::Presence;
use super::account::Account;
use super::sync::Syncs;

/// The tasks of one account's schedule.
pub struct Schedule {
    tasks: Mutex<JoinSet<()>>,
    presence: watch::Sender<Presence>,
}

impl Schedule {
    /// A schedule that has not started. The app counts as in front until it says otherwise.
    pub fn new() -> Self {
        Self { tasks: Mutex::new(JoinSet::new()), presence: watch::Sender::new(Presence::in_front()) }
    }

    /// Starts the tasks; they end with [`Schedule::stop`].
    pub async fn start(&self, syncs: &Arc<Syncs>) {
        let mut tasks = self.tasks.lock().await;
        let account = syncs.account().clone();
        tasks.spawn(async move { account.network.warm().await });
        tasks.spawn(outbox::run(syncs.clone()));
        tasks.spawn(audits::run(syncs.account().clone()));
        tasks.spawn(push::run(syncs.account().clone()));
        tasks.spawn(poll::run(syncs.clone(), self.presence.subscribe()));
    }

    /// Starts only what tells other devices of a publish that was asked for.
    pub async fn start_telling(&self, account: &Arc<Account>) {
        self.tasks.lock().await.spawn(push::tell(account.clone()));
    }

    /// Ends the tasks.
    pub async fn stop(&self) {
        self.tasks.lock().await.shutdown().await;
    }

    /// Whether the app is in front.
    pub fn set_foreground(&self, is_in_front: bool) {
        self.presence.send_if_modified(|presence| presence.set_in_front(is_in_front));
    }

    /// The app was suspended and runs again.
    pub fn resume(&self) {
        self.presence.send_modify(Presence::resume);
    }
}
