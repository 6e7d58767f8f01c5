//! Host names in the addresses of peers.

use std::io;
use std::net::IpAddr;

use async_trait::async_trait;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

use crate::limits;

/// What looks host names up.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// The addresses of a host.
    ///
    /// # Errors
    /// When it is not known, or nobody can be asked.
    ///
    /// # Cancel safety
    /// Reads only.
    async fn look_up(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn look_up(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|socket| socket.ip()).collect())
    }
}

/// Whether the host of an address is a name.
pub(super) fn is_named(address: &Multiaddr) -> bool {
    matches!(address.iter().next(), Some(Protocol::Dns(_) | Protocol::Dns4(_) | Protocol::Dns6(_)))
}

/// Resolves the host name of an address to literal addresses; none if that fails or takes too long.
pub(super) async fn resolve(address: &Multiaddr, resolver: &dyn Resolver) -> Vec<Multiaddr> {
    let parts: Vec<Protocol<'_>> = address.iter().collect();
    let Some(Protocol::Dns(host) | Protocol::Dns4(host) | Protocol::Dns6(host)) = parts.first() else {
        return vec![address.clone()];
    };
    let lookup = resolver.look_up(host);
    let Ok(Ok(found)) = tokio::time::timeout(limits::RESOLVE, lookup).await else { return Vec::new() };
    let fits = |ip: &IpAddr| match parts.first() {
        Some(Protocol::Dns4(_)) => ip.is_ipv4(),
        Some(Protocol::Dns6(_)) => ip.is_ipv6(),
        _ => true,
    };
    found
        .into_iter()
        .filter(fits)
        .take(limits::RESOLVED_ADDRESSES)
        .map(|ip| parts.iter().skip(1).fold(Multiaddr::from(ip), |all, part| all.with(part.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[tokio::test]
    async fn literal_addresses_need_no_resolver() {
        let address = Multiaddr::from_str("/ip4/127.0.0.1/tcp/4001").unwrap();
        assert_eq!(resolve(&address, &SystemResolver).await, [address]);
        let named = Multiaddr::from_str("/dns4/localhost/udp/4001/quic-v1").unwrap();
        let local = resolve(&named, &SystemResolver).await;
        assert_eq!(local.first().unwrap().to_string(), "/ip4/127.0.0.1/udp/4001/quic-v1");
    }
}
