//! A node as a libp2p peer: the LAN DHT with a store that checks what it takes, and a bitswap server.
//!
//! The swarm listens on a port of its own; the port in the nodes file forwards to it, so that it can be closed and
//! frozen like the HTTP ports.

mod bitswap;
mod store;
mod wire;

use std::sync::Arc;

use libp2p::futures::StreamExt;
use libp2p::identity::Keypair;
use libp2p::kad;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, StreamProtocol, Swarm, identify, noise, tcp, yamux};
use tauri_plugin_wallet_sync::{Code, Error};
use tokio::net::TcpStream;

use self::bitswap::Bitswap;
use self::store::NodeStore;
use crate::node::Node;
use crate::port::{Accept, Port};

const LAN: StreamProtocol = StreamProtocol::new("/ipfs/lan/kad/1.0.0");
/// Largest Kademlia message, bytes: a record and the peers around it.
const PACKET_BYTES: usize = 64 * 1024;

#[derive(NetworkBehaviour)]
struct Behaviour {
    kad: kad::Behaviour<NodeStore>,
    bitswap: Bitswap,
    identify: identify::Behaviour,
}

/// Where the swarm of a node is reached, and its task.
pub(crate) struct Listening {
    pub address: Multiaddr,
    swarm: Swarm<Behaviour>,
}

/// Opens the swarm of a node on a free loopback port.
pub(crate) async fn listen(node: &Arc<Node>) -> Result<Listening, Error> {
    let failed = |e: String| Error::new(Code::StorageIo, format!("the swarm of a node: {e}"));
    let mut seed = node.seed;
    let key = Keypair::ed25519_from_bytes(&mut seed).map_err(|e| failed(e.to_string()))?;
    let mut config = kad::Config::new(LAN);
    config.set_max_packet_size(PACKET_BYTES);
    config.set_replication_interval(None).set_publication_interval(None).set_record_ttl(None);
    config.set_periodic_bootstrap_interval(None);
    let behaviour = |key: &Keypair| {
        let id = key.public().to_peer_id();
        let mut kad = kad::Behaviour::with_config(id, NodeStore::new(node.clone()), config.clone());
        kad.set_mode(Some(kad::Mode::Server));
        let identify = identify::Config::new("ipfs/0.1.0".to_owned(), key.public());
        Behaviour { kad, bitswap: Bitswap::new(node.clone()), identify: identify::Behaviour::new(identify) }
    };
    let mut swarm = libp2p::SwarmBuilder::with_existing_identity(key)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .map_err(|e| failed(e.to_string()))?
        .with_behaviour(behaviour)
        .map_err(|e| failed(e.to_string()))?
        .build();
    let any = Multiaddr::empty().with(Protocol::Ip4(std::net::Ipv4Addr::LOCALHOST)).with(Protocol::Tcp(0));
    swarm.listen_on(any).map_err(|e| failed(e.to_string()))?;
    loop {
        if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            return Ok(Listening { address, swarm });
        }
    }
}

/// Runs a swarm and the port in front of it until the task is ended.
pub(crate) async fn serve(port: Arc<Port>, mut listening: Listening) {
    let Some(Protocol::Tcp(inner)) = listening.address.iter().nth(1) else { return };
    let forward = async {
        let mut accept = Accept(port);
        loop {
            let (mut outside, _) = axum::serve::Listener::accept(&mut accept).await;
            tokio::spawn(async move {
                if let Ok(mut inside) = TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, inner)).await {
                    let _ = inside.set_nodelay(true);
                    let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
                }
            });
        }
    };
    let run = async {
        loop {
            listening.swarm.select_next_some().await;
        }
    };
    tokio::join!(forward, run);
}
