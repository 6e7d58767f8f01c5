//! Drops damaged blocks from a node's own store.
//!
//! Kubo writes no block that it believes to have, whatever its file says, and removes none that a pin holds. It keeps blocks by
//! their hash alone, and pins by CID: named by the same hash and the other codec, which nobody pins, a block goes and every pin
//! stays (tested on each supported version).

use std::time::Duration;

use serde_json::Value;

use super::KuboNode;
use super::classify::{is_passing, successful};
use super::verbs::{STEP, server_timeout};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::node::{Call, Discarded};
use crate::shown::for_log;

/// How the complaint of a walk begins that met what it could not read; the same on each supported version.
const UNREADABLE: &str = "pin check failed: ";

/// What the way back of an answer may take.
const ANSWER: Duration = Duration::from_millis(500);

impl KuboNode {
    /// In one call; the node walks through all that is pinned for each of them, and lets nobody write meanwhile.
    pub(super) async fn drop_blocks(&self, cids: &[Cid], call: &Call) -> Result<Discarded, Error> {
        let names: Vec<String> = cids.iter().map(|cid| cid.under_other_codec().to_string()).collect();
        // Its own answer is to come in time.
        let early = Call { deadline: call.deadline - ANSWER, meter: call.meter.clone() };
        let timeout = server_timeout(&early, limits::DISCARD);
        let how = [("force", "true"), ("timeout", timeout.as_str())];
        let query: Vec<(&str, &str)> = names.iter().map(|name| ("arg", name.as_str())).chain(how).collect();
        let answer = successful(self.ask("block/rm", &query, STEP, call).await?)?;
        let lines = answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let mut gone = 0;
        // One line for each in turn, as long as its time is not over.
        for said in lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok()).take(cids.len()) {
            match said.get("Error").and_then(Value::as_str).filter(|complaint| !complaint.is_empty()) {
                None => gone += 1,
                Some(complaint) if gone > 0 || is_passing(complaint) => {
                    tracing::debug!(gone, "a damaged block was not dropped: {}", for_log(complaint));
                    break;
                }
                Some(complaint) if complaint.starts_with(UNREADABLE) => return Ok(Discarded::Unreadable),
                Some(complaint) => {
                    tracing::debug!("a damaged block was not dropped: {}", for_log(complaint));
                    return Err(Error::new(Code::Invalid, "the node did not drop a damaged block"));
                }
            }
        }
        if gone == cids.len() {
            return Ok(Discarded::All);
        }
        if gone > 0 {
            return Ok(Discarded::First(gone));
        }
        Err(Error::new(
            Code::Unreachable,
            "the node did not say of every block that it is dropped: something that is pinned there may be nowhere, which its operator finds by `ipfs repo verify`",
        ))
    }
}
