//! A bitswap server: says what the node's own store says, each message on a stream of its own, several at once, as Kubo
//! does.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::futures::future::BoxFuture;
use libp2p::futures::stream::{self, BoxStream, FuturesUnordered, SelectAll};
use libp2p::futures::{AsyncReadExt, AsyncWriteExt, FutureExt, StreamExt};
use libp2p::swarm::handler::{ConnectionEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm, NetworkBehaviour,
    Stream, StreamProtocol, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use super::wire::{self, Want};
use crate::fault::Fault;
use crate::node::Node;

const PROTOCOL: StreamProtocol = StreamProtocol::new("/ipfs/bitswap/1.2.0");
/// Largest message that is read: a wantlist.
const MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// A message is closed once it holds this much, as Kubo's are.
const TARGET_BYTES: usize = 16 * 1024;
/// Streams that carry answers at once: Kubo's workers.
const WORKERS: usize = 8;

/// Serves the blocks of one node.
pub(super) struct Bitswap(Arc<Node>);

impl Bitswap {
    pub const fn new(node: Arc<Node>) -> Self {
        Self(node)
    }
}

impl NetworkBehaviour for Bitswap {
    type ConnectionHandler = Handler;
    type ToSwarm = std::convert::Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new(self.0.clone()))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new(self.0.clone()))
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(&mut self, _: PeerId, _: ConnectionId, said: THandlerOutEvent<Self>) {
        match said {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

/// One connection.
pub(super) struct Handler {
    node: Arc<Node>,
    reading: SelectAll<BoxStream<'static, Vec<Want>>>,
    answers: VecDeque<Vec<u8>>,
    opening: usize,
    writing: FuturesUnordered<BoxFuture<'static, io::Result<()>>>,
}

impl Handler {
    fn new(node: Arc<Node>) -> Self {
        Self {
            node,
            reading: SelectAll::new(),
            answers: VecDeque::new(),
            opening: 0,
            writing: FuturesUnordered::new(),
        }
    }

    fn answer(&mut self, wants: &[Want]) {
        let mut message = Vec::new();
        for want in wants.iter().filter(|want| !want.cancel) {
            match self.node.own_block(&want.cid) {
                Some(bytes) if !want.have => {
                    message.extend(wire::block(&want.cid, &self.node.forged(&bytes)));
                }
                Some(_) => message.extend(wire::presence(&want.cid, true)),
                None if want.say_lacking => message.extend(wire::presence(&want.cid, false)),
                None => {}
            }
            if message.len() >= TARGET_BYTES {
                self.answers.push_back(wire::frame(&std::mem::take(&mut message)));
            }
        }
        if !message.is_empty() {
            self.answers.push_back(wire::frame(&message));
        }
    }
}

impl ConnectionHandler for Handler {
    type FromBehaviour = std::convert::Infallible;
    type ToBehaviour = std::convert::Infallible;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = Vec<u8>;

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ())
    }

    fn connection_keep_alive(&self) -> bool {
        true
    }

    fn on_behaviour_event(&mut self, event: Self::FromBehaviour) {
        match event {}
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<'_, Self::InboundProtocol, Self::OutboundProtocol, (), Vec<u8>>,
    ) {
        match event {
            ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound { protocol, .. }) => {
                self.reading.push(wantlists(protocol));
            }
            ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound { mut protocol, info }) => {
                self.opening = self.opening.saturating_sub(1);
                let write = async move {
                    protocol.write_all(&info).await?;
                    protocol.close().await
                };
                self.writing.push(write.boxed());
            }
            ConnectionEvent::DialUpgradeError(_) => self.opening = self.opening.saturating_sub(1),
            _ => {}
        }
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, Vec<u8>, Self::ToBehaviour>> {
        while let Poll::Ready(Some(wants)) = self.reading.poll_next_unpin(cx) {
            if self.node.has(Fault::Deaf) {
                self.reading = SelectAll::new();
                break;
            }
            self.answer(&wants);
        }
        while let Poll::Ready(Some(_)) = self.writing.poll_next_unpin(cx) {}
        if self.opening.saturating_add(self.writing.len()) < WORKERS
            && let Some(frame) = self.answers.pop_front()
        {
            self.opening = self.opening.saturating_add(1);
            let protocol = SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), frame);
            return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
        }
        Poll::Pending
    }
}

fn wantlists(stream: Stream) -> BoxStream<'static, Vec<Want>> {
    let next = |mut stream: Stream| async move {
        let message = read(&mut stream).await.ok().flatten()?;
        Some((wire::wants(&message)?, stream))
    };
    stream::unfold(stream, next).boxed()
}

async fn read(stream: &mut Stream) -> io::Result<Option<Vec<u8>>> {
    let (mut length, mut shift) = (0_usize, 0_u32);
    loop {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        let [byte] = byte;
        length |= usize::from(byte & 0x7f).checked_shl(shift).unwrap_or(usize::MAX);
        shift = shift.saturating_add(7);
        if byte & 0x80 == 0 {
            break;
        }
    }
    if length > MESSAGE_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await?;
    Ok(Some(message))
}
