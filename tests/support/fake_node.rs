//! A node in memory behind the engine's trait, and what can go wrong with it.
//!
//! It exists because paused time needs a node without sockets: hours and hung nodes pass in milliseconds, and a run
//! repeats. It judges what the engine makes of a node's answers, not how they are read from the wire. Its answers are
//! those that `tests/harness/tests/contract` finds on real Kubo (an older record refused offline and accepted with a yes
//! online, content pulled from peers, a block that is nowhere looked for without end); it is not run there itself, so
//! the promises are tested on real Kubo too, in `examples/cli/tests/kubo`.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::CarSummary;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::model::push::Topic;
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::node::pubsub::Ear;
use tauri_plugin_wallet_sync::node::{
    About, BlockSink, Call, Discarded, Node, Outcome, Put, PutMode, Rename, Repin, Shown, Source,
};
use tauri_plugin_wallet_sync::{Code, Error};

use super::air::Air;
use super::dag::{SHOWN_LINE, links, shown, unpack};
use super::drip::Line;
pub use super::fault::Fault;
use super::fault::hidden;
pub use super::held::Held;
use super::home_line::HomeLine;

/// One node.
pub struct FakeNode {
    id: String,
    pub held: Mutex<Held>,
    pub(super) fault: Mutex<Fault>,
    pub latency: Mutex<Duration>,
    pub line: Line,
    /// The line to it and its like; none where it is wide.
    pub home: Mutex<Option<Arc<HomeLine>>>,
    peers: Mutex<Vec<Weak<FakeNode>>>,
    /// Another address of the same machine: blocks that come here are there too.
    twin: Mutex<Weak<FakeNode>>,
    /// The machine that it says it is; none when it refuses to say.
    pub machine: Mutex<Option<String>>,
    pub puts: AtomicU64,
    pub requests: AtomicU64,
    /// Questions about many names at once.
    pub short: AtomicU64,
    /// What carries messages; none where pubsub is not enabled.
    pub air: Mutex<Option<Arc<Air>>>,
    /// Subscriptions that were refused.
    pub refused: AtomicU64,
}

impl FakeNode {
    /// Nodes that are each other's peers.
    pub fn cluster(count: usize) -> Vec<Arc<Self>> {
        let nodes: Vec<_> = (0..count)
            .map(|at| {
                Arc::new(Self {
                    id: format!("n{at}"),
                    held: Mutex::default(),
                    fault: Mutex::new(Fault::None),
                    latency: Mutex::new(Duration::from_millis(5)),
                    line: Line::default(),
                    home: Mutex::default(),
                    peers: Mutex::default(),
                    twin: Mutex::default(),
                    machine: Mutex::new(Some(format!("12D3KooWn{at}"))),
                    puts: AtomicU64::new(0),
                    requests: AtomicU64::new(0),
                    short: AtomicU64::new(0),
                    air: Mutex::default(),
                    refused: AtomicU64::new(0),
                })
            })
            .collect();
        for node in &nodes {
            *node.peers.lock().unwrap() =
                nodes.iter().filter(|other| other.id != node.id).map(Arc::downgrade).collect();
        }
        nodes
    }

    pub fn shares_disk_with(self: &Arc<Self>, other: &Arc<Self>) {
        *self.twin.lock().unwrap() = Arc::downgrade(other);
        *other.twin.lock().unwrap() = Arc::downgrade(self);
    }

    pub fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    pub fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }

    pub(super) async fn pass(&self, call: &Call) -> Result<Fault, Error> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        call.meter.sent(0);
        let fault = *self.fault.lock().unwrap();
        let rtt = self.home().map_or(Duration::ZERO, |home| home.rtt);
        let answer_at = tokio::time::sleep(rtt + *self.latency.lock().unwrap());
        match fault {
            Fault::Hung => {
                tokio::time::sleep_until(call.deadline).await;
                Err(Error::new(Code::Deadline, "hung"))
            }
            Fault::Dead => Err(Error::new(Code::Unreachable, "connection refused")),
            fault => match tokio::time::timeout_at(call.deadline, answer_at).await {
                Ok(()) => Ok(fault),
                Err(_) => Err(Error::new(Code::Deadline, "too slow")),
            },
        }
    }

    fn home(&self) -> Option<Arc<HomeLine>> {
        self.home.lock().unwrap().clone()
    }

    /// Gives the block once all of it has come over the lines.
    async fn carry(&self, block: Block, call: &Call) -> Result<Block, Error> {
        let Some(home) = self.home() else { return self.line.carry(block, call).await };
        let bytes = block.bytes().len() as u64;
        home.down.carry(bytes, |some| call.meter.received(some), call).await?;
        Ok(block)
    }

    /// The same for content.
    async fn pass_content(&self, call: &Call) -> Result<Fault, Error> {
        match self.pass(call).await? {
            Fault::Mute => {
                tokio::time::sleep_until(call.deadline).await;
                Err(Error::new(Code::Deadline, "mute"))
            }
            fault => Ok(fault),
        }
    }

    pub(super) fn pull(&self, cid: &Cid) -> Option<Block> {
        if let Some(block) = self.held().blocks.get(cid) {
            return Some(block.clone());
        }
        let peers: Vec<_> = self.peers.lock().unwrap().iter().filter_map(Weak::upgrade).collect();
        peers
            .into_iter()
            .filter(|peer| *peer.fault.lock().unwrap() == Fault::None)
            .find_map(|peer| peer.held().blocks.get(cid).cloned())
    }

    /// It meets no other node any more.
    pub fn lose_peers(&self) {
        self.peers.lock().unwrap().clear();
    }
}

