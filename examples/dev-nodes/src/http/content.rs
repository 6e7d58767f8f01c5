//! `block/*` and `dag/*` of the RPC: blocks and graphs.

use std::collections::HashSet;

use axum::response::Response;
use serde_json::{Value, json};

use super::call::Call;
use super::reply::{self, Refusal};
use crate::car;
use crate::dag::{self, NotLocal, PinMode, Progress, Reach};
use crate::fault::Fault;
use crate::node::Node;
use crate::records::NO_SPACE;

/// Media types of blocks and CARs.
pub(super) const RAW: &str = "application/vnd.ipld.raw";
const CAR: &str = "application/vnd.ipld.car";
/// Blocks an import stores at once; on Kubo it depends on the machine.
const IMPORT_BATCH: usize = 32;
/// Largest block, bytes, as bitswap carries it.
const BLOCK_BYTES: usize = tauri_plugin_wallet_sync::limits::BLOCK_BYTES;

pub(super) async fn block_get(call: &Call) -> Result<Response, Refusal> {
    let (_, bytes) = block(call).await?;
    Ok(reply::stream_of(RAW, call.node.forged(&bytes)))
}

pub(super) async fn block_stat(call: &Call) -> Result<Response, Refusal> {
    let (cid, bytes) = block(call).await?;
    Ok(reply::json(&json!({"Key": cid.to_string(), "Size": bytes.len()})))
}

async fn block(call: &Call) -> Result<(cid::Cid, bytes::Bytes), Refusal> {
    let cid = call.cid(0, "cid")?;
    if call.flag("offline", false)? {
        let bytes = call.node.own_block(&cid).ok_or_else(|| Refusal::rpc(NotLocal(cid).message()))?;
        return Ok((cid, bytes));
    }
    let bytes = call.within(call.node.block(&cid)).await.ok_or_else(Refusal::deadline)?;
    Ok((cid, bytes))
}

pub(super) async fn block_put(call: &Call) -> Result<Response, Refusal> {
    let name = call.option("cid-codec").unwrap_or("raw").to_owned();
    let codec = match name.as_str() {
        "raw" => 0x55,
        "dag-pb" => 0x70,
        "dag-cbor" => 0x71,
        "dag-json" => 0x0129,
        _ => return Err(Refusal::rpc(format!("unknown multicodec: \"{name}\""))),
    };
    if call.option("mhtype").is_some_and(|hash| hash != "sha2-256") {
        return Err(Refusal::rpc("unrecognized multihash function"));
    }
    let pin = call.flag("pin", false)?;
    let bytes = call.file("data").await?;
    if bytes.len() > BLOCK_BYTES {
        return Err(Refusal::rpc(
            "produced block is over 2MiB: big blocks can't be exchanged with other peers. consider using UnixFS for automatic chunking of bigger files, or pass --allow-big-block to override",
        ));
    }
    let (cid, size) = (dag::cid_of(codec, &bytes), bytes.len());
    if writes(&call.node)? {
        call.node.keep_blocks([(cid, bytes)]);
        if pin {
            // Neither codec nor children are looked at.
            call.node.pin(cid, PinMode::Recursive, "");
        }
    }
    Ok(reply::json(&json!({"Key": cid.to_string(), "Size": size})))
}

pub(super) async fn dag_import(call: &Call) -> Result<Response, Refusal> {
    let pin_roots = call.flag("pin-roots", true)?;
    let stats = call.flag("stats", false)?;
    let file = call.file("path").await?;
    if file.is_empty() {
        return Ok(reply::lines(&[]));
    }
    let mut contents = car::read(file);
    if contents.error.is_some() {
        // A broken import loses the batch it was at.
        contents.blocks.truncate(contents.blocks.len() / IMPORT_BATCH * IMPORT_BATCH);
    }
    let kept = writes(&call.node)?;
    let (count, bytes) = (contents.blocks.len(), contents.blocks.iter().map(|(_, b)| b.len()).sum::<usize>());
    if kept {
        call.node.keep_blocks(contents.blocks);
    }
    if let Some(error) = contents.error {
        return Err(Refusal::rpc(error));
    }
    let mut lines = Vec::new();
    for root in contents.roots.iter().filter(|_| pin_roots) {
        let error = if kept { pin_root(call, root).await } else { "" };
        lines.push(json!({"Root": {"Cid": {"/": root.to_string()}, "PinErrorMsg": error}}));
    }
    if stats {
        lines.push(json!({"Stats": {"BlockCount": count, "BlockBytesCount": bytes}}));
    }
    Ok(reply::lines(&lines))
}

