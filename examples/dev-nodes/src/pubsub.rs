//! Topics that the nodes of a cluster share, as Kubo's gossip carries them from node to node.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::broadcast;

/// Messages that a listener may be behind; Kubo drops what is beyond that too.
const BACKLOG: usize = 32;
/// Kubo says yes to longer ones and sends nothing (measured).
const MOST_BYTES: usize = 1024 * 1024;

/// A message as listeners get it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Peer id of the node that it was sent on.
    pub from: Arc<str>,
    pub data: Bytes,
    pub number: u64,
}

/// The topics that somebody listens to.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    topics: Mutex<HashMap<Vec<u8>, broadcast::Sender<Message>>>,
    sent: AtomicU64,
}

impl Topics {
    /// Listens from now on.
    pub fn listen(&self, topic: &[u8]) -> broadcast::Receiver<Message> {
        let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        topics.retain(|_, sender| sender.receiver_count() > 0);
        topics.entry(topic.to_vec()).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    /// Sends to all who listen, on whatever node.
    pub fn send(&self, from: &str, topic: &[u8], data: Bytes) {
        if data.len() > MOST_BYTES {
            return;
        }
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        if let Some(sender) = topics.get(topic) {
            // An error means that nobody listens any more.
            let _ = sender.send(Message { from: from.into(), data, number });
        }
    }
}
