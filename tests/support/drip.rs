//! How fast content comes from an imitated node: each answer at a rate of its own, as a dripping proxy gives it.

use std::sync::Mutex;
use std::time::Duration;

use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::node::Call;
use tauri_plugin_wallet_sync::{Code, Error};

/// Bytes a second of each answer; none where it comes at once.
#[derive(Default)]
pub struct Line(Mutex<Option<u64>>);

/// Parts of a second in which bytes come.
const DRIPS: u64 = 20;

impl Line {
    pub fn set(&self, bytes_a_second: Option<u64>) {
        *self.0.lock().unwrap() = bytes_a_second;
    }

    /// Gives the block once all of it has come; what came until the deadline is counted.
    pub async fn carry(&self, block: Block, call: &Call) -> Result<Block, Error> {
        let rate = *self.0.lock().unwrap();
        let mut left = block.bytes().len() as u64;
        while let Some(rate) = rate.filter(|_| left > 0) {
            let some = left.min(rate / DRIPS);
            let pause = tokio::time::sleep(Duration::from_micros(1_000_000 * some / rate));
            if tokio::time::timeout_at(call.deadline, pause).await.is_err() {
                return Err(Error::new(Code::Deadline, "the line is too slow"));
            }
            call.meter.received(some);
            left -= some;
        }
        call.meter.received(left);
        Ok(block)
    }
}
