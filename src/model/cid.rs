//! Content identifiers, restricted to what this format uses: CIDv1, `raw` or `dag-cbor`, sha2-256.
//!
//! Anything else is refused when parsed (unknown hashes, identity CIDs, other codecs), so that no later code can
//! meet one.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::error::{Code, Error};

const SHA2_256: u64 = 0x12;

/// What the bytes of a block are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// Opaque bytes (multicodec 0x55).
    Raw,
    /// DAG-CBOR (multicodec 0x71).
    DagCbor,
}

impl Codec {
    const fn multicodec(self) -> u64 {
        match self {
            Self::Raw => 0x55,
            Self::DagCbor => 0x71,
        }
    }
}

/// A CIDv1 over sha2-256 with codec `raw` or `dag-cbor`. Shown as lower-case base32 (`bafk…`, `bafy…`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cid {
    codec: Codec,
    digest: [u8; 32],
}

impl Cid {
    /// The CID of these bytes under this codec.
    #[must_use]
    pub fn of(codec: Codec, bytes: &[u8]) -> Self {
        Self { codec, digest: Sha256::digest(bytes).into() }
    }

    /// What the bytes are.
    #[must_use]
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// The sha2-256 digest.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The same bytes under the other codec.
    #[must_use]
    pub const fn under_other_codec(&self) -> Self {
        let codec = match self.codec {
            Codec::Raw => Codec::DagCbor,
            Codec::DagCbor => Codec::Raw,
        };
        Self { codec, digest: self.digest }
    }

    /// Binary form: 36 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_ipld().to_bytes()
    }

    /// Reads the binary form.
    ///
    /// # Errors
    /// [`Code::Malformed`] for anything outside the allow-list.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let cid = cid::Cid::try_from(bytes).map_err(|e| malformed(&e.to_string()))?;
        if cid.encoded_len() != bytes.len() {
            return Err(malformed("bytes after it"));
        }
        Self::from_ipld(&cid)
    }

    /// The same value as the `cid` crate's type.
    #[must_use]
    pub fn to_ipld(&self) -> cid::Cid {
        // A 32-byte digest always fits the 64-byte multihash; the fallback cannot be reached.
        let hash = cid::multihash::Multihash::wrap(SHA2_256, &self.digest).unwrap_or_default();
        cid::Cid::new_v1(self.codec.multicodec(), hash)
    }

    /// Takes a `cid` crate value if it is on the allow-list.
    ///
    /// # Errors
    /// [`Code::Malformed`] naming the version, codec or hash that is not allowed.
    pub fn from_ipld(cid: &cid::Cid) -> Result<Self, Error> {
        if cid.version() != cid::Version::V1 {
            return Err(malformed("only version 1"));
        }
        let codec = match cid.codec() {
            0x55 => Codec::Raw,
            0x71 => Codec::DagCbor,
            other => return Err(malformed(&format!("codec 0x{other:x} is not raw or dag-cbor"))),
        };
        if cid.hash().code() != SHA2_256 {
            return Err(malformed("only sha2-256"));
        }
        let digest = cid.hash().digest().try_into().map_err(|_| malformed("digest is not 32 bytes"))?;
        Ok(Self { codec, digest })
    }
}

fn malformed(what: &str) -> Error {
    Error::new(Code::Malformed, format!("cid: {what}"))
}

impl FromStr for Cid {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() > 128 {
            return Err(malformed("longer than 128 characters"));
        }
        // Not the cid crate's own parser: it takes whatever follows an `/ipfs/` and ignores bytes after the CID.
        let (_, bytes) = multibase::decode(text).map_err(|e| malformed(&e.to_string()))?;
        Self::from_bytes(&bytes)
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_ipld().fmt(f)
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cid({self})")
    }
}
