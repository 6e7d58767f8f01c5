//! When host names are looked up: by the first request, and again by those that find a peer not connected.

use std::sync::Arc;

use libp2p::{Multiaddr, PeerId};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::address::Book;
use super::driver::Ask;
use super::names::{Resolver, is_named, resolve};
use crate::clock::monotonic;
use crate::limits;

/// The addresses of the book that hold a host name.
pub(super) struct Names {
    all: Vec<Named>,
    resolver: Arc<dyn Resolver>,
    back: mpsc::WeakUnboundedSender<Ask>,
}

struct Named {
    /// Position of its peer in the book.
    at: usize,
    peer: PeerId,
    address: Multiaddr,
    begun: Option<Instant>,
    is_running: bool,
}

impl Names {
    pub fn new(book: &Book, resolver: Arc<dyn Resolver>, back: mpsc::WeakUnboundedSender<Ask>) -> Self {
        let of_peer = |(at, known): (usize, &super::address::Known)| {
            let named = known.addresses.iter().filter(|address| is_named(address)).cloned();
            let peer = known.id;
            named.map(move |address| Named { at, peer, address, begun: None, is_running: false }).collect()
        };
        let all = book.peers().iter().enumerate().flat_map(|one| -> Vec<Named> { of_peer(one) }).collect();
        Self { all, resolver, back }
    }

    /// Whether some look-up is under way.
    pub fn is_running(&self) -> bool {
        self.all.iter().any(|named| named.is_running)
    }

    /// A look-up has ended.
    pub fn ended(&mut self, which: usize) {
        if let Some(named) = self.all.get_mut(which) {
            named.is_running = false;
        }
    }

    /// Looks up every name of a peer that is not connected, unless that was done a moment ago.
    pub fn look_up(&mut self, is_connected: impl Fn(&PeerId) -> bool) {
        let now = monotonic();
        for (which, named) in self.all.iter_mut().enumerate() {
            let is_young =
                named.begun.is_some_and(|begun| now.saturating_duration_since(begun) < limits::RESOLVE_AGAIN);
            if named.is_running || is_young || is_connected(&named.peer) {
                continue;
            }
            let Some(back) = self.back.upgrade() else { return };
            (named.begun, named.is_running) = (Some(now), true);
            let (at, address, resolver) = (named.at, named.address.clone(), self.resolver.clone());
            tokio::spawn(async move {
                for literal in resolve(&address, &*resolver).await {
                    let _ = back.send(Ask::Address(at, literal));
                }
                let _ = back.send(Ask::Resolved(which));
            });
        }
    }
}
