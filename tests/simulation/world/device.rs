//! A device of the world: a disk, a clock, a process that comes and goes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tauri_plugin_wallet_sync::clock::{Clock, Entropy, UnixMs, monotonic};
use tauri_plugin_wallet_sync::engine::{Bounds, Engine, Mode, Parts, TokenRow};
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::store::memory::MemoryStore;
use tauri_plugin_wallet_sync::store::{BlockStats, Loaded, RollupRow, Store, Write};
use tauri_plugin_wallet_sync::{Code, Config, Error, Secret};
use tokio::time::Instant;

use crate::kubo::Kubo;
use crate::line::Line;
use crate::process::Process;
use crate::support::world::START_MS;

/// More rows than a world has.
pub const ALL: usize = 10_000;

/// A wall clock that follows virtual time, off by what a scenario says.
pub struct SimClock {
    started: Instant,
    pub off: AtomicI64,
}

impl SimClock {
    pub fn new(started: Instant) -> Arc<Self> {
        Arc::new(Self { started, off: AtomicI64::new(0) })
    }
}

impl Clock for SimClock {
    fn now(&self) -> UnixMs {
        let passed = i64::try_from(self.started.elapsed().as_millis()).unwrap();
        START_MS + passed + self.off.load(Ordering::Relaxed)
    }

    fn monotonic(&self) -> Instant {
        monotonic()
    }
}

/// A disk that ends its process at a chosen commit.
struct Disk {
    inner: MemoryStore,
    /// Commits until then; 0 never.
    countdown: Arc<AtomicU64>,
    after: Arc<AtomicBool>,
    process: Arc<Process>,
}

impl Disk {
    fn kill(&self) -> Error {
        self.process.alive.store(false, Ordering::Relaxed);
        drop(self.inner.crash());
        Error::new(Code::Closed, "the process is gone")
    }
}

#[async_trait]
impl Store for Disk {
    async fn load(&self) -> Result<Loaded, Error> {
        self.inner.load().await
    }

    async fn commit(&self, batch: Vec<Write>) -> Result<(), Error> {
        if !self.process.alive.load(Ordering::Relaxed) {
            return Err(Error::new(Code::Closed, "the process is gone"));
        }
        let left = self.countdown.load(Ordering::Relaxed);
        self.countdown.store(left.saturating_sub(1), Ordering::Relaxed);
        if left != 1 {
            return self.inner.commit(batch).await;
        }
        if self.after.load(Ordering::Relaxed) {
            self.inner.commit(batch).await?;
        }
        Err(self.kill())
    }

    async fn block(&self, cid: &Cid) -> Result<Option<Block>, Error> {
        self.inner.block(cid).await
    }

    async fn blocks(&self, cids: &[Cid]) -> Result<Vec<Option<Block>>, Error> {
        self.inner.blocks(cids).await
    }

    async fn block_stats(&self) -> Result<BlockStats, Error> {
        self.inner.block_stats().await
    }

    async fn trim_cache(&self, max_bytes: u64) -> Result<u64, Error> {
        self.inner.trim_cache(max_bytes).await
    }

    async fn rollups(&self, from_minute: i64) -> Result<Vec<RollupRow>, Error> {
        self.inner.rollups(from_minute).await
    }

    async fn close(&self) -> Result<(), Error> {
        self.inner.close().await
    }
}

/// What is known to be on a disk: it is kept and goes back with it.
#[derive(Clone, Default)]
pub struct Known {
    /// Token ids that were acknowledged here.
    pub tokens: BTreeSet<String>,
    /// Token ids whose spend was seen proven here.
    pub spent: BTreeSet<String>,
    /// Highest sequence believed of each name.
    pub high_water: BTreeMap<String, u64>,
    /// Token ids whose row rotted: no longer promised to be here.
    pub rotten: BTreeSet<String>,
    /// A reading of the nodes succeeded: before that a device knows of no wallet, and publishes nothing.
    pub has_read: bool,
    /// A payload rotted here: a change whose payload is nowhere stays local for good, and that is the truth.
    pub lost_payloads: bool,
}

pub struct Device {
    pub disk: MemoryStore,
    pub saved: Option<(MemoryStore, Known)>,
    pub clock: Arc<SimClock>,
    pub engine: Option<Engine>,
    pub process: Option<Arc<Process>>,
    countdown: Arc<AtomicU64>,
    after: Arc<AtomicBool>,
    /// Which nodes its nodes file names.
    pub nodes: Vec<usize>,
    pub cut: BTreeMap<usize, Arc<AtomicBool>>,
    pub loss: Arc<AtomicU64>,
    pub live: bool,
    pub dead: bool,
    pub known: Known,
    /// Token ids told as verified, and whether with their spend.
    pub verified: BTreeMap<String, bool>,
    /// When something was last changed here.
    pub changed_at: Option<Instant>,
    /// When its circumstances last became such that two honest machines answer.
    pub well_since: Option<Instant>,
    /// When it last looked at the nodes, until that was taken account of.
    pub looked_at: Option<Instant>,
    /// When it last looked at its nodes while all of them were well, and since when nothing was done to them.
    pub cared_at: Option<Instant>,
    /// When its process read the nodes.
    pub reads: Vec<Instant>,
    /// Its last look at the nodes failed, and none succeeded since.
    pub in_vain: bool,
    /// A reading saw a slot whose content it could not get.
    pub owes: bool,
    /// Its one search of all slots may still come.
    pub searches: bool,
}

