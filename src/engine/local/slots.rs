//! Slots that this device signs for: its own, what may be replaced there, leaving it; and one that is given back.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Local;
use super::state::change::{Change, SignedRecord};
use super::state::marks::{Label, Verified};
use super::state::names::{Contained, Edition, KnownName, OwnSlot, digest};
use super::turn::Turn;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::{DeviceId, Slot};
use crate::model::record::Record;
use crate::model::root::Root;
use crate::store::{Level, NodeRow};

/// What is signed for a slot.
pub struct Signing<'a> {
    pub edition: Edition,
    pub record: &'a Record,
    pub root: &'a Block,
    /// It says that this device is done with the slot.
    pub retired: bool,
    /// Where the slot was another's: what that one has pinned, oldest first.
    pub former: Vec<Cid>,
}

fn logged(edition: &Edition, record: &Record) -> SignedRecord {
    SignedRecord {
        slot: edition.slot.number(),
        sequence: edition.sequence,
        digest: digest(record),
        root: edition.root,
        upto: edition.upto,
        signed_at: edition.signed_at,
    }
}

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
        let is_retired = turn.state().names().is_retired(slot);
        drop(turn);
        if is_retired {
            let words =
                format!("another device gave slot {slot} back; this one, which had it, takes a new slot");
            self.alert("retired", words);
        } else {
            self.alert(
                "clone",
                format!("slot {slot} is written by another device too; this one takes a new slot"),
            );
        }
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
        let from = turn.contained_from()?;
        let contained = turn.state().names().contained_with(Contained { root, from });
        turn.commit(vec![Change::Contained(contained)]).await
    }

    /// The same for roots that a root of which all is here contains.
    ///
    /// # Errors
    /// As [`Local::note_contained`].
    pub async fn note_contained_in_it(self: &Arc<Self>, roots: &[Cid]) -> Result<(), Error> {
        let turn = self.turn().await;
        let from = turn.contained_from()?;
        let contained = turn.state().names().contained_with_all(roots, from);
        turn.commit(vec![Change::Contained(contained)]).await
    }

    /// A root says that its device is done with the slot.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_retired(self: &Arc<Self>, slot: Slot, root: Cid) -> Result<(), Error> {
        let turn = self.turn().await;
        if turn.state().names().says_retired(slot, &root) {
            return Ok(());
        }
        let retired = turn.state().names().retired_with(slot, root);
        turn.commit(vec![Change::Retired(retired)]).await
    }

    /// The owner calls this device something; its next root says so, and there is one soon where it has a slot.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_label(self: &Arc<Self>, text: Option<String>) -> Result<(), Error> {
        let turn = self.turn().await;
        if turn.state().marks().label().text == text {
            return Ok(());
        }
        turn.commit(vec![Change::Label(Label { text, is_due: true })]).await?;
        drop(turn);
        self.events.wake_outbox();
        Ok(())
    }

    /// This device is done with its slot: what it signs until the account is closed says so.
    ///
    /// # Errors
    /// None: nothing is written.
    pub async fn note_ending(self: &Arc<Self>) -> Result<(), Error> {
        self.turn().await.commit(vec![Change::Ending]).await
    }

    /// Says once that few slots are left.
    pub fn tell_few_slots(&self) -> Option<String> {
        let in_use = self.read().names().in_use();
        if in_use < limits::FEW_SLOTS || self.few_slots_told.swap(true, Ordering::Relaxed) {
            return None;
        }
        let all = limits::SLOTS;
        let words = format!("{in_use} of {all} slots are in use; devices that are gone can be retired");
        self.alert("slots", words.clone());
        Some(words)
    }

    /// The last root of a slot that is here.
    ///
    /// # Errors
    /// Store errors.
    pub async fn last_root(self: &Arc<Self>, slot: Slot) -> Result<Option<(Cid, Root)>, Error> {
        let known = self.read().names().get(slot).cloned();
        let Some(KnownName { record, merged_root: Some(last), .. }) = known else { return Ok(None) };
        let carried = record.map(|record| record.carried()).unwrap_or_default();
        let block = match carried.into_iter().find(|block| *block.cid() == last) {
            Some(block) => Some(block),
            None => self.block(&last).await?,
        };
        let root = block.and_then(|block| Root::open(&block, self.keys.sealer(), self.keys.wallet_id()).ok());
        Ok(root.filter(|root| root.slot == slot).map(|root| (last, root)))
    }

    fn last_sequence(&self, slot: Slot) -> u64 {
        let state = self.read();
        state.names().last_signed(slot).unwrap_or(0).max(state.names().high_water(slot))
    }
}

impl Turn {
    /// From which sequence of the own slot on a record has all that is here.
    fn contained_from(&self) -> Result<u64, Error> {
        let local = self.local();
        let (index, keep) = local.seals()?;
        let state = self.state();
        let present =
            state.names().edition().filter(|edition| edition.index == index && edition.keep == keep);
        let next = || state.names().own().slot.map_or(1, |slot| local.last_sequence(slot).saturating_add(1));
        Ok(present.map_or_else(next, |edition| edition.sequence))
    }

    /// Commits a signed record with its root, before anything of it is sent. A slot that was not its own is from now on.
    ///
    /// # Errors
    /// Store errors; [`Code::Conflict`] when another record was signed with this sequence.
    pub async fn sign(&self, signing: Signing<'_>) -> Result<(), Error> {
        let Signing { edition, record, root, retired, former } = signing;
        let mut changes = vec![Change::CacheBlock(root.clone()), Change::Signed(logged(&edition, record))];
        {
            let state = self.state();
            let names = state.names();
            let own_root = Contained { root: edition.root, from: edition.sequence };
            let known = KnownName {
                sequence: edition.sequence,
                record: Some(record.clone()),
                merged_root: Some(edition.root),
                verified_at: names.get(edition.slot).map_or(0, |old| old.verified_at),
                changed_at: edition.signed_at,
                occupied: false,
            };
            changes.push(Change::Name(edition.slot, Box::new(known)));
            changes.push(Change::Edition(Some(edition)));
            changes.push(Change::Contained(names.contained_with(own_root)));
            if retired {
                changes.push(Change::Retired(names.retired_with(edition.slot, edition.root)));
            }
            let own = names.own();
            let label = state.marks().label();
            if label.is_due {
                changes.push(Change::Label(Label { is_due: false, ..label.clone() }));
                // Until enough nodes show it there is something to publish.
                changes.push(Change::Verified(Verified { index: None, ..state.marks().verified() }));
            }
            if own.slot != Some(edition.slot) {
                changes.push(Change::Own(OwnSlot { slot: Some(edition.slot), ..own }));
                changes.extend(self.unproven(edition.slot));
                changes.push(Change::Former(state.nodes().former_of(edition.slot, &former)));
            }
        }
        self.commit(changes).await
    }

    /// Commits a signed record of a slot that is given back for another device. It is that slot's last one once a node took it.
    ///
    /// # Errors
    /// As [`Turn::sign`].
    pub async fn sign_for_another(
        &self,
        edition: &Edition,
        record: &Record,
        root: &Block,
    ) -> Result<(), Error> {
        self.commit(vec![Change::CacheBlock(root.clone()), Change::Signed(logged(edition, record))]).await
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
