//! Proofs of spending, and declaring one void: part of the permission set `admin`. A false rejection would bring a spent token back.

use tauri::{Runtime, command};

use crate::plugin::arg::Arg;
use crate::plugin::args;
use crate::plugin::call::{Later, WindowCall};
use crate::plugin::call_limiter::CallClass;
use crate::plugin::wire::{Changed, ProofRow};

/// The proofs that are recorded of a state, rejected ones included.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn list_proofs<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    token_id: Arg<String>,
    state_hash: Arg<String>,
) -> Later<R, Vec<ProofRow>> {
    let window = call.window().to_owned();
    call.later_held(CallClass::Write, &account, |open, held| async move {
        args::token_key(&token_id, &state_hash)?;
        held.keep(open.payloads.turn(&window).await?);
        let proofs = open.engine.proofs(&token_id, &state_hash).await?;
        Ok(proofs.into_iter().map(Into::into).collect())
    })
}

/// Declares a recorded proof void: a state all of whose proofs are void is not spent.
#[command]
#[cfg_attr(feature = "specta", specta::specta)]
pub(crate) fn reject_proof<R: Runtime>(
    call: WindowCall<R>,
    account: Arg<String>,
    token_id: Arg<String>,
    state_hash: Arg<String>,
    proof: Arg<String>,
) -> Later<R, Changed> {
    call.later(CallClass::Write, &account, |open| async move {
        args::token_key(&token_id, &state_hash)?;
        let proof = args::proof(&proof)?;
        open.engine.reject_proof(&token_id, &state_hash, proof).await?;
        Ok(Changed { revision: open.engine.revision() })
    })
}
