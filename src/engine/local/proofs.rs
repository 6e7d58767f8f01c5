//! What each node was proven to hold, remembered so that nothing is sent twice and nothing is taken for granted.

use std::sync::Arc;

use super::Local;
use super::state::State;
use super::state::change::Change;
use super::state::names::KnownName;
use super::state::nodes::Doubt;
use super::turn::Turn;
use crate::error::Error;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::store::{Level, NodeRow};

/// Blocks of older editions remembered beyond twice the present ones before the list is made again.
const STALE_HELD: usize = 1_000;

/// An edition as a node was proven to hold it.
pub struct Proven<'a> {
    pub slot: Slot,
    pub sequence: u64,
    pub root: Cid,
    /// Every block under the root.
    pub all: &'a [Cid],
    /// Those that were sent this time.
    pub sent: &'a [Cid],
    /// The beacon that names it.
    pub place: u8,
    /// How often the node had been found to lack something when the proof began, see [`Local::losses`].
    pub losses: u64,
}

/// A root of another device that a node was seen to hold.
pub struct Confirmed {
    pub node: String,
    pub slot: Slot,
    pub sequence: u64,
    pub root: Cid,
}

impl Local {
    /// Nodes were seen to hold what other devices published.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_confirmed(self: &Arc<Self>, confirmed: Vec<Confirmed>) -> Result<(), Error> {
        if confirmed.is_empty() {
            return Ok(());
        }
        let turn = self.turn().await;
        let own = turn.state().names().own().slot;
        let mut changes = Vec::new();
        // The slot may have become our own meanwhile.
        for Confirmed { node, slot, sequence, root } in
            confirmed.into_iter().filter(|one| own != Some(one.slot))
        {
            let row = turn.state().nodes().row_or_new(&node, slot);
            changes.push(Change::Node(NodeRow { verified_sequence: sequence, pinned: vec![root], ..row }));
        }
        changes.push(Change::Proved(self.now()));
        turn.commit(changes).await
    }

    /// A node does not have what another device published and it was seen to hold.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_unconfirmed(self: &Arc<Self>, node: &str, slot: Slot) -> Result<(), Error> {
        let turn = self.turn().await;
        let Some(row) = turn.state().nodes().row(node, slot).cloned() else { return Ok(()) };
        turn.commit(vec![Change::Node(NodeRow { verified_sequence: 0, pinned: Vec::new(), ..row })]).await
    }

    /// Every node that was proven to hold something said that it still has it, or was doubted.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_checked(self: &Arc<Self>) -> Result<(), Error> {
        let turn = self.turn().await;
        let now = self.now();
        let mut changes = vec![Change::Checked(now)];
        // The clock went back: what lies in its future would be due for ever.
        changes.extend((turn.state().marks().proved_at() > now).then_some(Change::Proved(now)));
        turn.commit(changes).await
    }

    /// A node was proven to hold an edition, and showed our name. `false`, and nothing is noted, when it was found meanwhile to lack
    /// what it held before: that was not looked at.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_proven(self: &Arc<Self>, node: &str, proven: Proven<'_>) -> Result<bool, Error> {
        let turn = self.turn().await;
        let now = self.now();
        let Proven { slot, sequence, root, all, sent, place, losses } = proven;
        if losses != self.losses(node) {
            return Ok(false);
        }
        let mut changes = Vec::new();
        {
            let state = turn.state();
            let mut row = state.nodes().row_or_new(node, slot);
            // A lane that broke off may have pinned what came of nothing: it goes first.
            let begun = state.names().signed_between(slot, row.pinned.last(), sequence);
            let begun: Vec<Cid> = begun.into_iter().filter(|root| !row.pinned.contains(root)).collect();
            row.pinned.splice(0..0, begun);
            row.pinned.retain(|pinned| *pinned != root);
            row.pinned.push(root);
            row.verified_sequence = sequence;
            row.put_at = now;
            changes.push(Change::Node(row));
            changes.push(Change::Proved(now));
            if state.nodes().doubt(node, slot, place).is_some() {
                changes.push(Change::Doubts(state.nodes().doubts_without(node, slot, place, now)));
            }
            let seen = state.names().get(slot).map(|known| KnownName { verified_at: now, ..known.clone() });
            changes.extend(seen.map(|known| Change::Name(slot, Box::new(known))));
            let held = state.nodes().held(node).map_or(0, std::collections::HashSet::len);
            let node = node.to_owned();
            changes.push(if held > 2 * all.len() + STALE_HELD {
                Change::HeldExactly { node, cids: all.to_vec() }
            } else {
                Change::Held { node, cids: sent.to_vec() }
            });
        }
        turn.commit(changes).await.map(|()| true)
    }

    /// These nodes are configured from now on: only they count. What was verified on others is lowered.
    ///
    /// # Errors
    /// Store errors.
    pub async fn configure_nodes(self: &Arc<Self>, ids: Vec<String>, needed: usize) -> Result<(), Error> {
        let turn = self.turn().await;
        // Nothing is known of what other nodes show.
        let is_news = turn.state().nodes().is_configured_anew(&ids);
        let stale = if is_news { turn.stale() } else { Vec::new() };
        turn.commit_told(stale.into_iter().chain([Change::Configured(ids)]).collect()).await?;
        drop(turn);
        let needed = needed.min(self.read().nodes().machine_count().max(1));
        self.check_remote(needed).await?;
        self.check_level(needed).await
    }

    /// A node said which machine it is. When it was another one before, nothing is proven or held there.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_machine(self: &Arc<Self>, node: &str, machine: String) -> Result<(), Error> {
        let turn = self.turn().await;
        let changes = {
            let state = turn.state();
            if state.nodes().machine(node) == Some(machine.as_str()) {
                return Ok(());
            }
            let mut changes = renamed(&state, node, &machine);
            changes.push(Change::Machines(state.nodes().machines_with([(node.to_owned(), machine)])));
            changes
        };
        turn.commit(changes).await
    }

    /// Two nodes turned out to be one machine: that of the other one, which is named by the mark when it has no name yet.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_same_machine(
        self: &Arc<Self>,
        node: &str,
        other: &str,
        mark: String,
    ) -> Result<(), Error> {
        let turn = self.turn().await;
        let changes = {
            let state = turn.state();
            let machine = state.nodes().machine(other).map_or(mark, str::to_owned);
            let mut changes = renamed(&state, node, &machine);
            changes.extend(renamed(&state, other, &machine));
            let names = [(node.to_owned(), machine.clone()), (other.to_owned(), machine)];
            changes.push(Change::Machines(state.nodes().machines_with(names)));
            changes
        };
        turn.commit(changes).await
    }

    /// A beacon is about to be renamed.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_rename(
        self: &Arc<Self>,
        node: &str,
        slot: Slot,
        place: u8,
        sequence: u64,
    ) -> Result<(), Error> {
        let turn = self.turn().await;
        let now = self.now();
        let slot = slot.number();
        let doubt = Doubt { node: node.to_owned(), slot, place, sequence, at: now, twice: false };
        let doubts = turn.state().nodes().doubts_with(doubt);
        turn.commit(vec![Change::Doubts(doubts)]).await
    }

    /// The rename of a beacon was answered.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_renamed(self: &Arc<Self>, node: &str, slot: Slot, place: u8) -> Result<(), Error> {
        let turn = self.turn().await;
        let doubts = turn.state().nodes().doubts_without(node, slot, place, self.now());
        turn.commit(vec![Change::Doubts(doubts)]).await
    }

    /// A node took these blocks.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_held(self: &Arc<Self>, node: &str, cids: Vec<Cid>) -> Result<(), Error> {
        self.turn().await.commit(vec![Change::Held { node: node.to_owned(), cids }]).await
    }

    /// A node does not show what it was proven to hold of a slot: nothing it was sent is taken for granted any more.
    ///
    /// # Errors
    /// Store errors.
    pub async fn doubt_node(self: &Arc<Self>, node: &str, slot: Slot) -> Result<(), Error> {
        self.unprove(node, slot, |row| row.verified_sequence = 0).await
    }

    /// A node may show something else than what was proven there. What it was sent is there all the same.
    ///
    /// # Errors
    /// Store errors.
    pub async fn unprove_node(self: &Arc<Self>, node: &str, slot: Slot) -> Result<(), Error> {
        let turn = self.turn().await;
        let row = turn.state().nodes().row(node, slot).filter(|row| row.verified_sequence > 0).cloned();
        let Some(row) = row else { return Ok(()) };
        turn.commit(vec![Change::Node(NodeRow { verified_sequence: 0, ..row })]).await
    }

    /// A node lost something: its pins are forgotten too.
    ///
    /// # Errors
    /// Store errors.
    pub async fn forget_node(self: &Arc<Self>, node: &str, slot: Slot) -> Result<(), Error> {
        let forget = |row: &mut NodeRow| {
            row.pinned.clear();
            row.verified_sequence = 0;
        };
        self.unprove(node, slot, forget).await
    }

    async fn unprove(
        self: &Arc<Self>,
        node: &str,
        slot: Slot,
        edit: impl FnOnce(&mut NodeRow),
    ) -> Result<(), Error> {
        let turn = self.turn().await;
        let mut changes = vec![Change::HeldExactly { node: node.to_owned(), cids: Vec::new() }];
        let row = turn.state().nodes().row(node, slot).cloned();
        if let Some(mut row) = row {
            edit(&mut row);
            changes.push(Change::Node(row));
        }
        turn.commit(changes).await
    }

    /// A root of ours, or of a former owner, is no longer pinned at a node.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_unpinned(self: &Arc<Self>, node: &str, slot: Slot, root: &Cid) -> Result<(), Error> {
        let turn = self.turn().await;
        let changes = {
            let state = turn.state();
            let nodes = state.nodes();
            let is_former = nodes.former(node).any(|former| former == *root);
            let former = is_former.then(|| Change::Former(nodes.former_without(node, root)));
            let row = nodes.row(node, slot).filter(|row| row.pinned.contains(root)).cloned();
            let row = row.map(|mut row| {
                row.pinned.retain(|pinned| pinned != root);
                Change::Node(row)
            });
            former.into_iter().chain(row).collect()
        };
        turn.commit(changes).await
    }
}

