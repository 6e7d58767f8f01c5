//! One edition on its way to one node.

use std::sync::atomic::AtomicU8;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::run::Run;
use crate::engine::account::Account;
use crate::engine::local::edition::{Outgoing, SignedEdition};
use crate::engine::local::proofs::Proven;
use crate::engine::local::state::State;
use crate::engine::local::state::names::Edition;
use crate::error::Error;
use crate::limits;
use crate::model::beacon::Beacon;
use crate::model::cid::Cid;
use crate::node::Node;

/// An edition and the node it goes to.
pub struct Lane<'a> {
    pub at: usize,
    pub account: &'a Account,
    pub node: &'a dyn Node,
    pub edition: &'a SignedEdition,
    pub run: &'a Run,
    look: Mutex<Look>,
    /// The beacon whose rename was answered, or [`NONE`].
    pub answered: AtomicU8,
    /// What the other lanes bring too.
    pub outgoing: Option<&'a Outgoing>,
}

/// No beacon.
pub const NONE: u8 = u8::MAX;

/// The last look at our name: when its answer came, how long that took, and what the beacons said.
#[derive(Clone)]
struct Look {
    at: Instant,
    took: Duration,
    beacons: Vec<Option<Beacon>>,
}

impl<'a> Lane<'a> {
    /// # Errors
    /// `not_found` when there is no such node.
    pub fn to(
        at: usize,
        account: &'a Account,
        edition: &'a SignedEdition,
        run: &'a Run,
    ) -> Result<Self, Error> {
        let look = Look { at: account.clock.monotonic(), took: Duration::ZERO, beacons: Vec::new() };
        let look = Mutex::new(look);
        let answered = AtomicU8::new(NONE);
        Ok(Self {
            at,
            account,
            node: account.network.require(at)?,
            edition,
            run,
            look,
            answered,
            outgoing: None,
        })
    }

    /// One of several lanes that bring the same.
    pub fn among(mut self, outgoing: &'a Outgoing) -> Self {
        self.outgoing = Some(outgoing);
        self
    }

    /// Notes a look at our name.
    pub fn looked(&self, asked_at: Instant, beacons: Vec<Option<Beacon>>) {
        self.account.lanes.note_answer(self.at);
        let at = self.account.clock.monotonic();
        *self.last_look() = Look { at, took: at.saturating_duration_since(asked_at), beacons };
        self.account.uplink.stir();
    }

    /// When the node last answered a look, and how long that took; none where it did not yet.
    pub fn answered_look(&self) -> Option<(Instant, Duration)> {
        let look = self.last_look();
        (!look.took.is_zero()).then_some((look.at, look.took))
    }

    /// What the beacons said then, by place.
    pub fn beacons(&self) -> Vec<Option<Beacon>> {
        self.last_look().beacons.clone()
    }

    /// How old the last look is.
    pub fn age_of_look(&self) -> Duration {
        self.account.clock.monotonic().saturating_duration_since(self.last_look().at)
    }

    /// How long the last look took: about one round trip.
    pub fn round_trip(&self) -> Duration {
        self.last_look().took
    }

    fn last_look(&self) -> MutexGuard<'_, Look> {
        self.look.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has to be sent. Where nothing is known any more of a node that was written to before, one question may
    /// save sending everything.
    pub async fn to_send(&self) -> Vec<Cid> {
        let lack = lacking(self.account, self.node.id(), self.edition);
        let was_pinned = self.account.local.read().nodes().is_known(self.node.id());
        let root = self.edition.edition.root;
        if lack.len() == self.edition.all.len()
            && was_pinned
            && let Ok(Some(_)) = self.node.holds_dag(&root, &self.run.usual_call(self.account)).await
        {
            // The beacons are not under the root.
            return self.edition.beacons.clone();
        }
        lack
    }

