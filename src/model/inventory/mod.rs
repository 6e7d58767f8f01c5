//! The inventory: token states, spends, entries; merge is a join.
//!
//! Grow-only: nothing is ever removed, and no clock takes part. A token state is known by token id *and* state hash,
//! so that a token which comes back is a new state and not a spent one. A spend may be known before its state.

mod codec;
mod entry;
mod item;
mod join;
mod view;

use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Unbounded};

use bytes::Bytes;

use crate::clock::UnixMs;
use crate::error::{Code, Error};
use crate::limits;

pub(super) use codec::check_unknown;
pub use entry::{Entry, EntryValue, Hlc, Version};
pub use item::{BlockRef, Id, Item, Rest, Spend, TokenKey, TokenState};
pub use view::{Counts, ViewRow};

/// Result of joining one item.
#[derive(Clone, Debug, PartialEq)]
pub struct Joined {
    /// The item after the join, if it changed anything.
    pub changed: Option<Item>,
    /// A second, different payload under one key was seen now.
    pub payload_conflict: bool,
    /// A token state of which nothing was known before.
    pub added: bool,
    /// The first proof of this state came with this join.
    pub spent: bool,
}

/// The grow-only state of a wallet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inventory {
    states: BTreeMap<TokenKey, TokenState>,
    live: view::Live,
    entries: BTreeMap<String, Entry>,
    /// How many kept versions have each time.
    times: BTreeMap<Hlc, usize>,
    /// Items of kinds this release does not know: encoding, and where it stood.
    unread: BTreeMap<codec::ItemName, (Bytes, [u8; 32])>,
}

impl Inventory {
    /// What joining would do, without doing it (so that it can be committed to disk first).
    ///
    /// # Errors
    /// [`Code::InventoryTooLarge`] for a new entry above [`limits::ENTRIES`], or a new item of an unknown kind above
    /// [`limits::UNKNOWN_ITEMS`]. The number of token states is the caller's to check: it knows the batch.
    /// [`Code::Malformed`] for an unknown item that never was decoded.
    pub fn joined(&self, item: &Item) -> Result<Joined, Error> {
        let mut joined = Joined { changed: None, payload_conflict: false, added: false, spent: false };
        match item {
            Item::Token(key, new) => {
                let old = self.states.get(key);
                let base = old.cloned().unwrap_or_default();
                let state = join::tokens(&base, new);
                if old != Some(&state) {
                    joined.added = old.is_none();
                    joined.spent = base.proofs.is_empty() && !state.proofs.is_empty();
                    joined.payload_conflict =
                        state.payloads.len() > 1 && !state.payloads.is_subset(&base.payloads);
                    joined.changed = Some(Item::Token(key.clone(), state));
                }
            }
            Item::Entry(key, new) => {
                let old = self.entries.get(key);
                if old.is_none() {
                    room(self.entries.len(), limits::ENTRIES, "entries")?;
                }
                let entry = join::entries(old.unwrap_or(&Entry::default()), new);
                if old != Some(&entry) {
                    joined.changed = Some(Item::Entry(key.clone(), entry));
                }
            }
            Item::Unknown { key, cbor } => {
                let new = (cbor.clone(), *key);
                let old = self.unread.get(&codec::name(cbor)?);
                if old.is_none() {
                    room(self.unread.len(), limits::UNKNOWN_ITEMS, "items of unknown kinds")?;
                }
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
                self.live.note(&key, self.states.get(&key), &state);
                self.states.insert(key, state);
            }
            Item::Entry(key, entry) => {
                for version in &entry.versions {
                    let count = self.times.entry(version.hlc).or_default();
                    *count += 1;
                }
                let old = self.entries.insert(key, entry);
                for version in old.iter().flat_map(|old| &old.versions) {
                    match self.times.get_mut(&version.hlc) {
                        Some(count) if *count > 1 => *count -= 1,
                        _ => {
                            self.times.remove(&version.hlc);
                        }
                    }
                }
            }
            Item::Unknown { key, cbor } => {
                if let Ok(name) = codec::name(&cbor) {
                    self.unread.insert(name, (cbor, key));
                }
            }
        }
    }

    /// What is known of a token state.
    #[must_use]
    pub fn state(&self, key: &TokenKey) -> Option<&TokenState> {
        self.states.get(key)
    }

    /// An entry with its kept versions.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// How many entries there are.
    #[must_use]
    pub fn entry_count(&self) -> usize {
        self.entries.len()
    }

    /// Entries in key order with the version shown at `now`.
    pub fn entries(&self, now: UnixMs) -> impl Iterator<Item = (&str, &Version)> {
        self.entries.iter().filter_map(move |(key, entry)| Some((key.as_str(), entry.shown(now)?)))
    }

    /// Highest HLC not more than ten minutes ahead of `now`.
    #[must_use]
    pub fn highest_hlc(&self, now: UnixMs) -> Hlc {
        self.times.range(..=Hlc::latest(now)).next_back().map_or_else(Hlc::default, |(hlc, _)| *hlc)
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
            spend: state.spend(),
            forked,
        })
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

fn room(count: usize, most: usize, what: &str) -> Result<(), Error> {
    if count < most {
        return Ok(());
    }
    Err(Error::new(Code::InventoryTooLarge, format!("more than {most} {what} in one wallet")))
}
