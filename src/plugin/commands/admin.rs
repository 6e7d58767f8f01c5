//! Maintenance: the permission set `admin`.

use tauri::{Runtime, command};

use super::read;
use crate::error::{Code, Error};
use crate::limits;
use crate::plugin::arg::Arg;
use crate::plugin::call::{Later, WindowCall};
use crate::plugin::call_limiter::CallClass;
use crate::plugin::failure::CommandResult;
use crate::plugin::wire::{
    CacheKind, CacheStats, DeviceRow, ExportFormat, NodeFinding, NodeStatus, WipeReport,
};
use crate::plugin::{CommandError, Wiped, export};

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn invalidate_cache<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    kind: Arg<CacheKind>,
) -> Later<R, CacheStats> {
    call.later(CallClass::Write, &account, |open| async move {
        open.engine.clear_cache(kind.0.into()).await?;
        Ok(open.engine.cache_stats().await?.into())
    })
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn reset_metrics<R: Runtime>(call: WindowCall<R>, account: Arg<String>) -> Later<R, ()> {
    call.later(CallClass::Write, &account, |open| async move {
        open.engine.reset_metrics().await?;
        open.feed.note_measured();
        Ok(())
    })
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn export_metrics<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    format: Arg<ExportFormat>,
) -> CommandResult<String> {
    let open = call.enter(CallClass::Write, &account)?;
    match *format {
        ExportFormat::Prometheus => Ok(open.engine.prometheus()),
        ExportFormat::Json => export::json(&open.engine)
            .ok_or_else(|| Error::new(Code::Malformed, "metrics are not JSON").into()),
    }
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn set_node_enabled<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    node_id: Arg<String>,
    enabled: Arg<bool>,
) -> Later<R, Vec<NodeStatus>> {
    // Done on the main thread: of two calls the later one counts.
    let set = |call: &WindowCall<R>| {
        let open = call.enter(CallClass::Write, &account)?;
        open.engine.set_node_enabled(&node_id, *enabled)?;
        Ok(open)
    };
    call.answer(CallClass::Write, set, |open| async move { Ok(read::nodes(&open)) })
}

/// Tries on one of the configured nodes everything that a sync asks of it.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn check_node<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    node_id: Arg<String>,
) -> Later<R, Vec<NodeFinding>> {
    call.later(CallClass::Write, &account, |open| async move {
        let found = open.engine.check_node(&node_id).await?;
        Ok(found.into_iter().map(Into::into).collect())
    })
}

/// What this device is called, for the wallet's other devices to show; none takes it away.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn set_device_label<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    label: Arg<Option<String>>,
) -> Later<R, Vec<DeviceRow>> {
    call.later(CallClass::Write, &account, |open| async move {
        let refused = |e: Error| match e.code() {
            Code::BadRequest => CommandError::bad_request("label: 1–64 bytes, no control or direction marks"),
            _ => e.into(),
        };
        open.engine.set_device_label(label.as_deref()).await.map_err(refused)?;
        read::device_rows(&open).await
    })
}

/// Gives back the slot of a device that is gone.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn retire_device<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    slot: Arg<u8>,
) -> Later<R, Vec<DeviceRow>> {
    call.later(CallClass::Write, &account, |open| async move {
        if *slot >= limits::SLOTS {
            return Err(CommandError::bad_request("slot: not 0 to 63"));
        }
        open.engine.retire_device(*slot).await?;
        read::device_rows(&open).await
    })
}

/// Closes the account and removes its folder from this device; `confirm` is its name, typed again. Another `opening` than that of
/// the account is a `conflict`.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn wipe<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    confirm: Arg<String>,
    force: Arg<bool>,
    opening: Arg<Option<u32>>,
) -> Later<R, WipeReport> {
    let wallets = call.wallets();
    call.later(CallClass::Write, &account.0.clone(), |open| async move {
        if *confirm != *account {
            return Err(CommandError::bad_request("confirm: not the name of the account"));
        }
        // The one that the page means, not one that is opened under the same name meanwhile.
        let opening = opening.unwrap_or(open.opening);
        drop(open);
        let wiped = wallets.wipe_opening(&account, Some(opening), *force).await?;
        Ok(WipeReport { account: account.0, removed: wiped == Wiped::Removed })
    })
}
