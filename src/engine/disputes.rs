//! What devices may not agree on: versions of an entry that had not seen each other, proofs that are void. A part of [`Engine`]'s
//! public methods.

use super::Engine;
use super::api::tokens::{EntryVersions, ProofRow};
use super::tasks::to_the_end;
use super::wallet::{read, reject};
use crate::error::Error;
use crate::model::inventory::ProofHash;

impl Engine {
    /// The versions of an entry that no other one replaces, the shown one first: more than one where devices set it without
    /// having seen each other's. [`Engine::set`] replaces them all. No further ones once their values exceed `max_bytes`. No
    /// network is asked.
    ///
    /// # Errors
    /// `bad_request`; store errors; `decrypt_failed` for a value that does not open.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn entry_versions(&self, key: &str, max_bytes: usize) -> Result<EntryVersions, Error> {
        read::entry_versions(self.account(), key, max_bytes).await
    }

    /// The proofs that are recorded of a state, rejected ones included.
    ///
    /// # Errors
    /// `bad_request`, `not_found`; store errors; `decrypt_failed` for evidence that does not open.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn proofs(&self, token_id: &str, state_hash: &str) -> Result<Vec<ProofRow>, Error> {
        reject::proofs(self.account(), token_id, state_hash).await
    }

    /// Declares a recorded proof void, after the ledger was asked: a state all of whose proofs are void is not spent. Other
    /// devices show it as suspect until they reject the proof too, and so does this one while there is a rejection that it
    /// did not confirm. On disk when it returns.
    ///
    /// # Errors
    /// `not_found` for a proof that is not recorded, `bad_request`, store errors.
    ///
    /// # Cancel safety
    /// As [`Engine::put`].
    pub async fn reject_proof(
        &self,
        token_id: &str,
        state_hash: &str,
        proof: ProofHash,
    ) -> Result<(), Error> {
        let (token_id, state_hash) = (token_id.to_owned(), state_hash.to_owned());
        to_the_end(reject::reject(self.writable()?, token_id, state_hash, proof)).await
    }
}
