//! Typed access to the fields of a decoded map. Each field is taken out, so that what is left is unknown.

use std::collections::BTreeMap;

use ipld_core::ipld::Ipld;

use super::cid::{Cid, Codec};
use crate::error::{Code, Error};

/// A map being taken apart; errors name it.
pub(super) struct Fields {
    what: &'static str,
    map: BTreeMap<String, Ipld>,
}

impl Fields {
    pub(super) fn new(what: &'static str, map: BTreeMap<String, Ipld>) -> Self {
        Self { what, map }
    }

    /// What was not taken. A map that was emptied keeps its memory, most of a kilobyte, for as long as its item lives: a
    /// new one has none.
    pub(super) fn rest(self) -> BTreeMap<String, Ipld> {
        if self.map.is_empty() { BTreeMap::new() } else { self.map }
    }

    pub(super) fn wrong(&self, what: &str) -> Error {
        malformed(self.what, what)
    }

    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, Error> {
        match self.map.remove(key) {
            None => Ok(None),
            Some(Ipld::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(&format!("{key} is not a text"))),
        }
    }

    pub(super) fn unsigned(&mut self, key: &str, max: u64) -> Result<Option<u64>, Error> {
        match self.map.remove(key) {
            None => Ok(None),
            Some(value) => unsigned(&value, max)
                .map(Some)
                .ok_or_else(|| self.wrong(&format!("{key} is not a number from 0 to {max}"))),
        }
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<Option<bool>, Error> {
        match self.map.remove(key) {
            None => Ok(None),
            Some(Ipld::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.wrong(&format!("{key} is not true or false"))),
        }
    }

    pub(super) fn bytes(&mut self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.map.remove(key) {
            None => Ok(None),
            Some(Ipld::Bytes(bytes)) => Ok(Some(bytes)),
            Some(_) => Err(self.wrong(&format!("{key} is not a byte string"))),
        }
    }

    /// A byte string of exactly this length.
    pub(super) fn array<const N: usize>(&mut self, key: &str) -> Result<Option<[u8; N]>, Error> {
        let Some(bytes) = self.bytes(key)? else { return Ok(None) };
        bytes.try_into().map(Some).map_err(|_| self.wrong(&format!("{key} is not of {N} bytes")))
    }

    pub(super) fn list(&mut self, key: &str) -> Result<Option<Vec<Ipld>>, Error> {
        match self.map.remove(key) {
            None => Ok(None),
            Some(Ipld::List(list)) => Ok(Some(list)),
            Some(_) => Err(self.wrong(&format!("{key} is not a list"))),
        }
    }

    /// Turns a field that must be there from absent to an error.
    pub(super) fn needed<T>(&self, key: &str, value: Option<T>) -> Result<T, Error> {
        value.ok_or_else(|| self.wrong(&format!("{key} is missing")))
    }
}

pub(super) fn malformed(what: &str, why: &str) -> Error {
    Error::new(Code::Malformed, format!("{what}: {why}"))
}

/// An integer from 0 to `max`.
pub(super) fn unsigned(value: &Ipld, max: u64) -> Option<u64> {
    match value {
        Ipld::Integer(number) => u64::try_from(*number).ok().filter(|number| *number <= max),
        _ => None,
    }
}

/// A link on the allow-list.
pub(super) fn link(value: &Ipld) -> Option<Cid> {
    match value {
        Ipld::Link(cid) => Cid::from_ipld(cid).ok(),
        _ => None,
    }
}

/// The same, of this codec.
pub(super) fn link_of(value: &Ipld, codec: Codec) -> Option<Cid> {
    link(value).filter(|cid| cid.codec() == codec)
}

pub(super) fn to_link(cid: &Cid) -> Ipld {
    Ipld::Link(cid.to_ipld())
}
