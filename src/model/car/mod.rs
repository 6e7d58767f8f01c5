//! CAR version 1: a bounded reader that yields only verified, wanted blocks, and a writer.
//!
//! What a CAR claims about itself is not believed: neither its header's roots, nor its completeness, nor its order.
//! The reader starts from the root that the caller wants, hashes each block, follows links, and yields a block when a
//! path from the root leads to it. Sections that are not wanted cost their bytes and nothing else.

mod framing;
mod reader;
mod writer;

pub use self::reader::{CarBounds, CarReader, CarSummary};
pub use self::writer::CarWriter;

use crate::error::{Code, Error};

fn malformed(what: &str) -> Error {
    Error::new(Code::Malformed, format!("car: {what}"))
}

fn too_large(what: &str) -> Error {
    Error::new(Code::TooLarge, format!("car: {what}"))
}
