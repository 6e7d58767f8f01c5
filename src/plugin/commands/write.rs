//! Commands that change a wallet: the permission set `write`.

use std::sync::Arc;

use bytes::Bytes;
use tauri::ipc::Request;
use tauri::{Runtime, command};
use tokio::sync::OwnedSemaphorePermit;

use crate::error::{Code, Error};
use crate::plugin::accounts::HostedAccount;
use crate::plugin::arg::Arg;
use crate::plugin::call::{Later, WindowCall};
use crate::plugin::call_limiter::CallClass;
use crate::plugin::failure::CommandResult;
use crate::plugin::spending::{MayRecord, ProofClaim, Verdict};
use crate::plugin::wire::{Changed, Content, PutReport, SpendKind, SpendReport};
use crate::plugin::{CommandError, ErrorCode, WalletSync, args};

/// Its body is bytes (see [`args::parse_put`]), so that payloads need no JSON.
#[command]
pub(crate) fn put_tokens<R: Runtime>(call: WindowCall<R>, request: Request<'_>) -> Later<R, PutReport> {
    let window = call.window().to_owned();
    call.answer_held(
        CallClass::Write,
        |call| receive(call, &request),
        |AcceptedPut { wallets, body, room }, held| async move {
            held.keep(room);
            let put = args::parse_put(body)?;
            let open = wallets.account(&put.account)?;
            let report = open.engine.put_from_window(&window, put.tokens).await.map_err(enough)?;
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
    may: MayRecord,
    account: Arg<String>,
    token_id: Arg<String>,
    state_hash: Arg<String>,
    kind: Arg<SpendKind>,
    evidence: Arg<Content>,
) -> Later<R, SpendReport> {
    let (window, verifier) = (call.window().to_owned(), call.wallets().verifier());
    call.later_held(CallClass::Write, &account, |open, held| async move {
        args::token_key(&token_id, &state_hash)?;
        let evidence = args::content(evidence.0, &args::EVIDENCE)?;
        if let Err(refused) = may.check(kind.0) {
            let words = "recording a spend that it has no permission for was refused";
            open.engine.tell_of_window(&window, "not allowed", words);
            return Err(refused);
        }
        if let Some(verifier) = verifier.filter(|_| kind.0 == SpendKind::Proof) {
            held.keep(open.proofs.turn(&window).await?);
            let claim = ProofClaim {
                account: open.id.clone(),
                engine: open.engine.clone(),
                token_id: token_id.0.clone(),
                state_hash: state_hash.0.clone(),
                evidence: evidence.clone(),
            };
            checked(&open, &window, verifier.ask(claim).await)?;
        }
        let spent = open.engine.spend_from_window(&window, &token_id, &state_hash, kind.0.into(), evidence);
        Ok(SpendReport::of(spent.await.map_err(enough)?, open.engine.revision()))
    })
}

/// What the app said of a proof.
fn checked(open: &HostedAccount, window: &str, verdict: Verdict) -> CommandResult<()> {
    match verdict {
        Verdict::Proven => Ok(()),
        Verdict::Void => {
            open.engine.tell_of_window(window, "void proof", "a proof of spending that is none was refused");
            Err(CommandError::of(ErrorCode::ProofVoid))
        }
        Verdict::Unknown => {
            Err(Error::new(Code::Unreachable, "the app could not check a proof of spending").into())
        }
    }
}

/// What windows may not add any more for now.
fn enough(error: Error) -> CommandError {
    match error.code() {
        Code::RateLimited => CommandError::too_much("windows have added as much as they may for now"),
        _ => error.into(),
    }
}

#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn set_entry<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    entry_key: Arg<String>,
    value: Arg<Content>,
) -> Later<R, Changed> {
    let window = call.window().to_owned();
    call.later(CallClass::Write, &account, |open| async move {
        args::entry_key(&entry_key)?;
        let value = args::content(value.0, &args::VALUE)?;
        open.engine.set_from_window(&window, &entry_key, value).await.map_err(enough)?;
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
    let window = call.window().to_owned();
    call.later(CallClass::Write, &account, |open| async move {
        args::entry_key(&entry_key)?;
        open.engine.delete_from_window(&window, &entry_key).await.map_err(enough)?;
        Ok(Changed { revision: open.engine.revision() })
    })
}
