//! The pin search: finds a wallet whose records every node has forgotten.
//!
//! Nodes drop records 48 h after the last put, pins stay. Every pin carries its name, so that the roots can be
//! found again by the wallet's names.

use futures_util::future::join_all;

use super::account::Account;
use super::merge::{Merged, merge_root};
use super::open::name_row;
use super::state::KnownName;
use crate::Error;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::root::Root;
use crate::node::Call;
use crate::store::Write;

/// What a pin search came to.
#[derive(Default)]
pub(super) struct Found {
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
/// Store errors. A root that cannot be fetched is told in the warnings.
pub(super) async fn search_pins(account: &Account, slots: Vec<Slot>, call: &Call) -> Result<Found, Error> {
    let mut found = Found::default();
    let mut asked: Vec<Slot> = Vec::new();
    let mut queue = slots;
    while !queue.is_empty() {
        let (answered, pins) = list_pins(account, &queue, call).await;
        if asked.is_empty() {
            found.answered = answered;
        }
        asked.append(&mut queue);
        for (slot, cid) in pins {
            match merge_root(account, slot, &cid, Vec::new(), call).await {
                Ok(Merged::Yes(root, applied, warnings)) => {
                    found.added = found.added.saturating_add(applied.added);
                    found.warnings.extend(warnings);
                    queue.extend(root.heads.keys().filter(|slot| !asked.contains(slot)));
                    note_root(account, &root, cid).await?;
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

/// Remembers the slot as used: its records are gone, its sequence must not start anew.
async fn note_root(account: &Account, root: &Root, cid: Cid) -> Result<(), Error> {
    let _order = account.order.lock().await;
    let known = KnownName {
        sequence: root.sequence,
        record: None,
        merged_root: Some(cid),
        verified_at: 0,
        changed_at: account.clock.now(),
        occupied: false,
    };
    if account.read().names.get(&root.slot).is_some_and(|old| old.sequence >= root.sequence) {
        return Ok(());
    }
    account.store.commit(vec![Write::Name(name_row(root.slot, &known))]).await?;
    account.write().names.insert(root.slot, known);
    Ok(())
}

/// Nodes that answered everything, and the distinct pins.
async fn list_pins(account: &Account, slots: &[Slot], call: &Call) -> (usize, Vec<(Slot, Cid)>) {
    let asks =
        account.api_nodes().into_iter().filter_map(|at| account.nodes.node(at)).map(|node| async move {
            let names: Vec<_> = slots.iter().map(|slot| (*slot, account.keys.slot(*slot).name())).collect();
            let mut pins = Vec::new();
            for (slot, name) in names {
                pins.extend(node.pins(&name, call).await?.into_iter().map(|cid| (slot, cid)));
            }
            Ok::<_, Error>(pins)
        });
    let (mut answered, mut all) = (0_usize, Vec::new());
    for pins in join_all(asks).await.into_iter().flatten() {
        answered = answered.saturating_add(1);
        all.extend(pins);
    }
    all.sort_unstable();
    all.dedup();
    (answered, all)
}