impl Device {
    pub fn new(disk: MemoryStore, clock: Arc<SimClock>, count: usize) -> Self {
        Self {
            disk,
            saved: None,
            clock,
            engine: None,
            process: None,
            countdown: Arc::default(),
            after: Arc::default(),
            nodes: (0..count).collect(),
            cut: (0..count).map(|at| (at, Arc::default())).collect(),
            loss: Arc::default(),
            live: false,
            dead: false,
            known: Known::default(),
            verified: BTreeMap::new(),
            changed_at: None,
            well_since: None,
            looked_at: None,
            cared_at: None,
            reads: Vec::new(),
            in_vain: false,
            owes: false,
            searches: true,
        }
    }

    /// Starts the process.
    pub async fn open(
        &mut self,
        all: &[Arc<Kubo>],
        luck: &Arc<Entropy>,
        secret: &Secret,
    ) -> Result<(), Error> {
        let process = Arc::new(Process {
            alive: AtomicBool::new(true),
            loss: self.loss.clone(),
            requests: AtomicU64::new(0),
            luck: luck.clone(),
        });
        let line = |at: &usize| {
            Arc::new(Line::new(all[*at].clone(), self.cut[at].clone(), process.clone())) as Arc<dyn Node>
        };
        self.disk = self.disk.clone();
        self.in_vain = false;
        self.countdown.store(0, Ordering::Relaxed);
        let disk = Disk {
            inner: self.disk.clone(),
            countdown: self.countdown.clone(),
            after: self.after.clone(),
            process: process.clone(),
        };
        let parts = Parts {
            config: Config::default(),
            store: Arc::new(disk),
            nodes: self.nodes.iter().map(line).collect(),
            peers: None,
            clock: self.clock.clone(),
            entropy: Entropy::seeded(luck.below(u64::MAX)),
            mode: if self.live { Mode::Background } else { Mode::Own },
            bounds: Bounds::default(),
        };
        self.engine = Some(Engine::assemble(secret, parts).await?);
        self.process = Some(process);
        Ok(())
    }

    pub async fn close(&mut self) {
        if self.was_killed() {
            return self.crash();
        }
        if let Some(engine) = self.engine.take() {
            let _ = engine.close(Duration::from_secs(5)).await;
        }
        if self.was_killed() {
            return self.crash();
        }
        self.end_process();
    }

    /// The process is killed: nothing more leaves it, its disk has what was committed.
    pub fn crash(&mut self) {
        self.end_process();
        self.disk = self.disk.crash();
        self.engine = None;
    }

    fn end_process(&mut self) {
        if let Some(process) = self.process.take() {
            process.alive.store(false, Ordering::Relaxed);
        }
        self.reads.clear();
    }

    /// Its disk or its nodes are others: what it told before is not told any more.
    pub fn forget_told(&mut self) {
        self.verified.clear();
        (self.changed_at, self.cared_at, self.searches) = (None, None, true);
    }

    /// The process ends at the n-th commit from now.
    pub fn crash_at(&self, n: u64, after: bool) {
        self.after.store(after, Ordering::Relaxed);
        self.countdown.store(n, Ordering::Relaxed);
    }

    /// Whether its disk ended it after what it was told last had reached it.
    pub fn was_killed_after(&self) -> bool {
        self.was_killed() && self.after.load(Ordering::Relaxed)
    }

    /// How many machines have to answer for its changes to be verified: until it has read once, a majority.
    pub fn machines_needed(&self) -> usize {
        let majority = self.nodes.len() / 2 + usize::from(!self.nodes.is_empty());
        let proven = self.nodes.len().min(2);
        if self.known.has_read { proven } else { majority.max(proven) }
    }

    /// Whether it was killed by its disk.
    pub fn was_killed(&self) -> bool {
        self.process.as_ref().is_some_and(|process| !process.alive.load(Ordering::Relaxed))
    }

    /// What its disk holds, whether or not the process that wrote it lives.
    pub fn stored(&self) -> MemoryStore {
        self.disk.snapshot()
    }

    pub fn rows(&self) -> Vec<TokenRow> {
        self.engine.as_ref().map(|engine| engine.tokens(None, ALL, true)).unwrap_or_default()
    }

    /// Honest nodes of its nodes file that it can reach and that are not far.
    pub fn honest<'a>(&self, all: &'a [Arc<Kubo>]) -> Vec<&'a Arc<Kubo>> {
        let is_well = |at: &&usize| {
            let manners = all[**at].manners();
            !self.cut[*at].load(Ordering::Relaxed) && manners.is_honest()
        };
        self.nodes.iter().filter(is_well).map(|at| &all[*at]).collect()
    }

    /// Requests of this process so far.
    pub fn requests(&self) -> u64 {
        self.process.as_ref().map_or(0, |process| process.requests.load(Ordering::Relaxed))
    }

    pub fn line_is_clean(&self) -> bool {
        self.loss.load(Ordering::Relaxed) == 0
    }
}
