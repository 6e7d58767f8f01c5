//! What the beacons of slots say. Records are forgotten after 48 h and may be older than what is pinned; beacons stay.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;

use futures_util::future::join_all;

use super::displaced::{judge_displaced, note_if_stray};
use super::round::Tally;
use crate::engine::account::Account;
use crate::engine::api::report::SyncFailure;
use crate::engine::merge::attempt::{Shown, bring};
use crate::engine::network::heard::Heard;
use crate::engine::network::pin_names::PinNames;
use crate::model::beacon::{Beacon, PLACES};
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::node::{Call, Outcome};

/// What the nodes said of the beacons of some slots.
#[derive(Default)]
pub struct Lights {
    /// Nodes that answered for all of these slots.
    pub answered: BTreeSet<usize>,
    /// Every edition that a beacon names.
    pub seen: BTreeSet<(Slot, u64, Cid)>,
    /// Nodes that left a question open.
    pub silent: BTreeSet<usize>,
}

impl Lights {
    pub fn extend(&mut self, other: Self) {
        self.answered.extend(other.answered);
        self.seen.extend(other.seen);
        self.silent.extend(other.silent);
    }
}

/// Asks every node that can be asked for the beacons of these slots.
///
/// # Cancel safety
/// Reads only.
pub async fn ask(account: &Account, slots: &[Slot], which: &[usize], call: &Call) -> Lights {
    if slots.is_empty() {
        return Lights::default();
    }
    let keys = account.local.keys();
    let cid_of = |slot: Slot| (0..PLACES).map(move |place| *keys.beacon(slot, place).cid());
    let cids: Vec<Cid> = slots.iter().flat_map(|slot| cid_of(*slot)).collect();
    let api = account.network.telling();
    let which: Vec<usize> = which.iter().copied().filter(|at| api.contains(at)).collect();
    let PinNames { nodes } = account.network.ask_pin_names(&cids, &which, call).await;
    let mut lights = Lights::default();
    for (node, names) in nodes {
        lights.answered.insert(node);
        let beacons = names.into_iter().flatten().filter_map(|name| Beacon::open(&name, keys.sealer()).ok());
        lights.seen.extend(beacons.map(|beacon| (beacon.slot, beacon.sequence, beacon.root)));
    }
    lights
}

/// Lets both questions run side by side. Once there is a record, nobody waits longer for beacons than for a further record.
pub async fn beside(
    account: &Account,
    round: impl Future<Output = Heard>,
    lights: impl Future<Output = Lights>,
    call: &Call,
) -> (Heard, Lights) {
    let (mut round, mut lights) = (pin!(round), pin!(lights));
    let heard = tokio::select! {
        biased;
        seen = &mut lights => return (round.await, seen),
        heard = &mut round => heard,
    };
    let is_found = heard.outcomes().any(|(_, outcome, _)| matches!(outcome, Outcome::Found(..)));
    let soon = account.clock.monotonic() + account.config.grace;
    let until = if is_found { soon.min(call.deadline) } else { call.deadline };
    let seen = tokio::time::timeout_at(until, lights).await.unwrap_or_default();
    (heard, seen)
}

/// Merges what the beacons name and is not here, the newest of each slot first; gives the slots that the found roots name.
/// What does not come stays known as unread: where the newest root of a slot cannot be read, an older one is.
///
/// # Errors
/// Store errors.
pub async fn take(
    account: &Arc<Account>,
    lights: &Lights,
    call: &Call,
    tally: &mut Tally,
) -> Result<BTreeSet<Slot>, SyncFailure> {
    if account.local.check_here().is_err() {
        return Ok(BTreeSet::new());
    }
    let mut news: BTreeMap<Slot, Vec<(u64, Cid)>> = BTreeMap::new();
    let mut contained = Vec::new();
    for (slot, sequence, root) in &lights.seen {
        let state = account.local.read();
        // One of the two names what was there before.
        let is_older = *sequence <= state.names().high_water(*slot);
        if state.names().is_merged(root) {
        } else if is_older && tally.contained.contains(root) {
            contained.push(*root);
        } else {
            news.entry(*slot).or_default().push((*sequence, *root));
        }
    }
    account.local.note_merged(&contained).await?;
    for (slot, roots) in &news {
        let newest = roots.iter().map(|(sequence, _)| *sequence).max().unwrap_or(0);
        account.local.note_named(*slot, newest).await?;
    }
    let all: Vec<(Slot, Cid)> = news
        .into_iter()
        .flat_map(|(slot, roots)| roots.into_iter().map(move |(_, root)| (slot, root)))
        .collect();
    let insists = tally.insists;
    let merging = all.iter().map(|(slot, root)| bring(account, *slot, Shown::Beacon(*root), insists, call));
    let merged = join_all(merging).await;
    let mut heads = BTreeSet::new();
    for ((slot, root), merged) in all.into_iter().zip(merged) {
        note_if_stray(account, slot, Some(root), &merged).await?;
        tally.named |= merged.is_ok();
        heads.extend(tally.take(slot, merged, false)?);
    }
    judge_displaced(account).await?;
    Ok(heads)
}
