//! A node that is only read: whatever would change it is refused here, before anything is sent.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::{About, BlockSink, Call, Node, Outcome, Put, PutMode, Rename, Repin, Shown, Source};
use crate::error::{Code, Error};
use crate::model::block::Block;
use crate::model::car::CarSummary;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::record::Record;

/// A node behind glass.
pub struct OnlyReads(Arc<dyn Node>);

impl OnlyReads {
    /// Wraps a node.
    #[must_use]
    pub fn new(node: Arc<dyn Node>) -> Self {
        Self(node)
    }
}

fn refused<T>() -> Result<T, Error> {
    Err(Error::new(Code::Denied, "a rehearsal changes nothing"))
}

#[async_trait]
impl Node for OnlyReads {
    fn id(&self) -> &str {
        self.0.id()
    }

    fn has_api(&self) -> bool {
        self.0.has_api()
    }

    fn gives_own_records(&self, source: Source) -> bool {
        self.0.gives_own_records(source)
    }

    async fn about(&self, call: &Call) -> Result<About, Error> {
        self.0.about(call).await
    }

    async fn machine(&self, call: &Call) -> Result<String, Error> {
        self.0.machine(call).await
    }

    async fn warm(&self, connections: usize) {
        self.0.warm(connections).await;
    }

    async fn record(&self, name: &Name, known: bool, call: &Call) -> Outcome {
        self.0.record(name, known, call).await
    }

    async fn shown(&self, names: &[Name], call: &Call) -> Result<Shown, Error> {
        self.0.shown(names, call).await
    }

    async fn block(&self, cid: &Cid, call: &Call) -> Result<Block, Error> {
        self.0.block(cid, call).await
    }

    async fn car(
        &self,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error> {
        self.0.car(root, held, sink, call).await
    }

    async fn import(&self, _car: Bytes, _call: &Call) -> Result<(), Error> {
        refused()
    }

    async fn pin(
        &self,
        _root: &Cid,
        _name: &Name,
        _progress: &(dyn Fn(u64) + Send + Sync),
        _call: &Call,
    ) -> Result<(), Error> {
        refused()
    }

    async fn repin(&self, _old: &Cid, _new: &Cid, _call: &Call) -> Result<Repin, Error> {
        refused()
    }

    async fn unpin(&self, _root: &Cid, _call: &Call) -> Result<(), Error> {
        refused()
    }

    async fn pin_name(&self, cid: &Cid, call: &Call) -> Result<Option<String>, Error> {
        self.0.pin_name(cid, call).await
    }

    async fn name_pin(&self, _cid: &Cid, _name: &str, _call: &Call) -> Result<Rename, Error> {
        refused()
    }

    async fn put_record(&self, _record: &Record, _mode: PutMode, _call: &Call) -> Result<Put, Error> {
        refused()
    }

    async fn holds(&self, cid: &Cid, call: &Call) -> Result<bool, Error> {
        self.0.holds(cid, call).await
    }

    async fn holds_dag(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.0.holds_dag(root, call).await
    }

    async fn own_block(&self, cid: &Cid, call: &Call) -> Result<Option<Block>, Error> {
        self.0.own_block(cid, call).await
    }

    async fn own_block_of(&self, cid: &Cid, size: u64, call: &Call) -> Result<Option<Block>, Error> {
        self.0.own_block_of(cid, size, call).await
    }
}
