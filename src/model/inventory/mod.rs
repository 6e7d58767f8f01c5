//! The inventory: token states, spends, entries; merge is a join.
//!
//! Grow-only: nothing is ever removed, and no clock takes part. A token state is known by token id *and* state hash,
//! so that a token which comes back is a new state and not a spent one. A spend may be known before its state.

mod blocks;
mod codec;
mod entry;
mod entry_codec;
mod item;
mod join;
mod resealed;
mod times;
mod twins;
mod view;

use std::collections::btree_map::Entry::{Occupied, Vacant};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

use bytes::Bytes;

use crate::clock::UnixMs;
use crate::error::Error;

pub use blocks::Blocks;
pub(super) use codec::check_unknown;
pub use entry::{Actor, Entry, EntryValue, Hlc, Last, Live, Seen, Version, VersionHash};
pub use item::{BlockRef, Id, Item, ProofHash, Rest, Spend, TokenKey, TokenState};
pub use resealed::{Resealed, resealed_proof};
pub use view::{Counts, ViewRow};

/// Result of joining one item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Joined {
    /// The item after the join, if it changed anything.
    pub changed: Option<Item>,
    /// A second, different payload under one key was seen now.
    pub payload_conflict: bool,
    /// A token state of which nothing was known before.
    pub added: bool,
    /// The first proof of this state came with this join.
    pub spent: bool,
    /// A version of an entry that nothing replaces was dropped, for there are too many.
    pub crowded: bool,
    /// A version of the joiner was issued again: the result has what none of both had.
    pub again: bool,
    /// Another device sets versions under the actor that joins.
    pub outrun: bool,
}

/// Who joins what others made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joiner {
    /// Its actor.
    pub actor: Actor,
    /// What is joined comes from a device that has the same actor: a clone, or this one before it was set back.
    pub twin: Option<Twin>,
}

/// What is known of a device that has the same actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Twin {
    /// What the joiner set last under this key was there when the two parted.
    pub has_seen: bool,
    /// What is dated up to this is older than that, and the joiner has replaced it knowingly.
    pub shared_until: UnixMs,
}

/// The grow-only state of a wallet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    states: BTreeMap<TokenKey, TokenState>,
    live: view::Live,
    /// Rejections of proofs that this device confirmed itself.
    confirmed: BTreeMap<TokenKey, BTreeSet<ProofHash>>,
    entries: BTreeMap<String, Entry>,
    times: times::Times,
    /// Items of kinds this release does not know: encoding, and where it stood.
    unread: BTreeMap<codec::ItemName, (Bytes, [u8; 32])>,
}

impl Inventory {
    /// What joining would do, without doing it (so that it can be committed to disk first). How many items a wallet may have is
    /// the caller's to judge: a join that refused some of them would depend on its order.
    ///
    /// # Errors
    /// [`Code::Malformed`](crate::Code::Malformed) for an unknown item that never was decoded.
    pub fn joined(&self, item: &Item) -> Result<Joined, Error> {
        self.joined_by(item, None)
    }

