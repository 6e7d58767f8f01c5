//! Publishing without HTTP: the record alone can go out over the DHT.
//!
//! No peer takes blocks from us, so a change counts as published only where a node that shows the record holds, or finds
//! in the record itself, every block the change needs. Otherwise its level stays what it was; the record still
//! brings list and balance of a small wallet to the other devices.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::edition::prepare;
use crate::engine::account::Account;
use crate::engine::local::edition::SignedEdition;
use crate::engine::local::state::names::Standing;
use crate::engine::merge::merge_record;
use crate::error::{Code, Error};
use crate::model::cid::Cid;
use crate::model::record::Record;
use crate::node::peers::Peers;
use crate::node::{Call, Outcome};
use crate::store::Level;

/// Puts the present edition's record at the peers and raises the level to what is proven by reading it back. Only for a
/// slot that was begun over HTTP: a first record is read back there.
///
/// # Errors
/// `unreachable` when no peer took or showed the record; store errors.
///
/// # Cancel safety
/// The record is on disk before it is sent; the next run takes it up.
pub async fn publish_by_peers(account: &Arc<Account>, call: &Call) -> Result<Option<Level>, Error> {
    let Some(peers) = account.network.peers().cloned() else { return Ok(None) };
    let _one = account.publishing.lock().await;
    account.tasks.check_open()?;
    let slot = {
        let state = account.local.read();
        let begun = state.names().own().slot.filter(|slot| state.nodes().proven_from(*slot, 1) > 0);
        begun.filter(|_| state.marks().first_read())
    };
    let Some(slot) = slot else { return Ok(None) };
    let edition = prepare(account, slot).await?;
    // Nothing unmerged is overwritten: what every holder shows is read first.
    let mut holders = BTreeSet::new();
    for (node, record) in copies(&*peers, &edition, call).await {
        let standing = account.local.read().names().standing(slot, &record);
        if standing == Standing::Rival {
            give_way(account, &edition, &record, call).await?;
            return Ok(None);
        }
        if record.same_as(&edition.record) {
            holders.extend(node.filter(|at| account.network.is_own(*at)));
        }
    }
    if holders.len() < account.network.len() {
        let took = peers.put_record(&edition.record, call).await;
        tracing::debug!(took, "the record went to the peers");
        let shown = copies(&*peers, &edition, call).await.into_iter();
        let same = shown.filter(|(_, record)| record.same_as(&edition.record));
        holders.extend(same.filter_map(|(node, _)| node.filter(|at| account.network.is_own(*at))));
    }
    if holders.is_empty() {
        return Err(Error::new(Code::Unreachable, "no peer shows the record"));
    }
    let needed = needed(&edition);
    if !needed.is_empty() {
        let whole: HashSet<usize> = peers.holders(&needed, call).await.into_iter().collect();
        holders.retain(|node| whole.contains(node));
    }
    if holders.is_empty() {
        return Ok(None);
    }
    account.local.raise_level(edition.edition.upto, Level::Published).await?;
    Ok(Some(Level::Published))
}

/// Merges a rival's record and leaves the slot to it.
async fn give_way(
    account: &Account,
    edition: &SignedEdition,
    record: &Record,
    call: &Call,
) -> Result<(), Error> {
    match merge_record(account, edition.edition.slot, record, call).await {
        Err(e) if e.is_storage() => return Err(e),
        _ => {}
    }
    account.local.leave_slot(edition.edition.slot, account.entropy.draw()).await
}

/// Every verified copy of our name, with the node it came from.
async fn copies(peers: &dyn Peers, edition: &SignedEdition, call: &Call) -> Vec<(Option<usize>, Record)> {
    let mut answers = peers.records(&[edition.name], call);
    let mut copies = Vec::new();
    while let Some(answer) = answers.recv().await {
        if let Outcome::Found(record, _) = answer.outcome {
            copies.push((answer.node, *record));
        }
    }
    copies
}

/// Blocks that a restore from this record needs with it: index, payloads, evidence, values. The keep only pins.
fn needed(edition: &SignedEdition) -> Vec<Cid> {
    let carried: HashSet<Cid> = edition.record.carried().iter().map(|block| *block.cid()).collect();
    edition.all.iter().filter(|cid| !carried.contains(cid) && !edition.only_pins(cid)).copied().collect()
}
