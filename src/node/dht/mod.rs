//! The third tier: Kademlia and bitswap, for when no node answers over HTTP. Only this folder names libp2p.
//!
//! The configured nodes are dialled at their `swarm` addresses and asked directly; other peers are dialled only if
//! public bootstrap peers are configured. The first request starts the swarm, with a new identity each time, and it
//! ends after [`limits::DHT_IDLE`] without a request: an unused value holds no socket and no task.
//!
//! Data from peers are checked as over HTTP: records by [`Record::parse`], blocks by their hash. A peer can withhold
//! data but not forge them.

mod address;
mod bitswap;
mod dial_filter;
mod driver;
mod fetches;
mod framed;
mod kad;
mod lookups;
mod muxer;
mod names;
mod queries;
mod swarm;
mod turns;
mod unread;
mod walk;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use self::address::Book;
use self::dial_filter::DialFilter;
use self::driver::{Ask, Driver};
use self::fetches::{Fetch, Survey};
use self::lookups::Names;
pub use self::names::Resolver;
use self::names::SystemResolver;
use self::queries::{RecordLookup, RecordPut};
use super::Call;
use super::peers::{PeerAnswers, Peers};
use super::race::Fetched;
use crate::clock::Entropy;
use crate::config::NodeConfig;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::record::Record;

/// The configured nodes as libp2p peers.
pub struct Dht {
    book: Book,
    task: Arc<TaskSender>,
    entropy: Entropy,
    idle: Duration,
    setup: Duration,
    resolver: Arc<dyn Resolver>,
}

/// The way to the running task, if one runs.
#[derive(Default)]
struct TaskSender(Mutex<Option<mpsc::UnboundedSender<Ask>>>);

impl TaskSender {
    /// Lets an idle task end, unless a request is waiting for it.
    fn retire(&self, asks: &mpsc::UnboundedReceiver<Ask>) -> bool {
        let mut sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !asks.is_empty() {
            return false;
        }
        *sender = None;
        true
    }
}

impl Dht {
    /// Reads the `swarm` addresses of the nodes, and public peers to start from (none by default); `None` when no
    /// address can be dialled. Nothing is opened yet.
    ///
    /// # Errors
    /// [`Code::BadRequest`] for an address without a peer id.
    pub fn new(nodes: &[NodeConfig], bootstrap: &[String], entropy: Entropy) -> Result<Option<Self>, Error> {
        let book = Book::read(nodes, bootstrap)?;
        Ok((!book.is_empty()).then(|| Self {
            book,
            task: Arc::default(),
            entropy,
            idle: limits::DHT_IDLE,
            setup: limits::DHT_SETUP,
            resolver: Arc::new(SystemResolver),
        }))
    }

    /// Changes after how long without a request connections are closed. Default [`limits::DHT_IDLE`].
    #[must_use]
    pub const fn idle_after(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Changes how long a connection may take until it can be used. Default [`limits::DHT_SETUP`].
    #[must_use]
    pub const fn set_up_within(mut self, setup: Duration) -> Self {
        self.setup = setup;
        self
    }

    /// Changes what looks up host names. Default: the system's resolver.
    #[must_use]
    pub fn with_resolver(mut self, resolver: Arc<dyn Resolver>) -> Self {
        self.resolver = resolver;
        self
    }

    /// Whether the swarm is running.
    #[must_use]
    pub fn is_running(&self) -> bool {
        let task = self.task.0.lock().unwrap_or_else(PoisonError::into_inner);
        task.as_ref().is_some_and(|sender| !sender.is_closed())
    }

    /// Sends a request to the running task, or to a new one. A request that cannot be sent is dropped, and with it the
    /// channel of its answer.
    fn ask(&self, ask: Ask) {
        let mut task = self.task.0.lock().unwrap_or_else(PoisonError::into_inner);
        let ask = match task.take() {
            Some(sender) => match sender.send(ask) {
                Ok(()) => {
                    *task = Some(sender);
                    return;
                }
                // The task ended with its runtime.
                Err(unsent) => unsent.0,
            },
            None => ask,
        };
        let sender = self.start();
        let _ = sender.send(ask);
        *task = Some(sender);
    }

    fn start(&self) -> mpsc::UnboundedSender<Ask> {
        let (sender, asks) = mpsc::unbounded_channel();
        let (book, task, back) = (self.book.clone(), Arc::downgrade(&self.task), sender.downgrade());
        let (idle, setup, resolver) = (self.idle, self.setup, self.resolver.clone());
        let mut seed = [0; 32];
        self.entropy.fill(&mut seed);
        tokio::spawn(async move {
            let filter = DialFilter::new(book.has_public());
            match swarm::build(seed, filter.clone(), &book, setup) {
                Ok(swarm) => {
                    let names = Names::new(&book, resolver, back);
                    Driver::new(swarm, book, filter, names, idle).run(asks, task).await;
                }
                Err(e) => tracing::warn!(code = %e.code(), "{}", e.message()),
            }
        });
        sender
    }
}

impl Drop for Dht {
    fn drop(&mut self) {
        self.close();
    }
}

impl std::fmt::Debug for Dht {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dht({} peers)", self.book.peers().len())
    }
}

#[async_trait]
impl Peers for Dht {
    fn close(&self) {
        // The task has no sender of its own: it ends when this one is dropped.
        *self.task.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn warm(&self) {
        self.ask(Ask::Warm);
    }

    fn records(&self, names: &[Name], call: &Call) -> PeerAnswers {
        let (answers, receiver) = mpsc::unbounded_channel();
        let (deadline, meter) = (call.deadline, call.meter.clone());
        self.ask(Ask::LookUp(RecordLookup { names: names.to_vec(), deadline, meter, answers }));
        PeerAnswers::new(receiver)
    }

    async fn blocks(&self, cids: &[Cid], call: &Call) -> Fetched {
        let (done, fetched) = oneshot::channel();
        let (deadline, meter) = (call.deadline, call.meter.clone());
        self.ask(Ask::Fetch(Fetch { cids: cids.to_vec(), deadline, meter, done }));
        let mut fetched = fetched.await.unwrap_or_else(|_| {
            let gone = Error::new(Code::Unreachable, "no peer can be asked");
            Fetched { blocks: Vec::new(), failed: cids.iter().map(|cid| (*cid, gone.clone())).collect() }
        });
        let asked = cids.iter().skip(limits::BITSWAP_BLOCKS);
        let later = || Error::new(Code::Unreachable, "more blocks than one request may ask for");
        fetched.failed.extend(asked.map(|cid| (*cid, later())));
        fetched
    }

    async fn put_record(&self, record: &Record, call: &Call) -> usize {
        let (done, took) = oneshot::channel();
        call.meter.sent(record.raw().len() as u64);
        self.ask(Ask::Put(RecordPut { record: Box::new(record.clone()), deadline: call.deadline, done }));
        took.await.unwrap_or(0)
    }

    async fn holders(&self, cids: &[Cid], call: &Call) -> Vec<usize> {
        let (done, holders) = oneshot::channel();
        self.ask(Ask::Survey(Survey { cids: cids.to_vec(), deadline: call.deadline, done }));
        holders.await.unwrap_or_default()
    }
}
