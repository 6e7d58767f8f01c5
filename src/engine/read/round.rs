//! One round of a read: which slots are asked for, and what their records bring.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::displaced::{judge_displaced, note_if_stray};
use super::order::{self, Turn};
use crate::clock::millis;
use crate::engine::account::Account;
use crate::engine::api::event::Way;
use crate::engine::api::report::SyncFailure;
use crate::engine::api::warning::Word;
use crate::engine::local::join::Gain;
use crate::engine::local::records::RootFate;
use crate::engine::merge::attempt::{Shown, bring};
use crate::engine::merge::{Merged, merge_contained, moves};
use crate::engine::network::ask::Asked;
use crate::engine::network::heard::Heard;
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::record::{Freshness, Record};
use crate::model::root::Root;
use crate::node::{Call, Source};
use crate::planted::{Bug, is_planted};
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::Instant;

/// Part of the time left that merging may take: the payloads get the rest.
const MERGE_SHARE: f64 = 0.6;

/// What a read has brought so far.
#[derive(Default)]
pub struct Tally {
    pub added: usize,
    pub spent: usize,
    pub changed: bool,
    pub warnings: Vec<String>,
    pub roots: Vec<Root>,
    /// A root that a beacon names was merged.
    pub named: bool,
    /// Names with a record whose content could not be read: they are not up to date, whatever else is.
    pub unread: BTreeSet<Slot>,
    /// The caller insists: nothing is put off.
    pub insists: bool,
    /// Roots whose content came with those that were merged.
    pub contained: BTreeSet<Cid>,
}

/// The names a sync begins with, and whether they include the gap beyond the known ones.
pub fn first_slots(account: &Account, fresh: bool) -> (Vec<Slot>, bool) {
    let state = account.local.read();
    let names = state.names();
    if names.is_empty() {
        return (Slot::all().take(usize::from(limits::FIRST_ROUND_SLOTS)).collect(), true);
    }
    let now = account.clock.now();
    let since_gap = now.saturating_sub(state.marks().gap_at());
    let gap = fresh || since_gap < 0 || since_gap >= millis(limits::GAP_EVERY);
    if !gap {
        drop(state);
        return (busy_slots(account), false);
    }
    let mut slots: Vec<Slot> = names.iter().map(|(slot, _)| slot).collect();
    drop(state);
    slots.extend(beyond(account, &BTreeSet::new()));
    (slots, true)
}

/// The known slots, without those that have not changed for long or were given back.
pub fn busy_slots(account: &Account) -> Vec<Slot> {
    let state = account.local.read();
    let names = state.names();
    let quiet = account.clock.now().saturating_sub(millis(limits::QUIET_NAME));
    let own = names.own().slot;
    let is_busy = |slot, changed_at| own == Some(slot) || changed_at > quiet && !names.is_retired(slot);
    let busy = names.iter().filter(|(slot, known)| is_busy(*slot, known.changed_at));
    busy.map(|(slot, _)| slot).collect()
}

/// The beacons that a reading of an unknown wallet asks for. A wallet that was found to be new once begins with the lowest slot.
pub fn first_beacons(account: &Account, slots: &[Slot], fresh: bool) -> Vec<Slot> {
    if fresh || !account.local.read().marks().first_read() {
        return slots.to_vec();
    }
    slots.iter().filter(|slot| **slot == Slot::ZERO).copied().collect()
}

/// The next slots beyond the highest that is known or among `named`.
pub fn beyond(account: &Account, named: &BTreeSet<Slot>) -> Vec<Slot> {
    let highest = account.local.read().names().highest().max(named.last().copied());
    let next = highest.map_or(0, |slot| slot.number().saturating_add(1));
    (0..limits::SLOT_GAP).filter_map(|step| Slot::new(next.saturating_add(step))).collect()
}

/// Known names of which no node shows a record at the high-water mark, or whose last root is not here: their beacons may say
/// more.
pub fn dark(account: &Account, names: &[Asked], round: &Heard) -> Vec<Slot> {
    let state = account.local.read();
    let is_dark = |asked: &&Asked| {
        let Some(known) = state.names().get(asked.slot) else { return false };
        let is_shown = round.records(asked.slot).iter().any(|record| record.sequence() >= asked.high_water);
        if is_planted(Bug::FirstRecordOnly) && !round.records(asked.slot).is_empty() {
            return false;
        }
        let is_unread = known.merged_root.is_none() && !known.occupied;
        !is_shown || (is_unread && known.record.is_none())
    };
    names.iter().filter(is_dark).map(|asked| asked.slot).collect()
}

