//! One publishing run: its meter and its result.

use std::sync::Arc;
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
}

/// Result of a run.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// What the edition's changes have reached; none when there are none.
    pub level: Option<Level>,
    /// The last change that is in the edition.
    pub upto: u64,
    /// Nodes that failed, and why.
    pub errors: Vec<(String, Error)>,
    /// Another edition or slot is called for: another run is needed.
    pub again: bool,
    /// Changes were made meanwhile, and a lane is free for them.
    pub newer: bool,
}

impl Run {
    pub fn new(account: &Account, meter: Arc<Meter>) -> Self {
        Self { meter, started: account.clock.monotonic() }
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
}
