//! A bitswap 1.2 client: it sends wants on one stream per peer, and receives blocks on as many as the peer opens.
//!
//! Kubo opens a stream for each worker that has something to send, so every inbound stream is read on its own, within
//! bounds per connection and per message. The [`session`] decides by their hash whether bytes are a wanted block.

mod handler;
pub(super) mod session;
pub(super) mod wire;

use std::collections::VecDeque;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use self::handler::{Handler, Room, Said};
use self::wire::{Message, Want, encode_wants};
use crate::limits;

/// What this behaviour reports to the swarm.
#[derive(Debug)]
pub(super) enum BitswapEvent {
    /// A peer sent something; its room is given back when it was looked at.
    Message(PeerId, Message, Room),
    /// A peer cannot be asked any more: it does not speak bitswap, or the stream broke.
    Deaf(PeerId),
}

/// Carries messages between sessions and peers.
#[derive(Default)]
pub(super) struct Bitswap {
    queue: VecDeque<ToSwarm<BitswapEvent, Vec<u8>>>,
}

impl Bitswap {
    /// Sends wants to a connected peer.
    pub fn send(&mut self, peer: PeerId, wants: &[Want]) {
        for part in wants.chunks(limits::BITSWAP_WANTS) {
            let event = encode_wants(part);
            self.queue.push_back(ToSwarm::NotifyHandler {
                peer_id: peer,
                handler: NotifyHandler::Any,
                event,
            });
        }
    }
}

impl NetworkBehaviour for Bitswap {
    type ConnectionHandler = Handler;
    type ToSwarm = BitswapEvent;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new())
    }

    fn on_swarm_event(&mut self, _: FromSwarm<'_>) {}

    fn on_connection_handler_event(&mut self, peer: PeerId, _: ConnectionId, said: THandlerOutEvent<Self>) {
        let event = match said {
            Said::Message(message, room) => BitswapEvent::Message(peer, message, room),
            Said::Deaf => BitswapEvent::Deaf(peer),
        };
        self.queue.push_back(ToSwarm::GenerateEvent(event));
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        // Everything in the queue was put there by a call that makes the swarm poll again.
        self.queue.pop_front().map_or(Poll::Pending, Poll::Ready)
    }
}
