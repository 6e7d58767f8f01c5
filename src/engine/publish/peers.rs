//! Publishing without HTTP: the record alone can go out over the DHT.
//!
//! No peer takes blocks from us, so a change counts as published only where a node that shows the record holds, or finds
//! in the record itself, every block the change needs. Otherwise its level stays what it was; the record still
//! brings list and balance of a small wallet to the other devices.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::edition::{Prepared, prepare};
use super::is_storage;
use crate::engine::account::Account;
use crate::engine::claim as slots;
use crate::engine::merge::merge_record;
use crate::model::cid::Cid;
use crate::model::record::Record;
use crate::node::peers::Peers;
use crate::node::{Call, Outcome};
use crate::store::Level;
use crate::{Code, Error};

/// Puts the present edition's record at the peers and raises the level to what is proven by reading it back. Only for a
/// slot that is owned: a claim needs a majority over HTTP.
///
/// # Errors
/// `unreachable` when no peer took or showed the record; store errors.
///
/// # Cancel safety
/// The record is on disk before it is sent; the next run takes it up.
pub(in crate::engine) async fn publish_by_peers(
    account: &Arc<Account>,
    call: &Call,
) -> Result<Option<Level>, Error> {
    let Some(peers) = account.peers.clone() else { return Ok(None) };
    let _one = account.publishing.lock().await;
    account.check_open()?;
    let slot = {
        let state = account.read();
        state.own.slot.filter(|_| state.own.owned && state.first_read)
    };
    let Some(slot) = slot else { return Ok(None) };
    let prepared = prepare(account, slot).await?;
    // Nothing unmerged is overwritten: what every holder shows is read first.
    let mut holders = BTreeSet::new();
    for (node, record) in copies(&*peers, &prepared, call).await {
        if slots::is_rival(account, slot, &record) {
            if let Err(e) = merge_record(account, slot, &record, call).await
                && is_storage(&e)
            {
                return Err(e);
            }
            slots::leave_slot(account, &mut Vec::new()).await?;
            return Ok(None);
        }
        if record.same_as(&prepared.record) {
            holders.extend(node);
        }
    }
    if holders.len() < account.nodes.len() {
        let took = peers.put_record(&prepared.record, call).await;
        tracing::debug!(took, "the record went to the peers");
        let shown = copies(&*peers, &prepared, call).await.into_iter();
        holders.extend(
            shown.filter(|(_, record)| record.same_as(&prepared.record)).filter_map(|(node, _)| node),
        );
    }
    if holders.is_empty() {
        return Err(Error::new(Code::Unreachable, "no peer shows the record"));
    }
    let needed = needed(&prepared);
    if !needed.is_empty() {
        let whole: HashSet<usize> = peers.holders(&needed, call).await.into_iter().collect();
        holders.retain(|node| whole.contains(node));
    }
    if holders.is_empty() {
        return Ok(None);
    }
    account.raise_level(prepared.edition.upto, Level::Published).await?;
    Ok(Some(Level::Published))
}

/// Every verified copy of our name, with the node it came from.
async fn copies(peers: &dyn Peers, prepared: &Prepared, call: &Call) -> Vec<(Option<usize>, Record)> {
    let mut answers = peers.records(&[prepared.name], call);
    let mut copies = Vec::new();
    while let Some(answer) = answers.recv().await {
        if let Outcome::Found(record, _) = answer.outcome {
            copies.push((answer.node, *record));
        }
    }
    copies
}

/// Blocks that a restore from this record needs beside it: index, payloads, evidence, values. The keep only pins.
fn needed(prepared: &Prepared) -> Vec<Cid> {
    let carried: HashSet<Cid> = prepared.record.carried().iter().map(|block| *block.cid()).collect();
    prepared.all.iter().filter(|cid| !carried.contains(cid) && !prepared.is_keep(cid)).copied().collect()
}
