//! The predecessor's wallet on the nodes: slot 0's record, and the file that it names.

use std::collections::HashMap;

use bytes::Bytes;

use crate::engine::account::Account;
use crate::engine::network::ask::Asked;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::model::unixfs::{Content, Part};
use crate::node::Call;

/// Blocks asked for at once.
const WINDOW: usize = 16;

/// Every record of slot 0 that leads to something else than a root of ours, the newest first, each with its file or why that did not come.
///
/// # Errors
/// `not_found` where slot 0 has none; `unreachable` and the like where too few nodes answer.
///
/// # Cancel safety
/// Reads only.
pub async fn documents(account: &Account) -> Result<Vec<(Record, Result<Bytes, Error>)>, Error> {
    if account.network.is_empty() {
        return Err(Error::new(Code::BadRequest, "no nodes are configured"));
    }
    let call = account.network.call(limits::LEGACY_FETCH);
    let mut documents = Vec::new();
    for record in records(account).await? {
        let document = match Part::of_value(record.value()) {
            Ok(part) => file(account, part, &call).await,
            Err(e) => Err(e),
        };
        documents.push((record, document));
    }
    Ok(documents)
}

async fn records(account: &Account) -> Result<Vec<Record>, Error> {
    let (slot, network) = (Slot::ZERO, &account.network);
    let asked = {
        let state = account.local.read();
        let names = state.names();
        // What one node shows is no answer: others may still show the predecessor's.
        let (is_known, high_water) = (names.get(slot).is_some(), limits::SEQUENCE_MAX);
        Asked { slot, name: account.local.keys().name(slot), is_known, high_water, expected: None }
    };
    let call = network.call(limits::SLOT_LOOK);
    let heard = network.ask(&[asked], &network.askable(true), None, &call).await;
    let shown = heard.records(slot);
    let legacy: Vec<Record> =
        shown.iter().filter(|record| record.root().is_none()).copied().cloned().collect();
    if !legacy.is_empty() {
        return Ok(legacy);
    }
    if heard.answering(slot) * 2 > network.api_nodes().len() {
        let message = "slot 0 has no wallet of the predecessor on these nodes";
        return Err(Error::new(Code::NotFound, message));
    }
    Err(heard.failure())
}

/// What is left of a file: bytes that have come, and parts that have not.
enum Left {
    Bytes(Bytes),
    Part(Part),
}

async fn file(account: &Account, root: Part, call: &Call) -> Result<Bytes, Error> {
    let mut left = vec![Left::Part(root)];
    let mut blocks = 0_usize;
    for _ in 0..limits::LEGACY_DEPTH {
        let wanted: Vec<Cid> = left.iter().filter_map(part_of).map(|part| part.cid).collect();
        blocks = blocks.saturating_add(wanted.len());
        if blocks > limits::LEGACY_BLOCKS {
            return Err(too_large());
        }
        if wanted.is_empty() {
            return Ok(joined(left));
        }
        let come = fetch(account, &wanted, call).await?;
        left = opened(left, &come)?;
        if left.iter().map(size_of).sum::<usize>() > limits::LEGACY_BYTES {
            return Err(too_large());
        }
    }
    if left.iter().any(|one| part_of(one).is_some()) {
        return Err(Error::new(Code::Malformed, "file on the nodes: too deep"));
    }
    Ok(joined(left))
}

async fn fetch(account: &Account, wanted: &[Cid], call: &Call) -> Result<HashMap<Cid, Block>, Error> {
    let mut come = HashMap::new();
    for some in wanted.chunks(WINDOW) {
        let fetched = account.network.fetch_blocks(some, call).await;
        if let Some((_, e)) = fetched.failed.into_iter().next() {
            return Err(e.within("the predecessor's wallet did not come"));
        }
        come.extend(fetched.blocks.into_iter().map(|block| (*block.cid(), block)));
    }
    Ok(come)
}

fn opened(left: Vec<Left>, come: &HashMap<Cid, Block>) -> Result<Vec<Left>, Error> {
    let mut opened = Vec::new();
    for one in left {
        match one {
            Left::Bytes(_) => opened.push(one),
            Left::Part(part) => {
                let lacks =
                    || Error::new(Code::Unreachable, "no node gave a block of the predecessor's wallet");
                match part.open(come.get(&part.cid).ok_or_else(lacks)?)? {
                    Content::Bytes(bytes) => opened.push(Left::Bytes(bytes)),
                    Content::Parts(parts) => opened.extend(parts.into_iter().map(Left::Part)),
                }
            }
        }
    }
    Ok(opened)
}

fn part_of(left: &Left) -> Option<&Part> {
    match left {
        Left::Part(part) => Some(part),
        Left::Bytes(_) => None,
    }
}

fn size_of(left: &Left) -> usize {
    match left {
        Left::Bytes(bytes) => bytes.len(),
        Left::Part(_) => 0,
    }
}

fn joined(left: Vec<Left>) -> Bytes {
    let mut file = Vec::with_capacity(left.iter().map(size_of).sum());
    for one in left {
        if let Left::Bytes(bytes) = one {
            file.extend_from_slice(&bytes);
        }
    }
    file.into()
}

fn too_large() -> Error {
    Error::new(Code::TooLarge, format!("file on the nodes: more than {} bytes", limits::LEGACY_BYTES))
}
