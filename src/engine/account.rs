//! One open account: keys, store, nodes, and the state in memory.
//!
//! Every write takes the order lock, commits to the store, and only then changes the state. Readers see the state
//! between two such steps, never a half one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::{Mutex, broadcast, watch};

use super::event::Event;
use super::report::Ack;
use super::state::State;
use crate::clock::{Clock, Entropy};
use crate::config::Config;
use crate::metrics::Metrics;
use crate::model::cid::Cid;
use crate::model::identity::{Slot, WalletKeys};
use crate::node::peers::Peers;
use crate::node::race::NodeSet;
use crate::store::{Level, Store, Write};
use crate::{Code, Error};

pub(super) struct Account {
    pub keys: WalletKeys,
    pub config: Config,
    pub store: Arc<dyn Store>,
    pub nodes: NodeSet,
    /// The nodes as libp2p peers, where their addresses are configured.
    pub peers: Option<Arc<dyn Peers>>,
    /// When content over HTTP last fell silent: for the time of one sync nobody waits for it again.
    pub silent_at: std::sync::Mutex<Option<tokio::time::Instant>>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Entropy,
    pub metrics: Metrics,
    state: RwLock<State>,
    /// Held from the reading of the state on which a write is based until the state shows it.
    pub order: Mutex<()>,
    /// The running read of the nodes, shared by concurrent callers; true when it asks whatever the cache says.
    pub reading: Mutex<Option<(bool, super::sync::SharedRead)>>,
    /// One writing of measurements at a time.
    pub measuring: Mutex<()>,
    /// One publish at a time.
    pub publishing: Mutex<()>,
    pub events: broadcast::Sender<Event>,
    /// Told of each step of a publish, so that waiters see progress.
    pub progress: watch::Sender<u64>,
    /// Told of each local change, for the outbox.
    pub changed: tokio::sync::Notify,
    /// Background work that `close` waits for.
    pub background: Mutex<tokio::task::JoinSet<()>>,
    /// The engine's own schedule, ended by `close`.
    pub schedule: Mutex<tokio::task::JoinSet<()>>,
    /// Whether somebody is looking, for the schedule.
    pub presence: watch::Sender<super::presence::Presence>,
    pub closed: AtomicBool,
    pub read_along: bool,
}

