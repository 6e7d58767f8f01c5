//! `pin/*` and `repo/gc` of the RPC.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use cid::Cid;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::{Value, json};
use tauri_plugin_wallet_sync::model::identity::Name;

use super::call::Call;
use super::content::writes;
use super::reply::{self, Refusal};
use crate::dag::{self, PinMode, Progress, Reach};
use crate::ipns::Record;
use crate::node::Node;
use crate::records::Own;

/// How often a pin tells how far it is.
const TICK: Duration = Duration::from_millis(500);

pub(super) async fn add(call: &Call) -> Result<Response, Refusal> {
    let cid = call.cid(0, "ipfs-path")?;
    let name = call.option("name").unwrap_or_default().to_owned();
    let mode = if call.flag("recursive", true)? { PinMode::Recursive } else { PinMode::Direct };
    let pins = json!({"Pins": [cid.to_string()]});
    if !writes(&call.node)? {
        return Ok(reply::json(&pins));
    }
    if mode == PinMode::Direct && call.node.store().pins.get(&cid).is_some_and(|pin| pin.mode != mode) {
        return Err(Refusal::rpc(format!("pin: {cid} already pinned recursively")));
    }
    if call.flag("progress", false)? {
        let lines = with_progress(call, cid, name, mode, pins);
        let chunks = lines.map(|line| Ok::<_, Infallible>(format!("{line}\n")));
        let body = Body::from_stream(chunks);
        return Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response());
    }
    let progress = Progress::default();
    let done = call.within(pin(&call.node, &cid, &name, mode, &progress)).await;
    done.ok_or_else(|| Refusal::rpc("pin: context deadline exceeded"))?;
    Ok(reply::json(&pins))
}

/// Fetches what a pin keeps, then pins it. The node's own `offline` switch has no say in it.
async fn pin(node: &Node, cid: &Cid, name: &str, mode: PinMode, progress: &Progress) {
    match mode {
        PinMode::Direct => drop(node.block(cid).await),
        PinMode::Recursive => drop(node.walk(cid, Reach::Cluster, &HashSet::new(), progress).await),
    }
    node.pin(*cid, mode, name);
}

/// Lines while the pin is under way. One whose time is over ends without a `Pins` line, status 200.
fn with_progress(
    call: &Call,
    cid: Cid,
    name: String,
    mode: PinMode,
    pins: Value,
) -> BoxStream<'static, Value> {
    let (node, deadline) = (call.node.clone(), call.deadline());
    let progress = Arc::new(Progress::default());
    let seen = progress.clone();
    let line = move || {
        let (blocks, bytes) = (&seen.blocks, &seen.bytes);
        json!({"Progress": blocks.load(Ordering::Relaxed), "Bytes": bytes.load(Ordering::Relaxed)})
    };
    let work = Box::pin(async move { pin(&node, &cid, &name, mode, &progress).await });
    let over = async move {
        match deadline {
            Some(deadline) => tokio::time::sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    };
    let state = Some((work, Box::pin(over)));
    stream::unfold(state, move |state| {
        let (line, pins) = (line.clone(), pins.clone());
        async move {
            let (mut work, mut over) = state?;
            tokio::select! {
                biased;
                () = &mut work => Some((vec![line(), pins], None)),
                () = &mut over => Some((vec![line()], None)),
                () = tokio::time::sleep(TICK) => Some((vec![line()], Some((work, over)))),
            }
        }
    })
    .flat_map(stream::iter)
    .boxed()
}

pub(super) async fn update(call: &Call) -> Result<Response, Refusal> {
    let (from, to) = (call.cid(0, "from-path")?, call.cid(1, "to-path")?);
    let unpin = call.flag("unpin", true)?;
    let pins = json!({"Pins": [from.to_string(), to.to_string()]});
    if !writes(&call.node)? {
        return Ok(reply::json(&pins));
    }
    let recursive = |cid: &Cid| {
        let pins = &call.node.store().pins;
        pins.get(cid).filter(|pin| pin.mode == PinMode::Recursive).map(|pin| pin.name.clone())
    };
    let Some(name) = recursive(&from) else {
        return Err(Refusal::rpc("'from' cid was not recursively pinned already"));
    };
    if from == to {
        return Ok(reply::json(&pins));
    }
    if recursive(&to).is_some() {
        return Err(Refusal::rpc("'to' cid was already recursively pinned"));
    }
    // Only the difference is walked.
    let held = call.node.own_graph(&from);
    let progress = Progress::default();
    let walked = call.within(call.node.walk(&to, Reach::Cluster, &held, &progress)).await;
    walked
        .ok_or_else(|| Refusal::rpc(format!("get {to}: context deadline exceeded")))?
        .map_err(|_| Refusal::deadline())?;
    call.node.pin(to, PinMode::Recursive, &name);
    if unpin {
        call.node.store().pins.remove(&from);
    }
    Ok(reply::json(&pins))
}

