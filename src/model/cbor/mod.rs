//! Strict DAG-CBOR: canonical bytes only, bounded depth, no allocation by declared length.

mod reader;

use std::collections::BTreeMap;

use ipld_core::ipld::Ipld;

pub(super) use self::reader::{Head, Reader};
use super::cid::Cid;
use crate::error::{Code, Error};

/// Encodes a value canonically.
///
/// # Errors
/// [`Code::Malformed`] for values DAG-CBOR cannot hold (NaN, infinities).
pub fn encode(value: &Ipld) -> Result<Vec<u8>, Error> {
    serde_ipld_dagcbor::to_vec(value).map_err(|e| malformed(&e.to_string()))
}

/// Decodes canonical DAG-CBOR and refuses everything else.
///
/// # Errors
/// [`Code::Malformed`] for syntax errors, trailing bytes, nesting beyond
/// [`limits::CBOR_DEPTH`](crate::limits::CBOR_DEPTH), floats, and bytes that differ from their own canonical encoding.
pub fn decode(bytes: &[u8]) -> Result<Ipld, Error> {
    let mut reader = Reader::new(bytes);
    reader.skip()?;
    reader.end()?;
    if reader.met_float() {
        return Err(malformed("floats are not used"));
    }
    let value: Ipld = serde_ipld_dagcbor::from_slice(bytes).map_err(|e| malformed(&e.to_string()))?;
    if encode(&value)? != bytes {
        return Err(malformed("not canonical"));
    }
    Ok(value)
}

/// The links of a DAG-CBOR value that are on the CID allow-list, in order of appearance.
///
/// # Errors
/// [`Code::Malformed`] for a link that is not.
pub fn links(value: &Ipld) -> Result<Vec<Cid>, Error> {
    let mut found = Vec::new();
    let mut stack = vec![value];
    while let Some(value) = stack.pop() {
        match value {
            Ipld::Link(cid) => found.push(Cid::from_ipld(cid)?),
            Ipld::List(items) => stack.extend(items.iter().rev()),
            Ipld::Map(map) => stack.extend(map.values().rev()),
            _ => {}
        }
    }
    Ok(found)
}

/// Takes a map apart, or says that it is none.
///
/// # Errors
/// [`Code::Malformed`] naming `what`.
pub fn into_map(value: Ipld, what: &str) -> Result<BTreeMap<String, Ipld>, Error> {
    match value {
        Ipld::Map(map) => Ok(map),
        _ => Err(malformed(&format!("{what} is not a map"))),
    }
}

fn malformed(what: &str) -> Error {
    Error::new(Code::Malformed, format!("cbor: {what}"))
}
