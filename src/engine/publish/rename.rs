//! Names the edition in one of the two beacons of its slot on a node.
//!
//! A rename has no order and may arrive late, so it goes to a beacon that does not name the last edition proven there, and
//! never to one whose last rename may still be on its way. While there is none left, the record goes on without.

use std::sync::atomic::Ordering;

use super::lane::{Lane, NONE};
use crate::engine::local::state::nodes::Doubt;
use crate::error::Error;
use crate::model::beacon::Beacon;
use crate::node::Rename;

/// What came of naming an edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A beacon names it.
    Yes,
    /// No beacon may be renamed now: an earlier rename may still arrive.
    Held,
}

impl Lane<'_> {
    /// Renames a beacon, unless one names the edition already.
    ///
    /// # Errors
    /// The node's error; store errors.
    pub async fn rename(&self) -> Result<Named, Error> {
        let beacons = self.beacons();
        let edition = &self.edition.edition;
        if beacons.iter().flatten().any(|beacon| beacon.root == edition.root) {
            return Ok(Named::Yes);
        }
        let Some(place) = self.free_place(&beacons) else { return Ok(Named::Held) };
        let Some(cid) = self.edition.beacons.get(usize::from(place)) else { return Ok(Named::Held) };
        let local = &self.account.local;
        local.note_rename(self.node.id(), edition.slot, place, edition.sequence).await?;
        let beacon = Beacon::of(edition.slot, edition.root, &self.edition.record);
        let name = beacon.seal(local.keys().sealer())?;
        let answer = self.node.name_pin(cid, &name, &self.run.usual_call(self.account)).await?;
        self.answered.store(place, Ordering::Relaxed);
        match answer {
            Rename::Done => Ok(Named::Yes),
            Rename::Refused(e) => Err(e),
        }
    }

    /// A rename that was answered is in doubt no more; where the edition is proven, that is noted with it.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_answered(&self) -> Result<(), Error> {
        let place = self.answered.swap(NONE, Ordering::Relaxed);
        if place == NONE {
            return Ok(());
        }
        self.account.local.note_renamed(self.node.id(), self.edition.edition.slot, place).await
    }

    /// The beacon that may be renamed: of those that do not name the last edition proven there and are not in doubt, the
    /// oldest.
    fn free_place(&self, beacons: &[Option<Beacon>]) -> Option<u8> {
        let proven = {
            let state = self.account.local.read();
            let row = state.nodes().row(self.node.id(), self.edition.edition.slot);
            row.and_then(|row| row.pinned.last().copied())
        };
        let sequence = |beacon: &Option<Beacon>| beacon.map_or(0, |beacon| beacon.sequence);
        let keeps = |beacon: &Option<Beacon>| beacon.is_some_and(|beacon| Some(beacon.root) == proven);
        let is_kept_twice = beacons.iter().filter(|beacon| keeps(beacon)).count() > 1;
        let free = (0_u8..).zip(beacons).filter(|(place, beacon)| {
            (is_kept_twice || !keeps(beacon)) && !self.is_in_doubt(*place, sequence(beacon))
        });
        free.min_by_key(|(place, beacon)| (sequence(beacon), *place)).map(|(place, _)| place)
    }

    /// Whether a rename of this beacon is not known to have ended.
    fn is_in_doubt(&self, place: u8, shown: u64) -> bool {
        let state = self.account.local.read();
        let doubt = state.nodes().doubt(self.node.id(), self.edition.edition.slot, place);
        // The same name may arrive twice.
        let is_another = |doubt: &Doubt| {
            doubt.sequence != self.edition.edition.sequence && (doubt.twice || doubt.sequence != shown)
        };
        doubt.is_some_and(|doubt| is_another(doubt) && doubt.is_open(self.account.clock.now()))
    }
}
