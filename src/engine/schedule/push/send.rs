//! Tells the other devices: what a node has just taken, and now and then only that this device is there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::desk::Desk;
use crate::engine::push::Taken;
use crate::limits;
use crate::model::identity::{DeviceId, Slot};
use crate::model::push::{Carried, Message, Sender};
use crate::node::is_refused;

/// Nodes tell each other who listens; a message right after that may find nobody (measured: within a second).
const SOON: Duration = Duration::from_secs(2);

/// Runs until the schedule ends.
pub async fn run(desk: &Desk) {
    let mut taken = desk.account.push.taken();
    let mut beat_at: Option<Instant> = None;
    let (mut sending, mut busy) = (FuturesUnordered::new(), Vec::new());
    loop {
        let beat = async {
            match beat_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let record = tokio::select! {
            biased;
            changed = taken.changed() => match changed {
                Ok(()) => taken.borrow_and_update().clone(),
                Err(_) => return,
            },
            Some(at) = sending.next() => {
                busy.iter().position(|one| *one == at).map(|place| busy.swap_remove(place));
                continue;
            }
            () = desk.stirred.notified() => {
                let soon = desk.now() + SOON;
                beat_at = Some(beat_at.map_or(soon, |at: Instant| at.min(soon)));
                continue;
            }
            () = beat => None,
        };
        let targets = match &record {
            Some(_) => desk.nodes(|nodes| nodes.targets(&desk.account, desk.now())),
            None => desk.nodes(|nodes| nodes.open()),
        };
        let is_any = !targets.is_empty();
        beat_at =
            is_any.then(|| desk.now() + desk.nodes(|nodes| nodes.beat()).mul_f64(1.0 - desk.luck() / 10.0));
        for at in targets {
            // What a node that is silent does not take is told by the next message.
            if busy.iter().filter(|one| **one == at).count() < limits::PUSH_SENDING {
                busy.push(at);
                let record = record.clone();
                sending.push(async move {
                    let _ = send(desk, at, record.as_ref()).await;
                    at
                });
            }
        }
    }
}

/// Tells only what nodes have taken, and waits for nothing else.
pub async fn tell(desk: &Arc<Desk>) {
    let account = &desk.account;
    let mut taken = account.push.taken();
    while taken.changed().await.is_ok() {
        let Some(record) = taken.borrow_and_update().clone() else { continue };
        desk.be(|| sender_of(account.local.read().names().own().device, &record));
        let desk = desk.clone();
        account
            .tasks
            .behind(async move {
                tokio::select! {
                    biased;
                    () = tell_all(&desk, &record) => {}
                    () = closed(&desk) => {}
                }
            })
            .await;
    }
}

/// Tells it on as many nodes as are listened to; where one refuses, on the next.
async fn tell_all(desk: &Desk, record: &Taken) {
    let mut left = desk.nodes(|nodes| nodes.free(&desk.account, desk.now())).into_iter();
    let mut sending: FuturesUnordered<_> =
        left.by_ref().take(limits::PUSH_NODES).map(|at| send(desk, at, Some(record))).collect();
    while let Some(is_told) = sending.next().await {
        if !is_told && let Some(at) = left.next() {
            sending.push(send(desk, at, Some(record)));
        }
    }
}

/// Ends a moment after the account was closed: a node that is silent holds nobody up.
async fn closed(desk: &Desk) {
    desk.account.tasks.closing().await;
    tokio::time::sleep(limits::PUSH_SEND_LAST).await;
}

/// A sender that no other process is: it begins with this record.
fn sender_of(device: DeviceId, taken: &Taken) -> Sender {
    let hash = Sha256::new().chain_update(device).chain_update(taken.record.raw()).finalize();
    let mut sender = Sender::default();
    sender.iter_mut().zip(hash).for_each(|(out, byte)| *out = byte);
    sender
}

/// Sends one message on one node; whether the node took it. Nobody waits for it, and nothing is said where it fails: the next one tells as
/// much.
async fn send(desk: &Desk, at: usize, taken: Option<&Taken>) -> bool {
    let Some(node) = desk.account.network.node(at) else { return false };
    let (sender, count) = desk.next(at);
    let carried = taken.map(|taken| Carried { slot: taken.slot, record: taken.record.raw().clone() });
    let message = Message { sender, count, known: known(desk, taken), carried };
    let Ok(sealed) = message.seal(&desk.keys) else { return false };
    let call = desk.account.network.call(limits::PUSH_SEND);
    let told = node.announce(desk.keys.topic(), sealed, &call).await;
    if let Err(e) = &told {
        tracing::debug!(node = node.id(), code = %e.code(), "a message was not taken");
        if is_refused(e) {
            desk.nodes(|nodes| nodes.note_refused(at, desk.now()));
        }
    }
    told.is_ok()
}

/// The sequences that this device knows; of its own slot what nodes have taken.
fn known(desk: &Desk, taken: Option<&Taken>) -> BTreeMap<Slot, u64> {
    let state = desk.account.local.read();
    let own = state.names().own().slot;
    let all = state.names().iter().filter(|(slot, known)| own != Some(*slot) && known.sequence > 0);
    let mut known: BTreeMap<_, _> = all.map(|(slot, known)| (slot, known.sequence)).collect();
    if let Some(slot) = own {
        let proven = state.nodes().proven_sequences(slot).first().copied();
        known.extend(proven.filter(|sequence| *sequence > 0).map(|sequence| (slot, sequence)));
    }
    if let Some(taken) = taken {
        known.insert(taken.slot, taken.record.sequence());
    }
    known
}
