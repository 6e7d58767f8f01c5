//! [`Node`] for Kubo: most verbs are one RPC each.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

use super::asking::Form;
use super::classify::{Meaning, in_our_words, refusal, says, successful};
use super::http::{Bounds, exchange, open};
use super::line::Again;
use super::{KuboNode, about, pin};
use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::car::CarSummary;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::push::Topic;
use crate::model::record::Record;
use crate::node::pubsub::Ear;
use crate::node::{
    About, BlockSink, Call, Discarded, Node, Outcome, Put, PutMode, Rename, Repin, Shown, Source, is_refused,
};

#[async_trait]
impl Node for KuboNode {
    fn id(&self) -> &str {
        &self.id
    }

    fn has_api(&self) -> bool {
        self.api.is_some()
    }

    async fn about(&self, call: &Call) -> Result<About, Error> {
        about::about(self, call).await
    }

    async fn machine(&self, call: &Call) -> Result<String, Error> {
        let answer = self.ask("id", &[], self.short(limits::SMALL_ANSWER_BYTES), call).await?;
        let value: Option<Value> = serde_json::from_slice(&successful(answer)?.body).ok();
        let id = value.as_ref().and_then(|value| value.get("ID")).and_then(Value::as_str);
        let is_peer_id = |id: &&str| {
            (1..=limits::PEER_ID_CHARS).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        id.filter(is_peer_id)
            .map(str::to_owned)
            .ok_or_else(|| Error::new(Code::Unreachable, "the answer names no peer id"))
    }

    async fn warm(&self, connections: usize) {
        let call = Call { deadline: monotonic() + limits::CONNECT, meter: std::sync::Arc::default() };
        let bounds = self.short(limits::ERROR_BODY_BYTES);
        let requests = (0..connections).filter_map(|_| self.rpc("version", &[]).ok());
        let requests = requests.map(|request| request.again(Again::Never));
        let asks = requests.map(|request| exchange(request, None, 0, bounds, &call));
        futures_util::future::join_all(asks).await;
    }

    async fn record(&self, name: &Name, known: bool, call: &Call) -> Outcome {
        // The gateway would look for a missing name in the DHT, so it is asked for names that have existed only.
        let use_gateway = self.gateway.is_some() && known;
        let by_rpc = match &self.api {
            Some(_) => self.own_record(name, call).await,
            None => Outcome::Skipped,
        };
        match by_rpc {
            // Where only the gateway gives records it was asked.
            Outcome::Unreachable(e)
                if use_gateway && e.code() != Code::Deadline && !self.is_offline.load(Ordering::Relaxed) =>
            {
                match self.gateway_record(name, call).await {
                    Outcome::Unreachable(_) => Outcome::Unreachable(e),
                    other => other,
                }
            }
            Outcome::Skipped if use_gateway => self.gateway_record(name, call).await,
            other => other,
        }
    }

    async fn shown(&self, names: &[Name], call: &Call) -> Result<Shown, Error> {
        self.shown_roots(names, call).await
    }

    /// Over the RPC if there is one, because its connections are open already after the record was read; over the gateway if
    /// the RPC does not offer the verb.
    async fn block(&self, cid: &Cid, call: &Call) -> Result<Block, Error> {
        match self.rpc_block(cid, call).await {
            Err(e) if self.may_try_gateway(&e) => self.gateway_block(cid, call).await,
            other => other,
        }
    }

    async fn car(
        &self,
        root: &Cid,
        held: HashSet<Cid>,
        sink: BlockSink<'_>,
        call: &Call,
    ) -> Result<CarSummary, Error> {
        match self.rpc_car(root, held.clone(), sink, call).await {
            Err(e) if self.may_try_gateway(&e) => self.gateway_car(root, held, sink, call).await,
            other => other,
        }
    }

    async fn import(&self, car: Bytes, call: &Call) -> Result<(), Error> {
        let timeout = server_timeout(call, limits::WAIT_TOTAL);
        let query = [("stats", "false"), ("pin-roots", "false"), ("timeout", timeout.as_str())];
        if self.refusals.is_better("block/put", "dag/import") {
            return self.put_blocks(&car, call).await;
        }
        let bytes = car.len() as u64;
        let is_small = car.len() <= limits::RESENT_BYTES;
        if !is_small {
            self.line_is_there(call).await;
        }
        let request = self.rpc("dag/import", &query)?.multipart(file(&car, "blocks.car"), call);
        let request = if is_small { request } else { request.again(Again::Never) };
        let answer = match self.noted("dag/import", exchange(request, None, bytes, STEP, call).await?) {
            Err(e) if is_refused(&e) => return self.put_blocks(&car, call).await.map_err(|_| e),
            answer => answer?,
        };
        for line in successful(answer)?.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let said: Option<Value> = serde_json::from_slice(line).ok();
            let message =
                said.as_ref().and_then(|said| said.pointer("/Root/PinErrorMsg")).and_then(Value::as_str);
            if let Some(message) = message.filter(|message| !message.is_empty()) {
                return Err(in_our_words(Code::Unreachable, "the import was not pinned", message));
            }
        }
        Ok(())
    }

    /// The timeout starts again with each line of progress.
    async fn pin(
        &self,
        root: &Cid,
        name: &Name,
        progress: &(dyn Fn(u64) + Send + Sync),
        call: &Call,
    ) -> Result<(), Error> {
        let (arg, label) = (root.to_string(), name.k51());
        let timeout = server_timeout(call, limits::WAIT_TOTAL);
        let query = [("arg", arg.as_str()), ("name", &label), ("progress", "true"), ("timeout", &timeout)];
        let bounds = Bounds {
            bytes: 0,
            head: limits::WAIT_TOTAL,
            idle: self.timeouts.publish,
            total: limits::WAIT_TOTAL,
        };
        let answer = open(self.rpc("pin/add", &query)?, None, 0, bounds, call).await?;
        if !answer.status.is_success() {
            let answer = answer.read(limits::ERROR_BODY_BYTES, call).await?;
            return Err(refusal(&self.noted("pin/add", answer)?));
        }
        self.refusals.note_answered("pin/add");
        pin::follow(answer, progress, call).await
    }

