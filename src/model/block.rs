//! Blocks whose hash was checked.

use bytes::Bytes;

use super::cid::{Cid, Codec};
use crate::error::{Code, Error};
use crate::limits;

/// Bytes that hash to their CID. There is no way to make one that does not.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    cid: Cid,
    bytes: Bytes,
}

impl Block {
    /// Hashes bytes of our own making.
    #[must_use]
    pub fn new(codec: Codec, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self { cid: Cid::of(codec, &bytes), bytes }
    }

    /// Checks received bytes against the CID asked for, before anything parses them.
    ///
    /// # Errors
    /// [`Code::TooLarge`] above 2 MiB, [`Code::HashMismatch`] when the bytes are others.
    pub fn verified(cid: &Cid, bytes: impl Into<Bytes>) -> Result<Self, Error> {
        let bytes = bytes.into();
        if bytes.len() > limits::BLOCK_BYTES {
            return Err(Error::new(Code::TooLarge, format!("block of {} bytes", bytes.len())));
        }
        if Cid::of(cid.codec(), &bytes) != *cid {
            return Err(Error::new(Code::HashMismatch, format!("bytes are not those of {cid}")));
        }
        Ok(Self { cid: *cid, bytes })
    }

    /// The same block in memory of its own: a slice keeps all of what it was cut from.
    #[cfg(feature = "dht")]
    #[must_use]
    pub(crate) fn alone(&self) -> Self {
        Self { cid: self.cid, bytes: Bytes::copy_from_slice(&self.bytes) }
    }

    /// Its CID.
    #[must_use]
    pub const fn cid(&self) -> &Cid {
        &self.cid
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({}, {} bytes)", self.cid, self.bytes.len())
    }
}
