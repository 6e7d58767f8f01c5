//! The wallet's own check of a proof of spending, before it hides a coin. A ledger would be asked here; the coins of this wallet have none, so
//! a proof has to name the state that it is of.

use serde_json::Value;
use tauri_plugin_wallet_sync::{ProofClaim, Verdict};

pub async fn check(claim: ProofClaim) -> Verdict {
    verdict(&claim.evidence, &claim.state_hash)
}

fn verdict(evidence: &[u8], state_hash: &str) -> Verdict {
    let said: Value = serde_json::from_slice(evidence).unwrap_or_default();
    let names = |field: &str, value: &str| said.get(field).and_then(Value::as_str) == Some(value);
    if names("kind", "proof") && names("of", state_hash) { Verdict::Proven } else { Verdict::Void }
}

#[cfg(test)]
mod tests {
    use super::verdict;
    use tauri_plugin_wallet_sync::Verdict;

    #[test]
    fn a_proof_names_the_state_that_it_is_of() {
        assert_eq!(verdict(br#"{"kind":"proof","of":"s1","salt":"x"}"#, "s1"), Verdict::Proven);
        for garbage in
            [&b""[..], b"x", b"[]", br#"{"kind":"proof","of":"s2"}"#, br#"{"kind":"intent","of":"s1"}"#]
        {
            assert_eq!(verdict(garbage, "s1"), Verdict::Void);
        }
    }
}
