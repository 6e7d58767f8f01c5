//! The nodes as libp2p peers: the interface of the third tier.
//!
//! The engine asks [`Peers`] when HTTP gives no usable answer. Nothing here trusts a peer: records and blocks are
//! verified, and a put proves nothing until it has been read back.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::race::Fetched;
use super::{Call, Outcome};
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::record::Record;

/// One peer's copy of a record.
#[derive(Debug)]
pub struct PeerAnswer {
    /// Position of the configured node that this peer is; `None` for a peer of the public DHT.
    pub node: Option<usize>,
    /// Position of the name in the question.
    pub name: usize,
    /// `Found` or `Invalid`; a peer without a copy sends nothing.
    pub outcome: Outcome,
    /// How long it took.
    pub elapsed: Duration,
}

/// The copies of one question as they arrive. Dropping it ends the query.
#[derive(Debug)]
pub struct PeerAnswers(mpsc::UnboundedReceiver<PeerAnswer>);

impl PeerAnswers {
    /// Wraps the receiving end; the sending end is dropped after the last answer.
    #[must_use]
    pub const fn new(answers: mpsc::UnboundedReceiver<PeerAnswer>) -> Self {
        Self(answers)
    }

    /// The next copy; `None` when no more will come or the deadline has passed.
    ///
    /// # Cancel safety
    /// No answer is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<PeerAnswer> {
        self.0.recv().await
    }
}

/// The configured nodes, reached by libp2p instead of HTTP.
///
/// Connections are opened by the first use and closed when idle; an unused value holds no socket and no task.
///
/// # Cancel safety
/// Dropping a future stops its requests.
#[async_trait]
pub trait Peers: Send + Sync + 'static {
    /// Closes every connection at once; a later question opens them again.
    fn close(&self);

    /// Starts connecting and returns at once; connections that are open stay.
    fn warm(&self);

    /// Asks every peer for every name at once. The answers are each holder's own copy, older ones included.
    fn records(&self, names: &[Name], call: &Call) -> PeerAnswers;

    /// Fetches blocks, verified. What is missing at the deadline is in `failed`.
    async fn blocks(&self, cids: &[Cid], call: &Call) -> Fetched;

    /// Stores a record, byte for byte, on every reachable peer; returns how many said that they stored it.
    async fn put_record(&self, record: &Record, call: &Call) -> usize;

    /// The nodes that say they hold every one of these blocks, lowest first.
    async fn holders(&self, cids: &[Cid], call: &Call) -> Vec<usize>;
}
