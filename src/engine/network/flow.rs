//! Whether bytes still flow: what somebody waits for may pause for long, what nobody waits for only while it flows.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::monotonic;
use crate::limits;
use crate::node::Meter;

/// Ends once fewer bytes come than a stream is worth; not before `from`. Where silence does not count, something must have come.
pub async fn is_thin(meter: Arc<Meter>, from: Instant, silence_counts: bool) {
    let look = u64::try_from(limits::FLOW_LOOK.as_millis()).unwrap_or(u64::MAX);
    let least = limits::STREAM_RATE.saturating_mul(look) / 1_000;
    let first = meter.totals().bytes_in;
    tokio::time::sleep_until(from).await;
    let mut bytes = meter.totals().bytes_in;
    loop {
        tokio::time::sleep(limits::FLOW_LOOK).await;
        let before = std::mem::replace(&mut bytes, meter.totals().bytes_in);
        if (silence_counts || bytes > first) && bytes.saturating_sub(before) < least {
            return;
        }
    }
}

/// A look at a meter from time to time.
pub struct Flow {
    meter: Arc<Meter>,
    /// Until then silence counts only after [`limits::CONTENT_IDLE`].
    waited_until: Instant,
    /// How long a silence counts from then on.
    patience: Duration,
    bytes: u64,
    moved_at: Instant,
}

impl Flow {
    pub fn new(meter: Arc<Meter>, waited_until: Instant, patience: Duration) -> Self {
        let bytes = meter.totals().bytes_in;
        Self { meter, waited_until, patience, bytes, moved_at: monotonic() }
    }

    /// Waits for a moment; whether nothing flows any more.
    pub async fn has_ended(&mut self) -> bool {
        let now = monotonic();
        let look = now + limits::FLOW_LOOK;
        let look = if now < self.waited_until { look.min(self.waited_until) } else { look };
        tokio::time::sleep_until(look).await;
        let now = monotonic();
        let total = self.meter.totals().bytes_in;
        if std::mem::replace(&mut self.bytes, total) != total {
            self.moved_at = now;
        }
        let patience = if now < self.waited_until { limits::CONTENT_IDLE } else { self.patience };
        now.saturating_duration_since(self.moved_at) >= patience
    }

    /// Ends when nothing flows any more.
    pub async fn end(mut self) {
        while !self.has_ended().await {}
    }

    /// The same, where what does not flow yet has a time of its own.
    pub async fn begun_within(self, first: Duration) {
        let mut begins = Self { patience: first, meter: self.meter.clone(), ..self };
        while !begins.has_ended().await {
            if begins.moved_at > self.moved_at {
                return self.end().await;
            }
        }
    }

    /// The same, where silence counts for nothing while nothing is asked for.
    pub async fn end_unless(mut self, pauses: &AtomicBool) {
        loop {
            let has_ended = self.has_ended().await;
            if pauses.load(Ordering::Relaxed) {
                self.moved_at = monotonic();
            } else if has_ended {
                return;
            }
        }
    }
}