/// What follows when a node was another machine before.
fn renamed(state: &State, node: &str, machine: &str) -> Vec<Change> {
    let nodes = state.nodes();
    if nodes.machine(node).is_none_or(|known| known == machine) {
        return Vec::new();
    }
    let unproven = |row| NodeRow { verified_sequence: 0, pinned: Vec::new(), ..row };
    let rows = nodes.rows_at(node).cloned().map(|row| Change::Node(unproven(row)));
    std::iter::once(Change::HeldExactly { node: node.to_owned(), cids: Vec::new() }).chain(rows).collect()
}

impl Turn {
    /// What is here has grown: whether nodes that were seen to hold others' roots hold that too is not known, and until then it is
    /// not told as verified.
    pub fn unconfirmed(&self) -> Vec<Change> {
        let state = self.state();
        let own = state.names().own().slot;
        let others = state.names().iter().filter(|(slot, _)| own != Some(*slot));
        let rows = others.flat_map(|(slot, _)| state.nodes().rows_of(slot));
        let confirmed = rows.filter(|row| row.verified_sequence > 0);
        let mut changes: Vec<Change> =
            confirmed.map(|row| Change::Node(NodeRow { verified_sequence: 0, ..row.clone() })).collect();
        if !changes.is_empty() && state.marks().remote_level() == Some(Level::Verified) {
            changes.push(Change::RemoteLevel(Level::Published));
        }
        changes
    }
}
