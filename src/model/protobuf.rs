//! Protobuf as far as records and bitswap need it: fields in any order, read within bounds.
//!
//! All bytes are slices of the input, so nothing is allocated by a declared length.

use bytes::{Buf, Bytes};

use crate::error::{Code, Error};

const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const BYTES: u64 = 2;
const FIXED_32: u64 = 5;
const FIELD_MAX: u64 = (1 << 29) - 1;

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Number(u64),
    Bytes(Bytes),
    /// A number of fixed width, which no message of ours has.
    Fixed,
}

/// Gives the fields of a message in the order written, each with its number. Of no use behind its first error.
pub(crate) struct Reader {
    rest: Bytes,
}

impl Reader {
    /// Reads a message; the caller has bounded its size.
    pub(crate) fn new(message: &Bytes) -> Self {
        Self { rest: message.clone() }
    }

    fn field(&mut self) -> Result<(u64, Value), Error> {
        let tag = self.varint()?;
        let field = tag >> 3;
        if !(1..=FIELD_MAX).contains(&field) {
            return Err(malformed("field number out of range"));
        }
        let value = match tag & 7 {
            VARINT => Value::Number(self.varint()?),
            BYTES => {
                let length = self.varint()?;
                Value::Bytes(self.take(length)?)
            }
            FIXED_64 => self.take(8).map(|_| Value::Fixed)?,
            FIXED_32 => self.take(4).map(|_| Value::Fixed)?,
            _ => return Err(malformed("an unknown wire type")),
        };
        Ok((field, value))
    }

    fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.rest.try_get_u8().map_err(|_| early())?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value += bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(malformed("a number beyond 64 bits"))
    }

    fn take(&mut self, length: u64) -> Result<Bytes, Error> {
        let length = usize::try_from(length).ok().filter(|length| *length <= self.rest.len());
        Ok(self.rest.split_to(length.ok_or_else(early)?))
    }
}

impl Iterator for Reader {
    type Item = Result<(u64, Value), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.rest.is_empty()).then(|| self.field())
    }
}

/// Appends an unsigned LEB128 number.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0xff) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

/// Appends a field that holds a number.
pub(crate) fn put_number(out: &mut Vec<u8>, field: u64, value: u64) {
    put_varint(out, tag(field, VARINT));
    put_varint(out, value);
}

/// Appends a field that holds bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    put_varint(out, tag(field, BYTES));
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn tag(field: u64, wire: u64) -> u64 {
    field * 8 + wire
}

fn malformed(what: &str) -> Error {
    Error::new(Code::Malformed, format!("protobuf: {what}"))
}

fn early() -> Error {
    malformed("ends early")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Reader, Value, put_bytes, put_number, put_varint};
    use crate::error::Error;

    /// Protobuf has field numbers of 29 bits.
    const FIELD_MAX: u64 = 536_870_911;

    fn read(message: &[u8]) -> Result<Vec<(u64, Value)>, Error> {
        Reader::new(&Bytes::copy_from_slice(message)).collect()
    }

    fn refuse(what: &str, message: &[u8]) {
        assert_eq!(read(message).unwrap_err().message(), format!("protobuf: {what}"), "{message:02x?}");
    }

    #[test]
    fn numbers_have_these_bytes() {
        for (number, expected) in [
            (0, &[0x00][..]),
            (0x7f, &[0x7f]),
            (0x80, &[0x80, 0x01]),
            (300, &[0xac, 0x02]),
            (0x3fff, &[0xff, 0x7f]),
            (0x4000, &[0x80, 0x80, 0x01]),
            (u64::MAX, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
        ] {
            let mut made = Vec::new();
            put_varint(&mut made, number);
            assert_eq!(made, expected, "{number}");
            let field = [&[5 << 3][..], expected].concat();
            assert_eq!(read(&field).unwrap(), [(5, Value::Number(number))], "{number}");
        }
    }

    #[test]
    fn fields_come_in_the_order_written() {
        let mut message = Vec::new();
        put_number(&mut message, FIELD_MAX, 7);
        put_bytes(&mut message, 1, b"one");
        put_bytes(&mut message, 1, b"");
        message.extend([2 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8]);
        message.extend([3 << 3 | 5, 1, 2, 3, 4]);
        put_number(&mut message, 1, 0);
        let expected = [
            (FIELD_MAX, Value::Number(7)),
            (1, Value::Bytes(Bytes::from_static(b"one"))),
            (1, Value::Bytes(Bytes::new())),
            (2, Value::Fixed),
            (3, Value::Fixed),
            (1, Value::Number(0)),
        ];
        assert_eq!(read(&message).unwrap(), expected);
        assert_eq!(read(&[]).unwrap(), []);
    }

    #[test]
    fn numbers_may_be_longer_than_needed() {
        assert_eq!(read(&[1 << 3, 0x81, 0x80, 0x00]).unwrap(), [(1, Value::Number(1))]);
    }

    #[test]
    fn other_bytes_are_refused() {
        let beyond = [&[1 << 3][..], &[0xff; 9], &[0x02]].concat();
        refuse("a number beyond 64 bits", &beyond);
        refuse("a number beyond 64 bits", &[&[1 << 3][..], &[0x80; 10], &[0x00]].concat());
        refuse("ends early", &[1 << 3]);
        refuse("ends early", &[1 << 3, 0x80]);
        refuse("ends early", &[1 << 3 | 2, 3, b'a', b'b']);
        refuse("ends early", &[1 << 3 | 1, 1, 2, 3, 4, 5, 6, 7]);
        refuse("ends early", &[1 << 3 | 5, 1, 2, 3]);
        refuse("field number out of range", &[0, 1]);
        let mut message = Vec::new();
        put_number(&mut message, FIELD_MAX + 1, 1);
        refuse("field number out of range", &message);
        for wire in [3, 4, 6, 7] {
            refuse("an unknown wire type", &[1 << 3 | wire, 0]);
        }
    }
}
