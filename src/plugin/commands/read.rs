//! Commands that read: the permission set `default`. Those that need only memory answer at once.

use tauri::ipc::{Channel, Response};
use tauri::{Runtime, command};

use crate::error::{Code, Error};
use crate::limits;
use crate::plugin::accounts::HostedAccount;
use crate::plugin::arg::Arg;
use crate::plugin::call::{Later, WindowCall};
use crate::plugin::call_limiter::CallClass;
use crate::plugin::failure::CommandResult;
use crate::plugin::wire::{
    AccountInfo, CacheStats, DeviceRow, EntryPage, EntryRange, EntryVersions, HistoryPoint, HistoryRange,
    MetricsReport, NodeStatus, SubscribeReport, TokenPage, TokenRange, WalletEvent, WalletStatus,
};
use crate::plugin::{CommandError, args};

/// Milliseconds of a minute, the resolution of the history.
const MINUTE_MS: i64 = 60_000;

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn accounts<R: Runtime>(call: WindowCall<R>) -> CommandResult<Vec<AccountInfo>> {
    let wallets = call.wallets();
    wallets.admit(call.window(), CallClass::Read)?;
    let all = wallets.all();
    Ok(all
        .iter()
        .map(|open| AccountInfo { account: open.id.clone(), revision: open.engine.revision() })
        .collect())
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn status<R: Runtime>(call: WindowCall<R>, account: Arg<String>) -> CommandResult<WalletStatus> {
    let open = call.enter(CallClass::Read, &account)?;
    let nodes = open.engine.node_count();
    Ok(WalletStatus::of(&open.id, open.engine.status(), nodes, open.feed.is_syncing()))
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn list_tokens<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    page: Arg<TokenRange>,
) -> CommandResult<TokenPage> {
    let open = call.enter(CallClass::Read, &account)?;
    let limit = args::rows(page.limit)?;
    let after = match &page.0.after {
        Some(after) => Some(args::token_key(&after.token_id, &after.state_hash)?),
        None => None,
    };
    // Read before the rows: a change in between causes an event with a higher revision.
    let revision = open.engine.revision();
    let total = u64::try_from(open.engine.counts().total).unwrap_or(u64::MAX);
    let mut rows = open.engine.tokens(after.as_ref(), limit + 1, page.all.unwrap_or(false));
    let is_more = rows.len() > limit;
    rows.truncate(limit);
    let tokens: Vec<_> = rows.into_iter().map(crate::plugin::wire::TokenRow::from).collect();
    let next = tokens.last().filter(|_| is_more).map(Into::into);
    Ok(TokenPage { revision, total, tokens, next })
}

/// Answers with bytes, not JSON.
#[command]
pub(crate) fn get_token<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    token_id: Arg<String>,
    state_hash: Arg<String>,
) -> Later<R, Response> {
    call.later(CallClass::Read, &account, |open| async move {
        args::token_key(&token_id, &state_hash)?;
        let _turn = open.payloads.acquire().await.map_err(|_| closed())?;
        let payload = open.engine.payload(&token_id, &state_hash).await?;
        Ok(Response::new(payload.to_vec()))
    })
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn list_entries<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    page: Arg<EntryRange>,
) -> Later<R, EntryPage> {
    call.later(CallClass::Read, &account, |open| async move {
        let limit = args::rows(page.limit)?;
        args::part_of_key(page.prefix.as_deref())?;
        args::part_of_key(page.after.as_deref())?;
        let _turn = open.payloads.acquire().await.map_err(|_| closed())?;
        let revision = open.engine.revision();
        let EntryRange { prefix, after, .. } = page.0;
        let (prefix, after) = (prefix.unwrap_or_default(), after.as_deref());
        let listed = open.engine.entries(&prefix, after, limit, limits::ENTRY_PAGE_BYTES).await?;
        let next = listed.rows.last().filter(|_| listed.is_more).map(|row| row.key.clone());
        Ok(EntryPage { revision, entries: listed.rows.into_iter().map(Into::into).collect(), next })
    })
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn entry_versions<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    entry_key: Arg<String>,
) -> Later<R, EntryVersions> {
    call.later(CallClass::Read, &account, |open| async move {
        args::entry_key(&entry_key)?;
        let _turn = open.payloads.acquire().await.map_err(|_| closed())?;
        let revision = open.engine.revision();
        let listed = open.engine.entry_versions(&entry_key, limits::ENTRY_PAGE_BYTES).await?;
        let versions = listed.rows.into_iter().map(Into::into).collect();
        Ok(EntryVersions { revision, versions, is_more: listed.is_more })
    })
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn metrics<R: Runtime>(call: WindowCall<R>, account: Arg<String>) -> CommandResult<MetricsReport> {
    let open = call.enter(CallClass::Read, &account)?;
    Ok(MetricsReport::of(&open.engine))
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn metrics_history<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    range: Arg<HistoryRange>,
) -> Later<R, Vec<HistoryPoint>> {
    call.later(CallClass::Read, &account, |open| async move {
        let minute = |ms: i64| ms.max(0).div_euclid(MINUTE_MS);
        // A chart that ends now includes the running minute.
        let to = range.to.map_or_else(|| minute(open.engine.now()) + 1, minute);
        let from = range.from.map_or_else(|| to - 60, minute);
        if from > to {
            return Err(CommandError::bad_request("range: from is after to"));
        }
        // Each call writes the running minute to disk.
        let _turn = open.payloads.acquire().await.map_err(|_| closed())?;
        Ok(open.engine.metrics_history(from, to, range.step_minutes.unwrap_or(1)).await?)
    })
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn node_health<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
) -> CommandResult<Vec<NodeStatus>> {
    let open = call.enter(CallClass::Read, &account)?;
    Ok(nodes(&open))
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn devices<R: Runtime>(call: WindowCall<R>, account: Arg<String>) -> Later<R, Vec<DeviceRow>> {
    call.later(CallClass::Read, &account, |open| async move { device_rows(&open).await })
}

/// The wallet's devices as a window sees them.
pub(super) async fn device_rows(open: &HostedAccount) -> CommandResult<Vec<DeviceRow>> {
    Ok(open.engine.devices().await?.into_iter().map(DeviceRow::from).collect())
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn cache_stats<R: Runtime>(call: WindowCall<R>, account: Arg<String>) -> Later<R, CacheStats> {
    call.later(CallClass::Read, &account, |open| async move { Ok(open.engine.cache_stats().await?.into()) })
}

/// Sends events to this window from now on, in place of its earlier channel.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn subscribe<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    on_events: Arg<Channel<Vec<WalletEvent>>>,
) -> CommandResult<SubscribeReport> {
    let open = call.enter(CallClass::Read, &account)?;
    let missed = open.feed.listen(call.window(), call.outlet(on_events.0));
    // Closed meanwhile: no event would say so.
    if call.wallets().account(&account).is_err() {
        open.feed.close();
        return Err(closed());
    }
    Ok(SubscribeReport { account: open.id.clone(), revision: open.engine.revision(), missed })
}

/// The nodes of an account, as windows get them.
pub(super) fn nodes(open: &HostedAccount) -> Vec<NodeStatus> {
    open.engine.nodes().into_iter().map(Into::into).collect()
}

fn closed() -> CommandError {
    Error::new(Code::Closed, "the account is closed").into()
}
