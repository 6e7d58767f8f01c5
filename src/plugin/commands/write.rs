//! Commands that change a wallet: the permission set `write`.

use std::sync::Arc;

use bytes::Bytes;
use tauri::ipc::Request;
use tauri::{Runtime, command};
use tokio::sync::OwnedSemaphorePermit;

use crate::plugin::arg::Arg;
use crate::plugin::call::{Later, WindowCall};
use crate::plugin::call_limiter::CallClass;
use crate::plugin::failure::CommandResult;
use crate::plugin::wire::{Changed, Content, PutReport, SpendKind, SpendReport};
use crate::plugin::{WalletSync, args};

/// Its body is bytes (see [`args::parse_put`]), so that payloads need no JSON.
#[command]
pub(crate) fn put_tokens<R: Runtime>(call: WindowCall<R>, request: Request<'_>) -> Later<R, PutReport> {
    call.answer(
        CallClass::Write,
        |call| receive(call, &request),
        |AcceptedPut { wallets, body, room: _room }| async move {
            let put = args::parse_put(body)?;
            let open = wallets.account(&put.account)?;
            let report = open.engine.put(put.tokens).await?;
            Ok(PutReport::of(report, open.engine.revision()))
        },
    )
}

/// A put that was admitted.
struct AcceptedPut {
    wallets: Arc<WalletSync>,
    body: Bytes,
    room: OwnedSemaphorePermit,
}

fn receive<R: Runtime>(call: &WindowCall<R>, request: &Request<'_>) -> CommandResult<AcceptedPut> {
    let wallets = call.wallets();
    wallets.admit(call.window(), CallClass::Write)?;
    let body = args::put_body(request)?;
    let room = wallets.body_room(body.len())?;
    Ok(AcceptedPut { wallets, body, room })
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn record_spend<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    token_id: Arg<String>,
    state_hash: Arg<String>,
    kind: Arg<SpendKind>,
    evidence: Arg<Content>,
) -> Later<R, SpendReport> {
    call.later(CallClass::Write, &account, |open| async move {
        args::token_key(&token_id, &state_hash)?;
        let evidence = args::content(evidence.0, &args::EVIDENCE)?;
        let report = open.engine.spend(&token_id, &state_hash, kind.0.into(), evidence).await?;
        Ok(SpendReport::of(report, open.engine.revision()))
    })
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn set_entry<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    entry_key: Arg<String>,
    value: Arg<Content>,
) -> Later<R, Changed> {
    call.later(CallClass::Write, &account, |open| async move {
        args::entry_key(&entry_key)?;
        let value = args::content(value.0, &args::VALUE)?;
        open.engine.set(&entry_key, value).await?;
        Ok(Changed { revision: open.engine.revision() })
    })
}

/// Deletes a synced entry: it is not listed any more until it is set again.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn delete_entry<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    entry_key: Arg<String>,
) -> Later<R, Changed> {
    call.later(CallClass::Write, &account, |open| async move {
        args::entry_key(&entry_key)?;
        open.engine.delete(&entry_key).await?;
        Ok(Changed { revision: open.engine.revision() })
    })
}
