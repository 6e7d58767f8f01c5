//! Running block requests: each fetch is a [`Session`] with the connected peers.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use libp2p::PeerId;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::address::Book;
use super::bitswap::Bitswap;
use super::bitswap::session::Session;
use super::bitswap::wire::{Message, Want};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::node::Meter;
use crate::node::race::Fetched;

/// A request for blocks.
pub(super) struct Fetch {
    pub cids: Vec<Cid>,
    pub deadline: Instant,
    pub meter: Arc<Meter>,
    pub done: oneshot::Sender<Fetched>,
}

/// A request for the nodes that have certain blocks.
pub(super) struct Survey {
    pub cids: Vec<Cid>,
    pub deadline: Instant,
    pub done: oneshot::Sender<Vec<usize>>,
}

struct Fetching {
    session: Session,
    blocks: Vec<Block>,
    bytes: usize,
    deadline: Instant,
    meter: Arc<Meter>,
    done: oneshot::Sender<Fetched>,
}

struct Surveying {
    wanted: HashSet<Cid>,
    /// The blocks that each peer has not answered for yet; removed when it does not have one of them.
    open: BTreeMap<PeerId, HashSet<Cid>>,
    holders: BTreeSet<PeerId>,
    survey: Survey,
}

/// All running requests, and the connected peers.
#[derive(Default)]
pub(super) struct Fetches {
    peers: Vec<PeerId>,
    fetching: Vec<Fetching>,
    surveying: Vec<Surveying>,
}

impl Fetches {
    pub fn is_empty(&self) -> bool {
        self.fetching.is_empty() && self.surveying.is_empty()
    }

    pub fn fetch(&mut self, fetch: Fetch, now: Instant) {
        let (first, _) = fetch.cids.split_at_checked(limits::BITSWAP_BLOCKS).unwrap_or((&fetch.cids, &[]));
        let mut session = Session::new(first);
        self.peers.iter().for_each(|peer| session.join(*peer, now));
        let Fetch { deadline, meter, done, .. } = fetch;
        self.fetching.push(Fetching { session, blocks: Vec::new(), bytes: 0, deadline, meter, done });
    }

    pub fn survey(&mut self, survey: Survey, bitswap: &mut Bitswap) {
        let wanted: HashSet<Cid> = survey.cids.iter().take(limits::BITSWAP_BLOCKS).copied().collect();
        let mut surveying = Surveying { wanted, open: BTreeMap::new(), holders: BTreeSet::new(), survey };
        for peer in &self.peers {
            surveying.ask(*peer, bitswap);
        }
        self.surveying.push(surveying);
    }

    /// Whether a peer can be asked.
    pub fn has(&self, peer: &PeerId) -> bool {
        self.peers.contains(peer)
    }

    /// A peer is connected.
    pub fn join(&mut self, peer: PeerId, now: Instant, bitswap: &mut Bitswap) {
        if !self.peers.contains(&peer) {
            self.peers.push(peer);
        }
        self.fetching.iter_mut().for_each(|fetching| fetching.session.join(peer, now));
        self.surveying.iter_mut().for_each(|surveying| surveying.ask(peer, bitswap));
    }

    /// A peer has disconnected, or does not speak bitswap.
    pub fn leave(&mut self, peer: &PeerId) {
        self.peers.retain(|there| there != peer);
        self.fetching.iter_mut().for_each(|fetching| fetching.session.leave(peer));
        for surveying in &mut self.surveying {
            surveying.open.remove(peer);
        }
    }

    pub fn on_message(&mut self, from: PeerId, message: Message, now: Instant, bitswap: &mut Bitswap) {
        for (codec, bytes) in message.blocks {
            if bytes.len() > limits::BLOCK_BYTES || self.is_empty() {
                continue;
            }
            // The CID is computed from the bytes; blocks that nobody asked for are dropped.
            let block = Block::new(codec, bytes);
            self.surveying.iter_mut().for_each(|surveying| surveying.has(from, block.cid()));
            for fetching in &mut self.fetching {
                fetching.received(from, &block, now, bitswap);
            }
        }
        for cid in &message.have {
            self.surveying.iter_mut().for_each(|surveying| surveying.has(from, cid));
        }
        for cid in &message.missing {
            self.fetching.iter_mut().for_each(|fetching| fetching.session.does_not_have(&from, cid, now));
            for surveying in self.surveying.iter_mut().filter(|surveying| surveying.wanted.contains(cid)) {
                surveying.open.remove(&from);
            }
        }
    }

    /// Sends what can be requested now and answers what has ended; `joining` says that more peers may connect.
    pub fn step(&mut self, now: Instant, joining: bool, book: &Book, bitswap: &mut Bitswap) {
        let mut at = 0;
        while let Some(fetching) = self.fetching.get_mut(at) {
            for (peer, wants) in fetching.session.next(now) {
                bitswap.send(peer, &wants);
            }
            if fetching.is_over(now, joining) {
                self.fetching.swap_remove(at).end(now, bitswap);
            } else {
                at += 1;
            }
        }
        let mut at = 0;
        while let Some(surveying) = self.surveying.get(at) {
            let survey = &surveying.survey;
            let heard = surveying.open.is_empty() && !joining;
            if heard || now >= survey.deadline || survey.done.is_closed() {
                let Surveying { holders, survey, .. } = self.surveying.swap_remove(at);
                let nodes: BTreeSet<usize> = holders.iter().filter_map(|peer| book.node(peer)).collect();
                let _ = survey.done.send(nodes.into_iter().collect());
            } else {
                at += 1;
            }
        }
    }
}

impl Fetching {
    fn received(&mut self, from: PeerId, block: &Block, now: Instant, bitswap: &mut Bitswap) {
        if !self.session.wants(block.cid()) {
            return;
        }
        let bytes = block.bytes().len();
        self.meter.received(bytes as u64);
        self.bytes += bytes;
        // A copy: the slice would keep the whole message that it came in.
        self.blocks.push(block.alone());
        for peer in self.session.received(&from, block.cid(), now) {
            bitswap.send(peer, &[Want::Cancel(*block.cid())]);
        }
    }

    fn is_over(&self, now: Instant, joining: bool) -> bool {
        self.session.is_done()
            || now >= self.deadline
            || self.bytes >= limits::BITSWAP_BYTES
            || (self.session.is_stuck() && !joining)
            || self.done.is_closed()
    }

    fn end(self, now: Instant, bitswap: &mut Bitswap) {
        for (peer, cancels) in self.session.cancels() {
            bitswap.send(peer, &cancels);
        }
        let why = if now >= self.deadline {
            Error::new(Code::Deadline, "no block in time")
        } else {
            Error::new(Code::Unreachable, "no peer gave the block")
        };
        let failed = self.session.left().map(|cid| (*cid, why.clone())).collect();
        let _ = self.done.send(Fetched { blocks: self.blocks, failed });
    }
}

impl Surveying {
    fn ask(&mut self, peer: PeerId, bitswap: &mut Bitswap) {
        if self.wanted.is_empty() || self.holders.contains(&peer) || self.open.contains_key(&peer) {
            return;
        }
        let wants: Vec<Want> = self.wanted.iter().map(|cid| Want::Have(*cid)).collect();
        self.open.insert(peer, self.wanted.clone());
        bitswap.send(peer, &wants);
    }

    fn has(&mut self, peer: PeerId, cid: &Cid) {
        if let Some(open) = self.open.get_mut(&peer)
            && open.remove(cid)
            && open.is_empty()
        {
            self.open.remove(&peer);
            self.holders.insert(peer);
        }
    }
}
