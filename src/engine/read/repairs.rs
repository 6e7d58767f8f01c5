//! Puts the newest record where an older one, or none, was shown. Records only, and only over content that was merged.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use crate::engine::account::Account;
use crate::engine::local::state::names::Standing;
use crate::engine::network::heard::Heard;
use crate::error::Error;
use crate::limits;
use crate::model::beacon::{Beacon, PLACES};
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::model::root::Root;
use crate::node::{Call, Node, Outcome, PutMode, is_refused};

/// One repair may take this long; it runs behind the answer.
pub const REPAIR: Duration = Duration::from_secs(4);
/// Times a record that was displaced at once is put again.
const PUTS: u32 = 2;

/// The sequence of our own name that each node was proven to hold before it was asked: a lane may get further meanwhile.
pub struct ProvenBefore(BTreeMap<usize, u64>);

/// What is proven now.
pub fn proven(account: &Account) -> ProvenBefore {
    let state = account.local.read();
    let Some(own) = state.names().own().slot else { return ProvenBefore(BTreeMap::new()) };
    let sequence = |at: usize| {
        let row = state.nodes().row(account.network.node(at)?.id(), own)?;
        Some((at, row.verified_sequence))
    };
    ProvenBefore((0..account.network.len()).filter_map(sequence).collect())
}

/// Starts the repairs that a read showed to be needed, and corrects what is believed of our own name.
///
/// # Errors
/// Store errors.
pub async fn start(account: &Arc<Account>, heard: &Heard, proven: &ProvenBefore) -> Result<(), Error> {
    let own = account.local.read().names().own().slot;
    let mut work = Vec::new();
    for (slot, nodes) in &heard.answers {
        if own == Some(*slot) {
            for (at, (outcome, _)) in nodes {
                let proven = proven.0.get(at).copied().unwrap_or(0);
                check_own(account, *slot, *at, outcome, proven).await?;
            }
        } else if let Some(best) = best(account, *slot) {
            let behind = nodes
                .iter()
                .filter(|(at, (outcome, _))| account.network.is_own(**at) && is_behind(outcome, &best));
            work.extend(behind.map(|(at, _)| (*at, best.clone())));
        }
    }
    account.local.check_level(account.needed()).await?;
    if !work.is_empty() {
        let shared = account.clone();
        let repair = async move {
            join_all(work.iter().map(|(at, best)| put_back(&shared, *at, best))).await;
        };
        account.tasks.behind(repair).await;
    }
    Ok(())
}

fn is_behind(outcome: &Outcome, best: &Best) -> bool {
    match outcome {
        Outcome::Absent => true,
        Outcome::Found(there, _) => best.may_replace(there),
        _ => false,
    }
}

/// A node that was proven to hold a record of ours and shows an older one, somebody else's or none is not proven any more.
async fn check_own(
    account: &Account,
    slot: Slot,
    at: usize,
    outcome: &Outcome,
    proven: u64,
) -> Result<(), Error> {
    let Some(node) = account.network.node(at) else { return Ok(()) };
    let is_behind = {
        let state = account.local.read();
        let is_shown = match outcome {
            Outcome::Absent => false,
            Outcome::Found(record, _) => {
                state.names().standing(slot, record) == Standing::Ours && record.sequence() >= proven
            }
            _ => true,
        };
        proven > 0 && !is_shown
    };
    if is_behind {
        account.local.doubt_node(node.id(), slot).await?;
        account.lanes.forget_failures(at);
        account.events.wake_outbox();
    }
    Ok(())
}

/// A record to repair with.
#[derive(Clone)]
pub struct Best {
    slot: Slot,
    pub record: Record,
    /// Roots that its owner says it contains.
    predecessors: Vec<Cid>,
}

impl Best {
    /// Whether it is this root, or has all that is in it.
    pub fn contains(&self, root: &Cid) -> bool {
        self.record.root() == Some(*root) || self.predecessors.contains(root)
    }

    /// Whether what a node shows is older, and contained.
    pub fn may_replace(&self, there: &Record) -> bool {
        there.sequence() < self.record.sequence()
            && there.root().is_some_and(|root| self.predecessors.contains(&root))
    }
}

/// The record to repair with: the high-water mark, read, and a root of ours.
pub fn best(account: &Account, slot: Slot) -> Option<Best> {
    let record = {
        let state = account.local.read();
        let known = state.names().get(slot)?;
        state.names().root_here(slot).filter(|_| !known.occupied)?;
        known.record.clone()?
    };
    let carried = record.carried();
    let block = carried.iter().find(|block| Some(*block.cid()) == record.root());
    let keys = account.local.keys();
    let root = block.and_then(|block| Root::open(block, keys.sealer(), keys.wallet_id()).ok());
    let predecessors = root.map(|root| root.predecessors).unwrap_or_default();
    Some(Best { slot, record, predecessors })
}

/// Puts the exact bytes by the online verb, whose path is locked on the node, then looks at them again.
async fn put_back(account: &Account, at: usize, best: &Best) {
    let record = &best.record;
    let Some(node) = account.network.node(at) else { return };
    let call = account.network.call(REPAIR);
    for _ in 0..PUTS {
        match node.record(record.name(), true, &call).await {
            // Between the read and now somebody may have put a newer one, or one that is not merged.
            Outcome::Found(there, _) if !best.may_replace(&there) => return,
            Outcome::Found(..) | Outcome::Absent => {}
            _ => return,
        }
        if shows_newer(account, node, best, &call).await || !has_content(node, best, &call).await {
            return;
        }
        if let Err(e) = node.put_record(record, PutMode::Spread, &call).await {
            tracing::debug!(node = node.id(), code = %e.code(), "a repair failed");
            return;
        }
        tokio::time::sleep(limits::SECOND_LOOK).await;
    }
}

/// Whether a node has a newer edition of the slot pinned, or does not say: an older record must not hide it. The slot is read
/// again then.
pub async fn shows_newer(account: &Account, node: &dyn Node, best: &Best, call: &Call) -> bool {
    let keys = account.local.keys();
    let places = (0..PLACES).map(|place| *keys.beacon(best.slot, place).cid());
    let names = join_all(places.map(|cid| async move { node.pin_name(&cid, call).await })).await;
    for name in names {
        let Ok(name) = name else { return true };
        let Some(beacon) = name.and_then(|name| Beacon::open(&name, keys.sealer()).ok()) else { continue };
        if beacon.slot == best.slot && beacon.sequence > best.record.sequence() {
            if let Err(e) = account.local.note_named(best.slot, beacon.sequence).await {
                tracing::warn!(code = %e.code(), "a newer edition could not be noted");
            }
            return true;
        }
    }
    false
}

/// Whether a node's own store has everything under the record: one that is shown without its content looks safe and is not.
pub async fn has_content(node: &dyn Node, best: &Best, call: &Call) -> bool {
    let Some(root) = best.record.root() else { return false };
    matches!(has_dag(node, &root, call).await, Ok(true))
}

/// Whether a node's own store has the whole DAG under a root; where it answers no such question, whether it has the root and says
/// that all of it is pinned.
///
/// # Errors
/// The node's error: then nothing is known.
pub async fn has_dag(node: &dyn Node, root: &Cid, call: &Call) -> Result<bool, Error> {
    match node.holds_dag(root, call).await {
        Err(e) if is_refused(&e) => {
            Ok(node.pin_name(root, call).await?.is_some() && node.holds(root, call).await?)
        }
        held => Ok(held?.is_some()),
    }
}
