//! Brings the blocks of live items to this disk: payloads first, evidence and values after them.

use std::collections::HashSet;

use super::account::Account;
use super::event::Progress;
use super::peers::{fetch_blocks, http_fails, while_it_flows};
use crate::Error;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::root::Root;
use crate::node::Call;
use crate::store::{BlockClass, Write};

/// Blocks written in one transaction while content streams in: bounds memory.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;
/// Blocks asked for singly before their arrival is committed.
const CHUNK_BLOCKS: usize = 64;
/// The same where the peers are asked.
const PEER_CHUNK_BLOCKS: usize = 512;

/// Fetches everything that is missing until the call's deadline; what arrived is kept in any case.
///
/// # Errors
/// Store errors only: content that cannot be had is still missing afterwards, and told as such.
pub(super) async fn fetch_missing(
    account: &Account,
    roots: &[Root],
    progress: &(dyn Fn(Progress) + Send + Sync),
    call: &Call,
) -> Result<(), Error> {
    let (missing, here) = {
        let state = account.read();
        (in_order(&state.missing), state.keep.len())
    };
    if missing.is_empty() {
        return Ok(());
    }
    let total = missing.len();
    let report = |done: usize| progress(Progress::Fetching { done, total });
    report(0);
    // One answer for all pays off when most of a device's content is wanted.
    if missing.len() > 3 && missing.len() >= here {
        for root in roots {
            stream_keep(account, root, call, &report, total).await?;
            if account.read().missing.is_empty() {
                return Ok(());
            }
        }
    }
    let rest = in_order(&account.read().missing);
    // Peers are asked for many at once, so that their windows stay full.
    let size = if http_fails(account) { PEER_CHUNK_BLOCKS } else { CHUNK_BLOCKS };
    for chunk in rest.chunks(size) {
        if account.clock.monotonic() >= call.deadline {
            break;
        }
        let fetched = fetch_blocks(account, chunk, call).await;
        keep_blocks(account, fetched.blocks).await?;
        report(total.saturating_sub(account.read().missing.len()));
    }
    Ok(())
}

/// Payloads before evidence.
fn in_order(missing: &std::collections::BTreeMap<Cid, bool>) -> Vec<Cid> {
    let payloads = missing.iter().filter(|(_, payload)| **payload);
    let others = missing.iter().filter(|(_, payload)| !**payload);
    payloads.chain(others).map(|(cid, _)| *cid).collect()
}

/// Streams one device's keep and writes the wanted blocks as they come.
async fn stream_keep(
    account: &Account,
    root: &Root,
    call: &Call,
    report: &(dyn Fn(usize) + Send + Sync),
    total: usize,
) -> Result<(), Error> {
    let held: HashSet<Cid> = account.read().on_disk.keys().copied().collect();
    let (sender, mut arrived) = tokio::sync::mpsc::unbounded_channel::<Block>();
    let mut sink = move |block: Block| {
        // The receiver lives until the stream ends.
        let _ = sender.send(block);
    };
    let streaming = async {
        let stream = account.nodes.fetch_car(&root.keep, held, &mut sink, call);
        let result = while_it_flows(account, call, stream).await;
        drop(sink);
        result
    };
    let writing = async {
        let (mut blocks, mut bytes) = (Vec::new(), 0_usize);
        while let Some(block) = arrived.recv().await {
            if !account.read().missing.contains_key(block.cid()) {
                continue;
            }
            bytes = bytes.saturating_add(block.bytes().len());
            blocks.push(block);
            if bytes >= COMMIT_BYTES || arrived.is_empty() && bytes >= COMMIT_BYTES / 4 {
                keep_blocks(account, std::mem::take(&mut blocks)).await?;
                bytes = 0;
                report(total.saturating_sub(account.read().missing.len()));
            }
        }
        keep_blocks(account, blocks).await?;
        report(total.saturating_sub(account.read().missing.len()));
        Ok(())
    };
    let (streamed, written) = futures_util::future::join(streaming, writing).await;
    if let Some(Err(e)) = streamed {
        tracing::debug!(code = %e.code(), "the content stream ended early");
    }
    written
}

/// Commits arrived blocks, then shows them.
pub(super) async fn keep_blocks(account: &Account, blocks: Vec<Block>) -> Result<(), Error> {
    if blocks.is_empty() {
        return Ok(());
    }
    let order = account.order.lock().await;
    let arrived: Vec<_> = blocks.iter().map(|block| (*block.cid(), block.bytes().len() as u64)).collect();
    let batch = blocks.into_iter().map(|block| Write::Block { block, class: BlockClass::Data }).collect();
    account.store.commit(batch).await?;
    {
        let mut state = account.write();
        arrived.into_iter().for_each(|(cid, size)| state.put_block(cid, size));
        state.revision = state.revision.wrapping_add(1);
    }
    drop(order);
    Ok(())
}