    async fn repin(&self, old: &Cid, new: &Cid, call: &Call) -> Result<Repin, Error> {
        let (from, to) = (old.to_string(), new.to_string());
        let timeout = server_timeout(call, limits::WAIT_TOTAL);
        let query = [("arg", from.as_str()), ("arg", &to), ("unpin", "false"), ("timeout", &timeout)];
        let answer = self.ask("pin/update", &query, STEP, call).await?;
        // It is there where the reply of an earlier call was lost.
        if answer.status.is_success() || says(&answer, Meaning::NewPinned) {
            Ok(Repin::Pinned)
        } else if says(&answer, Meaning::OldNotPinned) {
            Ok(Repin::OldMissing)
        } else {
            Err(refusal(&answer))
        }
    }

    async fn unpin(&self, root: &Cid, call: &Call) -> Result<(), Error> {
        let arg = root.to_string();
        let answer = self.ask("pin/rm", &[("arg", &arg)], STEP, call).await?;
        let gone = says(&answer, Meaning::NothingPinned);
        if answer.status.is_success() || gone { Ok(()) } else { Err(refusal(&answer)) }
    }

    async fn pin_name(&self, cid: &Cid, call: &Call) -> Result<Option<String>, Error> {
        let arg = cid.to_string();
        let query = [("arg", arg.as_str()), ("type", "recursive"), ("names", "true")];
        let bounds = self.short(limits::ERROR_BODY_BYTES);
        let answer = self.ask("pin/ls", &query, bounds, call).await?;
        if says(&answer, Meaning::NotPinned) {
            return Ok(None);
        }
        let value: Option<Value> = serde_json::from_slice(&successful(answer)?.body).ok();
        let entry = value.as_ref().and_then(|value| value.get("Keys")?.get(&arg));
        let name = entry.and_then(|entry| entry.get("Name")).and_then(Value::as_str);
        name.map(|name| Some(name.to_owned()))
            .ok_or_else(|| Error::new(Code::Unreachable, "the answer does not name the pin"))
    }

    async fn name_pin(&self, cid: &Cid, name: &str, call: &Call) -> Result<Rename, Error> {
        let arg = cid.to_string();
        let timeout = server_timeout(call, limits::WAIT_TOTAL);
        let query = [("arg", arg.as_str()), ("name", name), ("timeout", timeout.as_str())];
        let answer = match self.ask("pin/add", &query, STEP, call).await {
            Err(e) if is_refused(&e) => return Ok(Rename::Refused(e)),
            answer => answer?,
        };
        Ok(if answer.status.is_success() { Rename::Done } else { Rename::Refused(refusal(&answer)) })
    }

    async fn put_record(&self, record: &Record, mode: PutMode, call: &Call) -> Result<Put, Error> {
        self.put(record, mode, call).await
    }

    async fn holds(&self, cid: &Cid, call: &Call) -> Result<bool, Error> {
        self.has_block(cid, call).await
    }

    async fn holds_dag(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.stored_dag(root, call).await
    }

    async fn own_block(&self, cid: &Cid, call: &Call) -> Result<Option<Block>, Error> {
        self.stored_block(cid, limits::BLOCK_BYTES, call).await
    }

    async fn own_block_of(&self, cid: &Cid, size: u64, call: &Call) -> Result<Option<Block>, Error> {
        let bytes =
            usize::try_from(size).unwrap_or(usize::MAX).clamp(limits::ERROR_BODY_BYTES, limits::BLOCK_BYTES);
        self.stored_block(cid, bytes, call).await
    }

    async fn own_size(&self, cid: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.stored_size(cid, call).await
    }

    async fn own_dag_bytes(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        self.stored_dag_bytes(root, call).await
    }

    async fn discard(&self, cids: &[Cid], call: &Call) -> Result<Discarded, Error> {
        self.drop_blocks(cids, call).await
    }

    async fn subscribe(&self, topic: &Topic, ear: Ear<'_>, call: &Call) -> Result<(), Error> {
        self.listen(topic, ear, call).await
    }

    async fn announce(&self, topic: &Topic, message: Bytes, call: &Call) -> Result<(), Error> {
        self.tell(topic, &message, call).await
    }

    fn gives_own_records(&self, source: Source) -> bool {
        source == Source::HttpRouting
            || source == Source::HttpGateway && self.is_offline.load(Ordering::Relaxed)
    }

    fn refused_verbs(&self) -> Vec<String> {
        self.refusals.told()
    }
}

/// A step of publishing may take as long as its call allows.
pub(super) const STEP: Bounds = Bounds {
    bytes: limits::RPC_ANSWER_BYTES,
    head: limits::WAIT_TOTAL,
    idle: limits::WAIT_TOTAL,
    total: limits::WAIT_TOTAL,
};

/// The same timeout for the node itself, so that it stops working when nobody waits any more.
pub(super) fn server_timeout(call: &Call, most: Duration) -> String {
    let left = call.deadline.saturating_duration_since(monotonic()).min(most);
    format!("{}ms", left.as_millis().max(100))
}

pub(super) fn file(bytes: &Bytes, name: &'static str) -> Form {
    Form::of(bytes, name)
}
