//! The periodic export of the measurements (`metrics.export`): one line of JSON per interval in the log.

use std::time::Duration;

use super::wire::MetricsReport;
use crate::engine::Engine;

/// Writes the account's measurements to the log until it is aborted.
pub(super) async fn run(account: String, engine: Engine, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        if let Some(text) = json(&engine) {
            tracing::info!(target: "wallet_sync::metrics", account = %account, "{text}");
        }
    }
}

/// The measurements and the targets, as windows get them.
pub(super) fn json(engine: &Engine) -> Option<String> {
    serde_json::to_string(&MetricsReport::of(engine)).ok()
}
