//! Which slot this device writes to: none is claimed, the first record is a publish like any other.
//!
//! What makes that safe are the rules of every put (see `proof`): it goes only over nothing or over what it contains.

use crate::clock::millis;
use crate::engine::account::Account;
use crate::engine::local::records::RootFate;
use crate::engine::merge::contain::contain;
use crate::engine::merge::{Merged, merge_record};
use crate::engine::network::ask::Asked;
use crate::engine::network::heard::Heard;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::node::Outcome;

use super::run::Run;

/// Chooses a slot: one that was given back, or whose owner has been quiet for long, and whose content is here, else the lowest free
/// one, else the quietest of all.
///
/// # Errors
/// `unreachable` when too few nodes answer; `slots_exhausted` when every slot is in use and none can be taken over; store
/// errors.
///
/// # Cancel safety
/// Nothing is taken before a record is signed for the slot.
pub async fn choose(account: &Account, run: &Run) -> Result<Slot, Error> {
    for slot in nobodys(account).into_iter().filter(|slot| has_room(account, *slot)) {
        if take_over(account, slot, run).await? {
            return Ok(slot);
        }
    }
    let free: Vec<Slot> = account.local.read().names().free_slots().collect();
    for slot in free {
        if is_free(account, slot, run).await? {
            return Ok(slot);
        }
    }
    for slot in by_quiet(account).await?.into_iter().filter(|slot| has_room(account, *slot)) {
        if take_over(account, slot, run).await? {
            return Ok(slot);
        }
    }
    Err(Error::new(Code::SlotsExhausted, "all 64 slots of this wallet are in use and none can be taken over"))
}

/// Whether a next record is possible in the slot: whoever has the secret can put the highest sequence there.
fn has_room(account: &Account, slot: Slot) -> bool {
    account.local.next_sequence(slot).is_ok()
}

/// Slots without a device that works and whose content is here: first those that were given back, then those that have been quiet for
/// long. The one that this device had last is left to others: somebody else may take it at this moment.
fn nobodys(account: &Account) -> Vec<Slot> {
    let now = account.clock.now();
    let state = account.local.read();
    let names = state.names();
    // What is wanted here and missing may be what one of them has.
    if state.holdings().missing_count() > 0 {
        return Vec::new();
    }
    let is_quiet = |since: i64| now.saturating_sub(since) >= millis(limits::QUIET_SLOT);
    let is_here = |slot: Slot| names.get(slot).is_some_and(|known| known.merged_root.is_some());
    let last = names.last_own();
    let is_retired = |slot: Slot| names.is_retired(slot) && last != Some(slot);
    let others = names.others_by_quiet();
    let (retired, rest): (Vec<_>, Vec<_>) =
        others.into_iter().filter(|(slot, _)| is_here(*slot)).partition(|(slot, _)| is_retired(*slot));
    let quiet = rest.into_iter().filter(|(_, since)| is_quiet(*since));
    retired.into_iter().chain(quiet).map(|(slot, _)| slot).collect()
}

/// Slots of others, the quietest first. Those that changed lately have no order of their own, for whoever has just come sees all of
/// them change at once: there it is the time at which they were published, by whatever clock, so that no slot is taken by everybody.
///
/// # Errors
/// Store errors.
async fn by_quiet(account: &Account) -> Result<Vec<Slot>, Error> {
    let lately = account.clock.now().saturating_sub(millis(limits::AT_WORK));
    let others = account.local.read().names().others_by_quiet();
    let mut order = Vec::new();
    for (slot, since) in others {
        let published = account.local.last_root(slot).await?.map_or(u64::MAX, |(_, root)| root.published);
        order.push((since.min(lately), published, slot));
    }
    order.sort_unstable();
    Ok(order.into_iter().map(|(_, _, slot)| slot).collect())
}

/// Whether every machine that answers has nothing in the slot; what is found there is merged.
async fn is_free(account: &Account, slot: Slot, run: &Run) -> Result<bool, Error> {
    // Each lane looks once more at what is there before it puts.
    if account.network.is_just_absent(slot) {
        return Ok(true);
    }
    let heard = ask(account, slot, run).await;
    let records = heard.records(slot);
    if records.is_empty() {
        return enough(account, &heard, slot).map(|()| true);
    }
    let call = run.usual_call(account);
    for record in records {
        match merge_record(account, slot, record, &call).await {
            Err(e) if e.is_storage() => return Err(e),
            Ok(Merged::Yes(..) | Merged::Already) => {}
            // It is known from now on, and not free; a later read brings its content.
            Ok(Merged::Foreign(_)) => account.local.note_record(slot, record, RootFate::Foreign).await?,
            Ok(Merged::Part(..) | Merged::PartAlready | Merged::ReadOnly(_)) | Err(_) => {
                account.local.note_record(slot, record, RootFate::Unread).await?;
            }
        }
    }
    Ok(false)
}

/// Brings all that stands in a slot here, so that the next record may replace it; `false` when some of it does not come.
pub async fn take_over(account: &Account, slot: Slot, run: &Run) -> Result<bool, Error> {
    let heard = ask(account, slot, run).await;
    let Some(nodes) = heard.answers.get(&slot) else { return Ok(false) };
    let shown: Vec<(usize, &Record)> = nodes
        .iter()
        .filter_map(|(at, (outcome, _))| match outcome {
            Outcome::Found(record, _) => Some((*at, &**record)),
            _ => None,
        })
        .collect();
    if shown.is_empty() && enough(account, &heard, slot).is_err() {
        return Ok(false);
    }
    for record in heard.records(slot) {
        let at = shown.iter().find(|(_, other)| other.same_as(record)).map_or(0, |(at, _)| *at);
        let Some(holder) = account.network.node(at) else { return Ok(false) };
        match contain(account, slot, record, holder, &run.call(account, limits::CONTAIN)).await {
            Ok(()) => {}
            Err(e) if e.is_storage() => return Err(e),
            Err(_) => return Ok(false),
        }
    }
    if let Some((last, root)) = account.local.last_root(slot).await?
        && account.local.read().names().all_contained().contains(&last)
    {
        account.local.note_contained_in_it(&root.predecessors).await?;
    }
    Ok(true)
}

async fn ask(account: &Account, slot: Slot, run: &Run) -> Heard {
    let network = &account.network;
    let asked = {
        let state = account.local.read();
        let names = state.names();
        let (is_known, high_water) = (names.get(slot).is_some(), names.high_water(slot));
        Asked { slot, name: account.local.keys().name(slot), is_known, high_water, expected: None }
    };
    network.ask(&[asked], &network.writable(), None, &run.call(account, limits::SLOT_LOOK)).await
}

/// Two machines must answer, or all where fewer are configured.
fn enough(account: &Account, heard: &Heard, slot: Slot) -> Result<(), Error> {
    if heard.absent(slot) >= account.needed() {
        return Ok(());
    }
    Err(heard.failure().within("too few nodes answer to begin a slot"))
}
