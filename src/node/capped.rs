//! A node whose requests keep to a cap, which they share with those to all others.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::cap::Cap;
use super::pubsub::Ear;
use super::{
    About, BlockSink, Call, Discarded, Meter, Node, Outcome, Put, PutMode, Rename, Repin, Shown, Source,
};
use crate::error::Error;
use crate::model::block::Block;
use crate::model::car::CarSummary;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::push::Topic;
use crate::model::record::Record;

/// A node behind a cap.
pub struct Capped {
    node: Arc<dyn Node>,
    cap: Arc<Cap>,
}

impl Capped {
    /// Wraps a node.
    #[must_use]
    pub fn new(node: Arc<dyn Node>, cap: Arc<Cap>) -> Self {
        Self { node, cap }
    }

    fn capped(&self, call: &Call) -> Call {
        let meter = Meter::part_of(call.meter.clone()).within(self.cap.clone());
        Call { deadline: call.deadline, meter: Arc::new(meter) }
    }
}

#[async_trait]
impl Node for Capped {
    fn id(&self) -> &str {
        self.node.id()
    }

    fn has_api(&self) -> bool {
        self.node.has_api()
    }

    fn gives_own_records(&self, source: Source) -> bool {
        self.node.gives_own_records(source)
    }

    fn refused_verbs(&self) -> Vec<String> {
        self.node.refused_verbs()
    }

    async fn about(&self, call: &Call) -> Result<About, Error> {
        self.node.about(&self.capped(call)).await
    }

    async fn machine(&self, call: &Call) -> Result<String, Error> {
        self.node.machine(&self.capped(call)).await
    }

    async fn warm(&self, connections: usize) {
        self.node.warm(connections).await;
    }

    async fn record(&self, name: &Name, known: bool, call: &Call) -> Outcome {
        self.node.record(name, known, &self.capped(call)).await
    }

    async fn shown(&self, names: &[Name], call: &Call) -> Result<Shown, Error> {
        self.node.shown(names, &self.capped(call)).await
    }

    async fn block(&self, cid: &Cid, call: &Call) -> Result<Block, Error> {
        self.node.block(cid, &self.capped(call)).await
    }

    async fn car(
        &self,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error> {
        self.node.car(root, held, sink, &self.capped(call)).await
    }

    async fn import(&self, car: Bytes, call: &Call) -> Result<(), Error> {
        self.node.import(car, &self.capped(call)).await
    }

    async fn pin(
        &self,
        root: &Cid,
        name: &Name,
        progress: &(dyn Fn(u64) + Send + Sync),
        call: &Call,
    ) -> Result<(), Error> {
        self.node.pin(root, name, progress, &self.capped(call)).await
    }

    async fn repin(&self, old: &Cid, new: &Cid, call: &Call) -> Result<Repin, Error> {
        self.node.repin(old, new, &self.capped(call)).await
    }

    async fn unpin(&self, root: &Cid, call: &Call) -> Result<(), Error> {
        self.node.unpin(root, &self.capped(call)).await
    }

    async fn pin_name(&self, cid: &Cid, call: &Call) -> Result<Option<String>, Error> {
        self.node.pin_name(cid, &self.capped(call)).await
    }

    async fn name_pin(&self, cid: &Cid, name: &str, call: &Call) -> Result<Rename, Error> {
        self.node.name_pin(cid, name, &self.capped(call)).await
    }

    async fn put_record(&self, record: &Record, mode: PutMode, call: &Call) -> Result<Put, Error> {
        self.node.put_record(record, mode, &self.capped(call)).await
    }

    async fn holds(&self, cid: &Cid, call: &Call) -> Result<bool, Error> {
        self.node.holds(cid, &self.capped(call)).await
    }

    async fn holds_dag(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.node.holds_dag(root, &self.capped(call)).await
    }

    async fn own_block(&self, cid: &Cid, call: &Call) -> Result<Option<Block>, Error> {
        self.node.own_block(cid, &self.capped(call)).await
    }

    async fn own_block_of(&self, cid: &Cid, size: u64, call: &Call) -> Result<Option<Block>, Error> {
        self.node.own_block_of(cid, size, &self.capped(call)).await
    }

    async fn own_size(&self, cid: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.node.own_size(cid, &self.capped(call)).await
    }

    async fn own_dag_bytes(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.node.own_dag_bytes(root, &self.capped(call)).await
    }

    async fn discard(&self, cids: &[Cid], call: &Call) -> Result<Discarded, Error> {
        self.node.discard(cids, &self.capped(call)).await
    }

    async fn subscribe(&self, topic: &Topic, ear: Ear<'_>, call: &Call) -> Result<(), Error> {
        self.node.subscribe(topic, ear, &self.capped(call)).await
    }

    async fn announce(&self, topic: &Topic, message: Bytes, call: &Call) -> Result<(), Error> {
        self.node.announce(topic, message, &self.capped(call)).await
    }
}
