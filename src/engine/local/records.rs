//! What was heard of the wallet's names. High-water marks only rise; nothing is taken back.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;

use super::Local;
pub use super::fate::RootFate;
use super::fate::{new_mark, rises, seen_again};
use super::state::change::Change;
use super::state::marks::LOW_READINGS;
use super::state::names::KnownName;
use super::turn::Turn;
use crate::clock::millis;
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::model::root::Root;
use crate::store::{Level, NodeRow};

/// How well other devices' content is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteHeld {
    pub level: Level,
    /// Whether fewer nodes hold it than is safe; none while that is not known.
    pub is_low: Option<bool>,
}

/// What a read of the nodes showed.
pub struct ReadNotes {
    /// Names that a node showed at their high-water mark.
    pub seen: BTreeSet<Slot>,
    /// Names whose content no node gave.
    pub unread: BTreeSet<Slot>,
    /// Whether the slots beyond the known ones were asked for.
    pub gap: bool,
    /// How well other devices' content is held, where enough nodes answered.
    pub remote: Option<RemoteHeld>,
    /// Health of the nodes, to be kept.
    pub health: Bytes,
}

impl Local {
    /// Notes a record that some node showed.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_record(
        self: &Arc<Self>,
        slot: Slot,
        record: &Record,
        fate: RootFate,
    ) -> Result<(), Error> {
        let turn = self.turn().await;
        let old = turn.state().names().get(slot).cloned();
        let known = match old {
            Some(old) if !rises(&old, record) => match seen_again(&old, record, fate) {
                Some(known) => known,
                None => return Ok(()),
            },
            old => new_mark(record, fate, old.map_or(0, |old| old.verified_at), self.now()),
        };
        // What it says that it contains counts once it is here.
        let carried = fate.merged_root().and_then(|root| self.carried_root(record, &root));
        let contained = carried.map(|root| root.predecessors).unwrap_or_default();
        turn.put_name(slot, known, record.root(), &contained).await
    }

    fn carried_root(&self, record: &Record, cid: &Cid) -> Option<Root> {
        let block = record.carried().into_iter().find(|block| block.cid() == cid)?;
        Root::open(&block, self.keys.sealer(), self.keys.wallet_id()).ok()
    }

    /// Remembers a slot whose root was found by a beacon: the records are gone, the sequence goes on.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_pinned(self: &Arc<Self>, root: &Root, cid: Cid) -> Result<(), Error> {
        let turn = self.turn().await;
        let is_known = |old: &KnownName| {
            old.sequence > root.sequence || (old.sequence == root.sequence && old.merged_root.is_some())
        };
        if turn.state().names().get(root.slot).is_some_and(is_known) {
            return Ok(());
        }
        let known = KnownName {
            sequence: root.sequence,
            record: None,
            merged_root: Some(cid),
            verified_at: 0,
            changed_at: self.now(),
            occupied: false,
        };
        turn.put_name(root.slot, known, Some(cid), &root.predecessors).await
    }

    /// The content of these roots came with others, which name them as contained.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_merged(self: &Arc<Self>, roots: &[Cid]) -> Result<(), Error> {
        if roots.is_empty() {
            return Ok(());
        }
        let turn = self.turn().await;
        let merged = turn.state().names().merged_with(roots);
        turn.commit(vec![Change::Merged(merged)]).await
    }

    /// A beacon names an edition of a slot that is not here: the slot is known, and unread, until its root is merged.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_named(self: &Arc<Self>, slot: Slot, sequence: u64) -> Result<(), Error> {
        let turn = self.turn().await;
        if turn.state().names().get(slot).is_some_and(|old| old.sequence >= sequence) {
            return Ok(());
        }
        let changed_at = self.now();
        let known = KnownName {
            sequence,
            record: None,
            merged_root: None,
            verified_at: 0,
            changed_at,
            occupied: false,
        };
        turn.put_name(slot, known, None, &[]).await
    }

    /// Notes all that a read showed, in one commit.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_read(self: &Arc<Self>, notes: ReadNotes) -> Result<(), Error> {
        let turn = self.turn().await;
        let now = self.now();
        let mut changes: Vec<Change> = {
            let state = turn.state();
            let seen = state.names().iter().filter(|(slot, _)| notes.seen.contains(slot));
            seen.map(|(slot, known)| name(slot, KnownName { verified_at: now, ..known.clone() })).collect()
        };
        changes.push(Change::Failed(None));
        changes.push(Change::Unread(!notes.unread.is_empty()));
        changes.push(Change::Health(notes.health));
        changes.extend(notes.gap.then_some(Change::Gap(now)));
        changes.extend(turn.kept_for_nobody());
        changes.extend(notes.remote.into_iter().flat_map(|held| turn.remote(held)));
        turn.commit(changes).await
    }

    /// Notes how well other devices' content is held, and says so when that is news.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_remote(self: &Arc<Self>, held: RemoteHeld) -> Result<(), Error> {
        let turn = self.turn().await;
        let before = turn.state().marks().remote_level();
        let changes = turn.remote(held);
        if changes.is_empty() {
            return Ok(());
        }
        turn.commit_told(changes).await?;
        drop(turn);
        if before != Some(held.level) {
            self.announce_level();
        }
        Ok(())
    }

    /// Something came that no edition which counts has.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_stray(self: &Arc<Self>) -> Result<(), Error> {
        let turn = self.turn().await;
        if turn.state().marks().is_stray() {
            return Ok(());
        }
        turn.commit(vec![Change::Stray(true)]).await
    }

    /// These roots are looked at no more: what took their place has what they have, or `is_stray`.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_judged(
        self: &Arc<Self>,
        judged: &BTreeSet<(Slot, Cid)>,
        is_stray: bool,
    ) -> Result<(), Error> {
        let turn = self.turn().await;
        let left = turn.state().names().displaced().difference(judged).copied().collect();
        let stray = (is_stray && !turn.state().marks().is_stray()).then_some(Change::Stray(true));
        turn.commit(stray.into_iter().chain([Change::Displaced(left)]).collect()).await
    }

    /// Lowers the level of others' content when fewer than `needed` of the configured nodes were seen to hold it.
    ///
    /// # Errors
    /// Store errors.
    pub async fn check_remote(self: &Arc<Self>, needed: usize) -> Result<(), Error> {
        let is_verified = {
            let state = self.read();
            let (names, nodes) = (state.names(), state.nodes());
            let others = names.iter().filter(|(slot, _)| names.own().slot != Some(*slot));
            let roots =
                others.filter_map(|(slot, known)| Some((slot, known.sequence, names.root_here(slot)?)));
            let is_held = |(slot, sequence, root)| nodes.confirmed(slot, sequence, &root) >= needed;
            roots.into_iter().all(is_held)
        };
        if is_verified || self.read().marks().remote_level() != Some(Level::Verified) {
            return Ok(());
        }
        self.note_remote(RemoteHeld { level: Level::Published, is_low: None }).await
    }

    /// A majority has nothing of the wallet, neither record nor beacon: no further reading is needed to put it back.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_nowhere(self: &Arc<Self>) -> Result<(), Error> {
        let low = vec![Change::RemoteLow(LOW_READINGS), Change::RemoteLevel(Level::Local)];
        self.turn().await.commit(low).await
    }

    /// Notes that no node gave a usable answer, so that the next plain sync does not wait again.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_failure(self: &Arc<Self>, health: Bytes) -> Result<(), Error> {
        let now = self.now();
        self.turn().await.commit(vec![Change::Failed(Some(now)), Change::Health(health)]).await
    }

    /// The wallet was read once: from now on this device may publish.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_first_read(self: &Arc<Self>) -> Result<(), Error> {
        self.turn().await.commit(vec![Change::FirstRead]).await
    }

    /// Slots below this one were asked for by a majority; with the last one a search has come to its end.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_searched(self: &Arc<Self>, below: u8) -> Result<(), Error> {
        let turn = self.turn().await;
        let at = if below < limits::SLOTS { turn.state().marks().searched_at() } else { self.now() };
        turn.commit(vec![Change::Searched(below, at)]).await
    }

    /// A search for all slots was left without an answer.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_search_in_vain(self: &Arc<Self>) -> Result<(), Error> {
        let now = self.now();
        self.turn().await.commit(vec![Change::SearchInVain(now)]).await
    }

    /// Known records were put again on these nodes, or could not be: those are due again soon.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_reput(self: &Arc<Self>, puts: &[(&str, Slot, bool)]) -> Result<(), Error> {
        let turn = self.turn().await;
        let now = self.now();
        let soon = now.saturating_sub(millis(limits::REPUT_EVERY.saturating_sub(limits::REPUT_RETRY)));
        let mut changes = Vec::new();
        for (node, slot, is_done) in puts {
            let row = turn.state().nodes().row_or_new(node, *slot);
            changes.push(Change::Node(NodeRow { put_at: if *is_done { now } else { soon }, ..row }));
        }
        turn.commit(changes).await
    }

    /// The content of a root did not come.
    ///
    /// # Errors
    /// None: nothing is written.
    pub async fn note_root_in_vain(self: &Arc<Self>, root: Cid) -> Result<(), Error> {
        let now = self.now();
        self.turn().await.commit(vec![Change::RootInVain(root, now)]).await
    }

    /// A slot holds content of a newer format.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_read_only(self: &Arc<Self>, slot: Slot) -> Result<(), Error> {
        self.turn().await.commit(vec![Change::ReadOnly(slot)]).await
    }

    /// Forgets when each name was last seen: the next sync asks the nodes.
    ///
    /// # Errors
    /// Store errors.
    pub async fn forget_freshness(self: &Arc<Self>) -> Result<(), Error> {
        let turn = self.turn().await;
        turn.commit(turn.stale()).await
    }
}

