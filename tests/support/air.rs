//! What carries messages between imitated nodes, and what can go wrong with it.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::model::push::Topic;
use tauri_plugin_wallet_sync::node::pubsub::{Arrival, Ear};
use tauri_plugin_wallet_sync::node::{Call, Node};
use tauri_plugin_wallet_sync::{Code, Error};
use tokio::sync::broadcast;

use super::fake_node::{FakeNode, Fault};

/// A message, and the only node whose streams bring it, if there is one.
#[derive(Clone, Debug)]
struct Carried {
    bytes: Bytes,
    only: Option<String>,
}

/// The air between nodes that are each other's peers.
pub struct Air {
    messages: broadcast::Sender<Carried>,
    /// Messages that were sent, whoever heard them.
    pub sent: Mutex<Vec<(String, Bytes)>>,
    listened_to: Mutex<Vec<String>>,
    /// Subscriptions that were asked for.
    pub asked: AtomicU64,
    /// Messages that streams brought.
    pub heard: AtomicU64,
    /// What is sent gets nowhere.
    pub is_still: AtomicBool,
    /// The nodes are not each other's peers: what is sent on one comes by its own streams alone.
    pub is_apart: AtomicBool,
    /// A stream that is silent for so many ms is closed by something in between; 0: never.
    pub cuts_after: AtomicU64,
}

impl Air {
    /// Nodes that all have pubsub.
    pub fn over(nodes: &[Arc<FakeNode>]) -> Arc<Self> {
        let air = Arc::new(Self {
            messages: broadcast::channel(100_000).0,
            sent: Mutex::default(),
            listened_to: Mutex::default(),
            asked: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            is_still: AtomicBool::new(false),
            is_apart: AtomicBool::new(false),
            cuts_after: AtomicU64::new(0),
        });
        for node in nodes {
            *node.air.lock().unwrap() = Some(air.clone());
        }
        air
    }

    /// A node brings something on its own streams, whatever it is.
    pub fn bring(&self, node: &FakeNode, bytes: Bytes) {
        let _ = self.messages.send(Carried { bytes, only: Some(node.id().to_owned()) });
    }

    /// Somebody sends something to all.
    pub fn send(&self, bytes: Bytes) {
        let _ = self.messages.send(Carried { bytes, only: None });
    }

    /// How many streams are open.
    pub fn open(&self) -> usize {
        self.messages.receiver_count()
    }

    /// Nodes whose streams are open, once for each.
    pub fn listened_to(&self) -> Vec<String> {
        self.listened_to.lock().unwrap().clone()
    }

    /// Which nodes messages were sent on.
    pub fn sent_on(&self) -> Vec<String> {
        self.sent.lock().unwrap().iter().map(|(node, _)| node.clone()).collect()
    }
}

/// A stream while it is open.
struct Open<'a>(&'a Air, &'a str);

impl<'a> Open<'a> {
    fn new(air: &'a Air, node: &'a str) -> Self {
        air.listened_to.lock().unwrap().push(node.to_owned());
        Self(air, node)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        let mut open = self.0.listened_to.lock().unwrap();
        if let Some(at) = open.iter().position(|node| node == self.1) {
            open.swap_remove(at);
        }
    }
}

impl FakeNode {
    fn air(&self) -> Result<Arc<Air>, Error> {
        let air = self.air.lock().unwrap().clone();
        air.ok_or_else(|| Error::new(Code::Denied, "pubsub is not enabled on the node"))
    }

    pub(super) async fn listen(&self, _topic: &Topic, ear: Ear<'_>, call: &Call) -> Result<(), Error> {
        let air = self.air().inspect_err(|_| {
            self.refused.fetch_add(1, Ordering::Relaxed);
        })?;
        air.asked.fetch_add(1, Ordering::Relaxed);
        self.pass(call).await?;
        let _open = Open::new(&air, self.id());
        let mut messages = air.messages.subscribe();
        let mut hear = |arrival| match ear(arrival) {
            ControlFlow::Break(()) => Some(Ok(())),
            ControlFlow::Continue(()) => None,
        };
        if let Some(ended) = hear(Arrival::Begun) {
            return ended;
        }
        let mut heard_at = monotonic();
        loop {
            let next = tokio::time::timeout(Duration::from_millis(100), messages.recv()).await;
            if monotonic() >= call.deadline {
                return Err(Error::new(Code::Deadline, "no answer in time"));
            }
            let is_frozen = match *self.fault.lock().unwrap() {
                Fault::Dead => return Err(Error::new(Code::Unreachable, "the stream of messages ended")),
                fault => fault == Fault::Hung,
            };
            let cut = Duration::from_millis(air.cuts_after.load(Ordering::Relaxed));
            if !cut.is_zero() && heard_at.elapsed() >= cut {
                return Err(Error::new(Code::Unreachable, "the stream of messages ended"));
            }
            let Ok(Ok(message)) = next else { continue };
            if is_frozen || message.only.is_some_and(|only| only != self.id()) {
                continue;
            }
            air.heard.fetch_add(1, Ordering::Relaxed);
            heard_at = monotonic();
            if let Some(ended) = hear(Arrival::Message(message.bytes)) {
                return ended;
            }
        }
    }

    pub(super) async fn tell(&self, _topic: &Topic, message: Bytes, call: &Call) -> Result<(), Error> {
        let air = self.air()?;
        self.pass(call).await?;
        air.sent.lock().unwrap().push((self.id().to_owned(), message.clone()));
        match (air.is_still.load(Ordering::Relaxed), air.is_apart.load(Ordering::Relaxed)) {
            (true, _) => {}
            (false, true) => air.bring(self, message),
            (false, false) => air.send(message),
        }
        Ok(())
    }
}
