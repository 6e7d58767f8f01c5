//! What devices tell each other by the nodes' pubsub: a record that a node has just taken, and which sequences are known
//! (`docs/format.md`, section 11).
//!
//! A message proves nothing: the record in it is verified like one that a node shows. The seal keeps strangers from having it
//! looked at.

use std::collections::BTreeMap;

use bytes::Bytes;
use ipld_core::ipld::Ipld;

use super::cbor;
use super::fields::{malformed, unsigned};
use super::identity::{Name, Slot};
use super::record::Record;
use super::seal::{Compression, Kind, Sealer};
use crate::error::{Code, Error};
use crate::limits;

const WHAT: &str = "message";
const VERSION: u64 = 1;

/// Where the devices of a wallet meet: 32 bytes that are derived from its secret. Nodes and their peers see it.
#[derive(Clone, PartialEq, Eq)]
pub struct Topic([u8; 32]);

impl Topic {
    /// A topic of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The topic of a wallet and what seals its messages.
pub struct PushKeys {
    topic: Topic,
    sealer: Sealer,
}

impl PushKeys {
    pub(super) const fn new(topic: Topic, sealer: Sealer) -> Self {
        Self { topic, sealer }
    }

    /// Where the devices meet.
    #[must_use]
    pub const fn topic(&self) -> &Topic {
        &self.topic
    }

    /// Seals and opens messages, and nothing else.
    #[must_use]
    pub const fn sealer(&self) -> &Sealer {
        &self.sealer
    }
}

/// Who sends, drawn anew with each start of a device.
pub type Sender = [u8; 16];

/// A record, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Its slot.
    pub slot: Slot,
    /// The whole record, unverified.
    pub record: Bytes,
}

impl Carried {
    /// Verifies the record.
    ///
    /// # Errors
    /// As [`Record::parse`].
    pub fn verified(&self, name: &Name) -> Result<Record, Error> {
        Record::parse(self.record.clone(), name)
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sends it.
    pub sender: Sender,
    /// How many it has sent, this one included: a lower one comes late, or again.
    pub count: u64,
    /// The highest sequence that the sender knows of each slot.
    pub known: BTreeMap<Slot, u64>,
    /// What a node has just taken.
    pub carried: Option<Carried>,
}

impl Message {
    /// Seals it.
    ///
    /// # Errors
    /// [`Code::TooLarge`] when it would be longer than [`limits::PUSH_BYTES`].
    pub fn seal(&self, keys: &PushKeys) -> Result<Bytes, Error> {
        let number = |value: u64| Ipld::Integer(value.into());
        let slot = |slot: &Slot| number(slot.number().into());
        let known = self.known.iter().map(|(at, sequence)| Ipld::List(vec![slot(at), number(*sequence)]));
        let carried = self
            .carried
            .as_ref()
            .map_or_else(Vec::new, |carried| vec![slot(&carried.slot), Ipld::Bytes(carried.record.to_vec())]);
        let body = vec![
            number(VERSION),
            Ipld::Bytes(self.sender.to_vec()),
            number(self.count),
            Ipld::List(known.collect()),
            Ipld::List(carried),
        ];
        let sealed = keys.sealer.seal(Kind::Push, &cbor::encode(&Ipld::List(body))?, Compression::Never)?;
        if sealed.len() > limits::PUSH_BYTES {
            return Err(Error::new(Code::TooLarge, "a message longer than any is read"));
        }
        Ok(sealed.into())
    }

    /// Opens one.
    ///
    /// # Errors
    /// [`Code::DecryptFailed`] for a stranger's, [`Code::Malformed`] for what is none, [`Code::ReadOnly`] for one of a later
    /// release that this one cannot read, [`Code::TooLarge`].
    pub fn open(sealed: &[u8], keys: &PushKeys) -> Result<Self, Error> {
        if sealed.len() > limits::PUSH_BYTES {
            return Err(Error::new(Code::TooLarge, "a message longer than any is read"));
        }
        let plain = keys.sealer.open(Kind::Push, sealed, limits::PUSH_BYTES)?;
        let Ipld::List(body) = cbor::decode(&plain).map_err(|e| e.within(WHAT))? else {
            return Err(malformed(WHAT, "not a list"));
        };
        match body.first().and_then(|version| unsigned(version, u64::MAX)) {
            Some(VERSION) => {}
            Some(_) => return Err(Error::new(Code::ReadOnly, "a message of a later release")),
            None => return Err(malformed(WHAT, "without a version")),
        }
        // Later releases may say more.
        let [_, sender, count, known, carried, ..] = body.as_slice() else {
            return Err(malformed(WHAT, "fewer than five values"));
        };
        Ok(Self {
            sender: bytes(sender).and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| wrong("sender"))?,
            count: unsigned(count, limits::SEQUENCE_MAX).ok_or_else(|| wrong("count"))?,
            known: sequences(known).ok_or_else(|| wrong("list of sequences"))?,
            carried: carried_in(carried)?,
        })
    }
}

fn wrong(what: &str) -> Error {
    malformed(WHAT, &format!("not a {what}"))
}

fn bytes(value: &Ipld) -> Option<&[u8]> {
    match value {
        Ipld::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

fn slot(value: &Ipld) -> Option<Slot> {
    unsigned(value, u8::MAX.into()).and_then(|number| u8::try_from(number).ok()).and_then(Slot::new)
}

fn sequence(value: &Ipld) -> Option<u64> {
    unsigned(value, limits::SEQUENCE_MAX).filter(|sequence| *sequence > 0)
}

/// Pairs by ascending slot, so that there are no more than slots.
fn sequences(value: &Ipld) -> Option<BTreeMap<Slot, u64>> {
    let Ipld::List(pairs) = value else { return None };
    let mut known = BTreeMap::new();
    for pair in pairs {
        let Ipld::List(pair) = pair else { return None };
        let [at, number] = pair.as_slice() else { return None };
        let at = slot(at)?;
        if known.last_key_value().is_some_and(|(last, _)| *last >= at) {
            return None;
        }
        known.insert(at, sequence(number)?);
    }
    Some(known)
}

fn carried_in(value: &Ipld) -> Result<Option<Carried>, Error> {
    let Ipld::List(parts) = value else { return Err(wrong("list of a slot and its record")) };
    match parts.as_slice() {
        [] => Ok(None),
        [at, record] => {
            let at = slot(at).ok_or_else(|| wrong("slot below 64"))?;
            let record = bytes(record).filter(|record| record.len() <= limits::RECORD_BYTES);
            let record = Bytes::copy_from_slice(record.ok_or_else(|| wrong("record"))?);
            Ok(Some(Carried { slot: at, record }))
        }
        _ => Err(wrong("list of a slot and its record")),
    }
}
