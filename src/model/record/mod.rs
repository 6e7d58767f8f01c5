//! IPNS records: parse (= verify), create, compare.
//!
//! A [`Record`] exists only if its signature is good, it belongs to its name and its fields say one thing. Checks run
//! in the order of the IPNS record specification; the signed bytes are never encoded again before they are verified.
//! Whether the EOL has passed is a separate question ([`Record::freshness`]), because an expired record may still be
//! merged.

mod data;
mod eol;
mod wire;

use std::cmp::Ordering;
use std::fmt;

use bytes::Bytes;
use ed25519_dalek::Signature;

use self::data::Data;
use self::wire::IpnsEntry;
use super::block::Block;
use super::cid::{Cid, Codec};
use super::identity::{Name, SlotKey};
use crate::clock::UnixMs;
use crate::error::{Code, Error};
use crate::limits;

/// What the second signature covers before the data (IPNS record specification, "Record creation").
const SIGNED_PREFIX: &[u8] = b"ipns-signature:";
/// The first signature names the kind of validity by this text.
const SIGNED_V1_SUFFIX: &[u8] = b"EOL";
/// How a libp2p public key message begins when it is Ed25519; the 32 bytes of the key follow.
const PUBLIC_KEY_PREFIX: &[u8] = &[0x08, 0x01, 0x12, 0x20];
const VALUE_PREFIX: &str = "/ipfs/";
/// Content paths below the name are then fresh at once: a gateway caches them for one TTL.
const TTL_NS: u64 = 0;
const NS_PER_MS: i128 = 1_000_000;
/// Longest part of a foreign text that an error repeats, characters.
const QUOTED_CHARS: usize = 64;

/// Whether a record is within its lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// EOL in the future.
    Valid,
    /// EOL reached: may be merged, never counts as up to date.
    Expired,
}

/// A record whose signature, name and fields were checked.
#[derive(Clone)]
pub struct Record {
    name: Name,
    raw: Bytes,
    signed: Bytes,
    fields: Data,
    value: String,
    root: Option<Cid>,
    validity: String,
    eol_ns: i128,
    v2_only: bool,
}

impl Record {
    /// Checks size, signature, name binding and fields of received bytes; not the EOL.
    ///
    /// # Errors
    /// [`Code::TooLarge`] above [`limits::RECORD_BYTES`], decided before anything is parsed; [`Code::Malformed`] when the
    /// bytes are no record, carry no second signature, say something else than what was signed, or point at anything but
    /// `/ipfs/<CIDv1>`; [`Code::NameMismatch`] when the key inside is another's; [`Code::SignatureInvalid`].
    pub fn parse(raw: impl Into<Bytes>, name: &Name) -> Result<Self, Error> {
        let raw = raw.into();
        if raw.len() > limits::RECORD_BYTES {
            return Err(too_large(&format!("{} bytes, at most {}", raw.len(), limits::RECORD_BYTES)));
        }
        let entry = IpnsEntry::decode(&raw).map_err(|e| e.within("record"))?;
        if entry.signature_v2.is_empty() || entry.data.is_empty() {
            return Err(malformed("no second signature, or no data"));
        }
        check_name(&entry, name)?;
        check_signature(&entry, name)?;
        let fields = Data::decode(&entry.data).map_err(|e| e.within("record"))?;
        check_agreement(&entry, &fields)?;
        if fields.validity_type != 0 {
            return Err(malformed("a kind of validity that is not EOL"));
        }
        let validity = text(&fields.validity, "EOL")?;
        let eol_ns = eol::parse(&validity)
            .ok_or_else(|| malformed(&format!("EOL {} is not RFC 3339", quoted(&validity))))?;
        if fields.sequence > limits::SEQUENCE_MAX {
            return Err(malformed("sequence beyond 2^63 - 1"));
        }
        let value = text(&fields.value, "value")?;
        let root = root_of(&value)?;
        let v2_only = !entry.has_v1();
        Ok(Self { name: *name, raw, signed: entry.data, fields, value, root, validity, eol_ns, v2_only })
    }

