//! Entries: small values under a key. A later write takes the place of what it has seen, whatever any clock says; of writes
//! that had not seen each other all stay.
//!
//! An entry is a multi-value register. It keeps the vector of what was ever seen once for all its versions: of each actor
//! the last counter and the versions that were set with it, each live or replaced. Counters grow over all that was seen, so
//! that a later write has a higher one and of too many actors those that wrote longest ago are the lowest.

use std::collections::BTreeMap;

use bytes::Bytes;
use ipld_core::ipld::Ipld;
use sha2::{Digest, Sha256};

use super::entry_codec::from_version;
use super::item::BlockRef;
use super::join;
use crate::clock::UnixMs;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cbor;

/// Hybrid logical clock: wall milliseconds, then a counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hlc {
    /// Milliseconds since the Unix epoch.
    pub ms: UnixMs,
    /// Tells changes within one millisecond apart.
    pub count: u32,
}

impl Hlc {
    /// The next time after `last`: the wall clock's where that is later.
    #[must_use]
    pub fn tick(last: Self, now: UnixMs) -> Self {
        if now > last.ms {
            return Self { ms: now, count: 0 };
        }
        match last.count.checked_add(1) {
            Some(count) => Self { ms: last.ms, count },
            None => Self { ms: last.ms.saturating_add(1), count: 0 },
        }
    }

    /// The latest time that is believed at `now`: [`limits::HLC_AHEAD`] later.
    #[must_use]
    pub fn latest(now: UnixMs) -> Self {
        let ahead = UnixMs::try_from(limits::HLC_AHEAD.as_millis()).unwrap_or(UnixMs::MAX);
        Self { ms: now.saturating_add(ahead), count: u32::MAX }
    }
}

/// Where an entry's value is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryValue {
    /// In the item itself.
    Inline(Bytes),
    /// In a block of its own.
    Block(BlockRef),
}

/// Who sets versions: drawn with the device id, and anew when another device turns out to use the same.
pub type Actor = [u8; 16];

/// The first bytes of SHA-256 over a version's encoding.
pub type VersionHash = [u8; 16];

/// One version of an entry, ordered by (HLC, value).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// When it was set.
    pub hlc: Hlc,
    /// What it was set to.
    pub value: EntryValue,
}

impl Version {
    /// Tells versions with one actor and counter apart.
    #[must_use]
    pub fn hash(&self) -> VersionHash {
        // It always encodes.
        let digest = Sha256::digest(cbor::encode(&from_version(self)).unwrap_or_default());
        let mut hash = VersionHash::default();
        hash.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        hash
    }
}

/// A version where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// Nothing that was seen replaces it.
    Live(Version),
    /// It was replaced; this is its hash.
    Replaced(VersionHash),
}

/// What one actor set last, as far as is known here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Last {
    pub(super) counter: u64,
    /// Ascending by hash, without the version for a replaced one. More than one only where two devices used one actor.
    pub(super) versions: Vec<(VersionHash, Option<Version>)>,
}

impl Last {
    /// Of all that this actor set: earlier counters are replaced.
    #[must_use]
    pub fn counter(&self) -> u64 {
        self.counter
    }

    /// The versions with that counter.
    pub fn versions(&self) -> impl Iterator<Item = Seen> + '_ {
        self.versions.iter().map(|(hash, version)| match version {
            Some(version) => Seen::Live(version.clone()),
            None => Seen::Replaced(*hash),
        })
    }

    /// Where a version with this hash is, or would be.
    pub(super) fn find(&self, hash: &VersionHash) -> Result<usize, usize> {
        self.versions.binary_search_by(|(known, _)| known.cmp(hash))
    }

    fn live(&self) -> impl Iterator<Item = (&VersionHash, &Version)> {
        self.versions.iter().filter_map(|(hash, version)| Some((hash, version.as_ref()?)))
    }
}

/// A live version with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live<'a> {
    /// Who set it.
    pub actor: &'a Actor,
    /// With which counter.
    pub counter: u64,
    /// Its hash.
    pub hash: &'a VersionHash,
    /// The version.
    pub version: &'a Version,
}

/// An entry: what each actor set last.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    pub(super) actors: BTreeMap<Actor, Last>,
    /// Fields of later releases.
    pub unknown: BTreeMap<String, Ipld>,
}

