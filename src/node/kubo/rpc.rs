//! The RPC verbs, exactly as they were measured.

use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, StatusCode};
use serde_json::Value;

use super::KuboNode;
use super::classify::{RECORD, refusal, rpc_message, says_absent, says_not_local, shorten};
use super::gateway::stream;
use super::http::{Bounds, HttpAnswer, exchange, open};
use crate::clock::monotonic;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::car::CarSummary;
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::record::Record;
use crate::node::{BlockSink, Call, Outcome, Put, PutMode, Repin, Source};

fn small(node: &KuboNode, bytes: usize) -> Bounds {
    Bounds { bytes, idle: node.timeouts.http, total: node.timeouts.http }
}

/// A step of publishing may take as long as its call allows.
fn step(bytes: usize) -> Bounds {
    Bounds { bytes, idle: limits::WAIT_TOTAL, total: limits::WAIT_TOTAL }
}

/// The same bound for the node itself, so that nothing goes on there after we left.
fn server_timeout(call: &Call, most: Duration) -> String {
    let left = call.deadline.saturating_duration_since(monotonic()).min(most);
    format!("{}ms", left.as_millis().max(100))
}

fn expect_ok(answer: HttpAnswer) -> Result<HttpAnswer, Error> {
    if answer.status.is_success() { Ok(answer) } else { Err(refusal(&answer)) }
}

/// Opens connections: as many requests at once, each of which needs one.
pub(super) async fn warm(node: &KuboNode, connections: usize) {
    let call = Call { deadline: monotonic() + limits::CONNECT, meter: std::sync::Arc::default() };
    let requests = (0..connections).filter_map(|_| node.rpc("version", &[]).ok());
    let bounds = small(node, limits::ERROR_BODY_BYTES);
    let asks = requests.map(|request| exchange(request, None, 0, bounds, &call));
    futures_util::future::join_all(asks).await;
}

/// The record in the node's own store.
pub(super) async fn record(node: &KuboNode, name: &Name, call: &Call) -> Outcome {
    let k51 = name.k51();
    let request = node.rpc("name/get", &[("arg", &k51), ("offline", "true")]);
    let answer = match request {
        Ok(request) => exchange(request, None, 0, small(node, limits::RECORD_BYTES), call).await,
        Err(e) => Err(e),
    };
    match answer {
        Err(e) if matches!(e.code(), Code::TooLarge | Code::Invalid) => Outcome::Invalid(e),
        Err(e) => Outcome::Unreachable(e),
        Ok(answer) if answer.status.is_success() => {
            if answer.content_type != RECORD {
                return Outcome::Unreachable(Error::new(
                    Code::Unreachable,
                    "the answer is not an IPNS record",
                ));
            }
            match Record::parse(answer.body, name) {
                Ok(record) => Outcome::Found(Box::new(record), Source::HttpRouting),
                Err(e) => Outcome::Invalid(e),
            }
        }
        Ok(answer) if says_absent(&answer) => Outcome::Absent,
        // Before Kubo 0.40 there was no `name/get`.
        Ok(answer) if answer.status == StatusCode::NOT_FOUND => routing_record(node, &k51, name, call).await,
        Ok(answer) => Outcome::Unreachable(refusal(&answer)),
    }
}

async fn routing_record(node: &KuboNode, k51: &str, name: &Name, call: &Call) -> Outcome {
    let path = format!("/ipns/{k51}");
    let request = node.rpc("routing/get", &[("arg", &path), ("offline", "true")]);
    // Base64 takes a third more, the JSON around it little.
    let answer = match request {
        Ok(request) => {
            exchange(request, None, 0, small(node, limits::RECORD_BYTES.saturating_mul(2)), call).await
        }
        Err(e) => Err(e),
    };
    match answer {
        Err(e) => Outcome::Unreachable(e),
        Ok(answer) if answer.status.is_success() => {
            match extra(&answer.body).map(|raw| Record::parse(raw, name)) {
                Some(Ok(record)) => Outcome::Found(Box::new(record), Source::HttpRouting),
                Some(Err(e)) => Outcome::Invalid(e),
                None => Outcome::Unreachable(Error::new(Code::Unreachable, "the answer holds no record")),
            }
        }
        Ok(answer) if says_absent(&answer) => Outcome::Absent,
        Ok(answer) => Outcome::Unreachable(refusal(&answer)),
    }
}

/// The record inside an NDJSON answer of `routing/get`.
fn extra(body: &[u8]) -> Option<Vec<u8>> {
    body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).find_map(|line| {
        let value: Value = serde_json::from_slice(line).ok()?;
        let text = value.get("Extra")?.as_str().filter(|text| !text.is_empty())?;
        multibase::Base::Base64Pad.decode(text).ok()
    })
}

/// One block, wherever the node gets it from.
pub(super) async fn block(node: &KuboNode, cid: &Cid, call: &Call) -> Result<Block, Error> {
    let (arg, timeout) = (cid.to_string(), server_timeout(call, node.timeouts.http));
    let request = node.rpc("block/get", &[("arg", &arg), ("timeout", &timeout)])?;
    let answer = expect_ok(exchange(request, None, 0, small(node, limits::BLOCK_BYTES), call).await?)?;
    Block::verified(cid, answer.body)
}

