//! Two devices that use one actor: clones, restored folders. What one of them set must not pass for replaced because the other
//! counted further.

use sha2::{Digest, Sha256};

use super::entry::{Actor, Entry, Live, Seen, Version, VersionHash};
use super::{Twin, join};

impl Entry {
    /// Whether another entry knows versions of this actor that are not known here: somebody else uses it.
    #[must_use]
    pub fn is_outrun(&self, other: &Self, actor: &Actor) -> bool {
        let Some(new) = other.actors.get(actor) else { return false };
        let old = self.actors.get(actor);
        let counter = old.map_or(0, |old| old.counter);
        new.counter > counter
            || new.counter == counter
                && new.versions.iter().any(|(hash, _)| old.is_none_or(|old| old.find(hash).is_err()))
    }

    /// The join, with every live version of `actor` that it would pass over without naming it issued again under another
    /// actor. Against a twin, what that one had not seen is issued again before it can be passed over, and what only the twin
    /// has is not passed over either, unless it is older than their parting.
    pub(super) fn joined_as(&self, other: &Self, actor: &Actor, twin: Option<Twin>) -> Self {
        let mut joined = join::entries(self, other);
        let is_known = |entry: &Self, live: &Live<'_>| entry.fate(actor, live.counter, live.hash).is_some();
        let mine = self.live().filter(|live| live.actor == actor);
        for mine in mine.filter(|_| twin.is_none_or(|twin| !twin.has_seen)) {
            if !is_known(&joined, &mine) || (twin.is_some() && !is_known(other, &mine)) {
                joined = joined.again(&mine);
            }
        }
        let Some(twin) = twin else { return joined };
        let its = other.live().filter(|live| live.actor == actor && live.version.hlc.ms > twin.shared_until);
        for one in its {
            if !is_known(&joined, &one) {
                joined = joined.again(&one);
            }
        }
        joined
    }

    /// Everything of an actor issued again: a device that uses it too does not have this entry, or has the same.
    #[must_use]
    pub fn issued_again(&self, actor: &Actor) -> Self {
        let mine = self.live().filter(|live| live.actor == actor);
        mine.fold(self.clone(), |entry, live| entry.again(&live))
    }

    /// The same version under an actor that follows from its place, so that every device which does this makes the same of it.
    fn again(&self, live: &Live<'_>) -> Self {
        let actor = heir(live);
        let mut entry = self.clone();
        let old = entry.actors.get_mut(live.actor).filter(|last| last.counter == live.counter);
        for (_, version) in
            old.into_iter().flat_map(|last| &mut last.versions).filter(|(hash, _)| hash == live.hash)
        {
            *version = None;
        }
        // Where so low a counter is beyond the bound it takes a new one.
        for counter in [live.counter, entry.next_counter()] {
            let again = entry.with(actor, counter, live.version);
            if again.fate(&actor, counter, live.hash) == Some(true) {
                return again;
            }
        }
        self.clone()
    }

    fn with(&self, actor: Actor, counter: u64, version: &Version) -> Self {
        join::entries(self, &Self::of(actor, counter, Seen::Live(version.clone())))
    }
}

fn heir(live: &Live<'_>) -> Actor {
    let parts: [&[u8]; 4] = [b"again", live.actor, &live.counter.to_be_bytes(), live.hash];
    let digest = Sha256::digest(parts.concat());
    let mut actor = VersionHash::default();
    actor.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    actor
}
