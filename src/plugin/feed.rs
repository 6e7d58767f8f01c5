//! Sends the engine's events to the windows that listen.
//!
//! Events of one kind in quick succession become one, and no listener gets more than twenty messages a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::listeners::Listeners;
use super::wire::WalletEvent;
use crate::clock::monotonic;
use crate::engine::{Event, Subscription};
use crate::limits;

/// What one open account tells its listeners.
#[derive(Debug, Default)]
pub(super) struct Feed {
    account: String,
    listeners: Arc<Listeners>,
    /// The engine measured something without an event.
    measured: Notify,
    is_syncing: AtomicBool,
    revision: AtomicU64,
}

impl Feed {
    pub(super) fn new(account: &str, listeners: Arc<Listeners>) -> Self {
        Self { account: account.to_owned(), listeners, ..Self::default() }
    }

    /// Whose feed it is.
    pub(super) fn account(&self) -> &str {
        &self.account
    }

    /// There are new figures.
    pub(super) fn note_measured(&self) {
        self.measured.notify_one();
    }

    /// Whether a sync is running.
    pub(super) fn is_syncing(&self) -> bool {
        self.is_syncing.load(Ordering::Acquire)
    }

    /// Tells every listener that the account is being opened and shows how it was closed.
    pub(super) fn look(&self) {
        self.send(&[WalletEvent::Opening { account: self.account.clone(), revision: 0 }]);
    }

    /// Tells every listener that the account is open.
    pub(super) fn open(&self, opening: u32) {
        let (account, revision) = (self.account.clone(), self.revision());
        self.send(&[WalletEvent::Opened { account, revision, opening }]);
    }

    /// Tells every listener that the account is closed. They stay: it may be opened again.
    pub(super) fn close(&self) {
        let (account, revision) = (self.account.clone(), self.revision());
        self.send(&[WalletEvent::Closed { account, revision }]);
    }

    /// Sends the engine's events on until the engine is closed.
    pub(super) async fn run(&self, mut events: Subscription) {
        let mut queue = Queue::default();
        let (mut sent_at, mut measured_at): (Option<Instant>, Option<Instant>) = (None, None);
        let mut is_measured = false;
        loop {
            let now = monotonic();
            if is_measured && measured_at.is_none_or(|at| now >= at + limits::METRICS_SPACING) {
                (is_measured, measured_at) = (false, Some(now));
                let (account, revision) = (self.account.clone(), self.revision());
                queue.push(WalletEvent::MetricsUpdated { account, revision });
            }
            let at = sent_at.map_or(now, |at| at + limits::EVENT_SPACING);
            let metrics_at = measured_at.map_or(now, |at| at + limits::METRICS_SPACING);
            tokio::select! {
                // Due messages first, or a flood of events would delay them.
                biased;
                () = tokio::time::sleep_until(at), if !queue.is_empty() => {
                    self.send(&queue.take(&self.account, self.revision()));
                    sent_at = Some(monotonic());
                }
                event = events.next() => {
                    let Some(event) = event else { return };
                    is_measured |= has_new_figures(&event);
                    self.note(&event);
                    queue.push(WalletEvent::of(&self.account, self.revision(), event));
                }
                () = self.measured.notified() => is_measured = true,
                () = tokio::time::sleep_until(metrics_at), if is_measured => {}
            }
        }
    }

    fn note(&self, event: &Event) {
        if let Event::SyncChanged { running, .. } = event {
            self.is_syncing.store(*running, Ordering::Release);
        }
        if let Event::SyncChanged { revision, .. }
        | Event::TokensChanged { revision, .. }
        | Event::EntriesChanged { revision }
        | Event::PublishChanged { revision, .. }
        | Event::NodeHealthChanged { revision }
        | Event::Alert { revision, .. } = event
        {
            self.revision.fetch_max(*revision, Ordering::AcqRel);
        }
    }

    /// The highest revision sent so far. Events of the engine may arrive out of order; windows see a revision that only grows.
    fn revision(&self) -> u64 {
        self.revision.load(Ordering::Acquire)
    }

    fn send(&self, events: &[WalletEvent]) {
        self.listeners.send(&self.account, events);
    }
}

fn has_new_figures(event: &Event) -> bool {
    matches!(event, Event::SyncChanged { running: false, .. } | Event::PublishChanged { .. })
}

/// Events that wait to be sent, in the order of their last occurrence.
#[derive(Default)]
struct Queue {
    events: Vec<WalletEvent>,
    alerts: usize,
    missed: u64,
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.missed == 0
    }

    fn push(&mut self, event: WalletEvent) {
        match &event {
            WalletEvent::Lagged { missed, .. } => {
                self.missed += *missed;
                return;
            }
            WalletEvent::Alert { .. } if self.events.contains(&event) => return,
            WalletEvent::Alert { .. } if self.alerts >= limits::EVENT_ALERTS => {
                self.missed += 1;
                return;
            }
            WalletEvent::Alert { .. } => {
                self.alerts += 1;
                self.events.push(event);
                return;
            }
            _ => {}
        }
        let kind = std::mem::discriminant(&event);
        let old = self.events.iter().position(|old| std::mem::discriminant(old) == kind);
        let joined = match old.map(|at| self.events.remove(at)) {
            Some(old) => event.after(&old),
            None => event,
        };
        self.events.push(joined);
    }

    /// All waiting events as one message, `Lagged` first: the window reads everything again and then sees the others.
    fn take(&mut self, account: &str, revision: u64) -> Vec<WalletEvent> {
        let mut events = std::mem::take(&mut self.events);
        self.alerts = 0;
        let missed = std::mem::take(&mut self.missed);
        if missed > 0 {
            events.insert(0, WalletEvent::Lagged { account: account.to_owned(), revision, missed });
        }
        events
    }
}

#[cfg(test)]
mod tests;
