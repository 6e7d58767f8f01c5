//! Decides which peer is asked for which block: one peer at a time for each, so that no block is sent twice.
//!
//! A peer starts with a small window and gets the full one with its first block. If it does not have a block, does not
//! answer, or disconnects, its wants move to the next peer.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use libp2p::PeerId;
use tokio::time::Instant;

use super::wire::Want;
use crate::limits;
use crate::model::cid::Cid;

/// The wanted blocks of one fetch.
#[derive(Debug, Default)]
pub(in crate::node::dht) struct Session {
    /// Wants that no peer is asked for at present.
    queue: VecDeque<Cid>,
    open: HashMap<Cid, Open>,
    peers: BTreeMap<PeerId, Peer>,
    joined: usize,
    /// When peers were last checked for missing answers.
    looked: Option<Instant>,
}

#[derive(Debug, Default)]
struct Open {
    asked: Vec<(PeerId, Instant)>,
    /// Peers that said they do not have it.
    missing: BTreeSet<PeerId>,
    queued: bool,
}

#[derive(Debug)]
struct Peer {
    order: usize,
    open: usize,
    window: usize,
    heard: Instant,
    /// It did not answer in time: other peers are preferred.
    silent: bool,
}

impl Session {
    /// Starts with these blocks, to be requested in this order.
    pub fn new(cids: &[Cid]) -> Self {
        let mut session = Self::default();
        for cid in cids {
            let open = session.open.entry(*cid).or_default();
            requeue(&mut session.queue, *cid, open);
        }
        session
    }

    /// Whether a block is still wanted.
    pub fn wants(&self, cid: &Cid) -> bool {
        self.open.contains_key(cid)
    }

    /// Whether every block has arrived.
    pub fn is_done(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether no connected peer can be asked for anything, and no request is running.
    pub fn is_stuck(&self) -> bool {
        self.open.values().all(|open| open.asked.is_empty())
            && self.open.values().all(|open| self.peers.keys().all(|peer| open.missing.contains(peer)))
    }

    /// What has not arrived.
    pub fn left(&self) -> impl Iterator<Item = &Cid> {
        self.open.keys()
    }

    /// Adds a peer.
    pub fn join(&mut self, peer: PeerId, now: Instant) {
        let order = self.joined;
        self.joined += 1;
        let window = limits::BITSWAP_FIRST_WANTS;
        self.peers.entry(peer).or_insert(Peer { order, open: 0, window, heard: now, silent: false });
    }

    /// Removes a peer; its wants go to others.
    pub fn leave(&mut self, peer: &PeerId) {
        if self.peers.remove(peer).is_none() {
            return;
        }
        for (cid, open) in &mut self.open {
            let before = open.asked.len();
            open.asked.retain(|(of, _)| of != peer);
            if before > 0 && open.asked.is_empty() {
                requeue(&mut self.queue, *cid, open);
            }
        }
    }

    /// A peer said that it does not have a block.
    pub fn does_not_have(&mut self, peer: &PeerId, cid: &Cid, now: Instant) {
        let Some(open) = self.open.get_mut(cid) else { return };
        let before = open.asked.len();
        open.asked.retain(|(of, _)| of != peer);
        open.missing.insert(*peer);
        if before > open.asked.len() {
            if open.asked.is_empty() {
                requeue(&mut self.queue, *cid, open);
            }
            if let Some(peer) = self.peers.get_mut(peer) {
                peer.open = peer.open.saturating_sub(1);
                peer.heard = now;
            }
        }
    }

    /// A wanted block has arrived from a peer; returns the other peers whose want is to be cancelled.
    pub fn received(&mut self, from: &PeerId, cid: &Cid, now: Instant) -> Vec<PeerId> {
        let Some(open) = self.open.remove(cid) else { return Vec::new() };
        for (peer, _) in &open.asked {
            if let Some(peer) = self.peers.get_mut(peer) {
                peer.open = peer.open.saturating_sub(1);
            }
        }
        if let Some(peer) = self.peers.get_mut(from) {
            peer.heard = now;
            peer.silent = false;
            peer.window = limits::BITSWAP_WANTS;
        }
        open.asked.into_iter().map(|(peer, _)| peer).filter(|peer| peer != from).collect()
    }

    /// What to request now, by peer.
    pub fn next(&mut self, now: Instant) -> Vec<(PeerId, Vec<Want>)> {
        self.note_silence(now);
        let mut wants: BTreeMap<PeerId, Vec<Want>> = BTreeMap::new();
        let mut passed = VecDeque::new();
        let mut room: usize = self.peers.values().map(|peer| peer.window.saturating_sub(peer.open)).sum();
        while room > 0 {
            let Some(cid) = self.queue.pop_front() else { break };
            let Some(open) = self.open.get_mut(&cid) else { continue };
            let able = |(id, peer): &(&PeerId, &mut Peer)| {
                peer.open < peer.window
                    && !open.missing.contains(*id)
                    && !open.asked.iter().any(|(of, _)| of == *id)
            };
            let best = self
                .peers
                .iter_mut()
                .filter(able)
                .min_by_key(|(_, peer)| (peer.silent, peer.open, peer.order));
            match best {
                Some((id, peer)) => {
                    room -= 1;
                    open.queued = false;
                    peer.open += 1;
                    open.asked.push((*id, now));
                    wants.entry(*id).or_default().push(Want::Block(cid));
                }
                None => passed.push_back(cid),
            }
        }
        passed.append(&mut self.queue);
        self.queue = passed;
        wants.into_iter().collect()
    }

    /// A want that none of the asked peers has answered in time goes to one more.
    fn note_silence(&mut self, now: Instant) {
        if self.looked.is_some_and(|looked| now.saturating_duration_since(looked) < limits::DHT_TICK) {
            return;
        }
        self.looked = Some(now);
        for (cid, open) in self.open.iter_mut().filter(|(_, open)| !open.queued && !open.asked.is_empty()) {
            let silent = |(of, asked): &(PeerId, Instant)| {
                let heard = self.peers.get(of).map_or(*asked, |peer| peer.heard.max(*asked));
                now.saturating_duration_since(heard) >= limits::BITSWAP_STALL
            };
            if !open.asked.iter().all(silent) {
                continue;
            }
            for (of, _) in &open.asked {
                if let Some(peer) = self.peers.get_mut(of) {
                    peer.silent = true;
                    peer.window = limits::BITSWAP_FIRST_WANTS;
                }
            }
            requeue(&mut self.queue, *cid, open);
        }
    }

    /// Wants that are still open, to be cancelled when the fetch ends.
    pub fn cancels(&self) -> Vec<(PeerId, Vec<Want>)> {
        let mut cancels: BTreeMap<PeerId, Vec<Want>> = BTreeMap::new();
        for (cid, open) in &self.open {
            for (peer, _) in &open.asked {
                cancels.entry(*peer).or_default().push(Want::Cancel(*cid));
            }
        }
        cancels.into_iter().collect()
    }
}

fn requeue(queue: &mut VecDeque<Cid>, cid: Cid, open: &mut Open) {
    if !std::mem::replace(&mut open.queued, true) {
        queue.push_back(cid);
    }
}

#[cfg(test)]
mod tests;
