//! The client of the user's IPFS nodes: one node, or several in a race.
//!
//! A [`Node`] is one configured Kubo; [`kubo`] speaks to it over HTTP. Nothing here trusts a node: signatures of
//! records and hashes of blocks are checked before they are returned. That a node says it stored something proves
//! nothing; callers read it back from the node's own store.

mod bucket;
pub mod cap;
pub mod capped;
pub mod check;
#[cfg(feature = "dht")]
pub mod dht;
mod failure;
pub mod health;
pub mod kubo;
pub mod only_reads;
pub mod peers;
pub mod pubsub;
pub mod race;
pub mod rate;
pub mod switch;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

use crate::clock::UnixMs;
use crate::error::{Code, Error};
use crate::model::block::Block;
use crate::model::car::CarSummary;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::push::Topic;
use crate::model::record::Record;

pub use self::bucket::Bucket;
use self::cap::Cap;
pub(crate) use self::failure::{BrokeOff, RefusedByPage};
pub use self::failure::{broke_off, is_refused, is_unreadable, unreadable};
use self::pubsub::{Ear, no_pubsub};
pub use crate::metrics::Source;

/// What one node said when asked for a name's record.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A verified record of that name (it may be expired), and how it was fetched.
    Found(Box<Record>, Source),
    /// The node said, in Kubo's own words, that it has none.
    Absent,
    /// No usable answer: refused, timed out, error status, not a node.
    Unreachable(Error),
    /// An answer that fails verification.
    Invalid(Error),
    /// Not asked: the gateway alone is left, and it would look for a missing name in the DHT.
    Skipped,
}

/// What a node said when it was asked for many names at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// What the records point at, in the order of the names: of all of them, or of those before the first of which it has no
    /// record, or whose root it has not pinned.
    Roots(Vec<Cid>),
    /// It has no record of at least one of them.
    NotAll,
    /// It has not pinned the root of this one.
    Unpinned(usize),
    /// It answers no such question.
    Refused,
}

/// Counts what goes over the wire for one operation.
#[derive(Debug, Default)]
pub struct Meter {
    requests: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    /// Counts all of it too.
    whole: Option<Arc<Meter>>,
    /// What is counted here keeps to it.
    cap: Option<Arc<Cap>>,
    /// Which node is asked first.
    prefers: Option<usize>,
}

impl Meter {
    /// Counts a part of a larger operation, which counts it as well.
    #[must_use]
    pub fn part_of(whole: Arc<Self>) -> Self {
        Self { whole: Some(whole), ..Self::default() }
    }

    /// What is counted here waits for its turn under a cap.
    #[must_use]
    pub fn within(self, cap: Arc<Cap>) -> Self {
        Self { cap: Some(cap), ..self }
    }

    /// What is counted here is asked of this node first, by its place in the configuration.
    #[must_use]
    pub fn preferring(self, node: usize) -> Self {
        Self { prefers: Some(node), ..self }
    }

    /// The node that is asked first.
    #[must_use]
    pub fn preferred(&self) -> Option<usize> {
        self.prefers.or_else(|| self.whole.as_ref().and_then(|whole| whole.preferred()))
    }

    /// The cap on what is sent.
    #[must_use]
    pub fn cap_up(&self) -> Option<Arc<Cap>> {
        self.cap.clone().filter(|cap| cap.up.is_some())
    }

    /// Ends when so many received bytes fit under the cap: no more is read meanwhile.
    pub async fn let_in(&self, bytes: usize) {
        if let Some(down) = self.cap.as_ref().and_then(|cap| cap.down.as_ref()) {
            down.pass(bytes).await;
        }
    }

    /// Counts one request and its body.
    pub fn sent(&self, body_bytes: u64) {
        if let Some(whole) = &self.whole {
            whole.sent(body_bytes);
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.bytes_out.fetch_add(body_bytes, Ordering::Relaxed);
    }
    /// Counts received body bytes.
    pub fn received(&self, bytes: u64) {
        if let Some(whole) = &self.whole {
            whole.received(bytes);
        }
        self.bytes_in.fetch_add(bytes, Ordering::Relaxed);
    }
    /// What was counted so far.
    #[must_use]
    pub fn totals(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            bytes_in: self.bytes_in.load(Ordering::Relaxed),
            bytes_out: self.bytes_out.load(Ordering::Relaxed),
        }
    }
}

