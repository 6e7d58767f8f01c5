//! Parts that are kept as they stand: each is a small document of the predecessor's form, in one entry or, where it is large, several.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::document::quoted;
use crate::limits;

/// An entry: a part of the document, or a piece of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// `legacy.<section>.<hash>`, with `.<number>` where the part is cut; pieces put together in the order of their keys are the part.
    pub key: String,
    /// JSON `{"<key>": <value>}`, or a piece of it.
    pub value: Bytes,
}

/// Longest part of a key of the document that stands in the key of an entry, characters.
const NAME_CHARS: usize = 48;

/// Entries of a part. Equal parts have equal keys, so that a repeated import changes nothing.
pub(super) fn cut(key: &str, value: &str, in_list: bool) -> Vec<(String, Bytes)> {
    let part = if in_list {
        format!("{{{}:[{value}]}}", quoted(key))
    } else {
        format!("{{{}:{value}}}", quoted(key))
    };
    let hash = Sha256::digest(part.as_bytes());
    let hash: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let name: String = key.chars().filter(plain).take(NAME_CHARS).collect();
    let whole = format!("legacy.{name}.{hash}");
    let part = Bytes::from(part);
    if part.len() <= limits::VALUE_BYTES {
        return vec![(whole, part)];
    }
    let pieces = (0_usize..).zip(part.chunks(limits::VALUE_BYTES));
    pieces.map(|(at, piece)| (format!("{whole}.{at:04}"), part.slice_ref(piece))).collect()
}
