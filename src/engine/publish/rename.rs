//! Names the edition in one of the two beacons of its slot on a node.
//!
//! A rename has no order and may arrive late, so it goes to the beacon that does not name the last edition proven there, and
//! never to one whose last rename may still be on its way.

use std::sync::atomic::Ordering;

use super::lane::{Lane, NONE};
use crate::engine::local::state::nodes::Doubt;
use crate::error::{Code, Error};
use crate::model::beacon::Beacon;
use crate::node::Rename;

impl Lane<'_> {
    /// Renames a beacon, unless one names the edition already.
    ///
    /// # Errors
    /// `conflict` while an earlier rename may still arrive; the node's error; store errors.
    pub async fn rename(&self) -> Result<(), Error> {
        let beacons = self.beacons();
        let edition = &self.edition.edition;
        let names_it = |beacon: &Option<Beacon>| beacon.is_some_and(|beacon| beacon.root == edition.root);
        if beacons.iter().any(names_it) {
            return Ok(());
        }
        let sequence = |beacon: &Option<Beacon>| beacon.map_or(0, |beacon| beacon.sequence);
        let oldest = (0_u8..).zip(&beacons).min_by_key(|(place, beacon)| (sequence(beacon), *place));
        let Some((place, shown)) = oldest else { return Ok(()) };
        let Some(cid) = self.edition.beacons.get(usize::from(place)) else { return Ok(()) };
        if self.is_in_doubt(place, sequence(shown)) {
            return Err(Error::new(Code::Conflict, "an earlier rename of the beacon may still arrive"));
        }
        let local = &self.account.local;
        local.note_rename(self.node.id(), edition.slot, place, edition.sequence).await?;
        let beacon = Beacon::of(edition.slot, edition.root, &self.edition.record);
        let name = beacon.seal(local.keys().sealer())?;
        let answer = self.node.name_pin(cid, &name, &self.run.usual_call(self.account)).await?;
        self.answered.store(place, Ordering::Relaxed);
        match answer {
            Rename::Done => Ok(()),
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
