//! How a slot looks on the nodes before and after a claim.

use super::run::Run;
use crate::engine::account::Account;
use crate::engine::network::ask::Asked;
use crate::engine::network::heard::Heard;
use crate::error::Error;
use crate::limits;
use crate::model::identity::Slot;
use crate::model::record::Record;

/// How a slot looks on the nodes.
pub enum Look {
    /// A majority says it has nothing, and no node has anything but ours.
    Free,
    /// A majority shows exactly our claim, and nobody anything else.
    Ours,
    /// Somebody else is there.
    Taken(Vec<Record>),
    /// Too few answers to tell.
    Unclear(Error),
}

/// Reads a slot on all nodes.
pub async fn look(account: &Account, slot: Slot, run: &Run) -> Look {
    let network = &account.network;
    let (ours, asked) = {
        let state = account.local.read();
        let names = state.names();
        let known = names.get(slot);
        let asked = Asked {
            slot,
            name: account.local.keys().name(slot),
            is_known: known.is_some(),
            high_water: names.high_water(slot),
        };
        let ours = known.filter(|_| names.own().slot == Some(slot)).and_then(|known| known.record.clone());
        (ours, asked)
    };
    let call = run.call(account, limits::CLAIM_FRESH);
    let heard = network.ask(&[asked], &network.api_nodes(), None, &call).await;
    let is_ours = |record: &Record| ours.as_ref().is_some_and(|ours| ours.same_as(record));
    let others: Vec<Record> =
        heard.records(slot).into_iter().filter(|record| !is_ours(record)).cloned().collect();
    if !others.is_empty() {
        return Look::Taken(others);
    }
    let shown = ours.as_ref().map_or(0, |ours| heard.showing(slot, ours));
    if shown >= network.majority() {
        Look::Ours
    } else if heard.absent(slot) + shown >= network.majority() {
        Look::Free
    } else {
        Look::Unclear(unclear(&heard))
    }
}

fn unclear(heard: &Heard) -> Error {
    heard.failure().within("a slot can be claimed only when a majority of the nodes answers")
}
