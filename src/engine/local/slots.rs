//! This device's own slot: signing for it, what may be replaced there, leaving it.

use std::sync::Arc;

use super::Local;
use super::state::change::{Change, SignedRecord};
use super::state::marks::Verified;
use super::state::names::{Contained, Edition, KnownName, OwnSlot, digest};
use super::turn::Turn;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::{DeviceId, Slot};
use crate::model::record::Record;
use crate::store::{Level, NodeRow};

impl Local {
    /// The sequence of the next record of a slot.
    ///
    /// # Errors
    /// [`Code::SequenceExhausted`].
    pub fn next_sequence(&self, slot: Slot) -> Result<u64, Error> {
        let last = self.last_sequence(slot);
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
        let device = turn.state().names().own().device;
        turn.leave(device, None).await
    }

    /// Leaves a slot to another device that writes to it as well, with a new device id; everything of ours is published
    /// again. Does nothing when this device has left it already.
    ///
    /// # Errors
    /// Store errors.
    pub async fn leave_slot(self: &Arc<Self>, slot: Slot, device: DeviceId) -> Result<(), Error> {
        let turn = self.turn().await;
        if turn.state().names().own().slot != Some(slot) {
            return Ok(());
        }
        // In one commit: a process that ends in between would have nothing to publish and no slot.
        let falls = turn.state().levels().would_fall(Level::Local);
        turn.leave(device, falls.then_some(Change::Lower(Level::Local))).await?;
        drop(turn);
        self.alert(
            "clone",
            format!("slot {slot} is written by another device too; this one takes a new slot"),
        );
        if falls {
            self.alert("level_lowered", "changes are published again under a new slot".to_owned());
            self.announce_level();
        }
        Ok(())
    }

    /// Everything that a root has is here: it may be replaced by the present edition if that has it too, else by the next.
    ///
    /// # Errors
    /// Store errors; `too_large` when the index cannot be sealed.
    pub async fn note_contained(self: &Arc<Self>, root: Cid) -> Result<(), Error> {
        let turn = self.turn().await;
        let (index, keep) = self.seals()?;
        let (own, edition) = {
            let state = turn.state();
            (state.names().own(), state.names().edition().copied())
        };
        let present = edition.filter(|edition| edition.index == index && edition.keep == keep);
        let next = || own.slot.map_or(1, |slot| self.last_sequence(slot).saturating_add(1));
        let from = present.map_or_else(next, |edition| edition.sequence);
        let contained = turn.state().names().contained_with(Contained { root, from });
        turn.commit(vec![Change::Contained(contained)]).await
    }

    fn last_sequence(&self, slot: Slot) -> u64 {
        let state = self.read();
        state.names().last_signed(slot).unwrap_or(0).max(state.names().high_water(slot))
    }
}

impl Turn {
    /// Commits a signed record with its root, before anything of it is sent.
    ///
    /// # Errors
    /// Store errors; [`Code::Conflict`] when another record was signed with this sequence.
    pub async fn sign(&self, edition: Edition, record: &Record, root: &Block) -> Result<(), Error> {
        let (own, verified_at, contained) = {
            let state = self.state();
            let names = state.names();
            let own_root = Contained { root: edition.root, from: edition.sequence };
            let verified_at = names.get(edition.slot).map_or(0, |old| old.verified_at);
            (names.own(), verified_at, names.contained_with(own_root))
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
            Change::Contained(contained),
        ];
        if own.slot != Some(edition.slot) {
            changes.push(Change::Own(OwnSlot { slot: Some(edition.slot), ..own }));
            changes.extend(self.unproven(edition.slot));
        }
        self.commit(changes).await
    }

    async fn leave(&self, device: DeviceId, with: Option<Change>) -> Result<(), Error> {
        let contained = self.state().names().contained_anew();
        let own = self.state().names().own();
        // A new device sets entries as somebody else.
        let actor = if own.device == device { own.actor } else { device };
        let mut changes = vec![
            Change::Own(OwnSlot { device, actor, slot: None }),
            Change::Edition(None),
            Change::Verified(Verified::default()),
            Change::Contained(contained),
        ];
        changes.extend(own.slot.into_iter().flat_map(|slot| self.unproven(slot)));
        changes.extend(with);
        self.commit(changes).await
    }

    /// The slot changes hands: what a node was proven to hold under its last owner proves nothing under the next.
    fn unproven(&self, slot: Slot) -> Vec<Change> {
        let state = self.state();
        let proven = state.nodes().rows_of(slot).filter(|row| row.verified_sequence > 0);
        proven.map(|row| Change::Node(NodeRow { verified_sequence: 0, ..row.clone() })).collect()
    }
}
