//! What opened is judged as what it is: a record like one that a node shows, and a list of sequences.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::desk::{Desk, Opened};
use crate::engine::account::Account;
use crate::engine::api::event::{Way, lag};
use crate::engine::local::state::names::Standing;
use crate::engine::read::pushed::{fetch_pushed, take_pushed};
use crate::limits;
use crate::model::identity::Slot;
use crate::model::push::Carried;
use crate::model::record::Freshness;
use crate::model::root::Root;

/// Sequences that others named and that are not here.
#[derive(Default)]
struct Hints {
    /// The highest that was named of each slot.
    named: BTreeMap<Slot, u64>,
    /// When to look whether they have come.
    look_at: Option<Instant>,
}

/// Runs until the schedule ends.
pub async fn run(desk: &Desk, mut waiting: mpsc::Receiver<Opened>) {
    let account = &desk.account;
    let mut hints = Hints::default();
    loop {
        let look = async {
            match hints.look_at {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let opened = tokio::select! {
            biased;
            () = look => None,
            opened = waiting.recv() => match opened {
                Some(opened) => Some(opened),
                None => return,
            },
        };
        // A wallet that was never read is read first.
        let is_known = account.local.read().marks().first_read();
        match opened {
            None => hints.look(account, desk.now()),
            Some(opened) if is_known => {
                hints.note(account, &opened.message.known, desk.now());
                if let Some(carried) = &opened.message.carried {
                    take(account, carried, &opened).await;
                }
            }
            Some(_) => account.push.want_reading(desk.now(), Duration::ZERO),
        }
    }
}

impl Hints {
    /// Notes what another device knows; one that was named before and did not come is not asked for again.
    fn note(&mut self, account: &Account, known: &BTreeMap<Slot, u64>, now: Instant) {
        for (slot, sequence) in known {
            let named = self.named.entry(*slot).or_default();
            if *sequence > *named && is_missing(account, *slot, *sequence) {
                *named = *sequence;
                self.look_at.get_or_insert(now + limits::PUSH_HINT_PATIENCE);
            }
        }
    }

    fn look(&mut self, account: &Account, now: Instant) {
        self.look_at = None;
        if self.named.iter().any(|(slot, sequence)| is_missing(account, *slot, *sequence)) {
            account.push.want_reading(now, Duration::ZERO);
        }
    }
}

fn is_missing(account: &Account, slot: Slot, sequence: u64) -> bool {
    sequence > account.local.read().names().high_water(slot)
}

/// Verifies and merges the record of a message.
async fn take(account: &Arc<Account>, carried: &Carried, opened: &Opened) {
    let slot = carried.slot;
    // What the message itself says of it is enough to leave an older one alone.
    let said = opened.message.known.get(&slot).copied();
    if said.is_some_and(|sequence| !is_missing(account, slot, sequence)) {
        return;
    }
    let record = match carried.verified(&account.local.keys().name(slot)) {
        Ok(record) => record,
        Err(e) => return tracing::debug!(code = %e.code(), "a message carries no record of its slot"),
    };
    let is_over = record.freshness(account.clock.now()) == Freshness::Expired;
    if is_over || !is_missing(account, slot, record.sequence()) {
        return;
    }
    if account.local.read().names().standing(slot, &record) == Standing::Rival {
        // Two devices on one slot: a reading sees what the nodes prefer.
        return account.push.want_reading(account.clock.monotonic(), Duration::ZERO);
    }
    let call = account.network.call(limits::PUSH_MERGE);
    let merged = take_pushed(account, slot, record, opened.node, &call).await;
    match merged {
        Ok(Some(root)) => {
            // Not counted where it is seen that the clocks differ.
            if let Some(lag) = lag(Way::Push, root.published, account.clock.now()) {
                account.measure.pushed(lag, true);
            }
            fetch_behind(account, root).await;
        }
        Ok(None) => {}
        Err(failure) => {
            tracing::debug!(code = %failure.error.code(), "what a message brought could not be merged");
            account.push.want_reading(account.clock.monotonic(), limits::PUSH_HINT_PATIENCE);
            account.measure.pushed(Duration::ZERO, false);
        }
    }
}

/// Payloads come after the list, and hold up no other message.
async fn fetch_behind(account: &Arc<Account>, root: Root) {
    let shared = account.clone();
    let work = async move {
        let call = shared.network.call(shared.config.timeouts.sync);
        if let Err(e) = fetch_pushed(&shared, root, &call).await {
            tracing::debug!(code = %e.code(), "payloads of a message could not be kept");
        }
    };
    account.tasks.behind_while_open(Box::pin(work)).await;
}
