//! Running questions of Kademlia: looking up records, and storing them.
//!
//! Each peer is asked for one name after the other, with few questions open at once, so that one that is slow, or silent, holds up itself
//! alone and holds little of ours.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use libp2p::PeerId;
use libp2p::request_response::{Event, Message, OutboundRequestId};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::address::Book;
use super::kad::{Answer, Closer, Question};
use super::swarm::{Behaviour, Net};
use super::turns::{Turn, Turns};
use super::walk::Walks;
use crate::clock::monotonic;
use crate::limits;
use crate::model::identity::Name;
use crate::model::record::Record;
use crate::node::peers::PeerAnswer;
use crate::node::{Meter, Outcome, Source};

/// A request for records.
pub(super) struct RecordLookup {
    pub names: Vec<Name>,
    pub deadline: Instant,
    pub meter: Arc<Meter>,
    pub answers: mpsc::UnboundedSender<PeerAnswer>,
}

/// A request to store a record.
pub(super) struct RecordPut {
    pub record: Box<Record>,
    pub deadline: Instant,
    pub done: oneshot::Sender<usize>,
}

/// All running requests, the peers that can be asked, and the questions that are open.
#[derive(Default)]
pub(super) struct Queries {
    next: u64,
    peers: BTreeSet<PeerId>,
    lookups: BTreeMap<u64, RunningLookup>,
    puts: BTreeMap<u64, RunningPut>,
    open: HashMap<(Net, OutboundRequestId), Open>,
    /// How many questions each peer has not answered yet.
    owing: HashMap<PeerId, usize>,
    turns: Turns,
}

/// A question that was put and not answered.
struct Open {
    request: u64,
    peer: PeerId,
    /// The position of the name, in a look-up.
    name: usize,
}

struct RunningLookup {
    lookup: RecordLookup,
    started: Instant,
    peers: BTreeMap<PeerId, Turn>,
    walks: Walks,
    open: usize,
    walking: usize,
}

struct RunningPut {
    put: RecordPut,
    asked: BTreeSet<PeerId>,
    took: BTreeSet<PeerId>,
    open: usize,
}

impl Queries {
    pub fn is_empty(&self) -> bool {
        self.lookups.is_empty() && self.puts.is_empty()
    }

    pub fn look_up(&mut self, lookup: RecordLookup) {
        let peers = self.peers.iter().map(|peer| (*peer, self.turns.begin(peer, &lookup.names))).collect();
        let (walks, started) = (Walks::default(), monotonic());
        let running = RunningLookup { lookup, started, peers, walks, open: 0, walking: 0 };
        let id = self.number();
        self.lookups.insert(id, running);
    }

