//! What an error of a node means beyond its code, for those who may take another way.

use std::error::Error as StdError;
use std::fmt;

use crate::error::{Code, Error};

/// The source of an error: a connection ended before its answer began.
#[derive(Debug)]
pub(crate) struct BrokeOff(Box<dyn StdError + Send + Sync>);

/// The source of an error: something before the node refused with a page for people.
#[derive(Debug)]
pub(crate) struct RefusedByPage;

/// The source of an error: the node has a block and cannot read it, as it says itself.
#[derive(Debug)]
struct UnreadBlock;

impl BrokeOff {
    pub fn by(error: impl StdError + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

/// Whether the connection ended before the answer began.
#[must_use]
pub fn broke_off(error: &Error) -> bool {
    error.source().is_some_and(|source| source.is::<BrokeOff>())
}

/// Whether the request was refused, by the node or by what stands before it: the same one again is refused again.
#[must_use]
pub fn is_refused(error: &Error) -> bool {
    error.code() == Code::Denied || error.source().is_some_and(|source| source.is::<RefusedByPage>())
}

/// The error of a node that has what was asked for and cannot read it.
#[must_use]
pub fn unreadable(message: impl Into<String>) -> Error {
    Error::with_source(Code::Unreachable, message, UnreadBlock)
}

/// Whether the node has what was asked for and cannot read it: a bad sector, a file of another kind in its place. It answers, and
/// goes on to answer so.
#[must_use]
pub fn is_unreadable(error: &Error) -> bool {
    error.source().is_some_and(|source| source.is::<UnreadBlock>())
}

impl fmt::Display for UnreadBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the node cannot read the block that it has")
    }
}

impl StdError for UnreadBlock {}

impl fmt::Display for BrokeOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection ended")
    }
}

impl StdError for BrokeOff {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}

impl fmt::Display for RefusedByPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page instead of an answer")
    }
}

impl StdError for RefusedByPage {}
