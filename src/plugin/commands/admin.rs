//! Upkeep: the set `admin`.

use tauri::{Runtime, Webview, command};

use super::{Answer, read};
use crate::plugin::arg::Arg;
use crate::plugin::gate::Class;
use crate::plugin::wire::{CacheKind, CacheStats, ExportFormat, NodeStatus, WipeReport};
use crate::plugin::{CommandError, WalletSyncExt, Wiped, export};
use crate::{Code, Error};

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) async fn invalidate_cache<R: Runtime>(
    webview: Webview<R>,
    account: Arg<String>,
    kind: Arg<CacheKind>,
) -> Answer<CacheStats> {
    let open = webview.wallet_sync().enter(webview.label(), Class::Write, &account)?;
    open.engine.clear_cache(kind.0.into()).await?;
    Ok(open.engine.cache_stats().await?.into())
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) async fn reset_metrics<R: Runtime>(webview: Webview<R>, account: Arg<String>) -> Answer<()> {
    let open = webview.wallet_sync().enter(webview.label(), Class::Write, &account)?;
    open.engine.reset_metrics().await?;
    open.feed.note_measured();
    Ok(())
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) async fn export_metrics<R: Runtime>(
    webview: Webview<R>,
    account: Arg<String>,
    format: Arg<ExportFormat>,
) -> Answer<String> {
    let open = webview.wallet_sync().enter(webview.label(), Class::Write, &account)?;
    match *format {
        ExportFormat::Prometheus => Ok(open.engine.prometheus()),
        ExportFormat::Json => export::json(&open.engine)
            .ok_or_else(|| Error::new(Code::Malformed, "metrics are not JSON").into()),
    }
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) async fn set_node_enabled<R: Runtime>(
    webview: Webview<R>,
    account: Arg<String>,
    node_id: Arg<String>,
    enabled: Arg<bool>,
) -> Answer<Vec<NodeStatus>> {
    let open = webview.wallet_sync().enter(webview.label(), Class::Write, &account)?;
    open.engine.set_node_enabled(&node_id, *enabled)?;
    Ok(read::nodes(&open))
}

/// Closes the account and takes its folder off this device; `confirm` is its name, typed again.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) async fn wipe<R: Runtime>(
    webview: Webview<R>,
    account: Arg<String>,
    confirm: Arg<String>,
    force: Arg<bool>,
) -> Answer<WipeReport> {
    let wallets = webview.wallet_sync();
    wallets.enter(webview.label(), Class::Write, &account)?;
    if *confirm != *account {
        return Err(CommandError::bad_request("confirm: not the name of the account"));
    }
    let wiped = wallets.wipe_account(&account, *force).await?;
    Ok(WipeReport { account: account.0, removed: wiped == Wiped::Removed })
}
