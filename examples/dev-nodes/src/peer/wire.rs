//! The messages of bitswap 1.2 as a server reads and writes them.

use cid::Cid;

/// One entry of a wantlist.
#[derive(Debug)]
pub(super) struct Want {
    pub cid: Cid,
    /// Only whether it is there is asked.
    pub have: bool,
    pub cancel: bool,
    /// A missing block is to be said.
    pub say_lacking: bool,
}

/// The entries of a message; `None` for what is no message.
pub(super) fn wants(raw: &[u8]) -> Option<Vec<Want>> {
    let mut wants = Vec::new();
    for (field, list) in fields(raw)? {
        let (1, Value::Bytes(list)) = (field, list) else { continue };
        for (field, entry) in fields(list)? {
            let (1, Value::Bytes(entry)) = (field, entry) else { continue };
            let (mut cid, mut cancel, mut have, mut say_lacking) = (None, false, false, false);
            for part in fields(entry)? {
                match part {
                    (1, Value::Bytes(bytes)) => cid = Cid::try_from(bytes).ok(),
                    (3, Value::Number(number)) => cancel = number != 0,
                    (4, Value::Number(number)) => have = number != 0,
                    (5, Value::Number(number)) => say_lacking = number != 0,
                    _ => {}
                }
            }
            wants.extend(cid.map(|cid| Want { cid, have, cancel, say_lacking }));
        }
    }
    Some(wants)
}

/// A block as a part of a message.
pub(super) fn block(cid: &Cid, bytes: &[u8]) -> Vec<u8> {
    // Version, codec and multihash head, without the digest.
    let mut prefix = vec![1];
    put_varint(&mut prefix, cid.codec());
    put_varint(&mut prefix, cid.hash().code());
    put_varint(&mut prefix, u64::from(cid.hash().size()));
    let mut part = Vec::new();
    put_bytes(&mut part, 1, &prefix);
    put_bytes(&mut part, 2, bytes);
    let mut out = Vec::new();
    put_bytes(&mut out, 3, &part);
    out
}

/// Whether a block is there, as a part of a message.
pub(super) fn presence(cid: &Cid, there: bool) -> Vec<u8> {
    let mut part = Vec::new();
    put_bytes(&mut part, 1, &cid.to_bytes());
    part.extend([2 << 3, u8::from(!there)]);
    let mut out = Vec::new();
    put_bytes(&mut out, 4, &part);
    out
}

/// A message with its length in front.
pub(super) fn frame(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, message.len() as u64);
    out.extend_from_slice(message);
    out
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn fields(mut raw: &[u8]) -> Option<Vec<(u64, Value<'_>)>> {
    let mut fields = Vec::new();
    while !raw.is_empty() {
        let tag = varint(&mut raw)?;
        let value = match tag & 7 {
            0 => Value::Number(varint(&mut raw)?),
            2 => {
                let length = usize::try_from(varint(&mut raw)?).ok()?;
                let (bytes, rest) = raw.split_at_checked(length)?;
                raw = rest;
                Value::Bytes(bytes)
            }
            _ => return None,
        };
        fields.push((tag >> 3, value));
    }
    Some(fields)
}

fn varint(raw: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = raw.split_first()?;
        *raw = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn put_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    out.push(field << 3 | 2);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