impl Turn {
    /// What alters of how well others' content is held. Another device's publish that is under way shows as low once.
    fn remote(&self, held: RemoteHeld) -> Vec<Change> {
        let state = self.state();
        let (level, low) = (state.marks().remote_level(), state.marks().remote_low());
        let lows = match held.is_low {
            Some(true) => low.saturating_add(1).min(LOW_READINGS),
            Some(false) => 0,
            None => low,
        };
        let level = (level != Some(held.level)).then_some(Change::RemoteLevel(held.level));
        level.into_iter().chain((lows != low).then_some(Change::RemoteLow(lows))).collect()
    }

    /// Every name was seen too long ago to be answered from memory.
    pub fn stale(&self) -> Vec<Change> {
        let state = self.state();
        let stale = |known: &KnownName| KnownName { verified_at: 0, ..known.clone() };
        let names = state.names().iter().map(|(slot, known)| name(slot, stale(known)));
        names.chain(std::iter::once(Change::Gap(0))).collect()
    }

    /// What stands under a name from now on, by a root that has what these `contained` ones have: another one that is here is looked at
    /// again once the new one is.
    async fn put_name(
        &self,
        slot: Slot,
        known: KnownName,
        root: Option<Cid>,
        contained: &[Cid],
    ) -> Result<(), Error> {
        let displaced = match self.state().names().displaced_with(slot, root, contained) {
            // Rather than that one is forgotten, all that is here is published again.
            Some(roots) if roots.len() > limits::DISPLACED => {
                (!self.state().marks().is_stray()).then_some(Change::Stray(true))
            }
            roots => roots.map(Change::Displaced),
        };
        self.commit(displaced.into_iter().chain([name(slot, known)]).collect()).await
    }
}

fn name(slot: Slot, known: KnownName) -> Change {
    Change::Name(slot, Box::new(known))
}
