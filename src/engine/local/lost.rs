//! What an audit found: blocks and pins that a node was proven to hold, and does not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use super::Local;
use super::state::change::Change;
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;

impl Local {
    /// What is known to be damaged on nodes by now, by their ids; [`limits::DAMAGE_KEPT`] blocks of each.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_damaged(
        self: &Arc<Self>,
        mut damaged: BTreeMap<String, Vec<Cid>>,
    ) -> Result<(), Error> {
        damaged.values_mut().for_each(|cids| cids.truncate(limits::DAMAGE_KEPT));
        let turn = self.turn().await;
        if *turn.state().nodes().damaged() == damaged {
            return Ok(());
        }
        turn.commit(vec![Change::Damaged(damaged)]).await
    }

    /// A node lacks these blocks, or the pin of its last root, or shows something else: it is proven no more, and all it lacks is
    /// sent again. What else it was sent is there all the same.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_lost(
        self: &Arc<Self>,
        node: &str,
        slot: Slot,
        lost: &BTreeSet<Cid>,
        has_no_pin: bool,
    ) -> Result<(), Error> {
        let turn = self.turn().await;
        let mut changes = Vec::new();
        {
            let state = turn.state();
            if let Some(mut row) = state.nodes().row(node, slot).cloned() {
                if has_no_pin {
                    row.pinned.clear();
                }
                row.verified_sequence = 0;
                changes.push(Change::Node(row));
            }
            let held = state.nodes().held(node).filter(|held| lost.iter().any(|cid| held.contains(cid)));
            if let Some(held) = held {
                let cids = held.iter().filter(|cid| !lost.contains(*cid)).copied().collect();
                changes.push(Change::HeldExactly { node: node.to_owned(), cids });
            }
        }
        self.count_loss(node);
        turn.commit(changes).await
    }

    fn count_loss(&self, node: &str) {
        let mut losses = self.losses.lock().unwrap_or_else(PoisonError::into_inner);
        let count = losses.entry(node.to_owned()).or_default();
        *count = count.wrapping_add(1);
    }

    /// How often a node was found to lack what it was proven to hold, since the account was opened: what a lane proves that began
    /// before the last time says nothing of what was found then.
    pub fn losses(&self, node: &str) -> u64 {
        let losses = self.losses.lock().unwrap_or_else(PoisonError::into_inner);
        losses.get(node).copied().unwrap_or(0)
    }

    /// A node was asked for each of these blocks and has them.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_there(self: &Arc<Self>, node: &str, cids: Vec<Cid>) -> Result<(), Error> {
        self.turn().await.commit(vec![Change::HeldExactly { node: node.to_owned(), cids }]).await
    }
}
