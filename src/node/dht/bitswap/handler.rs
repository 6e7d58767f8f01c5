//! The streams of one connection: one outbound, and up to [`limits::BITSWAP_STREAMS`] inbound.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::futures::future::BoxFuture;
use libp2p::futures::stream::{self, BoxStream, SelectAll};
use libp2p::futures::{AsyncWriteExt, FutureExt, StreamExt};
use libp2p::swarm::handler::{ConnectionEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{
    ConnectionHandler, ConnectionHandlerEvent, Stream, StreamProtocol, StreamUpgradeError, SubstreamProtocol,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::wire::Message;
use crate::limits;
use crate::node::dht::framed;

const PROTOCOL: StreamProtocol = StreamProtocol::new("/ipfs/bitswap/1.2.0");
/// Bytes counted as one permit of a connection's budget.
const PERMIT_BYTES: usize = 1024;

/// What a connection reports.
#[derive(Debug)]
pub(in crate::node::dht) enum Said {
    Message(Message, Room),
    Deaf,
}

/// The place of a message among those of its connection that were not looked at; given back when it is dropped.
pub(in crate::node::dht) type Room = OwnedSemaphorePermit;

enum Asking {
    Closed,
    Opening,
    Open(Box<Stream>),
    Writing(BoxFuture<'static, Result<Stream, VecDeque<Vec<u8>>>>),
    /// The peer does not speak bitswap: nothing is sent on this connection.
    Broken,
}

/// The streams of one connection.
pub(in crate::node::dht) struct Handler {
    listening: SelectAll<BoxStream<'static, (Message, Room)>>,
    budget: Arc<Semaphore>,
    asking: Asking,
    frames: VecDeque<Vec<u8>>,
    /// The last stream failed, and nothing was written since.
    has_failed: bool,
    deaf: bool,
}

impl Handler {
    pub fn new() -> Self {
        let permits = limits::BITSWAP_BUFFER_BYTES.div_ceil(PERMIT_BYTES);
        Self {
            listening: SelectAll::new(),
            budget: Arc::new(Semaphore::new(permits)),
            asking: Asking::Closed,
            frames: VecDeque::new(),
            has_failed: false,
            deaf: false,
        }
    }

    fn broken(&mut self) {
        self.asking = Asking::Broken;
        self.frames.clear();
        self.deaf = true;
    }

    /// A stream failed: what was to be sent goes over another one, and is given up when that fails too. Later requests get a
    /// stream of their own.
    fn failed(&mut self, unsent: VecDeque<Vec<u8>>) {
        self.asking = Asking::Closed;
        if std::mem::replace(&mut self.has_failed, true) {
            self.frames.clear();
            (self.has_failed, self.deaf) = (false, true);
        } else {
            let later = std::mem::replace(&mut self.frames, unsent);
            self.frames.extend(later);
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Vec<u8>;
    type ToBehaviour = Said;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ())
    }

    fn connection_keep_alive(&self) -> bool {
        !self.frames.is_empty()
    }

    fn on_behaviour_event(&mut self, frame: Vec<u8>) {
        match self.asking {
            Asking::Broken => self.deaf = true,
            _ => self.frames.push_back(frame),
        }
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Self::InboundProtocol, Self::OutboundProtocol>,
    ) {
        match event {
            // A stream above the limit is dropped, which resets it.
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol, .. })
                if self.listening.len() < limits::BITSWAP_STREAMS =>
            {
                self.listening.push(messages(protocol, self.budget.clone()));
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { protocol, .. }) => {
                self.asking = Asking::Open(Box::new(protocol));
            }
            ConnectionEvent::DialUpgradeError(failed) => match failed.error {
                StreamUpgradeError::NegotiationFailed => self.broken(),
                _ => self.failed(VecDeque::new()),
            },
            _ => {}
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, (), Said>> {
        if let Poll::Ready(Some((message, room))) = self.listening.poll_next_unpin(cx) {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(Said::Message(message, room)));
        }
        loop {
            if std::mem::take(&mut self.deaf) {
                return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(Said::Deaf));
            }
            match std::mem::replace(&mut self.asking, Asking::Closed) {
                Asking::Closed if !self.frames.is_empty() => {
                    self.asking = Asking::Opening;
                    let protocol = SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ())
                        .with_timeout(limits::DHT_STREAM_IDLE);
                    return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
                }
                Asking::Open(stream) if !self.frames.is_empty() => {
                    let frames = std::mem::take(&mut self.frames);
                    self.asking = Asking::Writing(write(*stream, frames).boxed());
                }
                Asking::Writing(mut writing) => match writing.poll_unpin(cx) {
                    Poll::Ready(Ok(stream)) => {
                        (self.asking, self.has_failed) = (Asking::Open(Box::new(stream)), false);
                    }
                    Poll::Ready(Err(unsent)) => self.failed(unsent),
                    Poll::Pending => {
                        self.asking = Asking::Writing(writing);
                        return Poll::Pending;
                    }
                },
                idle => {
                    self.asking = idle;
                    return Poll::Pending;
                }
            }
        }
    }
}

