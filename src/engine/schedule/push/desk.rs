//! Where all that comes is looked at first: is it ours, is it new, is it one's own? Cheap, bounded, and never waiting.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::nodes::Nodes;
use super::seen::{Look, Seen};
use crate::engine::account::Account;
use crate::limits;
use crate::model::push::{Message, PushKeys, Sender};

/// A sender's messages go out on two nodes side by side: those that come so much late are no replay.
const LATE: u64 = 16;

/// A message that opened.
pub struct Opened {
    /// Whose stream brought it.
    pub node: usize,
    pub message: Message,
}

/// What came of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// One of this wallet's, whether it is news or not.
    Ours,
    /// None of this wallet's, or a replay.
    Noise,
}

/// What the tasks of push share.
pub struct Desk {
    pub account: Arc<Account>,
    pub keys: PushKeys,
    /// A stream has begun, or a node came free.
    pub stirred: Notify,
    inner: Mutex<Inner>,
    opened: mpsc::Sender<Opened>,
}

struct Inner {
    nodes: Nodes,
    /// This start of the device, and what it has sent: which message on which node. Drawn with the first message that is sent.
    own: Option<Own>,
    seen: Option<Seen>,
    senders: HashMap<Sender, u64>,
    by_age: VecDeque<Sender>,
}

struct Own {
    sender: Sender,
    count: u64,
    /// The last messages: count and node.
    sent: VecDeque<(u64, usize)>,
}

impl Desk {
    pub fn new(account: Arc<Account>, opened: mpsc::Sender<Opened>) -> Self {
        let keys = account.local.keys().push();
        let nodes = Nodes::new(&account, keys.topic());
        let inner = Inner { nodes, own: None, seen: None, senders: HashMap::new(), by_age: VecDeque::new() };
        Self { account, keys, stirred: Notify::new(), inner: Mutex::new(inner), opened }
    }

    pub fn now(&self) -> Instant {
        self.account.clock.monotonic()
    }

    /// From 0 to 1.
    pub fn luck(&self) -> f64 {
        self.account.entropy.below(1_000) as f64 / 1_000.0
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the nodes.
    pub fn nodes<T>(&self, what: impl FnOnce(&mut Nodes) -> T) -> T {
        what(&mut self.inner().nodes)
    }

    /// Begins as this sender; who is one already stays so.
    pub fn be(&self, sender: impl FnOnce() -> Sender) {
        self.inner().own.get_or_insert_with(|| Own { sender: sender(), count: 0, sent: VecDeque::new() });
    }

    /// Who this device is, and the number of the message that goes out on a node next.
    pub fn next(&self, node: usize) -> (Sender, u64) {
        self.be(|| self.account.entropy.draw());
        let mut inner = self.inner();
        let Some(own) = &mut inner.own else { return (Sender::default(), 0) };
        own.count += 1;
        if own.sent.len() >= limits::PUSH_SENT {
            own.sent.pop_front();
        }
        own.sent.push_back((own.count, node));
        (own.sender, own.count)
    }

    /// Looks at what a node's stream brought.
    pub fn take(&self, node: usize, bytes: &Bytes) -> Judged {
        let now = self.now();
        let mut inner = self.inner();
        let seen = inner.seen.get_or_insert_with(|| Seen::new(self.account.entropy.draw()));
        let hash = match seen.look(node, bytes) {
            Look::Again => return Judged::Noise,
            Look::Elsewhere(known) => {
                self.echo(known.sent_on, node, now);
                return if known.is_ours { Judged::Ours } else { Judged::Noise };
            }
            Look::New(hash) => hash,
        };
        let Ok(message) = Message::open(bytes, &self.keys) else {
            seen.note(hash, node, false, None);
            return Judged::Noise;
        };
        let sent_on = inner.sent_on(&message);
        if let Some(seen) = &mut inner.seen {
            seen.note(hash, node, true, sent_on);
        }
        if inner.is_own(&message) {
            self.echo(sent_on, node, now);
            return Judged::Ours;
        }
        match inner.note_count(&message) {
            // Of what finds no room the next message tells.
            Order::Next => drop(self.opened.try_send(Opened { node, message })),
            Order::Late => {}
            Order::Replay => return Judged::Noise,
        }
        Judged::Ours
    }

    /// A message of one's own that comes by another node than it was sent on has gone all the way.
    fn echo(&self, sent_on: Option<usize>, node: usize, now: Instant) {
        if sent_on.is_some_and(|sent_on| sent_on != node) {
            self.account.push.prove(now);
        }
    }
}

/// Where a message stands among those of its sender.
enum Order {
    Next,
    Late,
    Replay,
}

impl Inner {
    fn is_own(&self, message: &Message) -> bool {
        self.own.as_ref().is_some_and(|own| own.sender == message.sender)
    }

    /// The node that this device sent a message on, if it did.
    fn sent_on(&self, message: &Message) -> Option<usize> {
        let own = self.own.as_ref().filter(|own| own.sender == message.sender)?;
        own.sent.iter().find(|(count, _)| *count == message.count).map(|(_, node)| *node)
    }

    fn note_count(&mut self, message: &Message) -> Order {
        if let Some(highest) = self.senders.get_mut(&message.sender) {
            if message.count > *highest {
                *highest = message.count;
                return Order::Next;
            }
            let is_late = message.count.saturating_add(LATE) > *highest;
            return if is_late { Order::Late } else { Order::Replay };
        }
        if self.by_age.len() >= limits::PUSH_SENDERS
            && let Some(oldest) = self.by_age.pop_front()
        {
            self.senders.remove(&oldest);
        }
        self.senders.insert(message.sender, message.count);
        self.by_age.push_back(message.sender);
        Order::Next
    }
}