    pub fn put(&mut self, put: RecordPut) {
        let id = self.number();
        let running = RunningPut { put, asked: BTreeSet::new(), took: BTreeSet::new(), open: 0 };
        self.puts.insert(id, running);
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A configured peer is connected.
    pub fn join(&mut self, peer: PeerId) {
        self.peers.insert(peer);
        for running in self.lookups.values_mut() {
            let begin = || self.turns.begin(&peer, &running.lookup.names);
            running.peers.entry(peer).or_insert_with(begin);
        }
    }

    /// A peer has disconnected. That its questions have failed is said by itself.
    pub fn leave(&mut self, peer: &PeerId) {
        self.peers.remove(peer);
        for running in self.lookups.values_mut() {
            if let Some(turn) = running.peers.remove(peer) {
                self.turns.end(*peer, &running.lookup.names, &turn);
            }
        }
    }

    /// Asks what there is room for and answers what has ended; `joining` says that more peers may connect.
    pub fn step(&mut self, now: Instant, joining: bool, behaviour: &mut Behaviour) {
        self.ask_names(behaviour);
        self.ask_puts(behaviour);
        let is_over = |running: &RunningLookup| {
            now >= running.lookup.deadline
                || running.lookup.answers.is_closed()
                || (running.is_done() && !joining)
        };
        let over: Vec<u64> =
            self.lookups.iter().filter(|(_, running)| is_over(running)).map(|(id, _)| *id).collect();
        for id in over {
            let Some(running) = self.lookups.remove(&id) else { continue };
            for (peer, turn) in &running.peers {
                self.turns.end(*peer, &running.lookup.names, turn);
            }
        }
        let is_over = |running: &RunningPut| {
            now >= running.put.deadline || running.put.done.is_closed() || (running.open == 0 && !joining)
        };
        let over: Vec<u64> =
            self.puts.iter().filter(|(_, running)| is_over(running)).map(|(id, _)| *id).collect();
        for id in over {
            if let Some(running) = self.puts.remove(&id) {
                let _ = running.put.done.send(running.took.len());
            }
        }
    }

    fn ask_names(&mut self, behaviour: &mut Behaviour) {
        let mut asking = Vec::new();
        for (request, running) in &mut self.lookups {
            for (peer, turn) in &mut running.peers {
                let owing = self.owing.entry(*peer).or_default();
                while *owing + Net::BOTH.len() <= limits::PEER_QUESTIONS
                    && let Some(name) = turn.next()
                    && let Some(asked) = running.lookup.names.get(name)
                {
                    *owing += Net::BOTH.len();
                    running.open += Net::BOTH.len();
                    let ask = |net| (net, Open { request: *request, peer: *peer, name }, *asked, Vec::new());
                    asking.extend(Net::BOTH.map(ask));
                }
            }
            while running.walking < limits::WALKS_AT_ONCE
                && let Some((name, Closer { id, addresses })) = running.walks.next()
                && let Some(asked) = running.lookup.names.get(name)
            {
                *self.owing.entry(id).or_default() += 1;
                running.open += 1;
                running.walking += 1;
                asking.push((Net::Wan, Open { request: *request, peer: id, name }, *asked, addresses));
            }
        }
        for (net, open, name, addresses) in asking {
            let kad = behaviour.kad(net);
            let id = kad.send_request_with_addresses(&open.peer, Question::Get(name), addresses);
            self.open.insert((net, id), open);
        }
    }

    /// A record is put to every peer that is connected, and to each that connects while others are waited for.
    fn ask_puts(&mut self, behaviour: &mut Behaviour) {
        for (request, running) in &mut self.puts {
            for peer in &self.peers {
                if !running.asked.insert(*peer) {
                    continue;
                }
                let (name, value) = (*running.put.record.name(), running.put.record.raw().clone());
                for net in Net::BOTH {
                    let question = Question::Put(name, value.clone());
                    let id = behaviour.kad(net).send_request(peer, question);
                    self.open.insert((net, id), Open { request: *request, peer: *peer, name: 0 });
                    *self.owing.entry(*peer).or_default() += 1;
                    running.open += 1;
                }
            }
        }
    }

    /// Handles an event of one of the two DHTs.
    pub fn on_event(&mut self, net: Net, event: Event<Question, Answer>, book: &Book) {
        let (id, answer) = match event {
            Event::Message { message: Message::Response { request_id, response }, .. } => {
                (request_id, Some(response))
            }
            Event::OutboundFailure { request_id, .. } => (request_id, None),
            _ => return,
        };
        let Some(open) = self.open.remove(&(net, id)) else { return };
        let owing = self.owing.entry(open.peer).or_default();
        *owing = owing.saturating_sub(1);
        if *owing == 0 {
            self.owing.remove(&open.peer);
        }
        if let Some(running) = self.lookups.get_mut(&open.request) {
            running.heard(&open, answer, book);
        } else if let Some(running) = self.puts.get_mut(&open.request) {
            running.open = running.open.saturating_sub(1);
            let value = answer.and_then(|answer| answer.record);
            if value.as_ref() == Some(running.put.record.raw()) {
                running.took.insert(open.peer);
            }
        }
    }
}

impl RunningLookup {
    fn is_done(&self) -> bool {
        self.open == 0 && self.peers.values().all(Turn::is_over) && self.walks.is_over()
    }

    fn heard(&mut self, open: &Open, answer: Option<Answer>, book: &Book) {
        self.open = self.open.saturating_sub(1);
        if !book.has(&open.peer) {
            self.walking = self.walking.saturating_sub(1);
        }
        let Some(name) = self.lookup.names.get(open.name) else { return };
        let Some(answer) = answer else { return };
        if let Some(turn) = self.peers.get_mut(&open.peer) {
            turn.answered(open.name);
        }
        if !answer.closer.is_empty() {
            self.walks.named(open.name, name, answer.closer, |peer| book.has(peer));
        }
        let Some(value) = answer.record else { return };
        self.lookup.meter.received(value.len() as u64);
        let outcome = match Record::parse(value, name) {
            Ok(record) => Outcome::Found(Box::new(record), Source::Dht),
            Err(e) => Outcome::Invalid(e),
        };
        let elapsed = monotonic().saturating_duration_since(self.started);
        // The next step notices that nobody listens any more.
        let answer = PeerAnswer { node: book.node(&open.peer), name: open.name, outcome, elapsed };
        let _ = self.lookup.answers.send(answer);
    }
}
