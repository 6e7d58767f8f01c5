//! The line from one device to one node: requests are lost, late, answered twice, or arrive when nobody waits any more.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::CarSummary;
use tauri_plugin_wallet_sync::model::cid::{Cid, Codec};
use tauri_plugin_wallet_sync::model::identity::Name;
use tauri_plugin_wallet_sync::model::record::Record;
use tauri_plugin_wallet_sync::node::{
    BlockSink, Call, Node, Outcome, Put, PutMode, Rename, Repin, Shown, Source,
};
use tauri_plugin_wallet_sync::{Code, Error};
use tokio::sync::oneshot;

use crate::answers;
use crate::kubo::{Fault, Kubo, Reach, Verb};
use crate::process::{Fate, Process, after_a_gap, in_time};
use crate::support::dag::{links, unpack};

/// A node of the same house.
const NEAR: Duration = Duration::from_millis(10);
/// A drip.
pub const DRIP: Duration = Duration::from_millis(350);
/// A line of an endless answer.
const SIGN_OF_LIFE: Duration = Duration::from_millis(1_000);
/// An online put is on every node of a small DHT by then (measured).
const WALK: Duration = Duration::from_millis(300);

pub struct Line {
    id: String,
    pub node: Arc<Kubo>,
    pub cut: Arc<AtomicBool>,
    pub process: Arc<Process>,
}

impl Line {
    pub fn new(node: Arc<Kubo>, cut: Arc<AtomicBool>, process: Arc<Process>) -> Self {
        Self { id: format!("n{}", node.at), node, cut, process }
    }

    /// One way.
    fn half(&self) -> Duration {
        let rtt = self.node.manners().rtt.unwrap_or(NEAR);
        rtt / 2 + Duration::from_micros(self.process.luck.below(1_000))
    }

    pub async fn silence<T>(call: &Call) -> Result<T, Error> {
        tokio::time::sleep_until(call.deadline).await;
        Err(Error::new(Code::Deadline, "no answer"))
    }

    /// Whether a request gets as far as the node's door; what is wrong behind it.
    async fn pass(&self, verb: Verb, call: &Call) -> Result<Option<Fault>, Error> {
        if !self.process.alive.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.node.count_request();
        self.process.requests.fetch_add(1, Ordering::Relaxed);
        call.meter.sent(0);
        if self.cut.load(Ordering::Relaxed) {
            return Err(Error::new(Code::Unreachable, "no route"));
        }
        let (reach, fault) = {
            let manners = self.node.manners();
            (manners.reach, manners.verbs.get(&verb).copied())
        };
        match (reach, fault) {
            (Reach::Dead, _) => Err(Error::new(Code::Unreachable, "connection refused")),
            (Reach::Frozen, _) | (_, Some(Fault::Freezes)) => Self::silence(call).await,
            (_, Some(Fault::Refuses)) => Err(Error::new(Code::Denied, "status 403")),
            (_, Some(Fault::Fails)) => Err(Error::new(Code::Unreachable, "status 500")),
            (_, Some(Fault::Slow(by))) => {
                tokio::time::sleep(by.min(call.deadline.saturating_duration_since(monotonic()))).await;
                Ok(None)
            }
            (_, fault) => Ok(fault),
        }
    }

    /// A question that changes nothing.
    pub async fn ask(&self, verb: Verb, call: &Call) -> Result<Option<Fault>, Error> {
        let fault = self.pass(verb, call).await?;
        if let Some(Fault::Late(by)) = fault {
            tokio::time::sleep_until(call.deadline.min(monotonic() + by)).await;
        }
        match self.process.fate() {
            Fate::RequestLost | Fate::AnswerLost => return Self::silence(call).await,
            Fate::Late(by) => tokio::time::sleep_until(call.deadline.min(monotonic() + by)).await,
            Fate::Well | Fate::Twice(_) => {}
        }
        tokio::time::sleep_until(call.deadline.min(monotonic() + self.half() * 2)).await;
        if monotonic() >= call.deadline {
            return Err(Error::new(Code::Deadline, "no answer in time"));
        }
        Ok(fault)
    }

    /// A request that changes the node, whether or not anybody waits for its answer.
    async fn tell<T: Send + 'static>(
        &self,
        fault: Option<Fault>,
        call: &Call,
        work: impl Fn(Arc<Kubo>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let fate = self.process.fate();
        if matches!(fate, Fate::RequestLost) {
            return Self::silence(call).await;
        }
        let (half, node) = (self.half(), self.node.clone());
        let (sender, answer) = oneshot::channel();
        let (late, again) = match fate {
            Fate::Late(by) => (by, None),
            Fate::Twice(by) => (Duration::ZERO, Some(by)),
            _ => (Duration::ZERO, None),
        };
        let late = if let Some(Fault::Late(by)) = fault { late + by } else { late };
        let on_the_line = async move {
            tokio::time::sleep(half + late).await;
            if node.manners().reach != Reach::Up {
                return;
            }
            let _ = sender.send(work(node.clone()));
            if let Some(by) = again {
                tokio::time::sleep(by).await;
                drop(work(node));
            }
        };
        tokio::spawn(on_the_line);
        let answered = async {
            let Ok(answer) = answer.await else { return std::future::pending().await };
            if matches!(fate, Fate::AnswerLost) {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(half).await;
            answer
        };
        let in_time = tokio::time::timeout_at(call.deadline, answered).await;
        in_time.map_err(|_| Error::new(Code::Deadline, "no answer in time"))
    }
}

#[async_trait]
impl Node for Line {
    fn id(&self) -> &str {
        &self.id
    }

