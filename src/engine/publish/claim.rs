//! Claiming a slot: the first edition of a device, put only where nobody else is, and owned only when a majority
//! still shows it alone two seconds later.

use std::time::Duration;

use super::edition::prepare;
use super::look::{Look, look};
use super::run::{Published, Run};
use super::stake::{Stake, stake};
use crate::clock::millis;
use crate::engine::account::Account;
use crate::engine::local::records::RootFate;
use crate::engine::merge::{Merged, merge_record};
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::Slot;
use crate::model::record::Record;

/// Claims a slot, or carries on a claim that was interrupted.
///
/// # Errors
/// `unreachable` when no majority answers: the wallet stays at level `local`. `slots_exhausted`; store errors.
pub async fn publish(account: &Account, run: &Run) -> Result<Published, Error> {
    for _ in 0..limits::SLOTS {
        let begun = account.local.read().names().own().slot;
        let slot = match begun {
            Some(slot) => slot,
            None => account.local.free_slot()?,
        };
        match look(account, slot, run).await {
            Look::Unclear(e) => return Err(e),
            Look::Taken(records) => {
                lose(account, slot, &records, run).await?;
                continue;
            }
            Look::Ours if has_settled(account) => {
                account.local.note_owned().await?;
                return Ok(Published { again: true, ..Published::default() });
            }
            Look::Ours | Look::Free => {}
        }
        let edition = prepare(account, slot).await?;
        // A claim is sequence 1. An interrupted one whose content changed since cannot be put again.
        if edition.edition.sequence != 1 {
            account.local.abandon_slot().await?;
            continue;
        }
        match stake(account, &edition, run).await? {
            Stake::Made(published) => return Ok(published),
            Stake::Lost(records) => {
                lose(account, slot, &records, run).await?;
                random_wait(account).await;
            }
        }
    }
    Err(Error::new(Code::SlotsExhausted, "no slot could be claimed"))
}

fn has_settled(account: &Account) -> bool {
    let put_at = account.local.read().names().own().claim_put_at;
    put_at > 0 && account.clock.now().saturating_sub(put_at) >= millis(limits::CLAIM_SETTLE)
}

/// Merges the records found in the slot and moves on to the next slot.
async fn lose(account: &Account, slot: Slot, records: &[Record], run: &Run) -> Result<(), Error> {
    let mut winner: Option<(&Record, RootFate)> = None;
    for record in records {
        let fate = match merge_record(account, slot, record, &run.usual_call(account)).await {
            Ok(Merged::Yes(..) | Merged::Already) => {
                record.root().map_or(RootFate::Foreign, RootFate::Merged)
            }
            Err(e) if e.is_storage() => return Err(e),
            Ok(Merged::Foreign(_) | Merged::ReadOnly(_)) | Err(_) => RootFate::Foreign,
        };
        winner.get_or_insert((record, fate));
    }
    if account.local.read().names().own().slot == Some(slot) {
        account.local.abandon_slot().await?;
    }
    match winner {
        Some((record, fate)) => account.local.note_winner(slot, record, fate).await,
        None => Ok(()),
    }
}

async fn random_wait(account: &Account) {
    let most = u64::try_from(limits::CLAIM_BACKOFF.as_millis()).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(account.entropy.below(most.saturating_add(1)))).await;
}
