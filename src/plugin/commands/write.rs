//! Commands that change a wallet: the set `write`.

use tauri::ipc::Request;
use tauri::{Runtime, Webview, command};

use super::Answer;
use crate::limits;
use crate::plugin::arg::Arg;
use crate::plugin::gate::Class;
use crate::plugin::wire::{Changed, Content, PutReport, SpendKind};
use crate::plugin::{WalletSyncExt, args};

/// Its body is bytes (see [`args::put`]), so that payloads need no JSON.
#[command]
pub(crate) async fn put_tokens<R: Runtime>(webview: Webview<R>, request: Request<'_>) -> Answer<PutReport> {
    let wallets = webview.wallet_sync();
    wallets.pass(webview.label(), Class::Write)?;
    let body = args::put_body(&request)?;
    let _room = wallets.body_room(body.len())?;
    let put = args::put(body)?;
    let open = wallets.account(&put.account)?;
    let report = open.engine.put(put.tokens).await?;
    Ok(PutReport::of(report, open.engine.revision()))
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) async fn record_spend<R: Runtime>(
    webview: Webview<R>,
    account: Arg<String>,
    token_id: Arg<String>,
    state_hash: Arg<String>,
    kind: Arg<SpendKind>,
    evidence: Arg<Content>,
) -> Answer<Changed> {
    let open = webview.wallet_sync().enter(webview.label(), Class::Write, &account)?;
    args::token_key(&token_id, &state_hash)?;
    let evidence = args::content(evidence.0, limits::EVIDENCE_BYTES, "evidence: at most 256 KiB")?;
    open.engine.spend(&token_id, &state_hash, kind.0.into(), evidence).await?;
    Ok(Changed { revision: open.engine.revision() })
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) async fn set_entry<R: Runtime>(
    webview: Webview<R>,
    account: Arg<String>,
    entry_key: Arg<String>,
    value: Arg<Content>,
) -> Answer<Changed> {
    let open = webview.wallet_sync().enter(webview.label(), Class::Write, &account)?;
    args::entry_key(&entry_key)?;
    let value = args::content(value.0, limits::VALUE_BYTES, "value: at most 64 KiB")?;
    open.engine.set(&entry_key, value).await?;
    Ok(Changed { revision: open.engine.revision() })
}
