//! Running Kademlia queries: looking up records, and storing them.
//!
//! Few names are asked for at once: what a peer answers is held until its question ends. A name that is not answered in its share of the
//! time makes room for the next, so that one silent peer hinders none.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use libp2p::PeerId;
use libp2p::kad::{self, GetRecordOk, PutRecordError, QueryId, QueryResult, Quorum};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::address::Book;
use super::swarm::{Behaviour, Net};
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

/// All running requests and the queries of each.
#[derive(Default)]
pub(super) struct Queries {
    next: u64,
    lookups: BTreeMap<u64, RunningLookup>,
    puts: BTreeMap<u64, RunningPut>,
    /// The request that a query belongs to, and for a look-up the position of the name.
    queries: HashMap<(Net, QueryId), (u64, usize)>,
}

struct RunningLookup {
    lookup: RecordLookup,
    started: Instant,
    /// Position of the next name to ask for.
    next: usize,
    /// The names that are asked for, how many queries of each run, and how long others wait for it.
    asked: BTreeMap<usize, (usize, Instant)>,
}

impl RunningLookup {
    fn is_done(&self) -> bool {
        self.asked.is_empty() && self.next >= self.lookup.names.len()
    }

    /// The end of this turn: the time is shared by all that are still to come.
    fn turn_ends(&self, now: Instant) -> Instant {
        let left = self.lookup.names.len().saturating_sub(self.next).saturating_add(1);
        let turns = u32::try_from(left.div_ceil(limits::DHT_NAMES)).unwrap_or(u32::MAX).max(1);
        now + (self.lookup.deadline.saturating_duration_since(now) / turns).max(limits::DHT_TURN)
    }
}

struct RunningPut {
    put: RecordPut,
    peers: Vec<PeerId>,
    took: BTreeSet<PeerId>,
    open: usize,
    ending: bool,
}

/// The key of a name in the DHT.
fn key(name: &Name) -> kad::RecordKey {
    kad::RecordKey::new(&[b"/ipns/", name.multihash().as_slice()].concat())
}

impl Queries {
    pub fn is_empty(&self) -> bool {
        self.lookups.is_empty() && self.puts.is_empty()
    }

    pub fn look_up(&mut self, lookup: RecordLookup, behaviour: &mut Behaviour) {
        let (id, started) = (self.number(), monotonic());
        self.lookups.insert(id, RunningLookup { lookup, started, next: 0, asked: BTreeMap::new() });
        self.ask_next(id, started, behaviour);
    }

    /// Asks for as many names as have room.
    fn ask_next(&mut self, id: u64, now: Instant, behaviour: &mut Behaviour) {
        let Some(running) = self.lookups.get_mut(&id) else { return };
        while running.asked.len() < limits::DHT_NAMES
            && let Some(name) = running.lookup.names.get(running.next)
        {
            for net in Net::BOTH {
                let query = behaviour.kad(net).get_record(key(name));
                self.queries.insert((net, query), (id, running.next));
            }
            let ends = running.turn_ends(now);
            running.asked.insert(running.next, (Net::BOTH.len(), ends));
            running.next += 1;
        }
    }

    /// Ends the turns of names that others wait for long enough.
    fn next_turns(&mut self, now: Instant, behaviour: &mut Behaviour) {
        let ids: Vec<u64> = self.lookups.keys().copied().collect();
        for id in ids {
            let Some(running) = self.lookups.get_mut(&id) else { continue };
            if running.next < running.lookup.names.len() {
                let over: BTreeSet<usize> =
                    running.asked.iter().filter(|(_, (_, ends))| now >= *ends).map(|(at, _)| *at).collect();
                running.asked.retain(|at, _| !over.contains(at));
                self.finish_where(|of, name| of == id && over.contains(&name), behaviour);
                self.queries.retain(|_, (of, name)| *of != id || !over.contains(name));
            }
            self.ask_next(id, now, behaviour);
        }
    }