/// Pins an imported root without a name, which takes the name of an older pin away; gives the error, if any.
async fn pin_root(call: &Call, root: &cid::Cid) -> &'static str {
    let (skip, progress) = (HashSet::new(), Progress::default());
    match call.within(call.node.walk(root, Reach::Cluster, &skip, &progress)).await {
        Some(Ok(_)) => {
            call.node.pin(*root, PinMode::Recursive, "");
            ""
        }
        Some(Err(_)) | None => "context deadline exceeded",
    }
}

pub(super) async fn dag_export(call: &Call) -> Result<Response, Refusal> {
    let root = call.cid(0, "root")?;
    let offline = call.flag("offline", false)?;
    // A missing root is an error, a missing child only ends the stream.
    if offline {
        call.node.own_block(&root).ok_or_else(|| Refusal::rpc(NotLocal(root).message()))?;
    } else {
        call.within(call.node.block(&root)).await.ok_or_else(Refusal::deadline)?;
    }
    let mut out = car::header(&root);
    let mut seen = HashSet::new();
    let mut open = vec![root];
    while let Some(cid) = open.pop() {
        if !seen.insert(cid) {
            continue;
        }
        let bytes =
            if offline { call.node.own_block(&cid) } else { call.within(call.node.block(&cid)).await };
        let Some(bytes) = bytes else { break };
        open.extend(dag::links(&cid, &bytes).into_iter().rev());
        out.extend(car::block(&cid, &call.node.forged(&bytes)));
    }
    Ok(reply::stream_of(CAR, out))
}

pub(super) async fn dag_stat(call: &Call) -> Result<Response, Refusal> {
    let root = call.cid(0, "root")?;
    let (skip, progress) = (HashSet::new(), Progress::default());
    let reach = if call.flag("offline", false)? { Reach::Own } else { Reach::Cluster };
    let walked = call.within(call.node.walk(&root, reach, &skip, &progress)).await;
    let blocks = walked
        .ok_or_else(|| Refusal::rpc("error traversing DAG: promise channel was closed"))?
        .map_err(|missing| {
            let step = if missing.0 == root { "" } else { "error traversing DAG: " };
            Refusal::rpc(format!("{step}{}", missing.message()))
        })?;
    if let Some((cid, _)) = blocks.iter().find(|(cid, bytes)| !dag::has_readable_links(cid, bytes)) {
        let step = if *cid == root { "" } else { "error traversing DAG: " };
        return Err(Refusal::rpc(format!("{step}unexpected EOF")));
    }
    let line = |size: usize, count: usize| -> Value {
        json!({"TotalSize": size, "DagStats": [{"Cid": root.to_string(), "Size": size, "NumBlocks": count}]})
    };
    let mut lines = Vec::new();
    let mut size = 0;
    for (count, (_, bytes)) in (1..).zip(&blocks) {
        size += bytes.len();
        lines.push(line(size, count));
    }
    let mut last = line(size, blocks.len());
    if let Some(last) = last.as_object_mut() {
        last.insert("UniqueBlocks".to_owned(), blocks.len().into());
        last.insert("Ratio".to_owned(), 1.into());
    }
    if !call.flag("progress", true)? {
        lines.clear();
    }
    lines.push(last);
    Ok(reply::lines(&lines))
}

/// Whether the node keeps what it is asked to keep.
pub(super) fn writes(node: &Node) -> Result<bool, Refusal> {
    if node.has(Fault::Full) {
        return Err(Refusal::rpc(NO_SPACE));
    }
    Ok(!node.has(Fault::Forget))
}