/// A block from the node's own store.
pub(super) async fn own_block(node: &KuboNode, cid: &Cid, call: &Call) -> Result<Option<Block>, Error> {
    let arg = cid.to_string();
    let request = node.rpc("block/get", &[("arg", &arg), ("offline", "true")])?;
    let answer = exchange(request, None, 0, small(node, limits::BLOCK_BYTES), call).await?;
    if says_not_local(&answer) {
        return Ok(None);
    }
    Block::verified(cid, expect_ok(answer)?.body).map(Some)
}

pub(super) async fn car(
    node: &KuboNode,
    root: &Cid,
    held: HashSet<Cid>,
    sink: BlockSink<'_>,
    call: &Call,
) -> Result<CarSummary, Error> {
    let (arg, timeout) = (root.to_string(), server_timeout(call, limits::WAIT_TOTAL));
    let request = node.rpc("dag/export", &[("arg", &arg), ("progress", "false"), ("timeout", &timeout)])?;
    stream(node, request, None, root, held, sink, call).await
}

/// Uploads blocks without pinning them.
pub(super) async fn import(node: &KuboNode, car: Bytes, call: &Call) -> Result<(), Error> {
    let timeout = server_timeout(call, limits::WAIT_TOTAL);
    let query = [("stats", "false"), ("pin-roots", "false"), ("timeout", timeout.as_str())];
    let bytes = car.len() as u64;
    let request = node.rpc("dag/import", &query)?.multipart(file(car, "blocks.car"));
    let answer = expect_ok(exchange(request, None, bytes, step(limits::RPC_ANSWER_BYTES), call).await?)?;
    for line in answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let said: Option<Value> = serde_json::from_slice(line).ok();
        let message =
            said.as_ref().and_then(|said| said.pointer("/Root/PinErrorMsg")).and_then(Value::as_str);
        if let Some(message) = message.filter(|message| !message.is_empty()) {
            return Err(Error::new(Code::Unreachable, format!("import: {}", shorten(message))));
        }
    }
    Ok(())
}

fn file(bytes: Bytes, name: &'static str) -> Form {
    let length = bytes.len() as u64;
    Form::new().part("file", Part::stream_with_length(Body::from(bytes), length).file_name(name))
}

/// Pins recursively; each line of progress resets the wait.
pub(super) async fn pin(
    node: &KuboNode,
    root: &Cid,
    name: &Name,
    progress: &(dyn Fn(u64) + Send + Sync),
    call: &Call,
) -> Result<(), Error> {
    let (arg, label) = (root.to_string(), name.k51());
    let timeout = server_timeout(call, limits::WAIT_TOTAL);
    let query = [("arg", arg.as_str()), ("name", &label), ("progress", "true"), ("timeout", &timeout)];
    let bounds = Bounds { bytes: 0, idle: node.timeouts.publish, total: limits::WAIT_TOTAL };
    let mut opened = open(node.rpc("pin/add", &query)?, None, 0, bounds, call).await?;
    if !opened.status.is_success() {
        return Err(refusal(&opened.read(limits::ERROR_BODY_BYTES, call).await?));
    }
    let (mut line, mut total) = (Vec::new(), 0_usize);
    while let Some(chunk) = opened.chunk(call).await? {
        total = total.saturating_add(chunk.len());
        if total > limits::RPC_ANSWER_BYTES {
            return Err(Error::new(Code::TooLarge, "the progress of a pin does not end"));
        }
        for byte in chunk {
            if byte != b'\n' {
                line.push(byte);
                continue;
            }
            if pinned(&line, progress)? {
                return Ok(());
            }
            line.clear();
        }
    }
    if pinned(&line, progress)? {
        Ok(())
    } else {
        Err(Error::new(Code::Unreachable, "the pin ended without a result"))
    }
}

/// One line of a pin's answer: whether it is the result.
fn pinned(line: &[u8], progress: &(dyn Fn(u64) + Send + Sync)) -> Result<bool, Error> {
    let Ok(value) = serde_json::from_slice::<Value>(line) else { return Ok(false) };
    if let Some(message) = value.get("Message").and_then(Value::as_str) {
        return Err(Error::new(Code::Unreachable, format!("pin: {}", shorten(message))));
    }
    if let Some(blocks) = value.get("Progress").and_then(Value::as_u64) {
        progress(blocks);
    }
    Ok(value.get("Pins").and_then(Value::as_array).is_some_and(|pins| !pins.is_empty()))
}

