//! A transport that dials configured addresses only.
//!
//! Peers announce the addresses of other peers, and Kademlia would dial those. A peer must not be able to make us
//! connect to something inside the user's network, so this last step refuses addresses that are not configured. If
//! public bootstrap peers are configured, globally routable addresses are permitted as well.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use libp2p::Multiaddr;
use libp2p::core::Transport;
use libp2p::core::transport::{DialOpts, ListenerId, TransportError, TransportEvent};
use libp2p::multiaddr::Protocol;

/// Which addresses may be dialled; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct DialFilter {
    allowed: Arc<Mutex<BTreeSet<Multiaddr>>>,
    public: bool,
}

impl DialFilter {
    /// `public`: globally routable addresses are permitted from any peer.
    pub fn new(public: bool) -> Self {
        Self { public, ..Self::default() }
    }

    /// Permits a configured address.
    pub fn allow(&self, address: Multiaddr) {
        self.allowed.lock().unwrap_or_else(PoisonError::into_inner).insert(address);
    }

    fn permits(&self, address: &Multiaddr) -> bool {
        let bare: Multiaddr = address.iter().filter(|part| !matches!(part, Protocol::P2p(_))).collect();
        self.allowed.lock().unwrap_or_else(PoisonError::into_inner).contains(&bare)
            || (self.public && is_global(&bare))
    }
}

fn is_global(address: &Multiaddr) -> bool {
    let ip = match address.iter().next() {
        Some(Protocol::Ip4(ip)) => IpAddr::V4(ip),
        Some(Protocol::Ip6(ip)) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
        _ => return false,
    };
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            let shared = first == 100 && (64..128).contains(&second);
            let reserved =
                first == 0 || first >= 240 || (first, second) == (192, 0) || (first, second) == (198, 18);
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_multicast()
                || ip.is_documentation()
                || shared
                || reserved)
        }
        // Global unicast is 2000::/3; transition prefixes could carry a private IPv4 address.
        IpAddr::V6(ip) => {
            let [first, second, ..] = ip.segments();
            first & 0xe000 == 0x2000 && first != 0x2002 && (first, second) != (0x2001, 0)
        }
    }
}

/// A transport behind the filter. It never listens.
pub(super) struct FilteredTransport<T> {
    inner: T,
    filter: DialFilter,
}

impl<T> FilteredTransport<T> {
    pub const fn new(inner: T, filter: DialFilter) -> Self {
        Self { inner, filter }
    }
}

impl<T: Transport + Unpin> Transport for FilteredTransport<T> {
    type Output = T::Output;
    type Error = T::Error;
    type ListenerUpgrade = T::ListenerUpgrade;
    type Dial = T::Dial;

    fn listen_on(&mut self, _: ListenerId, address: Multiaddr) -> Result<(), TransportError<Self::Error>> {
        Err(TransportError::MultiaddrNotSupported(address))
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner.remove_listener(id)
    }

    fn dial(
        &mut self,
        address: Multiaddr,
        options: DialOpts,
    ) -> Result<Self::Dial, TransportError<Self::Error>> {
        if !self.filter.permits(&address) {
            tracing::debug!(%address, "an address that is not configured is not dialled");
            return Err(TransportError::MultiaddrNotSupported(address));
        }
        self.inner.dial(address, options)
    }

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<TransportEvent<Self::ListenerUpgrade, Self::Error>> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "12D3KooWMDko1V8yJTrU1TQ9iRhzWsw7G15eRbtXEdSaBsexxYvR";

    fn permits(filter: &DialFilter, text: &str) -> bool {
        filter.permits(&text.parse().unwrap())
    }

    #[test]
    fn b06_only_configured_addresses_are_dialled() {
        let filter = DialFilter::new(false);
        filter.allow("/ip4/127.0.0.1/tcp/4001".parse().unwrap());
        assert!(permits(&filter, "/ip4/127.0.0.1/tcp/4001"));
        assert!(permits(&filter, &format!("/ip4/127.0.0.1/tcp/4001/p2p/{ID}")));
        for other in [
            "/ip4/127.0.0.1/tcp/4002",
            "/ip4/127.0.0.1/udp/4001/quic-v1",
            "/ip4/169.254.169.254/tcp/80",
            "/ip6/::1/tcp/4001",
            "/ip4/8.8.8.8/tcp/4001",
        ] {
            assert!(!permits(&filter, other), "{other}");
        }
    }

    #[test]
    fn b06_with_public_peers_only_public_addresses_are_permitted_as_well() {
        let filter = DialFilter::new(true);
        assert!(
            permits(&filter, "/ip4/8.8.8.8/tcp/4001") && permits(&filter, "/ip6/2606:4700::1/udp/1/quic-v1")
        );
        for inner in [
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/10.1.2.3/tcp/1",
            "/ip4/192.168.1.1/tcp/1",
            "/ip4/172.16.0.1/tcp/1",
            "/ip4/169.254.169.254/tcp/80",
            "/ip4/100.64.0.1/tcp/1",
            "/ip4/0.0.0.0/tcp/1",
            "/ip4/255.255.255.255/tcp/1",
            "/ip6/::1/tcp/1",
            "/ip6/::ffff:127.0.0.1/tcp/1",
            "/ip6/fe80::1/tcp/1",
            "/ip6/fc00::1/tcp/1",
            "/ip6/2002:7f00:1::/tcp/1",
            "/dns4/localhost/tcp/1",
        ] {
            assert!(!permits(&filter, inner), "{inner}");
        }
    }
}
