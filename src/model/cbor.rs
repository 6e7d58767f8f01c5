//! Strict DAG-CBOR: canonical bytes only, bounded depth, no allocation by declared length.

use std::collections::BTreeMap;

use ipld_core::ipld::Ipld;

use super::cid::Cid;
use crate::{Code, Error, limits};

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
/// [`limits::CBOR_DEPTH`], floats, and bytes that differ from their own canonical encoding.
pub fn decode(bytes: &[u8]) -> Result<Ipld, Error> {
    check_structure(bytes)?;
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

pub(super) fn malformed(what: &str) -> Error {
    Error::new(Code::Malformed, format!("cbor: {what}"))
}

/// Walks the heads of all items without building anything: lengths must fit the input, depth is bounded.
fn check_structure(bytes: &[u8]) -> Result<(), Error> {
    let mut at = 0_usize;
    // Items still to come on each open level.
    let mut open: Vec<u64> = vec![1];
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left = left.saturating_sub(1);
        let (major, argument) = head(bytes, &mut at)?;
        let rest = bytes.len().saturating_sub(at) as u64;
        let children = match major {
            2 | 3 => {
                if argument > rest {
                    return Err(malformed("length beyond the input"));
                }
                at = at.saturating_add(usize::try_from(argument).unwrap_or(usize::MAX));
                0
            }
            4 => argument,
            5 => argument.saturating_mul(2),
            6 => 1,
            _ => 0,
        };
        if children > rest {
            return Err(malformed("count beyond the input"));
        }
        if children > 0 {
            if open.len() > limits::CBOR_DEPTH {
                return Err(malformed("nested too deeply"));
            }
            open.push(children);
        }
    }
    if at == bytes.len() { Ok(()) } else { Err(malformed("bytes after the value")) }
}

/// Reads one item head: major type and argument.
fn head(bytes: &[u8], at: &mut usize) -> Result<(u8, u64), Error> {
    let short = || malformed("ends early");
    let first = *bytes.get(*at).ok_or_else(short)?;
    *at = at.saturating_add(1);
    let (major, info) = (first >> 5, first & 0x1f);
    if info < 24 {
        return Ok((major, u64::from(info)));
    }
    let width = match info {
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return Err(malformed("indefinite or reserved length")),
    };
    if major == 7 && info > 24 {
        return Err(malformed("floats are not used"));
    }
    let end = at.saturating_add(width);
    let argument = bytes.get(*at..end).ok_or_else(short)?;
    *at = end;
    Ok((major, argument.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))))
}
