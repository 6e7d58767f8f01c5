//! A node that can be disabled: nothing is sent to it then.
//!
//! It still counts as configured, so that disabling nodes never makes a majority smaller.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;

use super::pubsub::Ear;
use super::{About, BlockSink, Call, Discarded, Node, Outcome, Put, PutMode, Rename, Repin, Shown, Source};
use crate::error::{Code, Error};
use crate::model::block::Block;
use crate::model::car::CarSummary;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::push::Topic;
use crate::model::record::Record;

/// A node behind a switch.
pub struct Switched {
    node: Arc<dyn Node>,
    is_off: AtomicBool,
}

impl Switched {
    /// Wraps a node, enabled.
    #[must_use]
    pub fn new(node: Arc<dyn Node>) -> Self {
        Self { node, is_off: AtomicBool::new(false) }
    }

    /// Enables or disables the node; running requests go on.
    pub fn set_enabled(&self, enabled: bool) {
        self.is_off.store(!enabled, Ordering::Release);
    }

    /// Whether it is enabled.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        !self.is_off.load(Ordering::Acquire)
    }

    fn enabled(&self) -> Result<&dyn Node, Error> {
        if self.is_enabled() { Ok(&*self.node) } else { Err(Error::new(Code::Unreachable, "out of use")) }
    }
}

#[async_trait]
impl Node for Switched {
    fn id(&self) -> &str {
        self.node.id()
    }

    fn has_api(&self) -> bool {
        self.node.has_api()
    }

    async fn about(&self, call: &Call) -> Result<About, Error> {
        self.enabled()?.about(call).await
    }

    fn gives_own_records(&self, source: Source) -> bool {
        self.node.gives_own_records(source)
    }

    fn refused_verbs(&self) -> Vec<String> {
        self.node.refused_verbs()
    }

    async fn machine(&self, call: &Call) -> Result<String, Error> {
        self.enabled()?.machine(call).await
    }

    async fn warm(&self, connections: usize) {
        if let Ok(node) = self.enabled() {
            node.warm(connections).await;
        }
    }

    async fn record(&self, name: &Name, known: bool, call: &Call) -> Outcome {
        match self.enabled() {
            Ok(node) => node.record(name, known, call).await,
            Err(_) => Outcome::Skipped,
        }
    }

    async fn shown(&self, names: &[Name], call: &Call) -> Result<Shown, Error> {
        self.enabled()?.shown(names, call).await
    }

    async fn block(&self, cid: &Cid, call: &Call) -> Result<Block, Error> {
        self.enabled()?.block(cid, call).await
    }

    async fn car(
        &self,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error> {
        self.enabled()?.car(root, held, sink, call).await
    }

    async fn import(&self, car: Bytes, call: &Call) -> Result<(), Error> {
        self.enabled()?.import(car, call).await
    }

    async fn pin(
        &self,
        root: &Cid,
        name: &Name,
        progress: &(dyn Fn(u64) + Send + Sync),
        call: &Call,
    ) -> Result<(), Error> {
        self.enabled()?.pin(root, name, progress, call).await
    }

    async fn repin(&self, old: &Cid, new: &Cid, call: &Call) -> Result<Repin, Error> {
        self.enabled()?.repin(old, new, call).await
    }

    async fn unpin(&self, root: &Cid, call: &Call) -> Result<(), Error> {
        self.enabled()?.unpin(root, call).await
    }

    async fn pin_name(&self, cid: &Cid, call: &Call) -> Result<Option<String>, Error> {
        self.enabled()?.pin_name(cid, call).await
    }

    async fn name_pin(&self, cid: &Cid, name: &str, call: &Call) -> Result<Rename, Error> {
        self.enabled()?.name_pin(cid, name, call).await
    }

    async fn put_record(&self, record: &Record, mode: PutMode, call: &Call) -> Result<Put, Error> {
        self.enabled()?.put_record(record, mode, call).await
    }

    async fn holds(&self, cid: &Cid, call: &Call) -> Result<bool, Error> {
        self.enabled()?.holds(cid, call).await
    }

    async fn holds_dag(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.enabled()?.holds_dag(root, call).await
    }

    async fn own_block(&self, cid: &Cid, call: &Call) -> Result<Option<Block>, Error> {
        self.enabled()?.own_block(cid, call).await
    }

    async fn own_block_of(&self, cid: &Cid, size: u64, call: &Call) -> Result<Option<Block>, Error> {
        self.enabled()?.own_block_of(cid, size, call).await
    }

    async fn own_size(&self, cid: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.enabled()?.own_size(cid, call).await
    }

    async fn own_dag_bytes(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.enabled()?.own_dag_bytes(root, call).await
    }

    async fn discard(&self, cids: &[Cid], call: &Call) -> Result<Discarded, Error> {
        self.enabled()?.discard(cids, call).await
    }

    async fn subscribe(&self, topic: &Topic, ear: Ear<'_>, call: &Call) -> Result<(), Error> {
        self.enabled()?.subscribe(topic, ear, call).await
    }

    async fn announce(&self, topic: &Topic, message: Bytes, call: &Call) -> Result<(), Error> {
        self.enabled()?.announce(topic, message, call).await
    }
}
