//! Entries: small values under a key, of which the newest counts.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ipld_core::ipld::Ipld;

use super::item::BlockRef;
use crate::clock::UnixMs;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::DeviceId;

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

/// One version of an entry, ordered by (HLC, device, value).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// When it was set.
    pub hlc: Hlc,
    /// Who set it.
    pub device: DeviceId,
    /// What it was set to.
    pub value: EntryValue,
}

/// An entry: the two highest versions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    /// Lowest first.
    pub versions: BTreeSet<Version>,
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

    /// The highest version whose time is at most [`limits::HLC_AHEAD`] ahead of `now`.
    #[must_use]
    pub fn shown(&self, now: UnixMs) -> Option<&Version> {
        let latest = Hlc::latest(now);
        self.versions.iter().rev().find(|version| version.hlc <= latest)
    }

    pub(super) fn refs(&self) -> impl Iterator<Item = BlockRef> + '_ {
        self.versions.iter().filter_map(|version| match &version.value {
            EntryValue::Inline(_) => None,
            EntryValue::Block(block) => Some(block.clone()),
        })
    }
}