/// What went over the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests sent.
    pub requests: u64,
    /// Body bytes received.
    pub bytes_in: u64,
    /// Body bytes sent.
    pub bytes_out: u64,
}

impl std::ops::Add for Traffic {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_add(other.requests),
            bytes_in: self.bytes_in.saturating_add(other.bytes_in),
            bytes_out: self.bytes_out.saturating_add(other.bytes_out),
        }
    }
}

impl std::ops::Sub for Traffic {
    type Output = Self;

    /// What was added since `before`.
    fn sub(self, before: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(before.requests),
            bytes_in: self.bytes_in.saturating_sub(before.bytes_in),
            bytes_out: self.bytes_out.saturating_sub(before.bytes_out),
        }
    }
}

/// What every request needs: its deadline, and where its traffic is counted.
#[derive(Clone, Debug)]
pub struct Call {
    /// End of the request, even while bytes still arrive.
    pub deadline: Instant,
    /// Where requests and bytes are counted.
    pub meter: Arc<Meter>,
}

/// How a record is stored on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutMode {
    /// In this node's own store only: fast, synced to disk, and a refusal is reported.
    Offline,
    /// Through the DHT, with a timeout on the node's side as well; the answer proves nothing.
    Spread,
}

/// What the node answered to a put; nothing of it is proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It says that it stored the record.
    Stored,
    /// It has a newer record ("old record").
    Older,
    /// It refused, with this message (shortened).
    Refused(String),
}

/// Result of moving a pin to a new root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repin {
    /// The new root is pinned (also when it already was).
    Pinned,
    /// The node lost the old pin: everything has to be sent again.
    OldMissing,
}

/// What became of damaged blocks that a node was told to drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discarded {
    /// They are gone, and can be put again.
    All,
    /// So many of them are gone, the first ones; then its time was over.
    First(usize),
    /// Before it drops any it walks through all that is pinned, and got no further: something there cannot be read.
    Unreadable,
}

/// Result of giving a pin another name.
#[derive(Clone, Debug)]
pub enum Rename {
    /// The node says that it did.
    Done,
    /// It answered that it did not: nothing of it is on its way any more.
    Refused(Error),
}

/// What a node says of itself, and how it is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Of Kubo, such as `0.43.0`; empty when it is none.
    pub version: String,
    /// Of HTTP, such as `HTTP/2.0`.
    pub protocol: String,
    /// Whether the way there is encrypted.
    pub is_secure: bool,
    /// What time it is there, or at what stands before it; seconds, as Unix ms.
    pub clock: Option<UnixMs>,
}

/// Receives verified blocks while a CAR is being read.
pub type BlockSink<'a> = &'a mut (dyn FnMut(Block) + Send);

