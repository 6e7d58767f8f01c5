//! Reads blocks and DAGs over the RPC or the gateway; the node may fetch them from its peers.

use std::collections::HashSet;

use super::KuboNode;
use super::asking::Asking;
use super::classify::{CAR, Meaning, RAW, refusal, says, successful};
use super::http::{exchange, open};
use super::verbs::server_timeout;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::car::{CarBounds, CarReader, CarSummary};
use crate::model::cid::Cid;
use crate::node::{BlockSink, Call, is_refused};
use crate::shown::counted;

impl KuboNode {
    pub(super) async fn rpc_block(&self, cid: &Cid, call: &Call) -> Result<Block, Error> {
        let (arg, timeout) = (cid.to_string(), server_timeout(call, limits::WAIT_TOTAL));
        let query = [("arg", arg.as_str()), ("timeout", timeout.as_str())];
        let bounds = self.content(limits::BLOCK_BYTES);
        if self.refusals.is_better("dag/export", "block/get") {
            return self.exported_block(cid, ("timeout", &timeout), call).await;
        }
        match self.ask("block/get", &query, bounds, call).await {
            Err(e) if is_refused(&e) => {
                self.exported_block(cid, ("timeout", &timeout), call).await.map_err(|_| e)
            }
            answer => Block::verified(cid, successful(answer?)?.body),
        }
    }

    /// The root of an export, which comes first, for where single blocks are refused.
    pub(super) async fn exported_block(
        &self,
        cid: &Cid,
        how: (&str, &str),
        call: &Call,
    ) -> Result<Block, Error> {
        let arg = cid.to_string();
        let query = [("arg", arg.as_str()), ("progress", "false"), how];
        let request = self.rpc("dag/export", &query)?;
        let mut answer = open(request, None, 0, self.content(0), call).await?;
        if !answer.status.is_success() {
            let answer = self.noted("dag/export", answer.read(limits::ERROR_BODY_BYTES, call).await?)?;
            return Err(if says(&answer, Meaning::NotLocal) {
                Error::new(Code::NotFound, "the block is not in the node's own store")
            } else {
                refusal(&answer)
            });
        }
        self.refusals.note_answered("dag/export");
        let bounds = CarBounds { blocks: limits::CAR_BLOCKS, bytes: limits::CAR_BYTES };
        let mut reader = CarReader::new(*cid, bounds);
        while let Some(chunk) = answer.chunk(call).await? {
            if let Some(block) = reader.push(&chunk)?.into_iter().find(|block| block.cid() == cid) {
                return Ok(block);
            }
        }
        Err(Error::new(Code::Unreachable, "the export does not begin with its root"))
    }

    pub(super) async fn gateway_block(&self, cid: &Cid, call: &Call) -> Result<Block, Error> {
        let bounds = self.content(limits::BLOCK_BYTES);
        let request = self.gateway_get(&format!("ipfs/{cid}"), "raw")?;
        let answer = successful(exchange(request, Some(RAW), 0, bounds, call).await?)?;
        if answer.content_type != RAW {
            return Err(Error::new(Code::Unreachable, "the answer is not a raw block"));
        }
        Block::verified(cid, answer.body)
    }

    pub(super) async fn rpc_car(
        &self,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error> {
        if let Some(refused) = self.refusals.why("dag/export") {
            return Err(refused);
        }
        let (arg, timeout) = (root.to_string(), server_timeout(call, limits::WAIT_TOTAL));
        let query = [("arg", arg.as_str()), ("progress", "false"), ("timeout", timeout.as_str())];
        self.read_car(self.rpc("dag/export", &query)?, None, root, held, sink, call).await
    }

    pub(super) async fn gateway_car(
        &self,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error> {
        let request = self.gateway_get(&format!("ipfs/{root}"), "car")?;
        self.read_car(request, Some(CAR), root, held, sink, call).await
    }

    /// Reads a CAR answer; the stream may take as long as the call, but must not pause too long.
    async fn read_car(
        &self,
        request: Asking<'_>,
        accept: Option<&'static str>,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error> {
        let mut answer = open(request, accept, 0, self.content(0), call).await?;
        if !answer.status.is_success() {
            let answer = answer.read(limits::ERROR_BODY_BYTES, call).await?;
            let answer = if accept.is_none() { self.noted("dag/export", answer)? } else { answer };
            return Err(refusal(&answer));
        }
        if accept.is_none() {
            self.refusals.note_answered("dag/export");
        } else if answer.content_type != CAR {
            return Err(Error::new(Code::Unreachable, "the answer is not a CAR"));
        }
        let bounds = CarBounds { blocks: limits::CAR_BLOCKS, bytes: limits::CAR_BYTES };
        let mut reader = CarReader::new(*root, bounds).with_held(held);
        while let Some(chunk) = answer.chunk(call).await? {
            for block in reader.push(&chunk)? {
                sink(block);
            }
        }
        let summary = reader.finish()?;
        if summary.missing.is_empty() {
            return Ok(summary);
        }
        Err(Error::new(
            Code::Unreachable,
            format!("{} missing from the CAR", counted(summary.missing.len(), "block is", "blocks are")),
        ))
    }
}
