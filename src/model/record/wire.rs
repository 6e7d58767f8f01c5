//! The protobuf message `IpnsEntry` of the IPNS specification: read within bounds, written in field order.
//!
//! Reading follows protobuf: fields in any order, the last one wins, unknown fields are skipped. All bytes are
//! slices of the input, so nothing is allocated by a declared length.

use bytes::Bytes;

use super::malformed;
use crate::Error;

const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const BYTES: u64 = 2;
const FIXED_32: u64 = 5;
const FIELD_MAX: u64 = (1 << 29) - 1;

/// The fields of the message; an absent one has its default value, which is also how protobuf compares them.
#[derive(Default)]
pub(super) struct Entry {
    pub value: Bytes,
    pub signature_v1: Bytes,
    pub validity_type: u64,
    pub validity: Bytes,
    pub sequence: u64,
    pub ttl: u64,
    pub public_key: Bytes,
    pub signature_v2: Bytes,
    pub data: Bytes,
}

impl Entry {
    /// Reads the message. The caller has bounded its size.
    pub(super) fn decode(raw: &Bytes) -> Result<Self, Error> {
        let mut entry = Self::default();
        let mut reader = Reader { raw, at: 0 };
        while reader.at < raw.len() {
            let tag = reader.varint()?;
            let (field, wire) = (tag >> 3, tag & 7);
            match (field, wire) {
                (1, BYTES) => entry.value = reader.bytes()?,
                (2, BYTES) => entry.signature_v1 = reader.bytes()?,
                (3, VARINT) => entry.validity_type = reader.varint()?,
                (4, BYTES) => entry.validity = reader.bytes()?,
                (5, VARINT) => entry.sequence = reader.varint()?,
                (6, VARINT) => entry.ttl = reader.varint()?,
                (7, BYTES) => entry.public_key = reader.bytes()?,
                (8, BYTES) => entry.signature_v2 = reader.bytes()?,
                (9, BYTES) => entry.data = reader.bytes()?,
                (0..=9, _) => return Err(malformed("a field of the wrong wire type")),
                _ if field > FIELD_MAX => return Err(malformed("field number out of range")),
                (_, VARINT) => drop(reader.varint()?),
                (_, FIXED_64) => drop(reader.take(8)?),
                (_, BYTES) => drop(reader.bytes()?),
                (_, FIXED_32) => drop(reader.take(4)?),
                _ => return Err(malformed("an unknown wire type")),
            }
        }
        Ok(entry)
    }

    /// Whether the fields of the first signature version are in use.
    pub(super) fn has_v1(&self) -> bool {
        !self.signature_v1.is_empty() || !self.value.is_empty()
    }

    /// Writes the message as boxo does: the numbers always, public key only if there is one.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(crate::limits::RECORD_BYTES);
        put_bytes(&mut out, 1, &self.value);
        put_bytes(&mut out, 2, &self.signature_v1);
        put_number(&mut out, 3, self.validity_type);
        put_bytes(&mut out, 4, &self.validity);
        put_number(&mut out, 5, self.sequence);
        put_number(&mut out, 6, self.ttl);
        if !self.public_key.is_empty() {
            put_bytes(&mut out, 7, &self.public_key);
        }
        put_bytes(&mut out, 8, &self.signature_v2);
        put_bytes(&mut out, 9, &self.data);
        out
    }
}

struct Reader<'a> {
    raw: &'a Bytes,
    at: usize,
}

impl Reader<'_> {
    fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.raw.get(self.at).ok_or_else(|| malformed("ends early"))?;
            self.at = self.at.saturating_add(1);
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(malformed("a number beyond 64 bits"))
    }

    fn bytes(&mut self) -> Result<Bytes, Error> {
        let length = self.varint()?;
        self.take(length)
    }

    fn take(&mut self, length: u64) -> Result<Bytes, Error> {
        let rest = self.raw.len().saturating_sub(self.at);
        let length = usize::try_from(length).ok().filter(|length| *length <= rest);
        let end = self.at.saturating_add(length.ok_or_else(|| malformed("ends early"))?);
        let taken = self.raw.slice(self.at..end);
        self.at = end;
        Ok(taken)
    }
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn put_number(out: &mut Vec<u8>, field: u64, value: u64) {
    put_varint(out, field << 3 | VARINT);
    put_varint(out, value);
}

fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, field << 3 | BYTES);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
