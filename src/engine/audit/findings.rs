//! What an audit found becomes what is believed: a node that lacks something is proven no more, and is sent it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::expected::Expected;
use super::look::Looked;
use crate::engine::account::Account;
use crate::engine::api::audit::Mark;
use crate::engine::local::records::RemoteHeld;
use crate::engine::local::state::names::Edition;
use crate::error::Error;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::shown::counted;
use crate::store::Level;

/// Notes what was found, on all nodes or on some, and wakes what puts it back.
///
/// # Errors
/// Store errors.
pub async fn note(
    account: &Arc<Account>,
    expected: &Expected,
    found: &[(usize, Looked)],
    are_all: bool,
) -> Result<(), Error> {
    match &expected.edition {
        Some(edition) => own(account, expected, edition, found).await,
        None => others(account, found, are_all).await,
    }
}

async fn own(
    account: &Arc<Account>,
    expected: &Expected,
    edition: &Edition,
    found: &[(usize, Looked)],
) -> Result<(), Error> {
    // What was published meanwhile was looked for nowhere, and what is under way need not be there yet.
    let is_another = account.local.read().names().edition() != Some(edition);
    let (mut is_anything, running) = (false, account.lanes.running());
    for (at, looked) in found.iter().filter(|(_, looked)| looked.is_wanting()) {
        let id = account.network.id(*at);
        let was_proven = account.local.read().nodes().is_proven(&id, edition.slot, edition.sequence);
        let is_unsettled = is_another || running.contains(at) && !was_proven;
        let mut lost = lost(edition, looked);
        if is_unsettled {
            // What it was sent before is another matter: nothing else would send that again.
            lost = believed(account, &id, lost);
        }
        let damaged = damaged(edition, looked);
        if is_unsettled && lost.is_empty() && damaged.is_empty() {
            continue;
        }
        is_anything = true;
        let has_no_pin = !is_unsettled && looked.wrong_slots.iter().any(|(_, has_no_pin)| *has_no_pin);
        account.damage.note(*at, damaged);
        account.remember_damage().await?;
        account.local.note_lost(&id, edition.slot, &lost, has_no_pin).await?;
        if !is_unsettled && expected.is_current && looked.blocks.is_complete {
            let there = expected.blocks.iter().map(|(cid, _)| *cid).filter(|cid| !lost.contains(cid));
            account.local.note_there(&id, there.collect()).await?;
        }
        account.lanes.forget_failures(*at);
        if was_proven {
            account.local.alert("audit", told(&id, looked));
        }
    }
    if is_anything {
        account.local.check_level(account.needed()).await?;
        account.events.wake_outbox();
    }
    Ok(())
}

/// Those of the blocks that a node is believed to hold.
fn believed(account: &Account, node: &str, mut cids: BTreeSet<Cid>) -> BTreeSet<Cid> {
    let state = account.local.read();
    let held = state.nodes().held(node);
    cids.retain(|cid| held.is_some_and(|held| held.contains(cid)));
    cids
}

/// A root that is not there is sent like any other block.
fn lost(edition: &Edition, looked: &Looked) -> BTreeSet<Cid> {
    let mut lost = looked.wrong_blocks();
    let [.., root] = looked.marks.unwrap_or([Mark::Ok; 4]);
    if root != Mark::Ok {
        lost.insert(edition.root);
    }
    lost
}

fn damaged(edition: &Edition, looked: &Looked) -> BTreeSet<Cid> {
    let mut damaged = looked.blocks.damaged.clone();
    let [.., root] = looked.marks.unwrap_or([Mark::Ok; 4]);
    if root == Mark::Damaged {
        damaged.insert(edition.root);
    }
    damaged
}

/// Of what others published this device notes that it is held there no more. Where too few hold it, it answers for it itself.
async fn others(account: &Arc<Account>, found: &[(usize, Looked)], are_all: bool) -> Result<(), Error> {
    let slots: Vec<Slot> = account.local.read().names().iter().map(|(slot, _)| slot).collect();
    for (at, _) in found.iter().filter(|(_, looked)| looked.is_wanting()) {
        let id = account.network.id(*at);
        for slot in &slots {
            account.local.note_unconfirmed(&id, *slot).await?;
        }
        tracing::debug!(node = id, "a node lacks something that others published");
    }
    if !are_all {
        return Ok(());
    }
    let whole: Vec<String> =
        found.iter().filter(|(_, looked)| looked.is_whole()).map(|(at, _)| account.network.id(*at)).collect();
    let machines = account.local.read().nodes().machines_of(whole.iter().map(String::as_str));
    let is_answered = found.iter().filter(|(_, looked)| looked.error.is_none()).count();
    if machines >= account.needed() || is_answered < account.network.majority() {
        return Ok(());
    }
    let level = if machines > 0 { Level::Published } else { Level::Local };
    // An audit is as good as two readings.
    for _ in 0..2 {
        account.local.note_remote(RemoteHeld { level, is_low: Some(true) }).await?;
    }
    let machines = counted(machines, "machine is", "machines are");
    account.local.alert("audit", format!("only {machines} known to hold all that other devices published"));
    account.events.wake_outbox();
    Ok(())
}

fn told(id: &str, looked: &Looked) -> String {
    let [record, beacon, pin, root] = looked.marks.unwrap_or([Mark::Ok; 4]);
    let named = [("record", record), ("beacon", beacon), ("pin", pin), ("root", root)];
    let wrong = named.into_iter().filter(|(_, mark)| *mark != Mark::Ok);
    let mut parts: Vec<String> = wrong.map(|(name, mark)| format!("its {name} is {}", word(mark))).collect();
    let blocks = &looked.blocks;
    let counts = [(blocks.missing.len(), "missing"), (blocks.damaged.len(), "damaged")];
    let found = counts.into_iter().filter(|(count, _)| *count > 0);
    parts.extend(found.map(|(count, how)| format!("{} {how}", counted(count, "block is", "blocks are"))));
    format!("{id} does not hold what it was proven to hold: {}. It is put back", parts.join(", "))
}

fn word(mark: Mark) -> &'static str {
    match mark {
        Mark::Ok => "well",
        Mark::Stale => "an older one",
        Mark::Missing => "missing",
        Mark::Damaged => "damaged",
    }
}