    /// The same where it matters who joins: what the joiner set itself gives way only to what has seen it.
    ///
    /// # Errors
    /// As [`joined`](Self::joined).
    pub fn joined_by(&self, item: &Item, joiner: Option<Joiner>) -> Result<Joined, Error> {
        let mut joined = Joined::default();
        match item {
            Item::Token(key, new) => {
                let old = self.states.get(key);
                let base = old.cloned().unwrap_or_default();
                let state = join::tokens(&base, new);
                if old != Some(&state) {
                    joined.added = old.is_none();
                    joined.spent = !base.is_spent() && state.is_spent();
                    joined.payload_conflict =
                        state.payloads.len() > 1 && !state.payloads.is_subset(&base.payloads);
                    joined.changed = Some(Item::Token(key.clone(), state));
                }
            }
            Item::Entry(key, new) => {
                let old = self.entries.get(key);
                let base = old.cloned().unwrap_or_default();
                let plain = join::entries(&base, new);
                let entry = match joiner {
                    None => plain.clone(),
                    Some(Joiner { actor, twin }) => base.joined_as(new, &actor, twin),
                };
                joined.again = entry != plain;
                joined.crowded = [&base, new].into_iter().any(|one| entry.has_crowded_out(one));
                joined.outrun = joiner.is_some_and(|joiner| base.is_outrun(new, &joiner.actor));
                if old != Some(&entry) {
                    joined.changed = Some(Item::Entry(key.clone(), entry));
                }
            }
            Item::Unknown { key, cbor } => {
                let new = (cbor.clone(), *key);
                let old = self.unread.get(&codec::name(cbor)?);
                let (cbor, key) = old.map_or(&new, |old| join::unread(old, &new)).clone();
                if old.is_none_or(|old| old.0 != cbor || old.1 != key) {
                    joined.changed = Some(Item::Unknown { key, cbor });
                }
            }
        }
        Ok(joined)
    }

    /// Puts an item that [`joined`](Self::joined) returned, or one that was put before and comes from the disk.
    pub fn apply(&mut self, item: Item) {
        match item {
            Item::Token(key, state) => {
                let confirmed = self.confirmed.get(&key);
                let now = shown_spend(confirmed, &state);
                // Looked for once: a large inventory is mostly not in the processor's cache.
                let before = match self.states.entry(key.clone()) {
                    Occupied(mut place) => shown_spend(confirmed, &place.insert(state)),
                    Vacant(place) => {
                        place.insert(state);
                        None
                    }
                };
                self.live.note(&key, before, now);
            }
            Item::Entry(key, entry) => {
                self.times.add(&entry);
                if let Some(old) = self.entries.insert(key, entry) {
                    self.times.remove(&old);
                }
            }
            Item::Unknown { key, cbor } => {
                if let Ok(name) = codec::name(&cbor) {
                    self.unread.insert(name, (cbor, key));
                }
            }
        }
    }

    /// Takes all rejections that this device confirmed, instead of those it had.
    pub fn set_confirmed(&mut self, confirmed: BTreeMap<TokenKey, BTreeSet<ProofHash>>) {
        let keys: BTreeSet<TokenKey> = self.confirmed.keys().chain(confirmed.keys()).cloned().collect();
        let before: Vec<_> = keys.into_iter().map(|key| (self.shown_spend(&key), key)).collect();
        self.confirmed = confirmed;
        for (before, key) in before {
            self.live.note(&key, before, self.shown_spend(&key));
        }
    }

    /// Rejections that this device confirmed.
    #[must_use]
    pub fn confirmed(&self) -> &BTreeMap<TokenKey, BTreeSet<ProofHash>> {
        &self.confirmed
    }

    /// The spend of a state as this device sees it.
    #[must_use]
    pub fn spend(&self, key: &TokenKey) -> Spend {
        let state = self.states.get(key);
        state.map_or(Spend::None, |state| self.spend_of(key, state))
    }

    fn spend_of(&self, key: &TokenKey, state: &TokenState) -> Spend {
        spend_of(self.confirmed.get(key), state)
    }

    /// The spend of a state that is in the view.
    fn shown_spend(&self, key: &TokenKey) -> Option<Spend> {
        shown_spend(self.confirmed.get(key), self.states.get(key)?)
    }

    /// What is known of a token state.
    #[must_use]
    pub fn state(&self, key: &TokenKey) -> Option<&TokenState> {
        self.states.get(key)
    }

    /// Every entry, in key order.
    pub fn all_entries(&self) -> impl Iterator<Item = (&String, &Entry)> {
        self.entries.iter()
    }

    /// An entry with its versions.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// How many entries there are.
    #[must_use]
    pub fn entry_count(&self) -> usize {
        self.entries.len()
    }

