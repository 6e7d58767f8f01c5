//! Commands that read: the permission set `default`. Those that need only memory answer at once.

use tauri::ipc::{Channel, Response};
use tauri::{Runtime, command};

use crate::engine::Engine;
use crate::limits;
use crate::plugin::accounts::HostedAccount;
use crate::plugin::arg::Arg;
use crate::plugin::call::{Later, WindowCall};
use crate::plugin::call_limiter::CallClass;
use crate::plugin::failure::CommandResult;
use crate::plugin::listeners::Place;
use crate::plugin::listing;
use crate::plugin::wire::{
    AccountInfo, CacheStats, DeviceRow, EntryPage, EntryRange, EntryVersions, HistoryPoint, HistoryRange,
    MetricsReport, NodeStatus, Since, SubscribeReport, TokenChanges, TokenPage, TokenRange, WalletEvent,
    WalletStatus,
};
use crate::plugin::{CommandError, ErrorCode, args};

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
        .map(|open| AccountInfo {
            account: open.id.clone(),
            opening: open.opening,
            revision: open.engine.revision(),
        })
        .collect())
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn status<R: Runtime>(call: WindowCall<R>, account: Arg<String>) -> CommandResult<WalletStatus> {
    let wallets = call.wallets();
    wallets.admit(call.window(), CallClass::Read)?;
    let open = match wallets.account(&account) {
        Ok(open) => open,
        Err(closed) => return wallets.looks.of(&account).map(|look| look.status()).ok_or(closed.into()),
    };
    let nodes = open.engine.node_count();
    Ok(WalletStatus::of(&open.id, open.opening, open.engine.status(), nodes, open.feed.is_syncing()))
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn list_tokens<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    page: Arg<TokenRange>,
) -> Later<R, TokenPage> {
    let window = call.window().to_owned();
    let asked = page.0;
    let admit = |call: &WindowCall<R>| {
        let (wallets, worth) = (call.wallets(), |engine: &Engine| listing::worth(engine, &asked));
        let look = wallets.looks.of(&account);
        match (wallets.enter_worth(call.window(), CallClass::Read, &account, worth), look) {
            (Err(closed), Some(look)) if closed.code == ErrorCode::Closed => Ok((Err(look), asked)),
            (open, _) => Ok((Ok(open?), asked)),
        }
    };
    call.answer_held(CallClass::Read, admit, |(open, asked), held| async move {
        let open = match open {
            Ok(open) => open,
            Err(look) => return look.page(&asked),
        };
        let limit = args::rows(asked.limit)?;
        let after = match &asked.after {
            Some(after) => Some(args::token_key(&after.token_id, &after.state_hash)?),
            None => None,
        };
        held.keep(open.listings.turn(&window).await?);
        // Read before the rows: a change in between causes an event with a higher revision.
        let revision = open.engine.revision();
        let total = u64::try_from(open.engine.counts().total).unwrap_or(u64::MAX);
        let others = open.engine.others_level().into();
        let all = asked.all.unwrap_or(false);
        let (rows, next) = if asked.spendable.unwrap_or(false) {
            listing::spendable(&open.engine, after, limit, all)
        } else {
            listing::rows(&open.engine, after.as_ref(), limit, all)
        };
        let tokens = rows.into_iter().map(Into::into).collect();
        Ok(TokenPage { opening: open.opening, revision, total, others, tokens, next: next.map(Into::into) })
    })
}

/// What changed in the token list since it had a revision: instead of reading it again.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn token_changes<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    since: Arg<Since>,
) -> Later<R, TokenChanges> {
    let window = call.window().to_owned();
    call.later_held(CallClass::Read, &account, |open, held| async move {
        held.keep(open.listings.turn(&window).await?);
        let total = u64::try_from(open.engine.counts().total).unwrap_or(u64::MAX);
        let others = open.engine.others_level().into();
        Ok(TokenChanges::of(open.opening, total, others, listing::changes(&open, &since)))
    })
}

/// Answers with bytes, not JSON.
#[command]
pub(crate) fn get_token<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    token_id: Arg<String>,
    state_hash: Arg<String>,
) -> Later<R, Response> {
    let window = call.window().to_owned();
    call.later_held(CallClass::Read, &account, |open, held| async move {
        args::token_key(&token_id, &state_hash)?;
        held.keep(open.payloads.turn(&window).await?);
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
    let window = call.window().to_owned();
    call.later_held(CallClass::Read, &account, |open, held| async move {
        let limit = args::rows(page.limit)?;
        args::part_of_key(page.prefix.as_deref())?;
        args::part_of_key(page.after.as_deref())?;
        held.keep(open.payloads.turn(&window).await?);
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
    let window = call.window().to_owned();
    call.later_held(CallClass::Read, &account, |open, held| async move {
        args::entry_key(&entry_key)?;
        held.keep(open.payloads.turn(&window).await?);
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
    let window = call.window().to_owned();
    call.later_held(CallClass::Read, &account, |open, held| async move {
        let minute = |ms: i64| ms.max(0).div_euclid(MINUTE_MS);
        // A chart that ends now includes the running minute.
        let to = range.to.map_or_else(|| minute(open.engine.now()) + 1, minute);
        let from = range.from.map_or_else(|| to - 60, minute);
        if from > to {
            return Err(CommandError::bad_request("range: from is after to"));
        }
        // Each call writes the running minute to disk.
        held.keep(open.payloads.turn(&window).await?);
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

/// Sends events to a listener of this window from now on, in place of its earlier channel. The account need not be open yet.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn subscribe<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    on_events: Arg<Channel<Vec<WalletEvent>>>,
    listener: Arg<Option<String>>,
) -> CommandResult<SubscribeReport> {
    let wallets = call.wallets();
    wallets.admit(call.window(), CallClass::Read)?;
    args::account_id(&account)?;
    let copy = args::listener(listener.0)?;
    let place = Place { account: account.0.clone(), window: call.window().to_owned(), copy };
    let missed = wallets.listeners.listen(place, call.outlet(on_events.0))?;
    // Looked at after listening began: whichever way it changes from now on, an event says so.
    let open = wallets.account(&account).ok();
    let revision = open.as_ref().map_or(0, |open| open.engine.revision());
    Ok(SubscribeReport { account: account.0, revision, missed, opening: open.map(|open| open.opening) })
}

/// The nodes of an account, as windows get them.
pub(super) fn nodes(open: &HostedAccount) -> Vec<NodeStatus> {
    open.engine.nodes().into_iter().map(Into::into).collect()
}
