//! What a node's own store holds, asked without its peers.

use serde_json::Value;

use super::KuboNode;
use super::classify::{Meaning, of_own_block, says, successful};
use super::verbs::STEP;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::node::{Call, is_refused};

const GET: &str = "block/get";
const STAT: &str = "block/stat";

impl KuboNode {
    /// By `block/stat`, or by the block itself where that is refused.
    pub(super) async fn has_block(&self, cid: &Cid, call: &Call) -> Result<bool, Error> {
        if self.refusals.is_better(GET, STAT) {
            return Ok(self.stored_block(cid, limits::BLOCK_BYTES, call).await?.is_some());
        }
        let arg = cid.to_string();
        let query = [("arg", arg.as_str()), ("offline", "true")];
        let answer = match self.ask(STAT, &query, self.short(limits::ERROR_BODY_BYTES), call).await {
            Err(e) if is_refused(&e) => {
                return self
                    .stored_block(cid, limits::BLOCK_BYTES, call)
                    .await
                    .map(|block| block.is_some())
                    .map_err(|_| e);
            }
            answer => answer?,
        };
        if says(&answer, Meaning::NotLocal) {
            return Ok(false);
        }
        let value: Option<Value> = serde_json::from_slice(&successful(answer)?.body).ok();
        let key = value.as_ref().and_then(|value| value.get("Key")).and_then(Value::as_str);
        if key == Some(arg.as_str()) {
            Ok(true)
        } else {
            Err(Error::new(Code::Invalid, "the answer is about another block"))
        }
    }

    /// By `block/get`, of which so many bytes are read, or as the beginning of an export where that is refused.
    pub(super) async fn stored_block(
        &self,
        cid: &Cid,
        bytes: usize,
        call: &Call,
    ) -> Result<Option<Block>, Error> {
        if self.refusals.is_better("dag/export", GET) {
            return self.stored_export(cid, call).await;
        }
        let arg = cid.to_string();
        let query = [("arg", arg.as_str()), ("offline", "true")];
        let answer = match self.ask(GET, &query, self.short(bytes), call).await {
            Err(e) if is_refused(&e) => return self.stored_export(cid, call).await.map_err(|_| e),
            answer => answer?,
        };
        if says(&answer, Meaning::NotLocal) {
            return Ok(None);
        }
        Block::verified(cid, of_own_block(answer)?.body).map(Some)
    }

    async fn stored_export(&self, cid: &Cid, call: &Call) -> Result<Option<Block>, Error> {
        match self.exported_block(cid, ("offline", "true"), call).await {
            Err(e) if e.code() == Code::NotFound => Ok(None),
            block => block.map(Some),
        }
    }

    /// By `block/stat`, or from the block itself where that is refused.
    pub(super) async fn stored_size(&self, cid: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        let whole = async || {
            Ok(self
                .stored_block(cid, limits::BLOCK_BYTES, call)
                .await?
                .map(|block| block.bytes().len() as u64))
        };
        if self.refusals.is_better(GET, STAT) {
            return whole().await;
        }
        let arg = cid.to_string();
        let query = [("arg", arg.as_str()), ("offline", "true")];
        let answer = match self.ask(STAT, &query, self.short(limits::ERROR_BODY_BYTES), call).await {
            Err(e) if is_refused(&e) => return whole().await,
            answer => answer?,
        };
        if says(&answer, Meaning::NotLocal) {
            return Ok(None);
        }
        let value: Option<Value> = serde_json::from_slice(&of_own_block(answer)?.body).ok();
        let value = value.filter(|value| value.get("Key").and_then(Value::as_str) == Some(arg.as_str()));
        let size = value.as_ref().and_then(|value| value.get("Size")?.as_u64());
        size.map(Some).ok_or_else(|| Error::new(Code::Invalid, "the answer is about another block"))
    }

    /// How many blocks the DAG under a root has, if all of them are there.
    pub(super) async fn stored_dag(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.dag_stat(root, "/DagStats/0/NumBlocks", call).await
    }

    /// How many bytes it has.
    pub(super) async fn stored_dag_bytes(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.dag_stat(root, "/DagStats/0/Size", call).await
    }

    async fn dag_stat(&self, root: &Cid, figure: &str, call: &Call) -> Result<Option<u64>, Error> {
        let arg = root.to_string();
        let query = [("arg", arg.as_str()), ("offline", "true"), ("progress", "false")];
        let answer = self.ask("dag/stat", &query, STEP, call).await?;
        if says(&answer, Meaning::NotLocal) {
            return Ok(None);
        }
        let answer = of_own_block(answer)?;
        // Kubo reports a failure after the first byte as another line.
        if answer.body.windows(16).any(|words| words == b"block was not fo") {
            return Ok(None);
        }
        let first = answer.body.split(|byte| *byte == b'\n').find(|line| !line.is_empty());
        let value: Option<Value> = serde_json::from_slice(first.unwrap_or_default()).ok();
        let figure = value.as_ref().and_then(|value| value.pointer(figure));
        figure
            .and_then(Value::as_u64)
            .map(Some)
            .ok_or_else(|| Error::new(Code::Unreachable, "the answer holds no statistics"))
    }
}
