//! Who may hide a coin: the scope of a window for `record_spend`, and the app's own check of a proof before it counts.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use tauri::Runtime;
use tauri::ipc::{CommandArg, CommandItem, CommandScope, InvokeError};

use super::failure::{CommandError, CommandResult, ErrorCode};
use super::wire::SpendKind;
use crate::engine::Engine;
use crate::limits;

/// A proof that a window wants to record.
#[derive(Clone)]
#[non_exhaustive]
pub struct ProofClaim {
    /// The account, as the app named it.
    pub account: String,
    /// Its engine, for what the check needs: the payload, or proofs that are recorded already.
    pub engine: Engine,
    /// Which token.
    pub token_id: String,
    /// Which state of it.
    pub state_hash: String,
    /// What the window gives as proof, at most [`limits::EVIDENCE_BYTES`].
    pub evidence: Bytes,
}

impl fmt::Debug for ProofClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofClaim").field("account", &self.account).finish_non_exhaustive()
    }
}

/// What the app says of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It proves that this state is spent: it is recorded.
    Proven,
    /// It does not: nothing is recorded, and an alert tells of it.
    Void,
    /// That cannot be said now: nothing is recorded, and the window may try again.
    Unknown,
}

type Check = dyn Fn(ProofClaim) -> BoxFuture<'static, Verdict> + Send + Sync;

/// The app's check of proofs.
#[derive(Clone)]
pub(super) struct Verifier(Arc<Check>);

impl Verifier {
    pub(super) fn new<F>(check: impl Fn(ProofClaim) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Verdict> + Send + 'static,
    {
        Self(Arc::new(move |claim| check(claim).boxed()))
    }

    /// Asks the app; what takes too long, or panics, is unknown.
    pub(super) async fn ask(&self, claim: ProofClaim) -> Verdict {
        let check = self.0.clone();
        // A task of its own: a panic of the app's code is no end of ours.
        let asked = tokio::spawn(async move { check(claim).await });
        let stop = asked.abort_handle();
        let Ok(answered) = tokio::time::timeout(limits::VERIFY_PROOF, asked).await else {
            stop.abort();
            return Verdict::Unknown;
        };
        answered.unwrap_or(Verdict::Unknown)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier")
    }
}

/// What the capabilities of the calling window say of `record_spend`: `{"kind": "intent"}` or `{"kind": "proof"}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    kind: SpendKind,
}

/// Which spends a window may record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MayRecord {
    intent: bool,
    proof: bool,
}

impl MayRecord {
    fn of(allows: &[Arc<Rule>], denies: &[Arc<Rule>]) -> Self {
        let names = |rules: &[Arc<Rule>], kind| rules.iter().any(|rule| rule.kind == kind);
        // `allow-record-spend` alone names no kind: it is no right to hide a coin.
        let intent =
            (allows.is_empty() || names(allows, SpendKind::Intent)) && !names(denies, SpendKind::Intent);
        let proof = names(allows, SpendKind::Proof) && !names(denies, SpendKind::Proof);
        Self { intent, proof }
    }

    /// Refuses what the window may not.
    pub(super) fn check(self, kind: SpendKind) -> CommandResult<()> {
        let may = match kind {
            SpendKind::Intent => self.intent,
            SpendKind::Proof => self.proof,
        };
        if may { Ok(()) } else { Err(CommandError::of(ErrorCode::NotAllowed)) }
    }
}

impl<'de, R: Runtime> CommandArg<'de, R> for MayRecord {
    fn from_command(command: CommandItem<'de, R>) -> Result<Self, InvokeError> {
        let scope = CommandScope::<Rule>::from_command(command)?;
        Ok(Self::of(scope.allows(), scope.denies()))
    }
}

#[cfg(feature = "specta")]
impl specta::function::FunctionArg for MayRecord {
    fn to_datatype(_: &mut specta::Types) -> Option<specta::datatype::DataType> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(kinds: &[SpendKind]) -> Vec<Arc<Rule>> {
        kinds.iter().map(|kind| Arc::new(Rule { kind: *kind })).collect()
    }

    #[test]
    fn a_proof_needs_a_scope_that_names_it_and_a_denial_outweighs_it() {
        let (intent, proof) = (SpendKind::Intent, SpendKind::Proof);
        for (allows, denies, may) in [
            (&[][..], &[][..], (true, false)),
            (&[intent], &[], (true, false)),
            (&[proof], &[], (false, true)),
            (&[intent, proof], &[], (true, true)),
            (&[intent, proof], &[proof], (true, false)),
            (&[], &[intent], (false, false)),
        ] {
            let is = MayRecord::of(&rules(allows), &rules(denies));
            assert_eq!((is.intent, is.proof), may, "{allows:?} {denies:?}");
        }
        assert_eq!(MayRecord::of(&[], &[]).check(proof).unwrap_err().code, ErrorCode::NotAllowed);
    }
}
