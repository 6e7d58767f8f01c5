//! Answers of a line that take more than a few words.

use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::node::{Call, Shown};
use tauri_plugin_wallet_sync::{Code, Error};

use crate::kubo::{Fault, Verb};
use crate::line::{DRIP, Line};
use crate::support::dag::{self, SHOWN_LINE};

/// Bytes a second of a dripping block.
const DRIP_BYTES: u64 = 64;

/// So many bytes, a few at a time.
pub async fn drip(bytes: u64, call: &Call) -> Result<(), Error> {
    for _ in 0..(bytes / DRIP_BYTES) {
        call.meter.received(DRIP_BYTES);
        tokio::time::timeout_at(call.deadline, tokio::time::sleep(DRIP))
            .await
            .map_err(|_| Error::new(Code::Deadline, "too slow"))?;
    }
    Ok(())
}

/// It is both a reading of records and a question about pins.
pub async fn shown(line: &Line, names: &[Name], call: &Call) -> Result<Shown, Error> {
    let pins = line.node.manners().verbs.get(&Verb::Pins).copied();
    if pins == Some(Fault::Freezes) {
        return Line::silence(call).await;
    }
    let fault = match line.ask(Verb::Records, call).await {
        Err(e) if e.message().starts_with("status") => return Ok(Shown::Refused),
        asked => asked?,
    };
    if matches!(pins, Some(Fault::Refuses | Fault::Fails | Fault::Full)) || fault == Some(Fault::Lies) {
        return Ok(Shown::Refused);
    }
    let record = |name: &Name| match fault {
        Some(Fault::Proxies) => line.node.record_elsewhere(name),
        _ => line.node.record(name),
    };
    let is_pinned = |root: &_| pins == Some(Fault::Lies) || line.node.held().pins.contains_key(root);
    call.meter.received(SHOWN_LINE * names.len() as u64);
    Ok(dag::shown(names, |name| record(name)?.root(), is_pinned))
}
