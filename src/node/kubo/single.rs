//! Uploads a CAR block by block, for where `dag/import` is refused.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::KuboNode;
use super::classify::successful;
use super::http::{Bounds, exchange};
use super::verbs::{STEP, file, server_timeout};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::car::blocks_of;
use crate::model::cid::Codec;
use crate::node::Call;

impl KuboNode {
    pub(super) async fn put_blocks(&self, car: &[u8], call: &Call) -> Result<(), Error> {
        let puts = blocks_of(car)?.into_iter().map(|block| self.put_block(block, call));
        stream::iter(puts).buffer_unordered(limits::BLOCK_REQUESTS).try_collect().await
    }

    async fn put_block(&self, block: Block, call: &Call) -> Result<(), Error> {
        let codec = match block.cid().codec() {
            Codec::Raw => "raw",
            Codec::DagCbor => "dag-cbor",
        };
        let timeout = server_timeout(call, limits::WAIT_TOTAL);
        let query =
            [("cid-codec", codec), ("mhtype", "sha2-256"), ("pin", "false"), ("timeout", timeout.as_str())];
        let bytes = block.bytes().len() as u64;
        let request = self.rpc("block/put", &query)?.multipart(file(block.bytes(), "block"), call);
        let bounds = Bounds { bytes: limits::ERROR_BODY_BYTES, ..STEP };
        let answer = self.noted("block/put", exchange(request, None, bytes, bounds, call).await?)?;
        let value: Option<Value> = serde_json::from_slice(&successful(answer)?.body).ok();
        let key = value.as_ref().and_then(|value| value.get("Key")).and_then(Value::as_str);
        if key == Some(&*block.cid().to_string()) {
            Ok(())
        } else {
            Err(Error::new(Code::Invalid, "the node keeps the block under another name"))
        }
    }
}