#[async_trait]
impl Node for FakeNode {
    fn id(&self) -> &str {
        &self.id
    }

    fn has_api(&self) -> bool {
        true
    }

    async fn about(&self, call: &Call) -> Result<About, Error> {
        self.pass(call).await?;
        Ok(About {
            version: "0.43.0".to_owned(),
            protocol: "HTTP/1.1".to_owned(),
            is_secure: false,
            clock: None,
        })
    }

    async fn machine(&self, call: &Call) -> Result<String, Error> {
        self.pass(call).await?;
        let machine = self.machine.lock().unwrap().clone();
        machine.ok_or_else(|| Error::new(Code::Denied, "status 403"))
    }

    async fn warm(&self, _connections: usize) {}

    async fn record(&self, name: &Name, _known: bool, call: &Call) -> Outcome {
        match self.line.about(name, self.pass(call).await) {
            Err(e) => Outcome::Unreachable(e),
            Ok(Fault::Broken) => Outcome::Unreachable(Error::new(Code::Unreachable, "status 500")),
            Ok(Fault::Forging) => Outcome::Invalid(Error::new(Code::SignatureInvalid, "forged")),
            Ok(_) => match self.held().records.get(name) {
                Some(record) => {
                    call.meter.received(record.raw().len() as u64);
                    Outcome::Found(Box::new(record.clone()), Source::HttpRouting)
                }
                None => Outcome::Absent,
            },
        }
    }

    async fn shown(&self, names: &[Name], call: &Call) -> Result<Shown, Error> {
        self.short.fetch_add(1, Ordering::Relaxed);
        match self.pass(call).await? {
            Fault::Broken | Fault::Forging => return Ok(Shown::Refused),
            Fault::Curt => std::future::pending().await,
            _ => {}
        }
        let root_of = |name: &Name| self.held().records.get(name)?.root();
        let shown = shown(names, root_of, |root| self.held().pins.contains_key(root));
        call.meter.received(SHOWN_LINE * names.len() as u64);
        Ok(shown)
    }

    async fn block(&self, cid: &Cid, call: &Call) -> Result<Block, Error> {
        match self.pass_content(call).await? {
            Fault::Broken => Err(Error::new(Code::Unreachable, "status 500")),
            Fault::Forging => Err(Error::new(Code::HashMismatch, "wrong bytes")),
            _ => {
                // A block that is nowhere is looked for without end (measured).
                let Some(block) = self.pull(cid) else {
                    tokio::time::sleep_until(call.deadline).await;
                    return Err(Error::new(Code::Deadline, "nowhere"));
                };
                self.carry(block, call).await
            }
        }
    }

