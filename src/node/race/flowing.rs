//! Whether a line carries what it can: then another source would only share it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::monotonic;
use crate::limits;
use crate::node::Meter;
use crate::node::rate::ByteRate;

/// What came over a line lately, looked at by all that wait for something on it.
pub struct Flowing {
    meter: Arc<Meter>,
    last: Mutex<Look>,
}

#[derive(Clone, Copy)]
struct Look {
    at: Instant,
    bytes: u64,
    /// Whether enough came between the two looks before.
    flowed: bool,
}

impl Flowing {
    pub fn new(meter: &Arc<Meter>) -> Self {
        let look = Look { at: monotonic(), bytes: meter.totals().bytes_in, flowed: false };
        Self { meter: meter.clone(), last: Mutex::new(look) }
    }

    /// Whether as much comes as a thin line carries. What drips is no flow.
    pub fn is_busy(&self) -> bool {
        let now = monotonic();
        let bytes = self.meter.totals().bytes_in;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let since = now.saturating_duration_since(last.at);
        // Too soon for a rate: what has begun to come is given the time for one.
        if since < limits::FLOW_LOOK / 2 {
            return last.flowed || bytes > last.bytes;
        }
        let flowed = is_enough(bytes - last.bytes, since);
        *last = Look { at: now, bytes, flowed };
        flowed
    }
}

fn is_enough(bytes: u64, time: Duration) -> bool {
    bytes > 0 && bytes >= ByteRate::new(limits::BUSY_LINE).bytes_in(time)
}