/// Gives the frames back where the stream fails.
async fn write(mut stream: Stream, frames: VecDeque<Vec<u8>>) -> Result<Stream, VecDeque<Vec<u8>>> {
    let all = async {
        for frame in &frames {
            stream.write_all(frame).await?;
        }
        stream.flush().await
    };
    let written: Result<io::Result<()>, _> = tokio::time::timeout(limits::DHT_STREAM_IDLE, all).await;
    match written {
        Ok(Ok(())) => Ok(stream),
        _ => Err(frames),
    }
}

/// The messages of one inbound stream until it ends or breaks a rule.
fn messages(stream: Stream, budget: Arc<Semaphore>) -> BoxStream<'static, (Message, Room)> {
    stream::unfold((stream, budget), |(mut stream, budget)| async move {
        loop {
            match read(&mut stream, &budget).await {
                Ok(Some((message, _))) if message.is_empty() => {}
                Ok(Some(message)) => return Some((message, (stream, budget))),
                Ok(None) => return None,
                Err(error) => {
                    tracing::debug!(%error, "a bitswap stream ended badly");
                    return None;
                }
            }
        }
    })
    .boxed()
}

/// One message; `None` at the end of the stream.
async fn read(
    stream: &mut (impl libp2p::futures::AsyncRead + Unpin),
    budget: &Arc<Semaphore>,
) -> io::Result<Option<(Message, Room)>> {
    let Some(length) = framed::length(stream, limits::BITSWAP_MESSAGE_BYTES).await? else { return Ok(None) };
    let permits = u32::try_from(length.div_ceil(PERMIT_BYTES)).map_err(io::Error::other)?;
    // A peer that keeps many large messages open delays only itself.
    let room = budget.clone().acquire_many_owned(permits).await.map_err(io::Error::other)?;
    let body = framed::body(stream, length).await?;
    let message = Message::decode(&Bytes::from(body)).map_err(io::Error::other)?;
    Ok(Some((message, room)))
}

#[cfg(test)]
mod tests {
    use libp2p::futures::io::Cursor;

    use super::*;

    async fn first(bytes: &[u8]) -> io::Result<Option<Message>> {
        let budget = Arc::new(Semaphore::new(limits::BITSWAP_BUFFER_BYTES.div_ceil(PERMIT_BYTES)));
        let read = read(&mut Cursor::new(bytes), &budget).await?;
        Ok(read.map(|(message, _)| message))
    }

    #[tokio::test]
    async fn a_message_has_its_length_in_front() {
        // One raw block of two bytes.
        let body = [0x1a, 10, 0x0a, 4, 0x01, 0x55, 0x12, 0x20, 0x12, 2, b'h', b'i'];
        let frame = [&[u8::try_from(body.len()).unwrap()], body.as_slice()].concat();
        let message = first(&frame).await.unwrap().unwrap();
        assert_eq!(message.blocks.len(), 1);
        assert!(first(&[]).await.unwrap().is_none(), "an end between messages is no error");
        assert!(first(&frame[..5]).await.is_err());
    }

    #[tokio::test]
    async fn a_length_beyond_the_bound_is_refused_before_anything_is_read() {
        let over = limits::BITSWAP_MESSAGE_BYTES + 1;
        let mut length = Vec::new();
        for shift in [0, 7, 14, 21] {
            let more = if shift == 21 { 0 } else { 0x80 };
            length.push(u8::try_from(over >> shift & 0x7f).unwrap() | more);
        }
        assert_eq!(first(&length).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(first(&[0xff; 5]).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