/// The names of slots, with what is known of each. An edition of ours that is proven nowhere yet is expected of no node.
pub fn names(account: &Account, slots: &[Slot]) -> Vec<Asked> {
    let state = account.local.read();
    let own = state.names().own().slot;
    let proven = |slot| state.nodes().proven_sequences(slot).first().copied().unwrap_or(0);
    let ask = |slot: &Slot| {
        let high_water = if own == Some(*slot) { proven(*slot) } else { state.names().high_water(*slot) };
        let record = state.names().get(*slot).and_then(|known| known.record.as_ref());
        Asked {
            slot: *slot,
            name: account.local.keys().name(*slot),
            is_known: state.names().get(*slot).is_some(),
            high_water,
            expected: record.filter(|record| record.sequence() == high_water).cloned(),
        }
    };
    slots.iter().map(ask).collect()
}

/// Merges what one round showed; gives the slots that the found roots name.
///
/// # Errors
/// Store errors. What does not fit any more is named, and the rest goes on.
pub async fn take(
    account: &Arc<Account>,
    slots: &[Slot],
    round: &Heard,
    call: &Call,
    tally: &mut Tally,
) -> Result<BTreeSet<Slot>, SyncFailure> {
    let records: Vec<(Slot, &Record)> = slots
        .iter()
        .flat_map(|slot| round.records(*slot).into_iter().map(|record| (*slot, record)))
        .collect();
    moves::foresee(account, records.iter().map(|(_, record)| *record)).await?;
    if account.local.check_here().is_err() {
        return Ok(BTreeSet::new());
    }
    // All at once: content that no node gives must not keep the others waiting, nor take the time of the payloads.
    let call = &share_of(account, call);
    let insists = tally.insists;
    let way = if round.source() == Source::Push { Way::Push } else { Way::Poll };
    let turns = order::turns(account, &records);
    let (first, last) = watch::channel(());
    let merging = records.iter().zip(turns).map(|((slot, record), turn)| {
        // Dropped with the last of the first ones.
        let first = matches!(turn, Turn::First).then(|| first.clone());
        let mut last = last.clone();
        async move {
            if first.is_none() {
                let over = async { while last.changed().await.is_ok() {} };
                let _ = tokio::time::timeout_at(half_of(account, call), over).await;
            }
            let merged = merge_one(account, *slot, (record, way), turn, insists, call).await;
            drop(first);
            merged
        }
    });
    let merging: Vec<_> = merging.collect();
    drop(first);
    let merged = join_all(merging).await;
    let mut heads = BTreeSet::new();
    for ((slot, record), merged) in records.into_iter().zip(merged) {
        let is_expired = record.freshness(account.clock.now()) == Freshness::Expired;
        if is_expired {
            tally.warnings.push(Word::Expired.say(format_args!("slot {slot}: a record past its EOL")));
        }
        note_if_stray(account, slot, record.root(), &merged).await?;
        heads.extend(tally.take(slot, merged, is_expired)?);
    }
    judge_displaced(account).await?;
    Ok(heads)
}

/// Merges one record's root, or notes why it could not be read.
async fn merge_one(
    account: &Arc<Account>,
    slot: Slot,
    (record, way): (&Record, Way),
    turn: Turn,
    insists: bool,
    call: &Call,
) -> Result<Merged, Error> {
    if let (Turn::In(whole, root), Some(cid)) = (turn, record.root())
        && account.local.read().names().is_merged(&whole)
    {
        return merge_contained(account, slot, record, root, cid).await;
    }
    let shown = Shown::Record(Box::new(record.clone()), way);
    let merged = bring(account, slot, shown, insists, call).await;
    let is_expired = record.freshness(account.clock.now()) == Freshness::Expired;
    let is_own = account.local.read().names().own().slot == Some(slot);
    let is_unread = merged.as_ref().is_err_and(|e| !e.is_storage());
    if is_unread && !is_expired && !is_own {
        // It is known from now on, and asked for again.
        account.local.note_record(slot, record, RootFate::Unread).await?;
    }
    merged
}

