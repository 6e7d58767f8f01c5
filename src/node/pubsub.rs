//! Messages between devices by way of a node. They are hints from whoever knows the topic: what is in them is judged by its reader.

use std::ops::ControlFlow;

use bytes::Bytes;

use crate::error::{Code, Error};

/// What comes by a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The node took the subscription, as far as is known: what is sent from now on comes.
    Begun,
    /// The bytes of a message, at most [`limits::PUSH_BYTES`](crate::limits::PUSH_BYTES).
    Message(Bytes),
    /// Something that is no message, or too long for one; it was not kept.
    Noise,
}

/// Hears what comes, in order; breaking ends the subscription. It must not block.
pub type Ear<'a> = &'a mut (dyn FnMut(Arrival) -> ControlFlow<()> + Send);

/// The error of a node without pubsub.
pub(crate) fn no_pubsub() -> Error {
    Error::new(Code::Denied, "pubsub is not enabled on the node")
}

/// The error of a stream that brings more than anybody reads.
pub(crate) fn flooded() -> Error {
    Error::new(Code::RateLimited, "the stream of messages brings too many")
}
