//! Kademlia questions under way: records asked for, records put.

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

/// A question for records.
pub(super) struct Read {
    pub names: Vec<Name>,
    pub deadline: Instant,
    pub meter: Arc<Meter>,
    pub answers: mpsc::UnboundedSender<PeerAnswer>,
}

/// A record on its way out.
pub(super) struct Put {
    pub record: Box<Record>,
    pub deadline: Instant,
    pub done: oneshot::Sender<usize>,
}

/// All of them, by the query that carries them.
#[derive(Default)]
pub(super) struct Queries {
    next: u64,
    reads: BTreeMap<u64, Reading>,
    puts: BTreeMap<u64, Putting>,
    /// To which question a query belongs, and for a read to which of its names.
    running: HashMap<(Net, QueryId), (u64, usize)>,
}

struct Reading {
    read: Read,
    started: Instant,
    open: usize,
}

struct Putting {
    put: Put,
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
        self.reads.is_empty() && self.puts.is_empty()
    }

    pub fn read(&mut self, read: Read, behaviour: &mut Behaviour) {
        let id = self.number();
        for (at, name) in read.names.iter().enumerate() {
            for net in Net::BOTH {
                let query = behaviour.kad(net).get_record(key(name));
                self.running.insert((net, query), (id, at));
            }
        }
        let open = read.names.len().saturating_mul(Net::BOTH.len());
        self.reads.insert(id, Reading { read, started: monotonic(), open });
    }

    pub fn put(&mut self, put: Put, peers: Vec<PeerId>, behaviour: &mut Behaviour) {
        let id = self.number();
        for net in Net::BOTH {
            let record = kad::Record::new(key(put.record.name()), put.record.raw().to_vec());
            let query = behaviour.kad(net).put_record_to(record, peers.clone().into_iter(), Quorum::All);
            self.running.insert((net, query), (id, 0));
        }
        let open = Net::BOTH.len();
        self.puts.insert(id, Putting { put, peers, took: BTreeSet::new(), open, ending: false });
    }

    fn number(&mut self) -> u64 {
        self.next = self.next.wrapping_add(1);
        self.next
    }

    /// Takes what one of the DHTs tells.
    pub fn on_event(&mut self, net: Net, event: kad::Event, book: &Book) {
        let kad::Event::OutboundQueryProgressed { id, result, step, .. } = event else { return };
        let Some((question, name)) = self.running.get(&(net, id)).copied() else { return };
        match result {
            QueryResult::GetRecord(Ok(GetRecordOk::FoundRecord(found))) => {
                self.found(question, name, found, book)
            }
            QueryResult::PutRecord(result) => self.took(question, result),
            _ => {}
        }
        if step.last {
            self.running.remove(&(net, id));
            self.ended(question);
        }
    }

    fn found(&mut self, question: u64, name: usize, found: kad::PeerRecord, book: &Book) {
        let Some(reading) = self.reads.get(&question) else { return };
        let (Some(expected), Some(peer)) = (reading.read.names.get(name), found.peer) else { return };
        reading.read.meter.received(found.record.value.len() as u64);
        let outcome = match Record::parse(found.record.value, expected) {
            Ok(record) => Outcome::Found(Box::new(record), Source::Dht),
            Err(e) => Outcome::Invalid(e),
        };
        let elapsed = monotonic().saturating_duration_since(reading.started);
        // Nobody listening any more is seen at the next tick.
        let _ = reading.read.answers.send(PeerAnswer { node: book.node(&peer), name, outcome, elapsed });
    }

    fn took(&mut self, question: u64, result: kad::PutRecordResult) {
        let Some(putting) = self.puts.get_mut(&question) else { return };
        match result {
            Ok(_) => putting.took.extend(putting.peers.iter().copied()),
            Err(PutRecordError::QuorumFailed { success, .. } | PutRecordError::Timeout { success, .. }) => {
                putting.took.extend(success);
            }
        }
    }

    fn ended(&mut self, question: u64) {
        if let Some(reading) = self.reads.get_mut(&question) {
            reading.open = reading.open.saturating_sub(1);
            if reading.open == 0 {
                self.reads.remove(&question);
            }
        }
        if let Some(putting) = self.puts.get_mut(&question) {
            putting.open = putting.open.saturating_sub(1);
            if putting.open == 0 {
                self.answer(question);
            }
        }
    }

    fn answer(&mut self, question: u64) {
        if let Some(putting) = self.puts.remove(&question) {
            let _ = putting.put.done.send(putting.took.len());
        }
    }

    /// Ends what is past its deadline, or what nobody waits for.
    pub fn tick(&mut self, now: Instant, behaviour: &mut Behaviour) {
        let over = |reading: &Reading| now >= reading.read.deadline || reading.read.answers.is_closed();
        let ended: Vec<u64> =
            self.reads.iter().filter(|(_, reading)| over(reading)).map(|(id, _)| *id).collect();
        for id in ended {
            self.reads.remove(&id);
            self.finish(id, behaviour);
        }
        let over: Vec<u64> = self
            .puts
            .iter()
            .filter(|(_, putting)| now >= putting.put.deadline || putting.put.done.is_closed())
            .map(|(id, _)| *id)
            .collect();
        for id in over {
            let Some(putting) = self.puts.get_mut(&id) else { continue };
            if std::mem::replace(&mut putting.ending, true) {
                self.answer(id);
            } else {
                // The queries tell who took it before they end.
                putting.put.deadline = now + limits::DHT_TICK.saturating_mul(2);
                self.finish_running(id, behaviour);
            }
        }
    }

    fn finish(&mut self, question: u64, behaviour: &mut Behaviour) {
        self.finish_running(question, behaviour);
        self.running.retain(|_, (of, _)| *of != question);
    }

    fn finish_running(&self, question: u64, behaviour: &mut Behaviour) {
        for ((net, query), _) in self.running.iter().filter(|(_, (of, _))| *of == question) {
            if let Some(mut query) = behaviour.kad(*net).query_mut(query) {
                query.finish();
            }
        }
    }
}