pub(super) fn list(call: &Call) -> Result<Response, Refusal> {
    let kind = call.option("type").unwrap_or("all");
    if !["all", "direct", "indirect", "recursive"].contains(&kind) {
        return Err(Refusal::rpc(format!(
            "invalid type '{kind}', must be one of {{direct, indirect, recursive, all}}"
        )));
    }
    let filter = call.option("name").unwrap_or_default();
    let names = call.flag("names", false)? || !filter.is_empty();
    let rows = if call.arguments().is_empty() { all(&call.node, kind, filter) } else { asked(call, kind)? };
    let shown = |name: &str| if names { name.to_owned() } else { String::new() };
    if call.flag("stream", false)? {
        let lines =
            rows.iter().map(|(cid, word, name)| json!({"Cid": cid, "Name": shown(name), "Type": word}));
        return Ok(reply::lines(&lines.collect::<Vec<_>>()));
    }
    if rows.is_empty() {
        return Ok(reply::json(&json!({})));
    }
    let keys: serde_json::Map<String, Value> = rows
        .into_iter()
        .map(|(cid, word, name)| (cid, json!({"Type": word, "Name": shown(&name)})))
        .collect();
    Ok(reply::json(&json!({"Keys": keys})))
}

/// CID, type, name.
type Row = (String, String, String);

fn asked(call: &Call, kind: &str) -> Result<Vec<Row>, Refusal> {
    let row = |(at, text): (usize, &String)| {
        let cid = match text.strip_prefix("/ipns/") {
            Some(name) => named(call, name)?,
            None => call.cid(at, "ipfs-path")?,
        };
        let found = call.node.pinned(&cid).filter(|(word, _)| kind == "all" || word.starts_with(kind));
        let (word, name) = found.ok_or_else(|| Refusal::rpc(format!("path '{text}' is not pinned")))?;
        Ok((cid.to_string(), word, name))
    };
    call.arguments().iter().enumerate().map(row).collect()
}

/// What the record of a name points at, from this node's own store: the only way that is needed here.
fn named(call: &Call, name: &str) -> Result<Cid, Refusal> {
    let missing = || Refusal::rpc("could not resolve name");
    let name = Name::parse(name).map_err(|_| missing())?;
    let Own::Found(raw, _) = call.node.own_record(&name) else { return Err(missing()) };
    let value = Record::parse(raw, &name).ok().and_then(|record| record.path());
    let cid = value.as_deref().and_then(|path| Cid::try_from(path.strip_prefix("/ipfs/")?).ok());
    cid.ok_or_else(missing)
}

/// Every pin of a kind whose name contains the filter.
fn all(node: &Node, kind: &str, filter: &str) -> Vec<Row> {
    let pins = node.store().pins.clone();
    let mut rows: Vec<Row> = pins
        .iter()
        .filter(|(_, pin)| (kind == "all" || dag::word(pin.mode) == kind) && pin.name.contains(filter))
        .map(|(cid, pin)| (cid.to_string(), dag::word(pin.mode).to_owned(), pin.name.clone()))
        .collect();
    if filter.is_empty() && matches!(kind, "all" | "indirect") {
        let roots = pins.iter().filter(|(_, pin)| pin.mode == PinMode::Recursive);
        let below: HashSet<Cid> = roots.flat_map(|(root, _)| node.own_graph(root)).collect();
        let indirect = below.iter().filter(|cid| !pins.contains_key(cid));
        rows.extend(indirect.map(|cid| (cid.to_string(), "indirect".to_owned(), String::new())));
    }
    rows
}

pub(super) fn remove(call: &Call) -> Result<Response, Refusal> {
    let cid = call.cid(0, "ipfs-path")?;
    if call.node.store().pins.remove(&cid).is_none() {
        return Err(Refusal::rpc("not pinned or pinned indirectly"));
    }
    Ok(reply::json(&json!({"Pins": [cid.to_string()]})))
}

pub(super) async fn collect_garbage(call: &Call) -> Result<Response, Refusal> {
    let dropped = call
        .node
        .collect_garbage()
        .await
        .map_err(|missing| Refusal::rpc(format!("could not retrieve links for {}", missing.0)))?;
    // Blocks are stored by hash alone, so they are named as raw ones.
    let lines = dropped.iter().map(|cid| json!({"Key": {"/": Cid::new_v1(0x55, *cid.hash()).to_string()}}));
    Ok(reply::lines(&lines.collect::<Vec<_>>()))
}
