//! Bookkeeping of this device's slot: which one, whether it is owned, and leaving it.

use super::account::Account;
use super::open::{CLAIM_PUT, DEVICE, OWNED, SLOT, VERIFIED_SEQUENCE, name_row, record_digest};
use super::state::KnownName;
use crate::clock::UnixMs;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::store::{Level, Write};
use crate::{Code, Error};

/// Whether a record under our own name was never written by this device: a clone, a restored backup, a rival claim.
pub(super) fn is_rival(account: &Account, slot: Slot, record: &Record) -> bool {
    let state = account.read();
    state.own.slot == Some(slot)
        && state.written.get(&(slot.number(), record.sequence())) != Some(&record_digest(record))
}

/// Whether this device signed the record, now or under an earlier slot: its content is here.
pub(super) fn is_own(account: &Account, slot: Slot, record: &Record) -> bool {
    let state = account.read();
    state.written.get(&(slot.number(), record.sequence())) == Some(&record_digest(record))
}

/// The lowest slot that nothing is known of and that this device never signed for.
///
/// # Errors
/// [`Code::SlotsExhausted`] when there is none.
pub(super) fn free_slot(account: &Account) -> Result<Slot, Error> {
    let state = account.read();
    let used = |slot: &Slot| {
        state.names.contains_key(slot) || state.written.keys().any(|(written, _)| *written == slot.number())
    };
    Slot::all()
        .find(|slot| !used(slot))
        .ok_or_else(|| Error::new(Code::SlotsExhausted, "all 64 slots of this wallet are in use"))
}

/// Gives the slot up for the next one; the device stays the same.
pub(super) async fn abandon(account: &Account) -> Result<(), Error> {
    let _order = account.order.lock().await;
    let Some(slot) = account.read().own.slot else { return Ok(()) };
    let owned = account.read().own.owned;
    let mut batch = vec![
        Write::Meta { key: SLOT, value: None },
        Write::Meta { key: OWNED, value: None },
        Write::Meta { key: CLAIM_PUT, value: None },
        Write::Meta { key: VERIFIED_SEQUENCE, value: None },
    ];
    // A claim that was never ours must not be repaired or counted as a head of the wallet.
    if !owned {
        batch.push(Write::ForgetName { slot: slot.number() });
    }
    account.store.commit(batch).await?;
    let mut state = account.write();
    state.own.slot = None;
    state.own.owned = false;
    state.own.claim_put_at = 0;
    state.edition = None;
    state.verified_index = None;
    state.verified_sequence = 0;
    if !owned {
        state.names.remove(&slot);
    }
    Ok(())
}

/// Leaves a slot that another device writes to as well: a new device id, and everything of ours is published anew.
pub(super) async fn leave_slot(account: &Account, warnings: &mut Vec<String>) -> Result<(), Error> {
    let Some(slot) = account.read().own.slot else { return Ok(()) };
    let mut device = [0; 16];
    account.entropy.fill(&mut device);
    {
        let _order = account.order.lock().await;
        let value = Some(device.to_vec().into());
        account.store.commit(vec![Write::Meta { key: DEVICE, value }]).await?;
        account.write().own.device = device;
    }
    abandon(account).await?;
    let message = format!("slot {slot} is written by another device too; this one takes a new slot");
    warnings.push(message.clone());
    account.alert("clone", message);
    account.lower_level(Level::Local, "changes are published again under a new slot".to_owned()).await
}

/// Puts a rival's record in the place of our lost claim.
pub(super) async fn note_winner(
    account: &Account,
    slot: Slot,
    record: &Record,
    merged: bool,
) -> Result<(), Error> {
    let _order = account.order.lock().await;
    let now = account.clock.now();
    let known = KnownName {
        sequence: record.sequence(),
        record: Some(record.clone()),
        merged_root: if merged { record.root() } else { None },
        verified_at: now,
        changed_at: now,
        occupied: !merged,
    };
    account.store.commit(vec![Write::Name(name_row(slot, &known))]).await?;
    account.write().names.insert(slot, known);
    Ok(())
}

/// Notes when the claim was put last.
pub(super) async fn note_claim_put(account: &Account, at: UnixMs) -> Result<(), Error> {
    let _order = account.order.lock().await;
    let value = Some(at.to_be_bytes().to_vec().into());
    account.store.commit(vec![Write::Meta { key: CLAIM_PUT, value }]).await?;
    account.write().own.claim_put_at = at;
    Ok(())
}

/// The claim was seen by a majority, undisputed.
pub(super) async fn note_owned(account: &Account) -> Result<(), Error> {
    let _order = account.order.lock().await;
    account.store.commit(vec![Write::Meta { key: OWNED, value: Some(vec![1].into()) }]).await?;
    account.write().own.owned = true;
    Ok(())
}
