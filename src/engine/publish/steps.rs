//! All steps of a publish to one node: supply, pin, put, read back.

use std::collections::HashSet;

use futures_util::future::{join, join3};

use super::lane::Lane;
use super::proof::{Claim, Fitting, Shown};
use super::rename::Named;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::node::{is_refused, is_unreadable};
use crate::store::Level;

/// How far one node came.
pub enum LaneEnd {
    /// It holds the edition, read back.
    Holds,
    /// Under our name it shows something that the edition does not contain, or that nodes prefer.
    Foreign(Claim),
    /// A block of the edition is no longer on this disk: another edition is made, without it.
    Damaged,
    /// Record and content are there; no beacon names it yet: one names what was proven last, or an earlier rename of it may still
    /// arrive.
    Held,
    /// It was found to lack something meanwhile that was there before: that goes there first.
    Lost,
}

impl Lane<'_> {
    /// Publishes to the node.
    ///
    /// # Errors
    /// The node's error; what it holds by then is found out by the next run.
    pub async fn publish(&self) -> Result<LaneEnd, Error> {
        let mut ended = Box::pin(self.all_steps()).await;
        if ended.as_ref().is_err_and(is_unreadable) && Box::pin(self.finds_unread()).await? {
            ended = Box::pin(self.all_steps()).await;
        }
        if !matches!(ended, Ok(LaneEnd::Holds)) {
            self.note_answered().await?;
            // The record may be there without its content: what the node was proven to hold before is found by a beacon at most.
            self.account.local.check_level(self.account.needed()).await?;
        }
        ended
    }

    async fn all_steps(&self) -> Result<LaneEnd, Error> {
        let mended = Box::pin(self.mend()).await;
        let is_kept = mended.is_err() && self.account.damage.is_kept(self.at);
        if !is_kept {
            mended.clone()?;
        }
        let losses = self.account.local.losses(self.node.id());
        let mut lack = self.to_send().await;
        if is_kept {
            let damaged: HashSet<Cid> = self.account.damage.on(self.at).into_iter().collect();
            lack.retain(|cid| !damaged.contains(cid));
        }
        let (mut there, supplied) = join(self.shown(), self.supply(&lack)).await;
        match supplied {
            Err(e) if e.code() == Code::Corrupt => {
                self.look_for_damage(&lack).await?;
                return Ok(LaneEnd::Damaged);
            }
            other => other?,
        }
        self.stepped("supplied");
        // What was read before a long upload says little of what a put goes over now.
        if self.age_of_look() > limits::PUT_FRESH {
            there = self.shown().await;
        }
        let fitting = match there? {
            Shown::Foreign(claim) => return Ok(LaneEnd::Foreign(claim)),
            Shown::Fits(fitting) => fitting,
        };
        let unproven = self.unproven(&lack);
        let named = match self.put_all(fitting, unproven.len()).await {
            // A node that had lost everything is sent what it had before too.
            Err(e) if e.code() == Code::Corrupt => {
                self.look_for_damage(&self.edition.all).await?;
                return Ok(LaneEnd::Damaged);
            }
            // Where damage stays, what is new is there all the same; proven the node is not.
            put => mended.and(put)?,
        };
        self.stepped("put, pinned and named");
        if !fitting.has_record {
            // Racing puts show by then; the way there and back counts.
            tokio::time::sleep(limits::SECOND_LOOK.saturating_sub(self.round_trip())).await;
        }
        let changed: Vec<Cid> =
            unproven.iter().filter(|cid| !self.edition.beacons.contains(cid)).copied().collect();
        let (seen, held) = join(self.shown(), self.holds(&changed)).await;
        let place = match seen? {
            Shown::Foreign(claim) => return Ok(LaneEnd::Foreign(claim)),
            Shown::Fits(Fitting { has_record: true, place, .. }) => place,
            Shown::Fits(_) => {
                let message = "the node said it took the record and does not show it";
                return Err(Error::new(Code::Invalid, message));
            }
        };
        if !held? {
            self.account.local.forget_node(self.node.id(), self.edition.edition.slot).await?;
            return Err(Error::new(Code::Invalid, "the node said it pinned and lacks a block"));
        }
        self.account.local.raise_level(self.edition.edition.upto, Level::Published).await?;
        let Some(place) = place else {
            if named == Named::Held {
                return Ok(LaneEnd::Held);
            }
            return Err(Error::new(Code::Invalid, "the node said it named the beacon and does not show it"));
        };
        self.stepped("read back");
        if self.note_proven(&lack, place, losses).await? { Ok(LaneEnd::Holds) } else { Ok(LaneEnd::Lost) }
    }

    /// What was sent and not read back yet: of a node that nothing was proven of, what an earlier process sent too.
    fn unproven<'b>(&'b self, lack: &'b [Cid]) -> &'b [Cid] {
        let is_known = self.account.local.read().nodes().is_known(self.node.id());
        if is_known { lack } else { &self.edition.all }
    }

    /// Pin, record and beacon, side by side where the pin is a small one and the record there is ours. Bulk is pinned before
    /// its record shows; and while the record there is not ours, the beacon waits until the node has taken ours.
    async fn put_all(&self, fitting: Fitting, lacking: usize) -> Result<Named, Error> {
        let put = async { if fitting.has_record { Ok(()) } else { self.put_record().await } };
        let is_bulk = lacking > limits::STAT_BLOCKS;
        if is_bulk {
            self.pin_or_resend().await?;
        }
        let pin = async { if is_bulk { Ok(()) } else { self.pin_beside_record().await } };
        if fitting.is_ours {
            let (put, pinned, named) = join3(put, pin, self.rename()).await;
            return put.and(pinned).and(named);
        }
        let (put, pinned) = join(put, pin).await;
        put.and(pinned)?;
        self.rename().await
    }

    /// A record that is put beside its pin leads nowhere until that is answered: what the node was proven to show before is not
    /// what it shows then. No longer than usual, that is nobody's concern; nor where the pin is refused: the former pin and its
    /// beacon stay, and lead to what was proven.
    async fn pin_beside_record(&self) -> Result<(), Error> {
        let pin = self.pin_or_resend();
        tokio::pin!(pin);
        let Ok(pinned) = tokio::time::timeout(limits::PIN_USUAL, &mut pin).await else {
            self.doubt().await?;
            return pin.await;
        };
        if pinned.as_ref().is_err_and(|e| !is_refused(e)) {
            self.doubt().await?;
        }
        pinned
    }

    async fn doubt(&self) -> Result<(), Error> {
        self.account.local.unprove_node(self.node.id(), self.edition.edition.slot).await?;
        self.account.local.check_level(self.account.needed()).await
    }

    fn stepped(&self, step: &str) {
        if !self.edition.is_for_another() {
            self.account.lanes.note_step(self.at, self.account.clock.monotonic());
        }
        tracing::trace!(node = self.node.id(), step, ms = self.run.elapsed_ms(self.account), "publishing");
    }
}