    /// Signs a record with both signature versions and TTL 0.
    ///
    /// `eol` is cut to whole seconds. `carried` goes into the `_ws` field: dag-cbor blocks, the root first, or nothing;
    /// at most [`limits::EXTENSION_BLOCKS`] of [`limits::EXTENSION_BYTES`] in all.
    ///
    /// # Errors
    /// [`Code::SequenceExhausted`] outside 1 to 2^63 − 1, [`Code::TooLarge`] when `carried` does not fit,
    /// [`Code::BadRequest`] when it does not begin with the root, holds raw blocks, or the EOL has no four-digit year.
    pub fn create(
        key: &SlotKey,
        sequence: u64,
        root: &Cid,
        eol: UnixMs,
        carried: &[Block],
    ) -> Result<Self, Error> {
        if carried.first().is_some_and(|first| first.cid() != root) {
            return Err(bad_request("the first block carried is not the root"));
        }
        if carried.iter().any(|block| block.cid().codec() != Codec::DagCbor) {
            return Err(bad_request("a block carried is not dag-cbor"));
        }
        if !data::fits(carried) {
            return Err(too_large("more blocks than a record carries"));
        }
        sign(key, sequence, &format!("{VALUE_PREFIX}{root}"), eol, carried)
    }

    /// Whether the EOL is after `now`.
    #[must_use]
    pub fn freshness(&self, now: UnixMs) -> Freshness {
        if self.eol_ns > i128::from(now) * NS_PER_MS { Freshness::Valid } else { Freshness::Expired }
    }

    /// The name it was verified for.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }

    /// Its sequence number, at most [`limits::SEQUENCE_MAX`]. Other writers begin at 0.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.fields.sequence
    }

    /// The value as text, `/ipfs/<CIDv1>`.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The root it points at, if that can be one of ours: dag-cbor under sha2-256.
    #[must_use]
    pub const fn root(&self) -> Option<Cid> {
        self.root
    }

    /// The EOL as its writer spelt it (RFC 3339).
    #[must_use]
    pub fn validity(&self) -> &str {
        &self.validity
    }

    /// The EOL in Unix nanoseconds.
    #[must_use]
    pub const fn eol_ns(&self) -> i128 {
        self.eol_ns
    }

    /// How long its writer lets it be cached, nanoseconds.
    #[must_use]
    pub const fn ttl_ns(&self) -> u64 {
        self.fields.ttl
    }

    /// Whether it is without the fields of the first signature version.
    #[must_use]
    pub const fn is_v2_only(&self) -> bool {
        self.v2_only
    }

    /// The bytes as they travel.
    #[must_use]
    pub const fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// The signed data bytes: with name and sequence they identify a record.
    #[must_use]
    pub const fn data(&self) -> &Bytes {
        &self.signed
    }

    /// The blocks of the `_ws` field, each under the CID of its own bytes; none when there is no such field or it is not
    /// of our form. A block that the root does not lead to is of no use, and of no harm.
    #[must_use]
    pub fn carried(&self) -> Vec<Block> {
        let field = self.fields.extension.clone().filter(|range| range.end <= self.signed.len());
        field.and_then(|range| data::carried(&self.signed.slice(range))).unwrap_or_default()
    }

    /// Whether both are one record: same name and signed data, the sequence in it. Raw bytes may differ without a
    /// difference in meaning.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        self.name == other.name && self.signed == other.signed
    }

    /// The order in which nodes prefer records of one name (boxo): sequence, then EOL, then raw bytes.
    #[must_use]
    pub fn cmp_order(&self, other: &Self) -> Ordering {
        self.sequence()
            .cmp(&other.sequence())
            .then_with(|| self.eol_ns.cmp(&other.eol_ns))
            .then_with(|| self.raw.cmp(&other.raw))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, validity, raw, .. } = self;
        let (sequence, bytes) = (self.sequence(), raw.len());
        write!(f, "Record({name}, sequence {sequence}, {value}, until {validity}, {bytes} bytes)")
    }
}