impl Account {
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        keys: WalletKeys,
        config: Config,
        store: Arc<dyn Store>,
        nodes: NodeSet,
        peers: Option<Arc<dyn Peers>>,
        clock: Arc<dyn Clock>,
        entropy: Entropy,
        metrics: Metrics,
        state: State,
        read_along: bool,
    ) -> Self {
        Self {
            keys,
            config,
            store,
            nodes,
            peers,
            silent_at: std::sync::Mutex::new(None),
            clock,
            entropy,
            metrics,
            state: RwLock::new(state),
            order: Mutex::new(()),
            reading: Mutex::new(None),
            measuring: Mutex::new(()),
            publishing: Mutex::new(()),
            events: broadcast::channel(crate::limits::EVENT_BACKLOG).0,
            progress: watch::channel(0).0,
            changed: tokio::sync::Notify::new(),
            background: Mutex::new(tokio::task::JoinSet::new()),
            schedule: Mutex::new(tokio::task::JoinSet::new()),
            presence: super::presence::channel(),
            closed: AtomicBool::new(false),
            read_along,
        }
    }

    pub fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For changes that the store already has.
    pub fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn check_open(&self) -> Result<(), Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::new(Code::Closed, "the account is closed"));
        }
        Ok(())
    }

    pub fn emit(&self, event: Event) {
        // Nobody listening is fine.
        let _ = self.events.send(event);
    }

    pub fn alert(&self, kind: &'static str, message: String) {
        tracing::warn!(kind, "{message}");
        let revision = self.read().revision;
        self.emit(Event::Alert { revision, kind, message });
    }

    /// Runs work behind the answer; `close` waits for it.
    pub async fn behind(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut background = self.background.lock().await;
        // Ended tasks are held until they are asked for.
        while background.try_join_next().is_some() {}
        background.spawn(work);
    }

    pub fn step(&self) {
        self.progress.send_modify(|steps| *steps = steps.wrapping_add(1));
    }

    /// Configured nodes that can be written to.
    pub fn api_nodes(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|at| self.nodes.node(*at).is_some_and(|node| node.has_api())).collect()
    }

    /// More than half of the nodes that have an API (of all, when none has).
    pub fn majority(&self) -> usize {
        let api = self.api_nodes().len();
        let all = if api == 0 { self.nodes.len() } else { api };
        all.checked_div(2).unwrap_or(0).saturating_add(1)
    }

    /// Nodes that must hold a change before it is `verified`.
    pub fn needed(&self) -> usize {
        self.api_nodes().len().clamp(1, crate::limits::VERIFIED_NODES)
    }

    /// Whether a root's content is in the inventory.
    pub fn is_merged(&self, root: &Cid) -> bool {
        let state = self.read();
        state.merged.contains(root)
            || state.edition.as_ref().is_some_and(|edition| edition.root == *root)
            || state.names.values().any(|known| known.merged_root.as_ref() == Some(root))
    }

    /// Raises the level of changes up to a number, on disk first.
    pub async fn raise_level(&self, upto: u64, level: Level) -> Result<(), Error> {
        let order = self.order.lock().await;
        let needed = self.read().changes.values().any(|(number, old)| *number <= upto && *old < level);
        if !needed {
            return Ok(());
        }
        self.store.commit(vec![Write::RaiseLevel { upto, level }]).await?;
        {
            let mut state = self.write();
            state.raise_level(upto, level);
            state.revision = state.revision.wrapping_add(1);
        }
        drop(order);
        self.emit_publish();
        Ok(())
    }

    /// Lowers levels that proved too high, and says so.
    pub async fn lower_level(&self, level: Level, why: String) -> Result<(), Error> {
        let order = self.order.lock().await;
        if !self.read().changes.values().any(|(_, old)| *old > level) {
            return Ok(());
        }
        let unverified = Write::Meta { key: super::open::VERIFIED_SEQUENCE, value: None };
        self.store.commit(vec![Write::LowerLevel { level }, unverified]).await?;
        {
            let mut state = self.write();
            state.lower_level(level);
            state.verified_index = None;
            state.verified_sequence = 0;
            state.revision = state.revision.wrapping_add(1);
        }
        drop(order);
        self.alert("level_lowered", why);
        self.emit_publish();
        Ok(())
    }

    pub fn emit_publish(&self) {
        let (revision, ack, verified_nodes) = {
            let state = self.read();
            (state.revision, state.ack(), state.verified_nodes())
        };
        self.step();
        self.emit(Event::PublishChanged { revision, ack, verified_nodes });
    }

    /// Whether something of ours waits to be published: changes of our own, or merged content that our own root lacks.
    pub fn has_pending(&self) -> bool {
        let slot = {
            let state = self.read();
            if state.pending() > 0 {
                return true;
            }
            if state.ack() == Ack::None && state.own.slot.is_none() {
                return false;
            }
            state.own.slot
        };
        slot.is_some_and(|slot| self.lags(slot))
    }

    /// Whether a publish has work: pending content, or a reachable node that is not proven to hold our edition.
    pub fn needs_publish(&self) -> bool {
        if !self.read().first_read {
            return false;
        }
        if self.has_pending() {
            return true;
        }
        let now = self.clock.monotonic();
        let state = self.read();
        let Some(edition) = &state.edition else { return false };
        self.api_nodes().into_iter().filter(|at| self.nodes.health().available(*at, now)).any(|at| {
            let row = self.nodes.node(at).and_then(|node| state.nodes.get(node.id()));
            row.is_none_or(|row| {
                row.slot != edition.slot.number() || row.verified_sequence != edition.sequence
            })
        })
    }

    /// Whether our own published root lacks merged content.
    fn lags(&self, _slot: Slot) -> bool {
        let mut state = self.write();
        match state.index.seal(self.keys.sealer()) {
            Ok(index) => state.verified_index != Some(index),
            Err(_) => false,
        }
    }
}