/// One configured node.
///
/// Every method ends by `call.deadline`. Errors are `unreachable`, `denied`, `deadline`, `invalid` and the precise codes of
/// failed checks (`hash_mismatch`, `too_large`, `malformed`, `signature_invalid`, …).
///
/// # Cancel safety
/// Dropping a future stops the request; what the node has done by then is unknown until the next read.
#[async_trait]
pub trait Node: Send + Sync + 'static {
    /// The configured id.
    fn id(&self) -> &str;

    /// Whether it has an RPC and so can be written to.
    fn has_api(&self) -> bool;

    /// What it says of itself; nothing by default.
    async fn about(&self, _call: &Call) -> Result<About, Error> {
        Ok(About::default())
    }

    /// Which machine it is: its peer id, as it says itself.
    async fn machine(&self, call: &Call) -> Result<String, Error>;

    /// Opens this many connections in advance; failures are ignored.
    async fn warm(&self, connections: usize);

    /// The record that this node holds for a name, with an API always from its own store (`offline`). `known` says that the
    /// name has existed: only then the gateway may be asked, which would look for a missing name in the DHT.
    async fn record(&self, name: &Name, known: bool, call: &Call) -> Outcome;

    /// Which roots the records of these names point at in this node's own store, in one short answer. It is the node's word,
    /// without a signature: good for saying that nothing is new, and for nothing else.
    async fn shown(&self, names: &[Name], call: &Call) -> Result<Shown, Error>;

    /// A block, verified. The node may fetch it from its peers.
    async fn block(&self, cid: &Cid, call: &Call) -> Result<Block, Error>;

    /// The DAG under a root as one CAR, verified block by block; the blocks in `held` may be missing from it.
    async fn car(
        &self,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error>;

    /// Uploads a CAR without pinning it.
    async fn import(&self, car: Bytes, call: &Call) -> Result<(), Error>;

    /// Pins a root recursively, with the text of an IPNS name as the pin's name; `progress` gets the blocks fetched so far.
    async fn pin(
        &self,
        root: &Cid,
        name: &Name,
        progress: &(dyn Fn(u64) + Send + Sync),
        call: &Call,
    ) -> Result<(), Error>;

    /// Pins a new root by its difference to a pinned one; the old pin stays.
    async fn repin(&self, old: &Cid, new: &Cid, call: &Call) -> Result<Repin, Error>;

    /// Removes a pin; no such pin is success.
    async fn unpin(&self, root: &Cid, call: &Call) -> Result<(), Error>;

    /// The name of a recursive pin, asked for by its CID; `None` when there is no such pin. Never a list of pins: that grows
    /// with what others have pinned.
    async fn pin_name(&self, cid: &Cid, call: &Call) -> Result<Option<String>, Error>;

    /// Pins a block that the node has, under a name that takes the place of the one before. A rename has no order, is not
    /// atomic and may arrive late (measured).
    /// An error means that it may still come true.
    async fn name_pin(&self, cid: &Cid, name: &str, call: &Call) -> Result<Rename, Error>;

    /// Stores a record, byte for byte.
    async fn put_record(&self, record: &Record, mode: PutMode, call: &Call) -> Result<Put, Error>;

    /// Whether the node's own store holds a block.
    async fn holds(&self, cid: &Cid, call: &Call) -> Result<bool, Error>;

    /// Whether the node's own store holds the whole DAG under a root; the number of blocks when it does.
    async fn holds_dag(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error>;

    /// A block from the node's own store only, verified; `None` when it is not there.
    async fn own_block(&self, cid: &Cid, call: &Call) -> Result<Option<Block>, Error>;

    /// The same of a block that is known to have so many bytes: of more nothing is read.
    async fn own_block_of(&self, cid: &Cid, size: u64, call: &Call) -> Result<Option<Block>, Error> {
        let _ = size;
        self.own_block(cid, call).await
    }

    /// How many bytes the node's own store has of a block, by its word; `None` when it is not there.
    async fn own_size(&self, cid: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        Ok(self.own_block(cid, call).await?.map(|block| block.bytes().len() as u64))
    }

    /// How many bytes the node's own store has of the whole DAG under a root, by its word; `None` when not all of it is there. Not
    /// every node can tell.
    async fn own_dag_bytes(&self, _root: &Cid, _call: &Call) -> Result<Option<u64>, Error> {
        Err(Error::new(Code::Denied, "the node does not say how large a DAG is"))
    }

    /// Drops blocks from the node's own store that are damaged there: what it believes to have it does not write again. Every
    /// pin stays.
    async fn discard(&self, _cids: &[Cid], _call: &Call) -> Result<Discarded, Error> {
        Err(Error::new(Code::Denied, "the node drops no block"))
    }

    /// Listens to a topic: `ear` hears that it has begun and then what comes, until it has heard enough. It ends well only then.
    async fn subscribe(&self, _topic: &Topic, _ear: Ear<'_>, _call: &Call) -> Result<(), Error> {
        Err(no_pubsub())
    }

    /// Sends a message to all who listen to a topic, on whatever node. That it is taken proves nothing.
    async fn announce(&self, _topic: &Topic, _message: Bytes, _call: &Call) -> Result<(), Error> {
        Err(no_pubsub())
    }

    /// Whether a record that came this way is one of the node's own store. A gateway may show another node's copy, but for that of
    /// a daemon without a network.
    fn gives_own_records(&self, source: Source) -> bool {
        source == Source::HttpRouting
    }

    /// The verbs that it refuses while it answers others, each with what comes of it, in words for people.
    fn refused_verbs(&self) -> Vec<String> {
        Vec::new()
    }
}
