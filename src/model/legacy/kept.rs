//! Parts that are kept as they stand: each is a small document of the predecessor's form, in one entry or, where it is large, several.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::document::quoted;
use crate::error::{Code, Error};
use crate::limits;

/// An entry: a part of the document, or a piece of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// `legacy.<section>.<hash>`, with `.<number>` where the part is cut; pieces put together in the order of their keys are the part.
    pub key: String,
    /// JSON `{"<key>": <value>}`, or a piece of it.
    pub value: Bytes,
}

/// A part, and the entries that hold it.
pub(super) struct Cut {
    pub whole: String,
    pub entries: Vec<(String, Bytes)>,
}

/// Bytes of a hash that stand in a key.
const HASH_BYTES: usize = 16;

/// Longest part of a key of the document that stands in the key of an entry, characters.
const NAME_CHARS: usize = 48;

/// What the keys of all kept parts begin with.
pub const PREFIX: &str = "legacy.";

/// What the key of an entry says of the part that it is, or is a piece of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartKey<'a> {
    /// The key of the whole part.
    pub part: &'a str,
    /// The section of the document, as far as it stands in a key.
    pub section: &'a str,
    /// Which piece it is; none where the part is one entry.
    pub piece: Option<usize>,
}

impl<'a> PartKey<'a> {
    /// Reads a key; none where it is none of a kept part.
    #[must_use]
    pub fn parse(key: &'a str) -> Option<Self> {
        let (section, rest) = key.strip_prefix(PREFIX)?.split_once('.')?;
        let (hash, piece) = rest.split_once('.').map_or((rest, None), |(hash, piece)| (hash, Some(piece)));
        let is_hash = hash.len() == HASH_BYTES * 2 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let piece = match piece {
            Some(piece) => Some(piece.parse().ok()?),
            None => None,
        };
        let len = PREFIX.len() + section.len() + 1 + hash.len();
        is_hash.then_some(Self { part: key.split_at_checked(len)?.0, section, piece })
    }
}

/// A part from its pieces, in their order.
///
/// # Errors
/// [`Code::NotFound`] where it is not the part that the key names: a piece is missing, or was set to something else since.
pub fn joined(part: &str, pieces: &[Bytes]) -> Result<Bytes, Error> {
    let bytes: Bytes = match pieces {
        [one] => one.clone(),
        pieces => pieces.concat().into(),
    };
    if PartKey::parse(part).is_some_and(|key| key.part == part && part.ends_with(&hash(&bytes))) {
        return Ok(bytes);
    }
    Err(Error::new(Code::NotFound, "not all of this part is here, or it was changed since it was kept"))
}

fn hash(part: &[u8]) -> String {
    Sha256::digest(part).iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// Entries of a part. Equal parts have equal keys, so that a repeated import changes nothing.
pub(super) fn cut(key: &str, value: &[u8], in_list: bool) -> Cut {
    let (begin, end): (&[u8], &[u8]) = if in_list { (b"[", b"]") } else { (b"", b"") };
    let part = [b"{", quoted(key).as_bytes(), b":", begin, value, end, b"}"].concat();
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let name: String = key.chars().filter(plain).take(NAME_CHARS).collect();
    let whole = format!("{PREFIX}{name}.{}", hash(&part));
    let part = Bytes::from(part);
    if part.len() <= limits::VALUE_BYTES {
        return Cut { entries: vec![(whole.clone(), part)], whole };
    }
    let pieces = (0_usize..).zip(part.chunks(limits::VALUE_BYTES));
    let entries = pieces.map(|(at, piece)| (format!("{whole}.{at:04}"), part.slice_ref(piece))).collect();
    Cut { whole, entries }
}