impl Tally {
    /// All that is unread after a reading; what it did not ask for is named too.
    pub fn told_unread(&mut self, own: Option<Slot>, known: BTreeSet<Slot>) -> BTreeSet<Slot> {
        // What came behind the question is here after all.
        for slot in self.unread.iter().filter(|slot| !known.contains(slot) && own != Some(**slot)) {
            let words = unread_words(*slot);
            self.warnings.retain(|told| !told.starts_with(&words));
            self.changed = true;
        }
        self.unread.retain(|slot| known.contains(slot) || own == Some(*slot));
        for slot in known.difference(&self.unread) {
            self.warnings.push(
                Word::Degraded.say(format_args!("slot {slot}: its content was seen and is not here yet")),
            );
        }
        known.union(&self.unread).copied().collect()
    }

    fn gained(&mut self, gain: Gain, warnings: Vec<String>) {
        self.added += gain.added;
        self.spent += gain.spent;
        self.changed |= gain.changed > 0;
        self.warnings.extend(warnings);
    }

    /// Counts what became of one record; gives the heads of its root.
    pub(super) fn take(
        &mut self,
        slot: Slot,
        merged: Result<Merged, Error>,
        is_expired: bool,
    ) -> Result<Vec<Slot>, SyncFailure> {
        match merged {
            Ok(Merged::Yes(root, gain, warnings)) => {
                self.gained(gain, warnings);
                let heads = root.heads.keys().copied().collect();
                self.contained.extend(root.heads.values().map(|(_, head)| *head));
                self.contained.extend(root.predecessors.iter().copied());
                self.roots.push(*root);
                return Ok(heads);
            }
            // What it contains is not all here either.
            Ok(Merged::Part(root, gain, warnings)) => {
                self.gained(gain, warnings);
                let heads = root.heads.keys().copied().collect();
                if gain.left_out < gain.added {
                    self.roots.push(*root);
                }
                return Ok(heads);
            }
            Ok(Merged::Already | Merged::PartAlready) => {}
            Ok(Merged::Foreign(e)) => self.warnings.push(
                Word::Foreign
                    .say(format_args!("slot {slot} holds something else and is left alone: {}", e.message())),
            ),
            Ok(Merged::ReadOnly(e)) => {
                self.warnings.push(Word::ReadOnly.say(format_args!("slot {slot}: {}", e.message())))
            }
            Err(e) if e.is_storage() => return Err(e.into()),
            Err(e) => {
                tracing::debug!(slot = slot.number(), code = %e.code(), "a root could not be merged");
                self.warnings.push(format!("{}: {}", unread_words(slot), e.message()));
                if !is_expired {
                    self.unread.insert(slot);
                }
            }
        }
        Ok(Vec::new())
    }
}

/// The middle of the time that is left: roots that wait for others wait no longer.
fn half_of(account: &Account, call: &Call) -> Instant {
    let now = account.clock.monotonic();
    now + call.deadline.saturating_duration_since(now) / 2
}

fn unread_words(slot: Slot) -> String {
    Word::Degraded.say(format_args!("slot {slot}: its content could not be read"))
}

/// The part of a call that merging may take.
pub fn share_of(account: &Account, call: &Call) -> Call {
    let now = account.clock.monotonic();
    let left = call.deadline.saturating_duration_since(now);
    Call { deadline: now + left.mul_f64(MERGE_SHARE), meter: call.meter.clone() }
}

#[cfg(test)]
mod tests {
    use crate::engine::read::round::Tally;
    use crate::error::{Code, Error};
    use crate::model::identity::Slot;

    #[test]
    fn what_does_not_fit_ends_no_reading() {
        let (mut tally, slot) = (Tally::default(), Slot::ZERO);
        let too_large =
            || Err(Error::new(Code::InventoryTooLarge, "more than 200000 token states in one wallet"));
        assert!(tally.take(slot, too_large(), false).is_ok());
        assert!(tally.unread.contains(&slot) && tally.warnings[0].contains("200000"), "{:?}", tally.warnings);
        let storage = Err(Error::new(Code::StorageFull, "no space left"));
        assert!(tally.take(slot, storage, false).is_err());
    }
}
