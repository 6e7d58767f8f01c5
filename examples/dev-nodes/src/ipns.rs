//! IPNS records as Kubo judges them, with a parser of its own: the engine's must not be its own judge.
//!
//! Unlike the engine, a node takes any value that is signed.

use std::cmp::Ordering;

use bytes::Bytes;
use cid::Cid;
use ed25519_dalek::{Signature, VerifyingKey};
use ipld_core::ipld::Ipld;
use tauri_plugin_wallet_sync::clock::UnixMs;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::cbor;
use tauri_plugin_wallet_sync::model::identity::Name;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A well-signed record of a name.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub name: Name,
    pub raw: Bytes,
    pub value: Vec<u8>,
    pub sequence: u64,
    pub ttl_ns: u64,
    eol_ns: i128,
}

/// The fields of the protobuf message, and which of the optional ones are there.
#[derive(Default)]
struct Entry {
    value: Bytes,
    signature_v1: Bytes,
    validity: Bytes,
    signature_v2: Bytes,
    data: Bytes,
    numbers: [u64; 3],
}

impl Record {
    /// Checks a record; complains in Kubo's words.
    pub fn parse(raw: Bytes, name: &Name) -> Result<Self, String> {
        if raw.len() > limits::RECORD_BYTES {
            return Err("record exceeds allowed size limit".to_owned());
        }
        let entry = Entry::read(raw.clone())
            .ok_or("record is malformed\nproto: cannot parse invalid wire-format data")?;
        if entry.data.is_empty() {
            return Err("record is malformed\nrecord is missing the dag-cbor data field".to_owned());
        }
        check_signature(name, &entry).ok_or("signature verification failed")?;
        let record = Self::of_data(&entry.data, *name, raw)?;
        let agrees = (entry.value.is_empty() && entry.signature_v1.is_empty())
            || (entry.value == record.value
                && entry.numbers == [0, record.sequence, record.ttl_ns]
                && nanoseconds(&entry.validity) == Some(record.eol_ns));
        if agrees {
            Ok(record)
        } else {
            Err("record is malformed\nfields differ from the signed data".to_owned())
        }
    }

    fn of_data(data: &[u8], name: Name, raw: Bytes) -> Result<Self, String> {
        let malformed = |what: &str| format!("record is malformed\n{what}");
        let Ok(Ipld::Map(map)) = cbor::decode(data) else { return Err(malformed("not a dag-cbor map")) };
        let bytes = |key: &str| match map.get(key) {
            Some(Ipld::Bytes(bytes)) => Ok(bytes.clone()),
            _ => Err(malformed(key)),
        };
        let number = |key: &str| match map.get(key) {
            Some(Ipld::Integer(number)) => i64::try_from(*number)
                .map_err(|_| "unsigned integer out of range of int64 type".to_owned())
                .and_then(|number| u64::try_from(number).map_err(|_| malformed(key))),
            _ => Err(malformed(key)),
        };
        if number("ValidityType")? != 0 {
            return Err(malformed("ValidityType"));
        }
        Ok(Self {
            name,
            raw,
            value: bytes("Value")?,
            sequence: number("Sequence")?,
            ttl_ns: number("TTL")?,
            eol_ns: nanoseconds(&bytes("Validity")?).ok_or_else(|| malformed("Validity"))?,
        })
    }

    pub fn is_expired(&self, now: UnixMs) -> bool {
        self.eol_ns <= i128::from(now) * 1_000_000
    }

    /// The value, if it is `/ipfs/` and a CID.
    pub fn path(&self) -> Option<String> {
        let text = std::str::from_utf8(&self.value).ok()?;
        Cid::try_from(text.strip_prefix("/ipfs/")?).ok().map(|_| text.to_owned())
    }

    /// boxo's order: sequence, then EOL, then bytes.
    pub fn order(&self, other: &Self) -> Ordering {
        (self.sequence, self.eol_ns, &self.raw).cmp(&(other.sequence, other.eol_ns, &other.raw))
    }
}

fn check_signature(name: &Name, entry: &Entry) -> Option<()> {
    // The last 32 bytes of the multihash are the key itself.
    let multihash = name.multihash();
    let key: [u8; 32] = multihash.get(multihash.len().checked_sub(32)?..)?.try_into().ok()?;
    let signature = Signature::from_slice(&entry.signature_v2).ok()?;
    let signed = [b"ipns-signature:", &*entry.data].concat();
    VerifyingKey::from_bytes(&key).ok()?.verify_strict(&signed, &signature).ok()
}

fn nanoseconds(rfc3339: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(rfc3339).ok()?;
    OffsetDateTime::parse(text, &Rfc3339).ok().map(OffsetDateTime::unix_timestamp_nanos)
}

impl Entry {
    fn read(mut rest: Bytes) -> Option<Self> {
        let mut entry = Self::default();
        while !rest.is_empty() {
            let tag = varint(&mut rest)?;
            match tag & 7 {
                0 => {
                    let number = varint(&mut rest)?;
                    let at = match tag >> 3 {
                        3 => 0,
                        5 => 1,
                        6 => 2,
                        _ => continue,
                    };
                    *entry.numbers.get_mut(at)? = number;
                }
                2 => {
                    let len = usize::try_from(varint(&mut rest)?).ok().filter(|len| *len <= rest.len())?;
                    let bytes = rest.split_to(len);
                    match tag >> 3 {
                        1 => entry.value = bytes,
                        2 => entry.signature_v1 = bytes,
                        4 => entry.validity = bytes,
                        8 => entry.signature_v2 = bytes,
                        9 => entry.data = bytes,
                        _ => {}
                    }
                }
                _ => return None,
            }
        }
        Some(entry)
    }
}

fn varint(rest: &mut Bytes) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *rest.first()?;
        *rest = rest.slice(1..);
        number |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
