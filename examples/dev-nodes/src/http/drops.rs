//! `block/rm` of the RPC: only what no pin holds goes.

use axum::response::Response;
use serde_json::{Value, json};

use super::call::Call;
use super::reply::{self, Refusal};
use crate::dag::PinMode;

/// A line for each block. Blocks are kept by hash and pinned by CID, so that one that is pinned goes under another codec.
pub(super) fn block_rm(call: &Call) -> Result<Response, Refusal> {
    let asked = (0..call.arguments().len().max(1)).map(|at| call.cid(at, "cid"));
    let asked = asked.collect::<Result<Vec<_>, _>>()?;
    let force = call.flag("force", false)?;
    let line = |cid: &cid::Cid| match complaint(call, cid, force) {
        Some(complaint) => json!({"Hash": cid.to_string(), "Error": complaint}),
        None => json!({"Hash": cid.to_string()}),
    };
    Ok(reply::lines(&asked.iter().map(line).collect::<Vec<Value>>()))
}

fn complaint(call: &Call, cid: &cid::Cid, force: bool) -> Option<String> {
    let node = &call.node;
    if node.store().pins.get(cid).is_some_and(|pin| pin.mode == PinMode::Recursive) {
        return Some("pinned: recursive".to_owned());
    }
    // All that is pinned is walked through before anything goes.
    if node.has_unreadable_pin() {
        return Some("pin check failed: unexpected EOF".to_owned());
    }
    if let Some((how, _)) = node.pinned(cid) {
        return Some(format!("pinned via {how}"));
    }
    let is_gone = node.store().blocks.remove(&cid.hash().to_bytes()).is_none();
    (is_gone && !force).then(|| format!("ipld: could not find {cid}"))
}
