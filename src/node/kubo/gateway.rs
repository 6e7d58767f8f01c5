//! Reads through a gateway: records of known names, blocks, CARs.

use std::collections::HashSet;

use super::classify::{CAR, RAW, RECORD, refusal, says_absent};
use super::http::{Bounds, exchange, open};
use super::{KuboNode, joined};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::car::{CarBounds, CarReader, CarSummary};
use crate::model::cid::Cid;
use crate::model::identity::Name;
use crate::model::record::Record;
use crate::node::{BlockSink, Call, Outcome, Source};

fn get(node: &KuboNode, path: &str, format: &str) -> Result<reqwest::RequestBuilder, Error> {
    let Some(gateway) = &node.gateway else {
        return Err(Error::new(Code::Unreachable, "the node has no gateway configured"));
    };
    let mut url = joined(gateway, path);
    url.query_pairs_mut().append_pair("format", format);
    Ok(node.http.0.get(url))
}

/// The record of a name that is known to exist.
pub(super) async fn record(node: &KuboNode, name: &Name, call: &Call) -> Outcome {
    let bounds = Bounds { bytes: limits::RECORD_BYTES, idle: node.timeouts.http, total: node.timeouts.http };
    let answer = match get(node, &format!("ipns/{}", name.k51()), "ipns-record") {
        Ok(request) => exchange(request, Some(RECORD), 0, bounds, call).await,
        Err(e) => Err(e),
    };
    match answer {
        Err(e) if matches!(e.code(), Code::TooLarge | Code::Invalid) => Outcome::Invalid(e),
        Err(e) => Outcome::Unreachable(e),
        Ok(answer) if answer.status.is_success() && answer.content_type == RECORD => {
            match Record::parse(answer.body, name) {
                Ok(record) => Outcome::Found(Box::new(record), Source::HttpGateway),
                Err(e) => Outcome::Invalid(e),
            }
        }
        Ok(answer) if says_absent(&answer) => Outcome::Absent,
        Ok(answer) => Outcome::Unreachable(refusal(&answer)),
    }
}

/// One block; the gateway may get it from its peers.
pub(super) async fn block(node: &KuboNode, cid: &Cid, call: &Call) -> Result<Block, Error> {
    let bounds =
        Bounds { bytes: limits::BLOCK_BYTES, idle: node.timeouts.content_idle, total: node.timeouts.http };
    let answer = exchange(get(node, &format!("ipfs/{cid}"), "raw")?, Some(RAW), 0, bounds, call).await?;
    if !answer.status.is_success() {
        return Err(refusal(&answer));
    }
    if answer.content_type != RAW {
        return Err(Error::new(Code::Unreachable, "the answer is not a raw block"));
    }
    Block::verified(cid, answer.body)
}

/// A DAG as one CAR, block by block.
pub(super) async fn car(
    node: &KuboNode,
    root: &Cid,
    held: HashSet<Cid>,
    sink: BlockSink<'_>,
    call: &Call,
) -> Result<CarSummary, Error> {
    stream(node, get(node, &format!("ipfs/{root}"), "car")?, Some(CAR), root, held, sink, call).await
}

/// Reads a CAR answer; the stream may take as long as the call, but not fall silent.
pub(super) async fn stream(
    node: &KuboNode,
    request: reqwest::RequestBuilder,
    accept: Option<&'static str>,
    root: &Cid,
    held: HashSet<Cid>,
    sink: BlockSink<'_>,
    call: &Call,
) -> Result<CarSummary, Error> {
    let bounds = Bounds { bytes: 0, idle: node.timeouts.content_idle, total: limits::WAIT_TOTAL };
    let mut opened = open(request, accept, 0, bounds, call).await?;
    if !opened.status.is_success() {
        return Err(refusal(&opened.read(limits::ERROR_BODY_BYTES, call).await?));
    }
    if accept.is_some() && opened.content_type != CAR {
        return Err(Error::new(Code::Unreachable, "the answer is not a CAR"));
    }
    let bounds = CarBounds { blocks: limits::CAR_BLOCKS, bytes: limits::CAR_BYTES };
    let mut reader = CarReader::new(*root, bounds).with_held(held);
    while let Some(chunk) = opened.chunk(call).await? {
        for block in reader.push(&chunk)? {
            sink(block);
        }
    }
    let summary = reader.finish()?;
    if summary.missing.is_empty() {
        return Ok(summary);
    }
    Err(Error::new(Code::Unreachable, format!("the CAR lacks {} blocks", summary.missing.len())))
}
