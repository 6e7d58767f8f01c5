//! Reads definite-length CBOR items one after the other, without building anything.

use std::ops::Range;

use super::malformed;
use crate::error::Error;
use crate::limits;

/// How an item begins.
pub(in crate::model) struct Head {
    /// Major type.
    pub major: u8,
    /// Length, count or number, by the major type.
    pub argument: u64,
    /// The five bits next to the major type.
    info: u8,
}

/// A place in some CBOR.
pub(in crate::model) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    met_float: bool,
}

impl<'a> Reader<'a> {
    pub(in crate::model) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, met_float: false }
    }

    /// How many bytes were read.
    pub(in crate::model) const fn at(&self) -> usize {
        self.at
    }

    /// Whether something that was stepped over is a float.
    pub(in crate::model) const fn met_float(&self) -> bool {
        self.met_float
    }

    /// Fails when something is left.
    pub(in crate::model) fn end(&self) -> Result<(), Error> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(malformed("bytes after the value")) }
    }

    /// Reads a head.
    pub(in crate::model) fn head(&mut self) -> Result<Head, Error> {
        let first = self.take(1)?.first().copied().unwrap_or_default();
        let (major, info) = (first >> 5, first & 0x1f);
        let width = match info {
            0..=23 => return Ok(Head { major, info, argument: info.into() }),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return Err(malformed("indefinite or reserved length")),
        };
        let argument = self.take(width)?.iter().fold(0, |sum, byte| sum * 256 + u64::from(*byte));
        Ok(Head { major, info, argument })
    }

    /// Reads an unsigned number.
    pub(in crate::model) fn unsigned(&mut self) -> Result<u64, Error> {
        let Head { major: 0, argument, .. } = self.head()? else {
            return Err(malformed("not an unsigned number"));
        };
        Ok(argument)
    }

    /// Reads a byte string; gives where it is.
    pub(in crate::model) fn byte_string(&mut self) -> Result<Range<usize>, Error> {
        let Head { major: 2, argument: length, .. } = self.head()? else {
            return Err(malformed("not a byte string"));
        };
        let start = self.at;
        self.take(length)?;
        Ok(start..self.at)
    }

    /// Reads a text.
    pub(in crate::model) fn text(&mut self) -> Result<&'a str, Error> {
        let Head { major: 3, argument: length, .. } = self.head()? else {
            return Err(malformed("not a text"));
        };
        std::str::from_utf8(self.take(length)?).map_err(|_| malformed("a text that is not UTF-8"))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let taken = rest.get(..length).ok_or_else(|| malformed("ends early"))?;
        self.at += length;
        Ok(taken)
    }

    /// Steps over one item of any type; a declared count ends with the input, its depth is bounded.
    pub(in crate::model) fn skip(&mut self) -> Result<(), Error> {
        // Items still to come on each open level.
        let mut open = vec![1_u64];
        while let Some(left) = open.last_mut() {
            if *left == 0 {
                open.pop();
                continue;
            }
            *left -= 1;
            let children = self.step_over_head()?;
            if children > 0 {
                if open.len() > limits::CBOR_DEPTH {
                    return Err(malformed("nested too deeply"));
                }
                open.push(children);
            }
        }
        Ok(())
    }

    /// Steps over a head and its own bytes; gives the number of items inside.
    fn step_over_head(&mut self) -> Result<u64, Error> {
        let Head { major, info, argument } = self.head()?;
        match major {
            2 | 3 => self.take(argument).map(|_| 0),
            4 => Ok(argument),
            5 => Ok(argument.saturating_mul(2)),
            6 => Ok(1),
            0 | 1 => Ok(0),
            // DAG-CBOR has false, true, null and 64-bit floats only.
            _ => match info {
                20..=22 => Ok(0),
                27 => {
                    self.met_float = true;
                    Ok(0)
                }
                _ => Err(malformed("a simple value outside DAG-CBOR")),
            },
        }
    }
}