pub(super) async fn repin(node: &KuboNode, old: &Cid, new: &Cid, call: &Call) -> Result<Repin, Error> {
    let (from, to) = (old.to_string(), new.to_string());
    let timeout = server_timeout(call, limits::WAIT_TOTAL);
    let query = [("arg", from.as_str()), ("arg", &to), ("unpin", "false"), ("timeout", &timeout)];
    let answer =
        exchange(node.rpc("pin/update", &query)?, None, 0, step(limits::RPC_ANSWER_BYTES), call).await?;
    if answer.status.is_success() {
        return Ok(Repin::Pinned);
    }
    match rpc_message(&answer) {
        // A lost reply: the first call had done it.
        Some(message) if message.contains("'to' cid was already recursively pinned") => Ok(Repin::Pinned),
        Some(message) if message.contains("'from' cid was not recursively pinned already") => {
            Ok(Repin::OldMissing)
        }
        _ => Err(refusal(&answer)),
    }
}

pub(super) async fn unpin(node: &KuboNode, root: &Cid, call: &Call) -> Result<(), Error> {
    let arg = root.to_string();
    let answer =
        exchange(node.rpc("pin/rm", &[("arg", &arg)])?, None, 0, step(limits::RPC_ANSWER_BYTES), call)
            .await?;
    let gone = rpc_message(&answer).is_some_and(|message| message.contains("not pinned"));
    if answer.status.is_success() || gone { Ok(()) } else { Err(refusal(&answer)) }
}

pub(super) async fn pins(node: &KuboNode, name: &Name, call: &Call) -> Result<Vec<Cid>, Error> {
    let label = name.k51();
    let query = [("type", "recursive"), ("names", "true"), ("name", label.as_str())];
    let request = node.rpc("pin/ls", &query)?;
    let answer = expect_ok(exchange(request, None, 0, small(node, limits::RPC_ANSWER_BYTES), call).await?)?;
    let value: Value = serde_json::from_slice(&answer.body)
        .map_err(|_| Error::new(Code::Unreachable, "the answer to a pin list is not JSON"))?;
    let keys = value.get("Keys").and_then(Value::as_object);
    let named = |entry: &Value| entry.get("Name").and_then(Value::as_str) == Some(label.as_str());
    Ok(keys
        .into_iter()
        .flatten()
        .filter(|(_, entry)| named(entry))
        .filter_map(|(cid, _)| cid.parse().ok())
        .take(limits::PINS_LISTED)
        .collect())
}

pub(super) async fn put_record(
    node: &KuboNode,
    record: &Record,
    mode: PutMode,
    call: &Call,
) -> Result<Put, Error> {
    let path = format!("/ipns/{}", record.name().k51());
    let timeout = server_timeout(call, limits::SPREAD_TIMEOUT);
    let how = match mode {
        PutMode::Offline => ("offline", "true"),
        PutMode::Spread => ("timeout", timeout.as_str()),
    };
    let bytes = record.raw().len() as u64;
    let request = node
        .rpc("routing/put", &[("arg", path.as_str()), how])?
        .multipart(file(record.raw().clone(), "record"));
    let answer = exchange(request, None, bytes, step(limits::ERROR_BODY_BYTES), call).await?;
    if answer.status.is_success() {
        return Ok(Put::Stored);
    }
    match rpc_message(&answer) {
        Some(message) if message.contains("old record") => Ok(Put::Older),
        Some(message)
            if ["expired", "malformed", "signature", "out of range", "exceeds"]
                .iter()
                .any(|word| message.contains(word)) =>
        {
            Ok(Put::Refused(shorten(&message)))
        }
        _ => Err(refusal(&answer)),
    }
}

pub(super) async fn holds(node: &KuboNode, cid: &Cid, call: &Call) -> Result<bool, Error> {
    let arg = cid.to_string();
    let request = node.rpc("block/stat", &[("arg", &arg), ("offline", "true")])?;
    let answer = exchange(request, None, 0, small(node, limits::ERROR_BODY_BYTES), call).await?;
    if says_not_local(&answer) {
        return Ok(false);
    }
    let answer = expect_ok(answer)?;
    let value: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let key = value.as_ref().and_then(|value| value.get("Key")).and_then(Value::as_str);
    if key == Some(arg.as_str()) {
        Ok(true)
    } else {
        Err(Error::new(Code::Invalid, "the answer is about another block"))
    }
}

pub(super) async fn holds_dag(node: &KuboNode, root: &Cid, call: &Call) -> Result<Option<u64>, Error> {
    let arg = root.to_string();
    let request =
        node.rpc("dag/stat", &[("arg", arg.as_str()), ("offline", "true"), ("progress", "false")])?;
    let answer = exchange(request, None, 0, step(limits::RPC_ANSWER_BYTES), call).await?;
    if says_not_local(&answer) {
        return Ok(None);
    }
    let answer = expect_ok(answer)?;
    // A failure after the first byte comes as another line.
    if answer.body.windows(16).any(|words| words == b"block was not fo") {
        return Ok(None);
    }
    let first = answer.body.split(|byte| *byte == b'\n').find(|line| !line.is_empty()).unwrap_or_default();
    let value: Option<Value> = serde_json::from_slice(first).ok();
    let blocks =
        value.as_ref().and_then(|value| value.pointer("/DagStats/0/NumBlocks")).and_then(Value::as_u64);
    blocks.map(Some).ok_or_else(|| Error::new(Code::Unreachable, "the answer holds no statistics"))
}
