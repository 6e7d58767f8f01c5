//! The protobuf message `IpnsEntry` of the IPNS specification: read within bounds, written in field order.
//!
//! Reading follows protobuf: fields in any order, the last one wins, unknown fields are skipped.

use bytes::Bytes;

use crate::error::{Code, Error};
use crate::limits;
use crate::model::protobuf::{Reader, Value, put_bytes, put_number};

/// The fields of the message; an absent one has its default value, which is also how protobuf compares them.
#[derive(Default)]
pub(super) struct IpnsEntry {
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

impl IpnsEntry {
    /// Reads the message. The caller has bounded its size.
    pub(super) fn decode(raw: &Bytes) -> Result<Self, Error> {
        let mut entry = Self::default();
        for field in Reader::new(raw) {
            match field? {
                (1, Value::Bytes(bytes)) => entry.value = bytes,
                (2, Value::Bytes(bytes)) => entry.signature_v1 = bytes,
                (3, Value::Number(number)) => entry.validity_type = number,
                (4, Value::Bytes(bytes)) => entry.validity = bytes,
                (5, Value::Number(number)) => entry.sequence = number,
                (6, Value::Number(number)) => entry.ttl = number,
                (7, Value::Bytes(bytes)) => entry.public_key = bytes,
                (8, Value::Bytes(bytes)) => entry.signature_v2 = bytes,
                (9, Value::Bytes(bytes)) => entry.data = bytes,
                (1..=9, _) => return Err(Error::new(Code::Malformed, "a field of the wrong wire type")),
                _ => {}
            }
        }
        Ok(entry)
    }

    /// Whether the fields of the first signature version are in use.
    pub(super) fn has_v1(&self) -> bool {
        !self.signature_v1.is_empty() || !self.value.is_empty()
    }

    /// Writes the message as boxo does: the numbers always, no public key, which is in the name already.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(limits::RECORD_BYTES);
        put_bytes(&mut out, 1, &self.value);
        put_bytes(&mut out, 2, &self.signature_v1);
        put_number(&mut out, 3, self.validity_type);
        put_bytes(&mut out, 4, &self.validity);
        put_number(&mut out, 5, self.sequence);
        put_number(&mut out, 6, self.ttl);
        put_bytes(&mut out, 8, &self.signature_v2);
        put_bytes(&mut out, 9, &self.data);
        out
    }
}
