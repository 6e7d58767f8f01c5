//! The publishing part of a sync when only the peers answer.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::report::Publishing;
use crate::engine::account::Account;
use crate::engine::api::report::SyncFailure;
use crate::engine::api::request::SyncRequest;
use crate::engine::api::warning::Word;
use crate::engine::publish::by_peers;
use crate::error::Code;
use crate::limits;
use crate::node::{Call, Meter};
use crate::store::Level;

/// HTTP is down and the DHT is not: the record goes there. Waited for only as long as a read may take, because nothing
/// above `published` can come of it.
pub async fn publish_without_http(
    account: &Arc<Account>,
    request: &SyncRequest,
    end: Option<Instant>,
    started: Instant,
) -> Result<Option<Publishing>, SyncFailure> {
    if account.local.read().levels().pending() == 0 {
        return Ok(None);
    }
    let before = account.local.read().levels().ack();
    let meter = Arc::new(Meter::default());
    let call = Call { deadline: account.clock.monotonic() + limits::SPREAD_TIMEOUT, meter: meter.clone() };
    let (sender, published) = oneshot::channel();
    let behind = account.clone();
    let publish = async move {
        let _ = sender.send(by_peers::publish_by_peers(&behind, &call).await);
    };
    account.tasks.behind(publish).await;
    let last = started + account.config.timeouts.sync;
    let until = end.map_or(last, |end| end.min(last));
    let until = if request.wait == Some(Level::Local) { account.clock.monotonic() } else { until };
    let mut warnings = vec![Word::Offline.say("no node answers over HTTP; changes wait until one does")];
    match tokio::time::timeout_at(until, published).await {
        Ok(Ok(Err(e))) if !matches!(e.code(), Code::Unreachable | Code::SequenceExhausted) => {
            return Err(e.into());
        }
        Ok(Ok(Err(e))) => warnings.push(Word::of(e.code(), Word::Offline).say(e.message())),
        Ok(Ok(Ok(_)) | Err(_)) => {}
        Err(_) => warnings.push(Word::Deadline.to_string()),
    }
    Ok(Some(Publishing {
        traffic: meter.totals(),
        raised: account.local.read().levels().ack() > before,
        warnings,
    }))
}
