//! The libp2p swarm: TCP with noise and yamux (QUIC with its feature), both of Kubo's DHTs, bitswap, identify. It never listens.

use std::collections::BTreeSet;
use std::num::NonZeroU8;
use std::time::Duration;

use libp2p::allow_block_list::{self, AllowedPeers};
use libp2p::connection_limits::ConnectionLimits;
use libp2p::core::Transport;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::timeout::TransportTimeout;
use libp2p::core::transport::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{PeerId, StreamProtocol, Swarm, connection_limits, identify, noise, tcp};

use super::address::Book;
use super::bitswap::Bitswap;
use super::dial_filter::{DialFilter, FilteredTransport};
use super::kad::Codec;
use super::muxer::Yamux;
use crate::error::{Code, Error};
use crate::limits;

const LAN: StreamProtocol = StreamProtocol::new("/ipfs/lan/kad/1.0.0");
const WAN: StreamProtocol = StreamProtocol::new("/ipfs/kad/1.0.0");
const IDENTIFY: &str = "ipfs/0.1.0";
const AGENT: &str = concat!("wallet-sync/", env!("CARGO_PKG_VERSION"));

/// Asks the peers of one DHT.
pub(super) type Kad = request_response::Behaviour<Codec>;

/// Which of Kubo's two DHTs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Net {
    Lan,
    Wan,
}

impl Net {
    pub const BOTH: [Self; 2] = [Self::Lan, Self::Wan];
}

#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    /// Without public peers nobody else is dialled, whomever peers name.
    known: Toggle<allow_block_list::Behaviour<AllowedPeers>>,
    pub lan: Kad,
    pub wan: Kad,
    pub bitswap: Bitswap,
    connections: connection_limits::Behaviour,
    identify: identify::Behaviour,
}

impl Behaviour {
    pub const fn kad(&mut self, net: Net) -> &mut Kad {
        match net {
            Net::Lan => &mut self.lan,
            Net::Wan => &mut self.wan,
        }
    }
}

/// Builds a swarm whose identity is made from a seed; all peers of the book are asked at once, and `setup` is how long a connection may
/// take until it carries streams.
///
/// # Errors
/// [`Code::Unreachable`] when the cryptography cannot be set up.
pub(super) fn build(
    mut seed: [u8; 32],
    filter: DialFilter,
    book: &Book,
    setup: Duration,
) -> Result<Swarm<Behaviour>, Error> {
    let failed = |what: String| Error::new(Code::Unreachable, format!("DHT: {what}"));
    let key = Keypair::ed25519_from_bytes(&mut seed).map_err(|e| failed(e.to_string()))?;
    let id = key.public().to_peer_id();
    let secured = noise::Config::new(&key).map_err(|e| failed(e.to_string()))?;
    let known: BTreeSet<PeerId> = book.peers().iter().map(|known| known.id).collect();
    let over_tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true))
        .upgrade(Version::V1Lazy)
        .authenticate(secured)
        .multiplex(Yamux)
        .map(move |(peer, connection), _| {
            let (streams, unread) = if known.contains(&peer) {
                (limits::PEER_STREAMS, limits::PEER_UNREAD_BYTES)
            } else {
                (limits::STRANGER_STREAMS, limits::STRANGER_UNREAD_BYTES)
            };
            (peer, StreamMuxerBox::new(connection.within(streams, unread)))
        });
    let transport = TransportTimeout::new(with_quic(over_tcp, &key), setup).boxed();
    let configured = u32::try_from(book.peers().len()).unwrap_or(u32::MAX);
    let connections = configured.saturating_add(limits::STRANGER_CONNECTIONS);
    let behaviour = Behaviour {
        known: Toggle::from((!book.has_public()).then(|| only(book))),
        lan: kademlia(LAN, book.has_public()),
        wan: kademlia(WAN, book.has_public()),
        bitswap: Bitswap::default(),
        connections: connection_limits::Behaviour::new(
            ConnectionLimits::default()
                .with_max_established_incoming(Some(0))
                .with_max_established_outgoing(Some(connections))
                .with_max_established_per_peer(Some(limits::CONNECTIONS_PER_PEER)),
        ),
        identify: identify::Behaviour::new(
            identify::Config::new(IDENTIFY.to_owned(), key.public())
                .with_agent_version(AGENT.to_owned())
                .with_interval(limits::DHT_IDLE * 60)
                .with_cache_size(0)
                .with_hide_listen_addrs(true),
        ),
    };
    let config = libp2p::swarm::Config::with_tokio_executor()
        .with_idle_connection_timeout(limits::DHT_IDLE)
        // Never fewer than may be open: what is not taken up would wait in the connection with all that it holds.
        .with_max_negotiating_inbound_streams(limits::PEER_STREAMS + 1)
        .with_per_connection_event_buffer_size(limits::PEER_EVENTS)
        .with_dial_concurrency_factor(NonZeroU8::new(limits::DIALS_AT_ONCE).unwrap_or(NonZeroU8::MIN));
    Ok(Swarm::new(FilteredTransport::new(transport, filter).boxed(), behaviour, id, config))
}

#[cfg(feature = "quic")]
type Muxed = (PeerId, StreamMuxerBox);

#[cfg(feature = "quic")]
fn with_quic<T>(
    over_tcp: T,
    key: &Keypair,
) -> impl Transport<Output = Muxed, Error: Send + Sync, Dial: Send, ListenerUpgrade: Send> + Unpin + Send + use<T>
where
    T: Transport<Output = Muxed, Error: Send + Sync + 'static, Dial: Send, ListenerUpgrade: Send>
        + Unpin
        + Send,
{
    use libp2p::futures::future::Either;
    use libp2p::quic;

    let mut config = quic::Config::new(key);
    config.max_concurrent_stream_limit = u32::try_from(limits::PEER_STREAMS).unwrap_or(u32::MAX);
    config.max_stream_data = limits::QUIC_STREAM_BYTES;
    config.max_connection_data = limits::QUIC_CONNECTION_BYTES;
    let over_quic = quic::tokio::Transport::new(config);
    over_quic.or_transport(over_tcp).map(|either, _| match either {
        Either::Left((peer, connection)) => (peer, StreamMuxerBox::new(connection)),
        Either::Right(over_tcp) => over_tcp,
    })
}

#[cfg(not(feature = "quic"))]
fn with_quic<T>(over_tcp: T, _: &Keypair) -> T {
    over_tcp
}

/// Lets the peers of the book be dialled and no others.
fn only(book: &Book) -> allow_block_list::Behaviour<AllowedPeers> {
    let mut only = allow_block_list::Behaviour::default();
    for known in book.peers() {
        only.allow_peer(known.id);
    }
    only
}

/// Asks peers of one DHT, and answers nobody.
fn kademlia(protocol: StreamProtocol, walks: bool) -> Kad {
    let config = request_response::Config::default()
        .with_request_timeout(limits::DHT_STREAM_IDLE)
        .with_max_concurrent_streams(limits::PEER_QUESTIONS * 2);
    Kad::with_codec(Codec { walks }, [(protocol, ProtocolSupport::Outbound)], config)
}
