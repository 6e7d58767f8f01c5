//! The same items where the bytes they refer to are sealed under other keys: what a change of secret takes along.

use std::collections::BTreeMap;

use super::blocks::Blocks;
use super::entry::{Entry, EntryValue, Last, Seen, Version};
use super::item::{BlockRef, Item, ProofHash, TokenState};

/// What each reference is under the other keys.
pub type Resealed = BTreeMap<BlockRef, BlockRef>;

impl Item {
    /// The item with these references in place of its own. One that has no other is left out of it; rejections follow the proofs that
    /// they are of, and stay as they are where the proof is not known. An item of a later release's kind stays as it is.
    #[must_use]
    pub fn resealed(self, new: &Resealed) -> Self {
        match self {
            Self::Token(key, state) => Self::Token(key, token(state, new)),
            Self::Entry(key, entry) => Self::Entry(key, entry.resealed(new)),
            unknown @ Self::Unknown { .. } => unknown,
        }
    }
}

fn token(state: TokenState, new: &Resealed) -> TokenState {
    let set = |old: &Blocks| old.iter().filter_map(|one| new.get(one).cloned()).collect();
    let rejected = state.rejected.iter().map(|hash| resealed_proof(&state, hash, new)).collect();
    TokenState {
        payloads: set(&state.payloads),
        intents: set(&state.intents),
        proofs: set(&state.proofs),
        rejected,
        ..state
    }
}

/// What a proof of a state is called by under the other keys.
#[must_use]
pub fn resealed_proof(state: &TokenState, hash: &ProofHash, new: &Resealed) -> ProofHash {
    let of = state.proofs.iter().find(|proof| proof.hash() == *hash);
    of.and_then(|proof| new.get(proof)).map_or(*hash, BlockRef::hash)
}

impl Entry {
    fn resealed(self, new: &Resealed) -> Self {
        let actors = self.actors.into_iter().filter_map(|(actor, last)| Some((actor, resealed(&last, new)?)));
        Self { actors: actors.collect(), unknown: self.unknown }
    }
}

fn resealed(last: &Last, new: &Resealed) -> Option<Last> {
    let mut versions: Vec<_> = last
        .versions()
        .filter_map(|seen| match seen {
            Seen::Replaced(hash) => Some((hash, None)),
            Seen::Live(Version { hlc, value: EntryValue::Block(block) }) => {
                let version = Version { hlc, value: EntryValue::Block(new.get(&block)?.clone()) };
                Some((version.hash(), Some(version)))
            }
            Seen::Live(version) => Some((version.hash(), Some(version))),
        })
        .collect();
    versions.sort_by_key(|(hash, _)| *hash);
    versions.dedup_by(|(a, _), (b, _)| a == b);
    (!versions.is_empty()).then(|| Last { counter: last.counter(), versions })
}