    async fn car(
        &self,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error> {
        let fault = self.pass_content(call).await?;
        match fault {
            Fault::None => {}
            Fault::LastMoment => tokio::time::sleep_until(call.deadline).await,
            _ => return Err(Error::new(Code::Unreachable, "status 500")),
        }
        let (mut stack, mut seen, mut summary) = (
            vec![*root],
            HashSet::new(),
            CarSummary { blocks: 0, bytes: 0, skipped: 0, missing: Vec::new() },
        );
        while let Some(cid) = stack.pop() {
            if held.contains(&cid) || !seen.insert(cid) {
                continue;
            }
            match self.pull(&cid) {
                None => {
                    tokio::time::sleep_until(call.deadline).await;
                    return Err(Error::new(Code::Deadline, "nowhere"));
                }
                Some(block) => {
                    stack.extend(links(&block));
                    summary.blocks += 1;
                    summary.bytes += block.bytes().len() as u64;
                    sink(self.carry(block, call).await?);
                }
            }
        }
        if fault == Fault::LastMoment {
            std::future::pending::<()>().await;
        }
        Ok(summary)
    }

    async fn import(&self, car: Bytes, call: &Call) -> Result<(), Error> {
        let fault = self.pass(call).await?;
        call.meter.sent(car.len() as u64);
        if let Some(home) = self.home() {
            home.up.carry(car.len() as u64, |_| (), call).await?;
        }
        if matches!(fault, Fault::Amnesiac | Fault::BlockEater) {
            return Ok(());
        }
        let blocks = unpack(&car);
        if let Some(twin) = self.twin.lock().unwrap().upgrade() {
            twin.held().blocks.extend(blocks.iter().map(|block| (*block.cid(), block.clone())));
        }
        let mut held = self.held();
        for block in blocks {
            held.blocks.entry(*block.cid()).or_insert(block);
        }
        Ok(())
    }

    async fn pin(
        &self,
        root: &Cid,
        name: &Name,
        progress: &(dyn Fn(u64) + Send + Sync),
        call: &Call,
    ) -> Result<(), Error> {
        let fault = self.pass(call).await?;
        if matches!(fault, Fault::Amnesiac | Fault::BlockEater) {
            return Ok(());
        }
        let pulled = self.pull_dag(root);
        if pulled.is_err() && self.peers.lock().unwrap().is_empty() {
            tokio::time::sleep_until(call.deadline).await;
        }
        progress(pulled?);
        self.held().pins.insert(*root, *name);
        Ok(())
    }

    async fn repin(&self, old: &Cid, new: &Cid, call: &Call) -> Result<Repin, Error> {
        let fault = self.pass(call).await?;
        if matches!(fault, Fault::Amnesiac | Fault::BlockEater) {
            return Ok(Repin::Pinned);
        }
        let name = self.held().pins.get(old).copied();
        let Some(name) = name else { return Ok(Repin::OldMissing) };
        self.pull_difference(old, new)?;
        self.held().pins.insert(*new, name);
        Ok(Repin::Pinned)
    }

    async fn unpin(&self, root: &Cid, call: &Call) -> Result<(), Error> {
        self.pass(call).await?;
        self.held().unpin(root);
        Ok(())
    }

    async fn pin_name(&self, cid: &Cid, call: &Call) -> Result<Option<String>, Error> {
        match self.pass(call).await? {
            Fault::Broken => Err(Error::new(Code::Unreachable, "status 500")),
            _ => Ok(self.held().name_of(cid)),
        }
    }

    async fn name_pin(&self, cid: &Cid, name: &str, call: &Call) -> Result<Rename, Error> {
        let fault = self.pass(call).await?;
        if matches!(fault, Fault::Amnesiac | Fault::Stale) {
            return Ok(Rename::Done);
        }
        if fault != Fault::BlockEater {
            self.pull_dag(cid)?;
        }
        self.held().labels.insert(*cid, name.to_owned());
        Ok(Rename::Done)
    }

    async fn put_record(&self, record: &Record, mode: PutMode, call: &Call) -> Result<Put, Error> {
        let fault = self.pass(call).await?;
        call.meter.sent(record.raw().len() as u64);
        self.puts.fetch_add(1, Ordering::Relaxed);
        if matches!(fault, Fault::Amnesiac | Fault::Stale) {
            return Ok(Put::Stored);
        }
        let mut held = self.held();
        let older = held.records.get(record.name()).is_some_and(|there| there.cmp_order(record).is_gt());
        if older {
            return Ok(if mode == PutMode::Offline { Put::Older } else { Put::Stored });
        }
        held.records.insert(*record.name(), record.clone());
        Ok(Put::Stored)
    }

    async fn holds(&self, cid: &Cid, call: &Call) -> Result<bool, Error> {
        hidden(self.pass(call).await?)?;
        Ok(self.held().blocks.contains_key(cid))
    }

    async fn holds_dag(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.pass(call).await?;
        Ok(self.stat_dag(root)?.map(|_| 1))
    }

    async fn own_dag_bytes(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.pass(call).await?;
        self.stat_dag(root)
    }

    async fn discard(&self, cids: &[Cid], call: &Call) -> Result<Discarded, Error> {
        self.pass(call).await?;
        Ok(self.drop_blocks(cids))
    }

    async fn own_block(&self, cid: &Cid, call: &Call) -> Result<Option<Block>, Error> {
        hidden(self.pass(call).await?)?;
        self.stored(cid)
    }

    async fn subscribe(&self, topic: &Topic, ear: Ear<'_>, call: &Call) -> Result<(), Error> {
        self.listen(topic, ear, call).await
    }

    async fn announce(&self, topic: &Topic, message: Bytes, call: &Call) -> Result<(), Error> {
        self.tell(topic, message, call).await
    }
}
