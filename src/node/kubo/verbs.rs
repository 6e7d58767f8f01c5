//! [`Node`] for Kubo: most verbs are one RPC each.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;

use super::body::file;
use super::classify::{refusal, rpc_message, says_not_local, shorten, successful};
use super::http::{Bounds, exchange, open};
use super::{KuboNode, pin};
use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::car::CarSummary;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::record::Record;
use crate::node::{BlockSink, Call, Node, Outcome, Put, PutMode, Rename, Repin, Shown};

#[async_trait]
impl Node for KuboNode {
    fn id(&self) -> &str {
        &self.id
    }

    fn has_api(&self) -> bool {
        self.api.is_some()
    }

    /// Sends as many requests at once; each of them needs a connection.
    async fn machine(&self, call: &Call) -> Result<String, Error> {
        let answer =
            exchange(self.rpc("id", &[])?, None, 0, self.short(limits::RPC_ANSWER_BYTES), call).await?;
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
            Outcome::Unreachable(e) if use_gateway && e.code() != Code::Deadline => {
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
        let bytes = car.len() as u64;
        let request = self.rpc("dag/import", &query)?.multipart(file(car, "blocks.car", call));
        let answer = exchange(request, None, bytes, STEP, call).await?;
        for line in successful(answer)?.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let said: Option<Value> = serde_json::from_slice(line).ok();
            let message =
                said.as_ref().and_then(|said| said.pointer("/Root/PinErrorMsg")).and_then(Value::as_str);
            if let Some(message) = message.filter(|message| !message.is_empty()) {
                return Err(Error::new(Code::Unreachable, format!("import: {}", shorten(message))));
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
        pin::follow(open(self.rpc("pin/add", &query)?, None, 0, bounds, call).await?, progress, call).await
    }

    async fn repin(&self, old: &Cid, new: &Cid, call: &Call) -> Result<Repin, Error> {
        let (from, to) = (old.to_string(), new.to_string());
        let timeout = server_timeout(call, limits::WAIT_TOTAL);
        let query = [("arg", from.as_str()), ("arg", &to), ("unpin", "false"), ("timeout", &timeout)];
        let answer = exchange(self.rpc("pin/update", &query)?, None, 0, STEP, call).await?;
        if answer.status.is_success() {
            return Ok(Repin::Pinned);
        }
        match rpc_message(&answer) {
            // The reply of an earlier call was lost.
            Some(message) if message.contains("'to' cid was already recursively pinned") => Ok(Repin::Pinned),
            Some(message) if message.contains("'from' cid was not recursively pinned already") => {
                Ok(Repin::OldMissing)
            }
            _ => Err(refusal(&answer)),
        }
    }

    async fn unpin(&self, root: &Cid, call: &Call) -> Result<(), Error> {
        let arg = root.to_string();
        let answer = exchange(self.rpc("pin/rm", &[("arg", &arg)])?, None, 0, STEP, call).await?;
        let gone = rpc_message(&answer).is_some_and(|message| message.contains("not pinned"));
        if answer.status.is_success() || gone { Ok(()) } else { Err(refusal(&answer)) }
    }

    async fn pin_name(&self, cid: &Cid, call: &Call) -> Result<Option<String>, Error> {
        let arg = cid.to_string();
        let query = [("arg", arg.as_str()), ("type", "recursive"), ("names", "true")];
        let bounds = self.short(limits::ERROR_BODY_BYTES);
        let answer = exchange(self.rpc("pin/ls", &query)?, None, 0, bounds, call).await?;
        if rpc_message(&answer).is_some_and(|message| message.contains("is not pinned")) {
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
        let answer = exchange(self.rpc("pin/add", &query)?, None, 0, STEP, call).await?;
        Ok(if answer.status.is_success() { Rename::Done } else { Rename::Refused(refusal(&answer)) })
    }

    async fn put_record(&self, record: &Record, mode: PutMode, call: &Call) -> Result<Put, Error> {
        let path = format!("/ipns/{}", record.name().k51());
        let timeout = server_timeout(call, limits::SPREAD_TIMEOUT);
        let how = match mode {
            PutMode::Offline => ("offline", "true"),
            PutMode::Spread => ("timeout", timeout.as_str()),
        };
        let raw = record.raw();
        let request = self.rpc("routing/put", &[("arg", path.as_str()), how])?;
        let request = request.multipart(file(raw.clone(), "record", call));
        let bounds = Bounds { bytes: limits::ERROR_BODY_BYTES, ..STEP };
        let answer = exchange(request, None, raw.len() as u64, bounds, call).await?;
        if answer.status.is_success() {
            return Ok(Put::Stored);
        }
        let refused = |message: &str| {
            ["expired", "malformed", "signature", "out of range", "exceeds"]
                .iter()
                .any(|word| message.contains(word))
        };
        match rpc_message(&answer) {
            Some(message) if message.contains("old record") => Ok(Put::Older),
            Some(message) if refused(&message) => Ok(Put::Refused(shorten(&message))),
            _ => Err(refusal(&answer)),
        }
    }

    async fn holds(&self, cid: &Cid, call: &Call) -> Result<bool, Error> {
        let arg = cid.to_string();
        let request = self.rpc("block/stat", &[("arg", &arg), ("offline", "true")])?;
        let answer = exchange(request, None, 0, self.short(limits::ERROR_BODY_BYTES), call).await?;
        if says_not_local(&answer) {
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

    async fn holds_dag(&self, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
        let arg = root.to_string();
        let query = [("arg", arg.as_str()), ("offline", "true"), ("progress", "false")];
        let answer = exchange(self.rpc("dag/stat", &query)?, None, 0, STEP, call).await?;
        if says_not_local(&answer) {
            return Ok(None);
        }
        let answer = successful(answer)?;
        // Kubo reports a failure after the first byte as another line.
        if answer.body.windows(16).any(|words| words == b"block was not fo") {
            return Ok(None);
        }
        let first = answer.body.split(|byte| *byte == b'\n').find(|line| !line.is_empty());
        let value: Option<Value> = serde_json::from_slice(first.unwrap_or_default()).ok();
        let blocks = value.as_ref().and_then(|value| value.pointer("/DagStats/0/NumBlocks"));
        blocks
            .and_then(Value::as_u64)
            .map(Some)
            .ok_or_else(|| Error::new(Code::Unreachable, "the answer holds no statistics"))
    }

    async fn own_block(&self, cid: &Cid, call: &Call) -> Result<Option<Block>, Error> {
        let arg = cid.to_string();
        let request = self.rpc("block/get", &[("arg", &arg), ("offline", "true")])?;
        let answer = exchange(request, None, 0, self.short(limits::BLOCK_BYTES), call).await?;
        if says_not_local(&answer) {
            return Ok(None);
        }
        Block::verified(cid, successful(answer)?.body).map(Some)
    }
}

/// A step of publishing may take as long as its call allows.
const STEP: Bounds = Bounds {
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
