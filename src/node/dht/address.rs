//! The configured peers: their ids, their addresses, and which node each of them is.

use std::collections::HashMap;
use std::str::FromStr;

use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};

use crate::config::NodeConfig;
use crate::error::{Code, Error};

/// One peer.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub id: PeerId,
    /// Position of its configured node; `None` for a public peer.
    pub node: Option<usize>,
    /// Where to dial it, without the peer id; host names are resolved before use.
    pub addresses: Vec<Multiaddr>,
}

/// All peers of the configuration.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    peers: Vec<Known>,
    by_id: HashMap<PeerId, usize>,
}

impl Book {
    /// Reads the `swarm` addresses of the nodes and the bootstrap peers. Addresses of other kinds (relays, WebSocket,
    /// WebTransport, …) are ignored, and those of a node behind a proxy: libp2p would go around it.
    ///
    /// # Errors
    /// [`Code::BadRequest`] for an address without a peer id.
    pub fn read(nodes: &[NodeConfig], bootstrap: &[String]) -> Result<Self, Error> {
        let mut book = Self::default();
        for (at, node) in nodes.iter().enumerate().filter(|(_, node)| node.proxy.is_none()) {
            for text in &node.swarm {
                book.add(Some(at), text).map_err(|e| e.within(&format!("nodes[{at}].swarm")))?;
            }
        }
        for text in bootstrap {
            book.add(None, text).map_err(|e| e.within("bootstrapPeers"))?;
        }
        Ok(book)
    }

    fn add(&mut self, node: Option<usize>, text: &str) -> Result<(), Error> {
        let Some((id, address)) = parse(text)? else { return Ok(()) };
        let at = *self.by_id.entry(id).or_insert_with(|| {
            self.peers.push(Known { id, node, addresses: Vec::new() });
            self.peers.len() - 1
        });
        if let Some(known) = self.peers.get_mut(at)
            && !known.addresses.contains(&address)
        {
            known.addresses.push(address);
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    pub fn peers(&self) -> &[Known] {
        &self.peers
    }

    pub fn at(&mut self, at: usize) -> Option<&mut Known> {
        self.peers.get_mut(at)
    }

    /// The position of a peer's node.
    pub fn node(&self, id: &PeerId) -> Option<usize> {
        self.by_id.get(id).and_then(|at| self.peers.get(*at)).and_then(|known| known.node)
    }

    /// Whether it is one of the configured peers.
    pub fn has(&self, id: &PeerId) -> bool {
        self.by_id.contains_key(id)
    }

    /// Whether any peer is not one of the nodes.
    pub fn has_public(&self) -> bool {
        self.peers.iter().any(|known| known.node.is_none())
    }
}

/// Splits an address from its peer id; `None` for a kind of address that is not supported.
fn parse(text: &str) -> Result<Option<(PeerId, Multiaddr)>, Error> {
    let Ok(mut address) = Multiaddr::from_str(text) else {
        // A newer protocol in a list that a node announced is no reason to refuse the whole configuration.
        tracing::debug!(address = text, "an address of an unknown kind is ignored");
        return Ok(None);
    };
    let Some(Protocol::P2p(id)) = address.pop() else {
        return Err(Error::new(Code::BadRequest, format!("{text}: /p2p/<peer id> is missing at the end")));
    };
    let mut parts = address.iter();
    let host = matches!(
        parts.next(),
        Some(Protocol::Ip4(_) | Protocol::Ip6(_) | Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_))
    );
    let way = match (parts.next(), parts.next()) {
        (Some(Protocol::Tcp(_)), None) => true,
        (Some(Protocol::Udp(_)), Some(Protocol::QuicV1)) => cfg!(feature = "quic") && parts.next().is_none(),
        _ => false,
    };
    Ok((host && way).then_some((id, address)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::dht::names::is_named;

    const ID: &str = "12D3KooWMDko1V8yJTrU1TQ9iRhzWsw7G15eRbtXEdSaBsexxYvR";

    fn node(swarm: &[String]) -> NodeConfig {
        let mut node = NodeConfig::new("n");
        node.swarm = swarm.to_vec();
        node
    }

    #[test]
    fn supported_kinds_are_kept_and_others_ignored() {
        let swarm: Vec<String> = [
            "/ip4/127.0.0.1/tcp/4001",
            "/ip4/127.0.0.1/udp/4001/quic-v1",
            "/dns4/node.example/tcp/4001",
            "/ip4/127.0.0.1/tcp/4001/ws",
            "/ip4/127.0.0.1/udp/4001/quic-v1/webtransport",
            "/ip4/127.0.0.1/tcp/4001",
        ]
        .iter()
        .map(|text| format!("{text}/p2p/{ID}"))
        .chain([format!("/no-such-protocol/1/p2p/{ID}")])
        .collect();
        let book = Book::read(&[node(&[]), node(&swarm)], &[]).unwrap();
        let [known] = book.peers() else { panic!("one peer") };
        let texts: Vec<String> = known.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            if cfg!(feature = "quic") {
                vec![
                    "/ip4/127.0.0.1/tcp/4001",
                    "/ip4/127.0.0.1/udp/4001/quic-v1",
                    "/dns4/node.example/tcp/4001",
                ]
            } else {
                vec!["/ip4/127.0.0.1/tcp/4001", "/dns4/node.example/tcp/4001"]
            }
        );
        assert_eq!(book.node(&known.id), Some(1));
        assert!(!book.has_public() && !book.is_empty());
        assert!(
            known.addresses.last().is_some_and(is_named) && !known.addresses.first().is_some_and(is_named)
        );
    }

    #[test]
    fn a_node_behind_a_proxy_is_not_dialled_around_it() {
        let mut node = node(&[format!("/ip4/127.0.0.1/tcp/4001/p2p/{ID}")]);
        node.proxy = Some(crate::secret::SecretText::new("socks5h://127.0.0.1:9050".to_owned()));
        assert!(Book::read(&[node], &[]).unwrap().is_empty());
    }

    #[test]
    fn an_address_needs_its_peer_id() {
        let refused = Book::read(&[node(&["/ip4/127.0.0.1/tcp/4001".to_owned()])], &[]).unwrap_err();
        assert_eq!(refused.code(), Code::BadRequest);
        assert!(refused.message().contains("nodes[0].swarm"), "{}", refused.message());
    }

    #[test]
    fn bootstrap_peers_are_public() {
        let book = Book::read(&[], &[format!("/ip4/127.0.0.1/tcp/1/p2p/{ID}")]).unwrap();
        assert!(book.has_public());
        assert_eq!(book.peers().iter().map(|known| known.node).collect::<Vec<_>>(), [None]);
    }
}