    /// How many items of kinds that this release does not know there are.
    #[must_use]
    pub fn unknown_count(&self) -> usize {
        self.unread.len()
    }

    /// Whether nothing is here under the name of an item: joining it takes room.
    ///
    /// # Errors
    /// As [`joined`](Self::joined).
    pub fn is_new(&self, item: &Item) -> Result<bool, Error> {
        Ok(match item {
            Item::Token(key, _) => !self.states.contains_key(key),
            Item::Entry(key, _) => !self.entries.contains_key(key),
            Item::Unknown { cbor, .. } => !self.unread.contains_key(&codec::name(cbor)?),
        })
    }

    /// Entries in key order with the version shown at `now`.
    pub fn entries(&self, now: UnixMs) -> impl Iterator<Item = (&str, &Version)> {
        self.entries.iter().filter_map(move |(key, entry)| Some((key.as_str(), entry.shown(now)?)))
    }

    /// Highest HLC of a live version not more than ten minutes ahead of `now`.
    #[must_use]
    pub fn highest_hlc(&self, now: UnixMs) -> Hlc {
        self.times.highest(Hlc::latest(now))
    }

    /// Everything, as items.
    pub fn items(&self) -> impl Iterator<Item = Item> + '_ {
        let states = self.states.iter().map(|(key, state)| Item::Token(key.clone(), state.clone()));
        let entries = self.entries.iter().map(|(key, entry)| Item::Entry(key.clone(), entry.clone()));
        let unread = self.unread.values().map(|(cbor, key)| Item::Unknown { key: *key, cbor: cbor.clone() });
        states.chain(entries).chain(unread)
    }

    /// The view in key order, starting after a key, whether or not that is there: states without a proven spend and with
    /// a payload; `all`: proven ones too.
    pub fn view_from(&self, after: Option<&TokenKey>, all: bool) -> impl Iterator<Item = ViewRow<'_>> {
        let known = all.then(|| {
            let from = after.map_or(Unbounded, Excluded);
            self.states
                .range::<TokenKey, _>((from, Unbounded))
                .filter(|(_, state)| !state.payloads.is_empty())
                .map(|(key, state)| (key, state, self.live.is_forked(key)))
        });
        let live = (!all).then(|| {
            self.live.after(after).filter_map(|(key, forked)| Some((key, self.states.get(key)?, forked)))
        });
        known.into_iter().flatten().chain(live.into_iter().flatten()).map(|(key, state, forked)| ViewRow {
            key,
            state,
            spend: self.spend_of(key, state),
            forked,
        })
    }

    /// Those rows of the view that are states of one token.
    pub fn view_of(&self, token: &Id, all: bool) -> impl Iterator<Item = ViewRow<'_>> {
        let from = TokenKey { token_id: token.clone(), state_hash: Id::lowest() };
        let states = self.states.range(from..).take_while({
            let token = token.clone();
            move |(key, _)| key.token_id == token
        });
        let rows = states.filter(|(_, state)| !state.payloads.is_empty()).map(|(key, state)| ViewRow {
            key,
            state,
            spend: self.spend_of(key, state),
            forked: self.live.is_forked(key),
        });
        rows.filter(move |row| all || row.spend != Spend::Proof)
    }

    /// How many states are in the view, by spend.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.live.counts()
    }

    /// How many token states there are, spent ones and those known by their spend alone included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }
}

/// The spend of a state as a device sees it that confirmed these rejections.
fn spend_of(confirmed: Option<&BTreeSet<ProofHash>>, state: &TokenState) -> Spend {
    match confirmed {
        Some(confirmed) => state.spend(confirmed),
        None => state.spend(&BTreeSet::new()),
    }
}

/// The same where the state is in the view.
fn shown_spend(confirmed: Option<&BTreeSet<ProofHash>>, state: &TokenState) -> Option<Spend> {
    state.is_live().then(|| spend_of(confirmed, state))
}
