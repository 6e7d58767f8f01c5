//! One publishing run: its meter, what was seen so far, and its result.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::engine::account::Account;
use crate::error::Error;
use crate::node::{Call, Meter};
use crate::store::Level;

/// A run that is under way.
pub struct Run {
    meter: Arc<Meter>,
    started: Instant,
    seen: AtomicBool,
}

/// Result of a run.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// What the edition's changes have reached.
    pub level: Option<Level>,
    /// The last change that is in the edition.
    pub upto: u64,
    /// Nodes proven to hold it.
    pub verified: usize,
    /// Nodes that failed, and why.
    pub errors: Vec<(String, Error)>,
    /// A rival or lost claim: another run is needed.
    pub again: bool,
}

impl Run {
    pub fn new(account: &Account, meter: Arc<Meter>) -> Self {
        Self { meter, started: account.clock.monotonic(), seen: AtomicBool::new(false) }
    }

    /// How long the run has taken so far.
    pub fn elapsed_ms(&self, account: &Account) -> u128 {
        account.clock.monotonic().saturating_duration_since(self.started).as_millis()
    }

    /// Bounds of one request of this run.
    pub fn call(&self, account: &Account, timeout: Duration) -> Call {
        Call { deadline: account.clock.monotonic() + timeout, meter: self.meter.clone() }
    }

    /// Bounds of an ordinary request of this run.
    pub fn usual_call(&self, account: &Account) -> Call {
        self.call(account, account.config.timeouts.publish)
    }

    /// A node showed the record that was put there.
    pub fn note_seen(&self) {
        self.seen.store(true, Ordering::Relaxed);
    }

    /// Whether any node showed the record.
    pub fn was_seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }
}