    pub fn put(&mut self, put: RecordPut, peers: Vec<PeerId>, behaviour: &mut Behaviour) {
        let id = self.number();
        for net in Net::BOTH {
            let record = kad::Record::new(key(put.record.name()), put.record.raw().to_vec());
            let query = behaviour.kad(net).put_record_to(record, peers.clone().into_iter(), Quorum::All);
            self.queries.insert((net, query), (id, 0));
        }
        let open = Net::BOTH.len();
        self.puts.insert(id, RunningPut { put, peers, took: BTreeSet::new(), open, ending: false });
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Handles an event of one of the two DHTs.
    pub fn on_event(&mut self, net: Net, event: kad::Event, book: &Book) {
        let kad::Event::OutboundQueryProgressed { id, result, step, .. } = event else { return };
        let Some((request, name)) = self.queries.get(&(net, id)).copied() else { return };
        match result {
            QueryResult::GetRecord(Ok(GetRecordOk::FoundRecord(found))) => {
                self.found(request, name, found, book)
            }
            QueryResult::PutRecord(result) => self.took(request, result),
            _ => {}
        }
        if step.last {
            self.queries.remove(&(net, id));
            self.ended(request, name);
        }
    }

    fn found(&mut self, request: u64, name: usize, found: kad::PeerRecord, book: &Book) {
        let Some(running) = self.lookups.get(&request) else { return };
        let (Some(expected), Some(peer)) = (running.lookup.names.get(name), found.peer) else { return };
        running.lookup.meter.received(found.record.value.len() as u64);
        let outcome = match Record::parse(found.record.value, expected) {
            Ok(record) => Outcome::Found(Box::new(record), Source::Dht),
            Err(e) => Outcome::Invalid(e),
        };
        let elapsed = monotonic().saturating_duration_since(running.started);
        // The next tick notices that nobody listens any more.
        let _ = running.lookup.answers.send(PeerAnswer { node: book.node(&peer), name, outcome, elapsed });
    }

    fn took(&mut self, request: u64, result: kad::PutRecordResult) {
        let Some(running) = self.puts.get_mut(&request) else { return };
        match result {
            Ok(_) => running.took.extend(running.peers.iter().copied()),
            Err(PutRecordError::QuorumFailed { success, .. } | PutRecordError::Timeout { success, .. }) => {
                running.took.extend(success);
            }
        }
    }

    fn ended(&mut self, request: u64, name: usize) {
        if let Some(running) = self.lookups.get_mut(&request) {
            if let Some((open, _)) = running.asked.get_mut(&name) {
                *open = open.saturating_sub(1);
            }
            running.asked.retain(|_, (open, _)| *open > 0);
            if running.is_done() {
                self.lookups.remove(&request);
            }
        }
        if let Some(running) = self.puts.get_mut(&request) {
            running.open -= 1;
            if running.open == 0 {
                self.answer(request);
            }
        }
    }

    fn answer(&mut self, request: u64) {
        if let Some(running) = self.puts.remove(&request) {
            let _ = running.put.done.send(running.took.len());
        }
    }

    /// Ends requests that are past their deadline or that nobody waits for.
    pub fn tick(&mut self, now: Instant, behaviour: &mut Behaviour) {
        let over =
            |running: &RunningLookup| now >= running.lookup.deadline || running.lookup.answers.is_closed();
        let ended: Vec<u64> =
            self.lookups.iter().filter(|(_, running)| over(running)).map(|(id, _)| *id).collect();
        for id in ended {
            self.lookups.remove(&id);
            self.finish(id, behaviour);
        }
        self.next_turns(now, behaviour);
        let over: Vec<u64> = self
            .puts
            .iter()
            .filter(|(_, running)| now >= running.put.deadline || running.put.done.is_closed())
            .map(|(id, _)| *id)
            .collect();
        for id in over {
            let Some(running) = self.puts.get_mut(&id) else { continue };
            if std::mem::replace(&mut running.ending, true) {
                self.answer(id);
            } else {
                // The queries report who stored it before they end.
                running.put.deadline = now + limits::DHT_TICK * 2;
                self.finish_running(id, behaviour);
            }
        }
    }

    fn finish(&mut self, request: u64, behaviour: &mut Behaviour) {
        self.finish_running(request, behaviour);
        self.queries.retain(|_, (of, _)| *of != request);
    }

    fn finish_running(&self, request: u64, behaviour: &mut Behaviour) {
        self.finish_where(|of, _| of == request, behaviour);
    }

    fn finish_where(&self, which: impl Fn(u64, usize) -> bool, behaviour: &mut Behaviour) {
        for ((net, query), _) in self.queries.iter().filter(|(_, (of, name))| which(*of, *name)) {
            if let Some(mut query) = behaviour.kad(*net).query_mut(query) {
                query.finish();
            }
        }
    }
}