    /// Remembers the node as proven to hold the edition, and our own name as seen; not where it was found to lack something since there
    /// had been so many `losses`.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_proven(&self, sent: &[Cid], place: u8, losses: u64) -> Result<bool, Error> {
        let edition = &self.edition.edition;
        let proven = Proven {
            slot: edition.slot,
            sequence: edition.sequence,
            root: edition.root,
            all: &self.edition.all,
            sent,
            place,
            losses,
        };
        let is_noted = self.account.local.note_proven(self.node.id(), proven).await?;
        if is_noted {
            self.advanced(edition.sequence, 0);
        }
        Ok(is_noted)
    }

    /// The node holds an edition, or so many blocks of one.
    pub fn advanced(&self, sequence: u64, blocks: u64) {
        if self.edition.is_for_another() {
            return;
        }
        self.account.lanes.note_step(self.at, self.account.clock.monotonic());
        if self.account.lanes.is_further(self.at, sequence, blocks) {
            self.account.events.advance();
        }
    }

    /// Unpins roots of ours beyond the newest few, some at a time. Listed are roots that the node was verified with, and before
    /// them those that it may have pinned without being verified; so a newer one is pinned and proven there.
    pub async fn unpin_older(&self) {
        let local = &self.account.local;
        let row = local.read().nodes().row(self.node.id(), self.edition.edition.slot).cloned();
        let Some(row) = row else { return };
        let surplus = row.pinned.len().saturating_sub(limits::PINNED_ROOTS);
        let surplus = row.pinned.iter().take(surplus.min(limits::UNPINS_BESIDE));
        for root in surplus.filter(|root| **root != self.edition.edition.root) {
            let unpinned = self.node.unpin(root, &self.run.usual_call(self.account)).await;
            let slot = self.edition.edition.slot;
            if unpinned.is_err() || local.note_unpinned(self.node.id(), slot, root).await.is_err() {
                return;
            }
        }
    }

    /// Unpins the roots that a former owner of the slot has pinned on the node, which was proven to hold all that is here, but for
    /// as many as the newest few of the slot may be.
    pub async fn unpin_former(&self) {
        if !self.edition.is_whole {
            return;
        }
        let local = &self.account.local;
        let slot = self.edition.edition.slot;
        let surplus: Vec<Cid> = {
            let state = local.read();
            let is_proven = lacks_nothing(&state, self.node.id(), &self.edition.edition);
            let pinned = state.nodes().row(self.node.id(), slot).map_or(0, |row| row.pinned.len());
            let former: Vec<Cid> = state.nodes().former(self.node.id()).collect();
            let surplus = (former.len() + pinned).saturating_sub(limits::PINNED_ROOTS);
            former.into_iter().take(if is_proven { surplus } else { 0 }).collect()
        };
        for root in surplus {
            let unpinned = self.node.unpin(&root, &self.run.usual_call(self.account)).await;
            if unpinned.is_err() || local.note_unpinned(self.node.id(), slot, &root).await.is_err() {
                return;
            }
        }
    }
}

/// Whether a node is proven to hold this edition of the slot that is still ours.
fn lacks_nothing(state: &State, node: &str, edition: &Edition) -> bool {
    state.names().own().slot == Some(edition.slot)
        && state.nodes().is_proven(node, edition.slot, edition.sequence)
}

/// Whether a node is not proven to hold the last edition.
pub fn lacks(account: &Account, at: usize) -> bool {
    let state = account.local.read();
    let Some(edition) = state.names().edition() else { return false };
    let node = account.network.node(at);
    node.is_some_and(|node| !state.nodes().is_proven(node.id(), edition.slot, edition.sequence))
}

/// Whether a node is not proven to hold this edition or a later one of the slot that is still ours.
pub fn lacks_this(account: &Account, at: usize, edition: &SignedEdition) -> bool {
    let state = account.local.read();
    let Edition { slot, sequence, .. } = edition.edition;
    let proven = |node: &dyn Node| state.nodes().row(node.id(), slot).map_or(0, |row| row.verified_sequence);
    state.names().own().slot == Some(slot)
        && account.network.node(at).is_some_and(|node| proven(node) < sequence)
}

/// Blocks of the edition that a node is not known to hold, children first. The beacons are always among them: one that is not
/// named yet is not pinned, and may be gone.
pub fn lacking(account: &Account, node: &str, edition: &SignedEdition) -> Vec<Cid> {
    let state = account.local.read();
    let held = state.nodes().held(node);
    let lacks = |cid: &&Cid| edition.beacons.contains(cid) || held.is_none_or(|held| !held.contains(*cid));
    edition.all.iter().filter(lacks).copied().collect()
}

/// These nodes: first those that lack the fewest bytes of an edition, then those that answer soonest. Who was sent a part by an
/// earlier process comes first.
pub fn by_need(account: &Account, lacking_it: &[usize], edition: &SignedEdition) -> Vec<usize> {
    let order = account.network.health().order();
    let mut nodes: Vec<usize> = order.into_iter().filter(|at| lacking_it.contains(at)).collect();
    nodes.sort_by_cached_key(|at| {
        let node = account.network.node(*at);
        node.map_or(u64::MAX, |node| edition.bytes_of(&lacking(account, node.id(), edition)))
    });
    nodes
}
