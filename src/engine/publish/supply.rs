//! Brings the blocks of an edition to one node, each once, and pins them there.

use std::collections::HashSet;
use std::time::Duration;

use super::Run;
use super::edition::Prepared;
use crate::engine::account::Account;
use crate::model::car::CarWriter;
use crate::model::cid::Cid;
use crate::node::{Node, Repin};
use crate::store::Write;
use crate::{Code, Error, limits};

/// Slowest uplink that is still waited for.
const UPLINK_BYTES_PER_S: u64 = 64 * 1024;

/// Blocks of the edition that a node is not known to hold, children first.
pub(super) fn lacking(account: &Account, node: &str, prepared: &Prepared) -> Vec<Cid> {
    let state = account.read();
    match state.held.get(node) {
        Some(held) => prepared.all.iter().filter(|cid| !held.contains(cid)).copied().collect(),
        None => prepared.all.clone(),
    }
}

/// Bytes that would have to be sent.
pub(super) fn bytes_of(prepared: &Prepared, cids: &[Cid]) -> u64 {
    cids.iter()
        .map(|cid| match prepared.blocks.get(cid) {
            Some(block) => block.bytes().len() as u64,
            None => prepared.sizes.get(cid).copied().unwrap_or(0),
        })
        .sum()
}

/// Uploads blocks in CARs, remembering after each what the node has, so that a later run resumes.
///
/// # Errors
/// The node's error; what was accepted before it stays remembered.
pub(super) async fn upload(
    account: &Account,
    node: &dyn Node,
    prepared: &Prepared,
    cids: &[Cid],
    run: &Run,
) -> Result<(), Error> {
    let mut rest = cids;
    while !rest.is_empty() {
        let (car, taken) = next_car(account, prepared, rest).await?;
        let (sent, left) = rest.split_at_checked(taken).unwrap_or((rest, &[]));
        let bytes = car.len() as u64;
        let slowest = Duration::from_secs(bytes.checked_div(UPLINK_BYTES_PER_S).unwrap_or(0));
        node.import(car, &run.call(account, account.config.timeouts.publish + slowest)).await?;
        account.step();
        if !left.is_empty() {
            remember_held(account, node.id(), sent.to_vec()).await?;
        }
        rest = left;
    }
    Ok(())
}

/// Packs blocks up to the size of one CAR; says how many of the CIDs it took.
async fn next_car(
    account: &Account,
    prepared: &Prepared,
    cids: &[Cid],
) -> Result<(bytes::Bytes, usize), Error> {
    let mut car = CarWriter::new(&prepared.edition.root);
    let mut taken = 0_usize;
    for cid in cids {
        if taken > 0 && car.len() >= limits::CAR_CHUNK_BYTES {
            break;
        }
        taken = taken.saturating_add(1);
        match prepared.blocks.get(cid) {
            Some(block) => car.push(block),
            // A damaged payload must not block the rest: it is refilled from the network, the next keep is without it.
            None => match account.store.block(cid).await? {
                Some(block) => car.push(&block),
                None => return Err(lost_block(account, *cid)),
            },
        }
    }
    Ok((car.finish(), taken))
}

fn lost_block(account: &Account, cid: Cid) -> Error {
    let mut state = account.write();
    state.on_disk.remove(&cid);
    state.missing.insert(cid, true);
    state.rebuild_keep();
    Error::new(Code::Corrupt, "a stored payload is damaged; it is fetched again before the next publish")
}

/// Moves the node's pin to the edition's root, or pins it for the first time.
///
/// # Errors
/// The node's error. When the node lost blocks it was known to hold, what is known of it is forgotten first.
pub(super) async fn pin(
    account: &Account,
    node: &dyn Node,
    prepared: &Prepared,
    run: &Run,
) -> Result<(), Error> {
    let root = prepared.edition.root;
    let old = {
        let state = account.read();
        let row = state.nodes.get(node.id()).filter(|row| row.slot == prepared.edition.slot.number());
        row.and_then(|row| row.pinned.last().copied())
    };
    if let Some(old) = old.filter(|old| *old != root) {
        let call = run.call(account, account.config.timeouts.publish);
        match node.repin(&old, &root, &call).await? {
            Repin::Pinned => return Ok(()),
            Repin::OldMissing => return Err(Error::new(Code::NotFound, "the node lost its pin")),
        }
    }
    let progress = |_blocks: u64| account.step();
    node.pin(&root, &prepared.name, &progress, &run.call(account, limits::WAIT_TOTAL)).await
}

/// What a node is known to hold grows.
pub(super) async fn remember_held(account: &Account, node: &str, cids: Vec<Cid>) -> Result<(), Error> {
    let _order = account.order.lock().await;
    account.store.commit(vec![Write::Held { node: node.to_owned(), cids: cids.clone() }]).await?;
    account.write().held.entry(node.to_owned()).or_default().extend(cids);
    Ok(())
}

/// A node does not show what it was proven to hold: nothing it was sent is taken for granted any more.
pub(in crate::engine) async fn doubt(account: &Account, node: &str) -> Result<(), Error> {
    let _order = account.order.lock().await;
    let Some(mut row) = account.read().nodes.get(node).cloned() else { return Ok(()) };
    row.verified_sequence = 0;
    let held = Write::HeldExactly { node: node.to_owned(), cids: Vec::new() };
    account.store.commit(vec![held, Write::Node(row.clone())]).await?;
    let mut state = account.write();
    state.held.insert(node.to_owned(), HashSet::new());
    state.nodes.insert(node.to_owned(), row);
    Ok(())
}

/// Forgets what a node is known to hold, pins included: it lost something.
pub(super) async fn forget_held(account: &Account, node: &str) -> Result<(), Error> {
    let _order = account.order.lock().await;
    let mut row = account.read().nodes.get(node).cloned();
    let mut batch = vec![Write::HeldExactly { node: node.to_owned(), cids: Vec::new() }];
    if let Some(row) = &mut row {
        row.pinned.clear();
        row.verified_sequence = 0;
        batch.push(Write::Node(row.clone()));
    }
    account.store.commit(batch).await?;
    let mut state = account.write();
    state.held.insert(node.to_owned(), HashSet::new());
    if let Some(row) = row {
        state.nodes.insert(node.to_owned(), row);
    }
    Ok(())
}
