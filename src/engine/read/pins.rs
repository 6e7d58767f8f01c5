//! Finds a wallet whose records every node has forgotten, by the names of its pins.
//!
//! Nodes drop records 48 h after the last put, pins stay.

use futures_util::future::join_all;

use crate::engine::account::Account;
use crate::engine::merge::{Merged, merge_root};
use crate::error::Error;
use crate::model::cid::Cid;
use crate::model::identity::{Name, Slot};
use crate::model::root::Root;
use crate::node::Call;

/// What a search by pins found.
#[derive(Default)]
pub struct PinSearch {
    /// Nodes that answered for every name asked.
    pub answered: usize,
    pub roots: Vec<Root>,
    pub added: usize,
    pub warnings: Vec<String>,
}

/// Asks every API node for the pins of these slots' names and merges every root that opens. Slots named in the heads
/// of a found root are searched too.
///
/// # Errors
/// Store errors. A root that cannot be fetched is named in the warnings.
pub async fn search(account: &Account, slots: Vec<Slot>, call: &Call) -> Result<PinSearch, Error> {
    let mut found = PinSearch::default();
    let mut asked: Vec<Slot> = Vec::new();
    let mut queue = slots;
    while !queue.is_empty() {
        let (answered, pins) = list(account, &queue, call).await;
        if asked.is_empty() {
            found.answered = answered;
        }
        asked.append(&mut queue);
        for (slot, cid) in pins {
            match merge_root(account, slot, &cid, Vec::new(), call).await {
                Ok(Merged::Yes(root, gain, warnings)) => {
                    found.added += gain.added;
                    found.warnings.extend(warnings);
                    queue.extend(root.heads.keys().filter(|slot| !asked.contains(slot)));
                    account.local.note_pinned(&root, cid).await?;
                    found.roots.push(*root);
                }
                Ok(Merged::Already) => {}
                Ok(Merged::Foreign(e) | Merged::ReadOnly(e)) | Err(e) => {
                    found.warnings.push(format!("a pinned root of slot {slot}: {}", e.message()));
                }
            }
        }
        queue.sort_unstable();
        queue.dedup();
    }
    Ok(found)
}

/// How many nodes answered everything, and the distinct pins.
async fn list(account: &Account, slots: &[Slot], call: &Call) -> (usize, Vec<(Slot, Cid)>) {
    let names: Vec<(Slot, Name)> =
        slots.iter().map(|slot| (*slot, account.local.keys().name(*slot))).collect();
    let names = &names;
    let nodes = account.network.api_nodes().into_iter().filter_map(|at| account.network.node(at));
    let asks = nodes.map(|node| async move {
        let mut pins = Vec::new();
        for (slot, name) in names {
            pins.extend(node.pins(name, call).await?.into_iter().map(|cid| (*slot, cid)));
        }
        Ok::<_, Error>(pins)
    });
    let answers: Vec<Vec<(Slot, Cid)>> = join_all(asks).await.into_iter().flatten().collect();
    let answered = answers.len();
    let mut all: Vec<(Slot, Cid)> = answers.into_iter().flatten().collect();
    all.sort_unstable();
    all.dedup();
    (answered, all)
}