fn sign(key: &SlotKey, sequence: u64, value: &str, eol: UnixMs, carried: &[Block]) -> Result<Record, Error> {
    if !(1..=limits::SEQUENCE_MAX).contains(&sequence) {
        let message = format!("record: sequence {sequence} is not within 1 to 2^63 - 1");
        return Err(Error::new(Code::SequenceExhausted, message));
    }
    let validity =
        eol::format(eol.div_euclid(1000)).ok_or_else(|| bad_request("EOL without a four-digit year"))?;
    let fields = Data {
        value: Bytes::copy_from_slice(value.as_bytes()),
        sequence,
        ttl: TTL_NS,
        validity: Bytes::from(validity),
        validity_type: 0,
        extension: None,
    };
    let signed = fields.encode(carried)?;
    let signature_v1 = key.sign(&[&fields.value, &fields.validity, SIGNED_V1_SUFFIX].concat());
    let signature_v2 = key.sign(&[SIGNED_PREFIX, &signed].concat());
    let entry = IpnsEntry {
        value: fields.value,
        signature_v1: Bytes::copy_from_slice(&signature_v1),
        validity_type: fields.validity_type,
        validity: fields.validity,
        sequence,
        ttl: fields.ttl,
        public_key: Bytes::new(),
        signature_v2: Bytes::copy_from_slice(&signature_v2),
        data: signed,
    };
    Record::parse(entry.encode(), &key.name())
}

/// An Ed25519 key is inside the name already; a copy in the record must be the same.
fn check_name(entry: &IpnsEntry, name: &Name) -> Result<(), Error> {
    let own = [PUBLIC_KEY_PREFIX, name.key().as_bytes().as_slice()].concat();
    if entry.public_key.is_empty() || entry.public_key == own {
        return Ok(());
    }
    Err(Error::new(Code::NameMismatch, "record: the public key inside is not that of the name"))
}

fn check_signature(entry: &IpnsEntry, name: &Name) -> Result<(), Error> {
    let invalid = || Error::new(Code::SignatureInvalid, "record: the signature does not verify");
    let signature = Signature::from_slice(&entry.signature_v2).map_err(|_| invalid())?;
    let message = [SIGNED_PREFIX, &entry.data].concat();
    name.key().verify_strict(&message, &signature).map_err(|_| invalid())
}

/// Readers of the first version see the unsigned copies, so these must say what was signed.
fn check_agreement(entry: &IpnsEntry, signed: &Data) -> Result<(), Error> {
    if !entry.has_v1() {
        return Ok(());
    }
    for (agrees, what) in [
        (entry.value == signed.value, "value"),
        (entry.validity_type == signed.validity_type, "kind of validity"),
        (entry.validity == signed.validity, "EOL"),
        (entry.sequence == signed.sequence, "sequence"),
        (entry.ttl == signed.ttl, "TTL"),
    ] {
        if !agrees {
            return Err(malformed(&format!("{what} is not the one that was signed")));
        }
    }
    Ok(())
}

/// Accepts `/ipfs/<CIDv1>` and gives the CID if it is of our kinds. Paths, `/ipns/` chains, CIDv0, raw CID bytes and
/// empty values are legal elsewhere and refused here.
fn root_of(value: &str) -> Result<Option<Cid>, Error> {
    let refused = || malformed(&format!("value {} is not /ipfs/<CIDv1>", quoted(value)));
    let text = value.strip_prefix(VALUE_PREFIX).ok_or_else(refused)?;
    if text.len() > limits::RECORD_VALUE_CHARS {
        return Err(refused());
    }
    let (_, bytes) = multibase::decode(text).map_err(|_| refused())?;
    let cid = cid::Cid::try_from(bytes.as_slice()).map_err(|_| refused())?;
    if cid.version() != cid::Version::V1 || cid.encoded_len() != bytes.len() {
        return Err(refused());
    }
    Ok(Cid::from_ipld(&cid).ok().filter(|cid| cid.codec() == Codec::DagCbor))
}

fn text(bytes: &Bytes, what: &str) -> Result<String, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| malformed(&format!("{what} is not text")))?;
    Ok(text.to_owned())
}

fn quoted(text: &str) -> String {
    let short: String = text.chars().take(QUOTED_CHARS).collect();
    format!("{short:?}")
}

fn malformed(what: &str) -> Error {
    Error::new(Code::Malformed, format!("record: {what}"))
}

fn too_large(what: &str) -> Error {
    Error::new(Code::TooLarge, format!("record: {what}"))
}

fn bad_request(what: &str) -> Error {
    Error::new(Code::BadRequest, format!("record: {what}"))
}