impl Entry {
    /// Checks the key of an entry: 1–128 characters, none of them a control character.
    ///
    /// # Errors
    /// [`Code::BadRequest`] naming the rule.
    pub fn check_key(key: &str) -> Result<(), Error> {
        if key.is_empty() || key.chars().count() > limits::KEY_CHARS || key.chars().any(char::is_control) {
            let message =
                format!("key: 1–{} characters, none of them a control character", limits::KEY_CHARS);
            return Err(Error::new(Code::BadRequest, message));
        }
        Ok(())
    }

    /// An entry of one version.
    #[must_use]
    pub fn of(actor: Actor, counter: u64, seen: Seen) -> Self {
        let version = match seen {
            Seen::Live(version) => (version.hash(), Some(version)),
            Seen::Replaced(hash) => (hash, None),
        };
        let last = Last { counter, versions: vec![version] };
        Self { actors: [(actor, last)].into(), unknown: BTreeMap::new() }
    }

    /// What each actor set last.
    pub fn actors(&self) -> impl Iterator<Item = (&Actor, &Last)> {
        self.actors.iter()
    }

    /// Versions that nothing replaced, by actor.
    pub fn live(&self) -> impl Iterator<Item = Live<'_>> {
        self.actors.iter().flat_map(|(actor, last)| {
            let live = last.live();
            live.map(move |(hash, version)| Live { actor, counter: last.counter, hash, version })
        })
    }

    /// The live versions in the order in which a view prefers them: the highest time that is at most
    /// [`limits::HLC_AHEAD`] ahead of `now` first, those further ahead last.
    #[must_use]
    pub fn by_preference(&self, now: UnixMs) -> Vec<Live<'_>> {
        let latest = Hlc::latest(now);
        let mut live: Vec<Live<'_>> = self.live().collect();
        live.sort_by(|a, b| {
            let of = |one: &Live<'_>| one.version.hlc <= latest;
            of(b).cmp(&of(a)).then_with(|| (b.version, b.actor).cmp(&(a.version, a.actor)))
        });
        live
    }

    /// The version that a view shows; none where all were replaced.
    #[must_use]
    pub fn shown(&self, now: UnixMs) -> Option<&Version> {
        self.by_preference(now).first().map(|live| live.version)
    }

    /// What is known of a version of this actor and counter: whether it is live, or nothing where it is not here by its hash.
    #[must_use]
    pub fn fate(&self, actor: &Actor, counter: u64, hash: &VersionHash) -> Option<bool> {
        let last = self.actors.get(actor).filter(|last| last.counter == counter)?;
        last.find(hash).ok().and_then(|at| last.versions.get(at)).map(|(_, version)| version.is_some())
    }

    /// Sets a version that replaces all that are here. None when this actor has used up its counters: another has to be drawn.
    #[must_use]
    pub fn set(&self, actor: Actor, version: Version) -> Option<Self> {
        let counter = self.next_counter();
        if self.actors.get(&actor).is_some_and(|last| last.counter >= counter) {
            return None;
        }
        let mut seen = self.clone();
        for (_, version) in seen.actors.values_mut().flat_map(|last| &mut last.versions) {
            *version = None;
        }
        Some(join::entries(&seen, &Self::of(actor, counter, Seen::Live(version))))
    }

    /// Whether a live version of another entry is missing here for want of room, and not because a later one is here.
    pub(super) fn has_crowded_out(&self, other: &Self) -> bool {
        other.live().any(|live| match self.actors.get(live.actor) {
            None => true,
            Some(last) => last.counter == live.counter && last.find(live.hash).is_err(),
        })
    }

    /// Above all counters that are here, or as high as counters go.
    pub(super) fn next_counter(&self) -> u64 {
        let highest = self.actors.values().map(|last| last.counter).max().unwrap_or(0);
        highest.saturating_add(1).min(limits::ENTRY_COUNTER_MAX)
    }

    pub(super) fn refs(&self) -> impl Iterator<Item = BlockRef> + '_ {
        self.live().filter_map(|live| match &live.version.value {
            EntryValue::Inline(_) => None,
            EntryValue::Block(block) => Some(block.clone()),
        })
    }
}
