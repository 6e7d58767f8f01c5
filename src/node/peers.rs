//! The nodes as libp2p peers: the seam of the third tier.
//!
//! The engine asks [`Peers`] when HTTP gives no usable answer. Nothing here trusts a peer: records and blocks come
//! verified, and what a peer says of a put proves nothing until it was read back.

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
    /// Position of the node the peer is; `None` for a peer that is not configured (public DHT).
    pub node: Option<usize>,
    /// Position of the name in the question.
    pub name: usize,
    /// `Found` or `Invalid`. A peer without a copy is not heard of.
    pub outcome: Outcome,
    /// How long it took.
    pub elapsed: Duration,
}

/// The copies of one question as they arrive. Dropping it ends the query.
#[derive(Debug)]
pub struct PeerAnswers(mpsc::UnboundedReceiver<PeerAnswer>);

impl PeerAnswers {
    /// Wraps the receiving end; whoever answers drops the sending end when nothing more will come.
    #[must_use]
    pub const fn new(answers: mpsc::UnboundedReceiver<PeerAnswer>) -> Self {
        Self(answers)
    }

    /// The next copy; `None` when every peer was heard or given up, or the time is up.
    ///
    /// # Cancel safety
    /// No answer is lost when the future is dropped.
    pub async fn recv(&mut self) -> Option<PeerAnswer> {
        self.0.recv().await
    }
}

/// The configured nodes, reached by libp2p instead of HTTP.
///
/// Connections are opened by the first use and closed after a while without one; an unused value costs nothing.
///
/// # Cancel safety
/// Dropping a future ends what it asked for.
#[async_trait]
pub trait Peers: Send + Sync + 'static {
    /// Closes every connection at once; a later question opens them again.
    fn close(&self);

    /// Starts connecting and returns at once; connections that are open stay.
    fn warm(&self);

    /// Asks every peer for every name at once. Each holder's own copy comes back, older ones too.
    fn records(&self, names: &[Name], call: &Call) -> PeerAnswers;

    /// Fetches blocks, verified. What is missing at the deadline is in `failed`.
    async fn blocks(&self, cids: &[Cid], call: &Call) -> Fetched;

    /// Puts a record's exact bytes at every peer that can be reached; gives how many said that they took it.
    async fn put_record(&self, record: &Record, call: &Call) -> usize;

    /// The nodes that say they hold every one of these blocks, lowest first.
    async fn holders(&self, cids: &[Cid], call: &Call) -> Vec<usize>;
}
