//! This device's own slot: taking one, signing for it, owning it, leaving it.

use std::sync::Arc;

use super::Local;
use super::state::change::{Change, SignedRecord};
use super::state::marks::Verified;
use super::state::names::{Edition, KnownName, OwnSlot, digest};
use super::turn::Turn;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::identity::{DeviceId, Slot};
use crate::model::record::Record;
use crate::store::Level;

impl Local {
    /// The lowest slot that nothing is known of and that this device never signed for.
    ///
    /// # Errors
    /// [`Code::SlotsExhausted`] when there is none.
    pub fn free_slot(&self) -> Result<Slot, Error> {
        let free = self.read().names().free_slot();
        free.ok_or_else(|| Error::new(Code::SlotsExhausted, "all 64 slots of this wallet are in use"))
    }

    /// The sequence of the next record of a slot.
    ///
    /// # Errors
    /// [`Code::SequenceExhausted`].
    pub fn next_sequence(&self, slot: Slot) -> Result<u64, Error> {
        let state = self.read();
        let last = state.names().last_signed(slot).unwrap_or(0).max(state.names().high_water(slot));
        if last >= limits::SEQUENCE_MAX {
            return Err(Error::new(
                Code::SequenceExhausted,
                format!("slot {slot} is at the highest sequence"),
            ));
        }
        Ok(last + 1)
    }

    /// Gives the slot up; the device stays the same.
    ///
    /// # Errors
    /// Store errors.
    pub async fn abandon_slot(self: &Arc<Self>) -> Result<(), Error> {
        let turn = self.turn().await;
        let own = turn.state().names().own();
        turn.leave(own, own.device).await
    }

    /// Leaves a slot that another device writes to as well, with a new device id; everything of ours is published again.
    /// Gives a sentence about it.
    ///
    /// # Errors
    /// Store errors.
    pub async fn leave_slot(self: &Arc<Self>, device: DeviceId) -> Result<Option<String>, Error> {
        let turn = self.turn().await;
        let own = turn.state().names().own();
        let Some(slot) = own.slot else { return Ok(None) };
        turn.leave(own, device).await?;
        drop(turn);
        let message = format!("slot {slot} is written by another device too; this one takes a new slot");
        self.alert("clone", message.clone());
        self.lower_level(Level::Local, "changes are published again under a new slot".to_owned()).await?;
        Ok(Some(message))
    }

    /// The claim was put.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_claim_put(self: &Arc<Self>) -> Result<(), Error> {
        let turn = self.turn().await;
        let own = OwnSlot { claim_put_at: self.now(), ..turn.state().names().own() };
        turn.commit(vec![Change::Own(own)]).await
    }

    /// The claim was seen by a majority, undisputed.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_owned(self: &Arc<Self>) -> Result<(), Error> {
        let turn = self.turn().await;
        let own = OwnSlot { owned: true, ..turn.state().names().own() };
        turn.commit(vec![Change::Own(own)]).await
    }
}

impl Turn {
    /// Commits a signed record with its root, before anything of it is sent.
    ///
    /// # Errors
    /// Store errors; [`Code::Conflict`] when another record was signed with this sequence.
    pub async fn sign(&self, edition: Edition, record: &Record, root: &Block) -> Result<(), Error> {
        let (own, verified_at) = {
            let names = self.state();
            let names = names.names();
            (names.own(), names.get(edition.slot).map_or(0, |old| old.verified_at))
        };
        let known = KnownName {
            sequence: edition.sequence,
            record: Some(record.clone()),
            merged_root: Some(edition.root),
            verified_at,
            changed_at: edition.signed_at,
            occupied: false,
        };
        let signed = SignedRecord {
            slot: edition.slot.number(),
            sequence: edition.sequence,
            digest: digest(record),
            root: edition.root,
            upto: edition.upto,
            signed_at: edition.signed_at,
        };
        let mut changes = vec![
            Change::CacheBlock(root.clone()),
            Change::Signed(signed),
            Change::Name(edition.slot, Box::new(known)),
            Change::Edition(Some(edition)),
        ];
        if own.slot != Some(edition.slot) {
            changes.push(Change::Own(OwnSlot { slot: Some(edition.slot), ..own.without_slot() }));
        }
        self.commit(changes).await
    }

    async fn leave(&self, own: OwnSlot, device: DeviceId) -> Result<(), Error> {
        let Some(slot) = own.slot else { return Ok(()) };
        let mut changes = vec![
            Change::Own(OwnSlot { device, ..OwnSlot::default() }),
            Change::Edition(None),
            Change::Verified(Verified::default()),
        ];
        // A claim that was never ours must not be repaired or named as a head of the wallet.
        if !own.owned {
            changes.push(Change::ForgetName(slot));
        }
        self.commit(changes).await
    }
}