    fn has_api(&self) -> bool {
        true
    }

    async fn machine(&self, call: &Call) -> Result<String, Error> {
        self.ask(Verb::Pins, call).await?;
        Ok(self.id.clone())
    }

    async fn warm(&self, _connections: usize) {}

    async fn record(&self, name: &Name, _known: bool, call: &Call) -> Outcome {
        let (record, source) = match self.ask(Verb::Records, call).await {
            Err(e) => return Outcome::Unreachable(e),
            Ok(Some(Fault::Lies)) => {
                return Outcome::Invalid(Error::new(Code::SignatureInvalid, "forged"));
            }
            Ok(Some(Fault::Proxies)) => (self.node.record_elsewhere(name), Source::HttpGateway),
            Ok(_) => (self.node.record(name), Source::HttpRouting),
        };
        let Some(record) = record else { return Outcome::Absent };
        call.meter.received(record.raw().len() as u64);
        Outcome::Found(Box::new(record), source)
    }

    async fn shown(&self, names: &[Name], call: &Call) -> Result<Shown, Error> {
        answers::shown(self, names, call).await
    }

    async fn block(&self, cid: &Cid, call: &Call) -> Result<Block, Error> {
        let fault = self.ask(Verb::Blocks, call).await?;
        if fault == Some(Fault::Lies) {
            return Err(Error::new(Code::HashMismatch, "wrong bytes"));
        }
        let Some(block) = self.node.pull(cid) else { return Self::silence(call).await };
        if fault == Some(Fault::Drips) {
            answers::drip(block.bytes().len() as u64, call).await?;
        }
        call.meter.received(block.bytes().len() as u64);
        Ok(block)
    }

