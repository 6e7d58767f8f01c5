//! Who hears what: events for the wallet, steps of a publish for those who wait, local changes for the outbox.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Notify, broadcast, watch};

use super::api::event::Event;
use crate::error::Code;
use crate::limits;

/// The senders of one account.
pub struct Events {
    listeners: broadcast::Sender<Event>,
    steps: watch::Sender<u64>,
    advances: AtomicU64,
    changed: Notify,
    /// Why the data folder takes nothing, as far as that was told.
    failed: Mutex<Option<Code>>,
}

impl Events {
    pub fn new() -> Self {
        Self {
            listeners: broadcast::channel(limits::EVENT_BACKLOG).0,
            steps: watch::channel(0).0,
            advances: AtomicU64::new(0),
            changed: Notify::new(),
            failed: Mutex::default(),
        }
    }

    pub fn emit(&self, event: Event) {
        // An error means that nobody listens.
        let _ = self.listeners.send(event);
    }

    pub fn subscribe(&self) -> Subscription {
        Subscription(self.listeners.subscribe())
    }

    /// Notes whether the data folder fails, and why; whether that is another answer than before.
    pub fn is_news(&self, failed: Option<Code>) -> bool {
        std::mem::replace(&mut *self.failed.lock().unwrap_or_else(PoisonError::into_inner), failed) != failed
    }

    /// A publish has come a step further.
    pub fn step(&self) {
        self.steps.send_modify(|steps| *steps = steps.wrapping_add(1));
    }

    /// A publish has got somewhere for the first time: what is done again because it did not last is no progress.
    pub fn advance(&self) {
        self.advances.fetch_add(1, Ordering::Relaxed);
        self.step();
    }

    /// How often that happened.
    pub fn advances(&self) -> u64 {
        self.advances.load(Ordering::Relaxed)
    }

    /// Changes with every step.
    pub fn steps(&self) -> watch::Receiver<u64> {
        self.steps.subscribe()
    }

    /// There is something to publish.
    pub fn wake_outbox(&self) {
        self.changed.notify_one();
    }

    /// Waits until there is something to publish; one call that was missed is remembered.
    pub async fn local_change(&self) {
        self.changed.notified().await;
    }
}

/// Events as they happen.
#[derive(Debug)]
pub struct Subscription(broadcast::Receiver<Event>);

impl Subscription {
    /// Events of any sender, for tests of listeners.
    #[cfg(all(test, feature = "tauri"))]
    pub(crate) fn of(events: broadcast::Receiver<Event>) -> Self {
        Self(events)
    }

    /// The next event; `None` when the account is gone.
    ///
    /// # Cancel safety
    /// No event is lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(missed)) => Some(Event::Lagged { missed }),
            Err(RecvError::Closed) => None,
        }
    }
}
