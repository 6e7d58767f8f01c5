//! The libp2p swarm: TCP with noise and yamux (QUIC with its feature), both of Kubo's DHTs, bitswap, identify. It never listens.

use std::num::{NonZeroU8, NonZeroUsize};
use std::time::Duration;

use libp2p::core::Transport;
use libp2p::core::muxing::StreamMuxerBox;
use libp2p::core::transport::timeout::TransportTimeout;
use libp2p::core::transport::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::kad::store::MemoryStore;
use libp2p::swarm::NetworkBehaviour;
use libp2p::{PeerId, StreamProtocol, Swarm, identify, kad, noise, tcp, yamux};

use super::bitswap::Bitswap;
use super::dial_filter::{DialFilter, FilteredTransport};
use crate::error::{Code, Error};
use crate::limits;

const LAN: StreamProtocol = StreamProtocol::new("/ipfs/lan/kad/1.0.0");
const WAN: StreamProtocol = StreamProtocol::new("/ipfs/kad/1.0.0");
const IDENTIFY: &str = "ipfs/0.1.0";
const AGENT: &str = concat!("wallet-sync/", env!("CARGO_PKG_VERSION"));

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
    pub lan: kad::Behaviour<MemoryStore>,
    pub wan: kad::Behaviour<MemoryStore>,
    pub bitswap: Bitswap,
    identify: identify::Behaviour,
}

impl Behaviour {
    pub const fn kad(&mut self, net: Net) -> &mut kad::Behaviour<MemoryStore> {
        match net {
            Net::Lan => &mut self.lan,
            Net::Wan => &mut self.wan,
        }
    }
}

/// Builds a swarm whose identity is made from a seed; `peers` is how many are asked at once, and `setup` how long a connection may
/// take until it carries streams.
///
/// # Errors
/// [`Code::Unreachable`] when the cryptography cannot be set up.
pub(super) fn build(
    mut seed: [u8; 32],
    filter: DialFilter,
    peers: usize,
    setup: Duration,
) -> Result<Swarm<Behaviour>, Error> {
    let failed = |what: String| Error::new(Code::Unreachable, format!("DHT: {what}"));
    let key = Keypair::ed25519_from_bytes(&mut seed).map_err(|e| failed(e.to_string()))?;
    let id = key.public().to_peer_id();
    let secured = noise::Config::new(&key).map_err(|e| failed(e.to_string()))?;
    let over_tcp = tcp::tokio::Transport::new(tcp::Config::default().nodelay(true))
        .upgrade(Version::V1Lazy)
        .authenticate(secured)
        .multiplex(yamux::Config::default())
        .map(|(peer, connection), _| (peer, StreamMuxerBox::new(connection)));
    let transport = TransportTimeout::new(with_quic(over_tcp, &key), setup).boxed();
    let behaviour = Behaviour {
        lan: kademlia(id, LAN, peers),
        wan: kademlia(id, WAN, peers),
        bitswap: Bitswap::default(),
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

    let over_quic = quic::tokio::Transport::new(quic::Config::new(key));
    over_quic.or_transport(over_tcp).map(|either, _| match either {
        Either::Left((peer, connection)) => (peer, StreamMuxerBox::new(connection)),
        Either::Right(over_tcp) => over_tcp,
    })
}

#[cfg(not(feature = "quic"))]
fn with_quic<T>(over_tcp: T, _: &Keypair) -> T {
    over_tcp
}

/// A client of one DHT: it stores nothing and publishes nothing by itself.
fn kademlia(id: PeerId, protocol: StreamProtocol, peers: usize) -> kad::Behaviour<MemoryStore> {
    let mut config = kad::Config::new(protocol);
    config
        .set_max_packet_size(limits::DHT_PACKET_BYTES)
        .set_parallelism(NonZeroUsize::new(peers).unwrap_or(NonZeroUsize::MIN))
        .set_query_timeout(limits::DHT_STREAM_IDLE)
        .set_substreams_timeout(limits::DHT_STREAM_IDLE)
        .set_replication_interval(None)
        .set_publication_interval(None)
        .set_provider_publication_interval(None)
        .set_periodic_bootstrap_interval(None)
        .set_record_ttl(None)
        .set_caching(kad::Caching::Disabled)
        .set_kbucket_inserts(kad::BucketInserts::Manual);
    let mut behaviour = kad::Behaviour::with_config(id, MemoryStore::new(id), config);
    behaviour.set_mode(Some(kad::Mode::Client));
    behaviour
}
