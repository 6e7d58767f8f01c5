//! What a line does to the answers of an imitated node: each block comes at a rate of its own, as a dripping proxy gives it, and
//! answers about some names do not come.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::node::Call;
use tauri_plugin_wallet_sync::{Code, Error};

#[derive(Default)]
pub struct Line {
    /// Bytes a second of each answer; none where it comes at once.
    rate: Mutex<Option<u64>>,
    silent_on: Mutex<HashSet<Name>>,
}

/// Parts of a second in which bytes come.
const DRIPS: u64 = 20;

impl Line {
    pub fn set(&self, bytes_a_second: Option<u64>) {
        *self.rate.lock().unwrap() = bytes_a_second;
    }

    /// Gives no answer about this name from now on.
    pub fn be_silent_on(&self, name: Name) {
        self.silent_on.lock().unwrap().insert(name);
    }

    /// The answer, if this name has one.
    pub fn about<T>(&self, name: &Name, answer: Result<T, Error>) -> Result<T, Error> {
        match self.silent_on.lock().unwrap().contains(name) {
            true => Err(Error::new(Code::Unreachable, "no answer about this name")),
            false => answer,
        }
    }

    /// Gives the block once all of it has come; what came until the deadline is counted.
    pub async fn carry(&self, block: Block, call: &Call) -> Result<Block, Error> {
        let rate = *self.rate.lock().unwrap();
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
