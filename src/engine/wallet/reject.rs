//! Proofs that the wallet declares void. Only the wallet's own Rust side does this: a false rejection would bring a spent token
//! back.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::read::sealed_here;
use super::seal::{bad, token_key};
use crate::engine::account::Account;
use crate::engine::api::tokens::ProofRow;
use crate::engine::local::rows::Confirmed;
use crate::engine::local::state::change::Change;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::inventory::{BlockRef, Item, ProofHash, TokenKey, TokenState};
use crate::model::seal::Kind;
use crate::secret::Plain;

pub async fn proofs(account: &Account, token_id: &str, state_hash: &str) -> Result<Vec<ProofRow>, Error> {
    let key = token_key(token_id, state_hash)?;
    let (known, confirmed) = {
        let state = account.local.read();
        let inventory = state.holdings().inventory();
        (inventory.state(&key).cloned(), inventory.confirmed().get(&key).cloned().unwrap_or_default())
    };
    let Some(known) = known else { return Err(unknown()) };
    let mut rows = Vec::new();
    for proof in &known.proofs {
        let hash = proof.hash();
        rows.push(ProofRow {
            hash,
            is_rejected: known.rejected.contains(&hash),
            is_confirmed: confirmed.contains(&hash),
            size: usize::try_from(proof.size).unwrap_or(usize::MAX),
            evidence: evidence_here(account, proof).await?,
        });
    }
    Ok(rows)
}

async fn evidence_here(account: &Account, proof: &BlockRef) -> Result<Option<bytes::Bytes>, Error> {
    let Some(sealed) = sealed_here(account, proof).await? else { return Ok(None) };
    let plain = account.local.keys().sealer().open(Kind::Evidence, &sealed, limits::EVIDENCE_BYTES)?;
    Ok(Some(Plain::shared(plain)))
}

/// Rejects a proof on behalf of this device. Once every rejection of a state is confirmed here, it is on offer again.
pub async fn reject(
    account: Arc<Account>,
    token_id: String,
    state_hash: String,
    proof: ProofHash,
) -> Result<(), Error> {
    account.tasks.check_open()?;
    let key = token_key(&token_id, &state_hash)?;
    let turn = account.local.turn().await;
    let (state, confirmed) = {
        let state = turn.state();
        let inventory = state.holdings().inventory();
        let known = inventory.state(&key).ok_or_else(unknown)?.clone();
        (with_rejected(known, proof)?, with_confirmed(inventory.confirmed().clone(), &key, proof)?)
    };
    turn.join(vec![Item::Token(key, state)], vec![Change::Confirmed(confirmed)]).await?;
    Ok(())
}

fn with_rejected(mut state: TokenState, proof: ProofHash) -> Result<TokenState, Error> {
    let is_known = state.proofs.iter().any(|known| known.hash() == proof) || state.rejected.contains(&proof);
    if !is_known {
        return Err(unknown());
    }
    state.rejected.insert(proof);
    if state.rejected.len() > limits::SET_ITEMS {
        return Err(bad(format!("{} proofs of this state are rejected already", limits::SET_ITEMS)));
    }
    Ok(state)
}

fn with_confirmed(mut all: Confirmed, key: &TokenKey, proof: ProofHash) -> Result<Confirmed, Error> {
    all.entry(key.clone()).or_default().insert(proof);
    if all.values().map(BTreeSet::len).sum::<usize>() > limits::REJECTIONS {
        return Err(bad(format!("{} proofs were rejected on this device already", limits::REJECTIONS)));
    }
    Ok(all)
}

fn unknown() -> Error {
    Error::new(Code::NotFound, "there is no such proof")
}
