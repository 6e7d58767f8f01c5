//! The task that owns the swarm: it receives requests, passes the swarm's events to them, and ends when idle.

use std::collections::HashSet;
use std::sync::Weak;
use std::time::Duration;

use libp2p::futures::StreamExt;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::TaskSender;
use super::address::{Book, Known};
use super::bitswap::BitswapEvent;
use super::dial_filter::DialFilter;
use super::fetches::{Fetch, Fetches, Survey};
use super::lookups::Names;
use super::names::is_named;
use super::queries::{Queries, RecordLookup, RecordPut};
use super::swarm::{Behaviour, BehaviourEvent, Net};
use crate::clock::monotonic;
use crate::limits;

/// A request to the task.
pub(super) enum Ask {
    Warm,
    /// A literal address was found for the peer at this position of the book.
    Address(usize, Multiaddr),
    /// The look-up of this host name has ended.
    Resolved(usize),
    LookUp(RecordLookup),
    Put(RecordPut),
    Fetch(Fetch),
    Survey(Survey),
}

pub(super) struct Driver {
    swarm: Swarm<Behaviour>,
    book: Book,
    filter: DialFilter,
    queries: Queries,
    fetches: Fetches,
    dialling: HashSet<PeerId>,
    names: Names,
    idle: Duration,
}

impl Driver {
    /// Prepares to run a new swarm.
    pub fn new(
        swarm: Swarm<Behaviour>,
        book: Book,
        filter: DialFilter,
        names: Names,
        idle: Duration,
    ) -> Self {
        Self {
            swarm,
            book,
            filter,
            queries: Queries::default(),
            fetches: Fetches::default(),
            dialling: HashSet::new(),
            names,
            idle,
        }
    }

    /// Runs until there was no work for some time, or every sender is dropped.
    pub async fn run(mut self, mut asks: mpsc::UnboundedReceiver<Ask>, task: Weak<TaskSender>) {
        self.know_addresses();
        self.dial();
        let mut worked = monotonic();
        loop {
            let busy = !self.queries.is_empty() || !self.fetches.is_empty();
            let wake = if busy { monotonic() + limits::DHT_TICK } else { worked + self.idle };
            tokio::select! {
                ask = asks.recv() => {
                    let Some(ask) = ask else { return };
                    worked = monotonic();
                    self.take(ask);
                }
                event = self.swarm.select_next_some() => self.event(event),
                () = tokio::time::sleep_until(wake) => {
                    if !busy && task.upgrade().is_none_or(|task| task.retire(&asks)) {
                        return;
                    }
                }
            }
            if busy {
                worked = monotonic();
            }
            self.step(monotonic());
        }
    }

    fn step(&mut self, now: Instant) {
        let joining = !self.dialling.is_empty() || self.names.is_running();
        let behaviour = self.swarm.behaviour_mut();
        self.queries.step(now, joining, behaviour);
        self.fetches.step(now, joining, &self.book, &mut behaviour.bitswap);
    }

    fn take(&mut self, ask: Ask) {
        match ask {
            Ask::Warm => self.dial(),
            Ask::Address(at, address) => {
                self.know(at, address);
                self.dial_known();
            }
            Ask::Resolved(which) => self.names.ended(which),
            Ask::LookUp(lookup) => {
                self.dial();
                self.queries.look_up(lookup);
            }
            Ask::Put(put) => {
                self.dial();
                self.queries.put(put);
            }
            Ask::Fetch(fetch) => {
                self.dial();
                self.join_again();
                self.fetches.fetch(fetch, monotonic());
            }
            Ask::Survey(survey) => {
                self.dial();
                self.join_again();
                self.fetches.survey(survey, &mut self.swarm.behaviour_mut().bitswap);
            }
        }
    }

    /// Adds literal addresses; host names are looked up when a peer is dialled.
    fn know_addresses(&mut self) {
        let of_peer = |(at, known): (usize, &Known)| {
            let literal = known.addresses.iter().filter(|address| !is_named(address)).cloned();
            literal.map(|address| (at, address)).collect()
        };
        let all =
            self.book.peers().iter().enumerate().flat_map(|one| -> Vec<(usize, Multiaddr)> { of_peer(one) });
        for (at, address) in all.collect::<Vec<_>>() {
            self.know(at, address);
        }
    }

    /// Peers that were left because they could not be asked, and are connected still, may be asked by a new request.
    fn join_again(&mut self) {
        for known in self.book.peers() {
            if self.swarm.is_connected(&known.id) && !self.fetches.has(&known.id) {
                let bitswap = &mut self.swarm.behaviour_mut().bitswap;
                self.fetches.join(known.id, monotonic(), bitswap);
            }
        }
    }

    fn know(&mut self, at: usize, address: Multiaddr) {
        let Some(known) = self.book.at(at) else { return };
        let is_new = !known.addresses.contains(&address);
        if is_new && known.addresses.len() >= limits::PEER_ADDRESSES {
            return;
        }
        self.filter.allow(address.clone());
        if is_new {
            known.addresses.push(address);
        }
    }

    /// Dials every peer that is not connected, and looks up where else it may be.
    fn dial(&mut self) {
        self.names.look_up(|peer| self.swarm.is_connected(peer));
        self.dial_known();
    }

    /// Dials every peer that is not connected, all its addresses at once.
    fn dial_known(&mut self) {
        for known in self.book.peers() {
            let addresses: Vec<Multiaddr> =
                known.addresses.iter().filter(|address| !is_named(address)).cloned().collect();
            if addresses.is_empty() || self.swarm.is_connected(&known.id) {
                continue;
            }
            let options = DialOpts::peer_id(known.id)
                .condition(PeerCondition::DisconnectedAndNotDialing)
                .addresses(addresses)
                .allocate_new_port();
            if self.swarm.dial(options.build()).is_ok() {
                self.dialling.insert(known.id);
            }
        }
    }

    fn event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Lan(event)) => {
                self.queries.on_event(Net::Lan, event, &self.book)
            }
            SwarmEvent::Behaviour(BehaviourEvent::Wan(event)) => {
                self.queries.on_event(Net::Wan, event, &self.book)
            }
            SwarmEvent::Behaviour(BehaviourEvent::Bitswap(event)) => match event {
                BitswapEvent::Message(peer, message, _room) => {
                    let bitswap = &mut self.swarm.behaviour_mut().bitswap;
                    self.fetches.on_message(peer, message, monotonic(), bitswap);
                }
                BitswapEvent::Deaf(peer) => self.fetches.leave(&peer),
            },
            SwarmEvent::ConnectionEstablished { peer_id, .. } => {
                self.dialling.remove(&peer_id);
                // Only configured peers are asked for blocks, and for every name.
                if self.book.has(&peer_id) {
                    self.queries.join(peer_id);
                    let bitswap = &mut self.swarm.behaviour_mut().bitswap;
                    self.fetches.join(peer_id, monotonic(), bitswap);
                }
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, .. } => {
                self.queries.leave(&peer_id);
                self.fetches.leave(&peer_id);
            }
            SwarmEvent::OutgoingConnectionError { peer_id: Some(peer), error, .. }
                if !matches!(error, DialError::DialPeerConditionFalse(_)) =>
            {
                tracing::debug!(%peer, %error, "a peer could not be dialled");
                self.dialling.remove(&peer);
            }
            _ => {}
        }
    }
}