    async fn car(
        &self,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error> {
        let fault = self.ask(Verb::Cars, call).await?;
        if fault == Some(Fault::Lies) {
            return Err(Error::new(Code::HashMismatch, "wrong bytes"));
        }
        let mut summary = CarSummary { blocks: 0, bytes: 0, skipped: 0, missing: Vec::new() };
        let (mut stack, mut seen) = (vec![*root], HashSet::new());
        while let Some(cid) = stack.pop() {
            if held.contains(&cid) || !seen.insert(cid) {
                continue;
            }
            if fault == Some(Fault::Drips) && summary.blocks > 0 {
                call.meter.received(1);
                tokio::time::sleep(DRIP).await;
            }
            let pulled = if monotonic() < call.deadline { self.node.pull(&cid) } else { None };
            let Some(block) = pulled else { return Self::silence(call).await };
            if block.cid().codec() == Codec::DagCbor {
                stack.extend(links(&block));
            }
            summary.blocks += 1;
            summary.bytes += block.bytes().len() as u64;
            call.meter.received(block.bytes().len() as u64);
            sink(block);
        }
        Ok(summary)
    }

    async fn import(&self, car: Bytes, call: &Call) -> Result<(), Error> {
        let fault = self.pass(Verb::Import, call).await?;
        call.meter.sent(car.len() as u64);
        let blocks = unpack(&car);
        self.tell(fault, call, move |node| match fault {
            Some(Fault::Lies) => {}
            Some(Fault::Halves) => node.add_blocks(blocks.iter().step_by(2).cloned()),
            _ => node.add_blocks(blocks.clone()),
        })
        .await
    }

    async fn pin(
        &self,
        root: &Cid,
        name: &Name,
        progress: &(dyn Fn(u64) + Send + Sync),
        call: &Call,
    ) -> Result<(), Error> {
        let fault = self.pass(Verb::Pin, call).await?;
        if fault == Some(Fault::Endless) {
            let mut count = 0;
            while monotonic() + SIGN_OF_LIFE < call.deadline {
                tokio::time::sleep(SIGN_OF_LIFE).await;
                count += 1;
                progress(count);
            }
            return Self::silence(call).await;
        }
        let (root, name) = (*root, *name);
        let pinned = self.tell(fault, call, move |node| {
            fault == Some(Fault::Lies)
                || (node.pull_dag(&root) && {
                    node.held().pins.insert(root, name);
                    true
                })
        });
        // What is nowhere is looked for without end.
        if pinned.await? {
            progress(u64::from(fault.is_none()));
            return Ok(());
        }
        Self::silence(call).await
    }

    async fn repin(&self, old: &Cid, new: &Cid, call: &Call) -> Result<Repin, Error> {
        let fault = self.pass(Verb::Pin, call).await?;
        if fault == Some(Fault::Endless) {
            return Self::silence(call).await;
        }
        let (old, new) = (*old, *new);
        let pinned = self.tell(fault, call, move |node| {
            if fault == Some(Fault::Lies) {
                return Some(Repin::Pinned);
            }
            let Some(name) = node.held().pins.get(&old).copied() else { return Some(Repin::OldMissing) };
            node.pull_dag(&new).then(|| {
                node.held().pins.insert(new, name);
                Repin::Pinned
            })
        });
        match pinned.await? {
            Some(done) => Ok(done),
            None => Self::silence(call).await,
        }
    }

    async fn unpin(&self, root: &Cid, call: &Call) -> Result<(), Error> {
        let fault = self.pass(Verb::Pin, call).await?;
        let root = *root;
        self.tell(fault, call, move |node| {
            node.held().pins.remove(&root);
        })
        .await
    }

    async fn pin_name(&self, cid: &Cid, call: &Call) -> Result<Option<String>, Error> {
        match self.ask(Verb::Pins, call).await? {
            Some(Fault::Lies) => Ok(None),
            Some(Fault::Proxies) => Ok(self.node.another_label(cid)),
            _ => Ok(self.node.held().name_of(cid)),
        }
    }

    /// As Kubo does it: the old pin is removed, the block is looked for, the new pin is added.
    async fn name_pin(&self, cid: &Cid, name: &str, call: &Call) -> Result<Rename, Error> {
        let has_own = self.node.manners().verbs.contains_key(&Verb::Names);
        let verb = if has_own { Verb::Names } else { Verb::Pin };
        let fault = match self.pass(verb, call).await {
            Err(e) if e.message().starts_with("status") => return Ok(Rename::Refused(e)),
            passed => passed?,
        };
        if fault == Some(Fault::Endless) {
            return Self::silence(call).await;
        }
        let (cid, name, luck) = (*cid, name.to_owned(), self.process.luck.clone());
        let named = self.tell(fault, call, move |node| {
            if fault == Some(Fault::Lies) {
                return Some(oneshot::channel().1);
            }
            node.held().labels.remove(&cid);
            let name = name.clone();
            // Its process ended in between.
            if fault == Some(Fault::Halves) {
                return None;
            }
            node.pull_dag(&cid).then(|| {
                after_a_gap(&luck, Duration::ZERO, move || {
                    node.held().labels.insert(cid, name);
                })
            })
        });
        match named.await? {
            Some(_) if fault == Some(Fault::Lies) => Ok(Rename::Done),
            Some(written) => in_time(written, call).await.map(|()| Rename::Done),
            None => Self::silence(call).await,
        }
    }

    async fn put_record(&self, record: &Record, mode: PutMode, call: &Call) -> Result<Put, Error> {
        let fault = self.pass(Verb::Put, call).await?;
        call.meter.sent(record.raw().len() as u64);
        let (record, luck) = (record.clone(), self.process.luck.clone());
        let put = self.tell(fault, call, move |node| {
            if fault == Some(Fault::Lies) {
                return (Put::Stored, None);
            }
            if mode == PutMode::Spread && fault == Some(Fault::Walks) {
                let (node, record) = (node.clone(), record.clone());
                tokio::spawn(async move {
                    tokio::time::sleep(WALK).await;
                    node.walk(&record);
                });
            }
            if !node.would_take(&record) {
                return (Put::Older, None);
            }
            let record = record.clone();
            let busy = if let Some(Fault::Busy(by)) = fault { by } else { Duration::ZERO };
            (Put::Stored, Some(after_a_gap(&luck, busy, move || node.write_record(record))))
        });
        let (put, written) = put.await?;
        if let Some(written) = written {
            in_time(written, call).await?;
        }
        match (put, mode) {
            (put, PutMode::Offline) => Ok(put),
            // It walks on through the DHT, where one peer that hangs costs more than the caller waits, and says yes to what
            // it threw away.
            (_, PutMode::Spread) if self.node.has_frozen_peer() => Self::silence(call).await,
            (_, PutMode::Spread) => Ok(Put::Stored),
        }
    }

    async fn holds(&self, cid: &Cid, call: &Call) -> Result<bool, Error> {
        let fault = self.ask(Verb::Holds, call).await?;
        Ok(fault == Some(Fault::Lies) || self.node.own(cid).is_some())
    }

    async fn holds_dag(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        let fault = self.ask(Verb::Holds, call).await?;
        Ok((fault == Some(Fault::Lies) || self.node.has_dag(root)).then_some(1))
    }

    async fn own_block(&self, cid: &Cid, call: &Call) -> Result<Option<Block>, Error> {
        self.ask(Verb::Holds, call).await?;
        Ok(self.node.own(cid))
    }
}
