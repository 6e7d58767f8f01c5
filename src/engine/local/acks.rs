//! Levels: how far the changes of this device have come, and whether something waits to be published.

use std::sync::Arc;

use super::Local;
use super::state::change::Change;
use super::state::marks::Verified;
use crate::engine::api::event::Event;
use crate::error::Error;
use crate::shown::counted;
use crate::store::{ItemKey, Level};

impl Local {
    /// Raises the level of changes up to a number, but for items of which a block is not here: no edition can hold it.
    ///
    /// # Errors
    /// Store errors.
    pub async fn raise_level(self: &Arc<Self>, upto: u64, level: Level) -> Result<(), Error> {
        let turn = self.turn().await;
        let except: Vec<(ItemKey, u64)> = {
            let state = turn.state();
            let incomplete = state.holdings().incomplete();
            let below = |key: &ItemKey| state.levels().of(key).is_some_and(|old| old < level);
            let incomplete = incomplete.into_iter().filter(below);
            incomplete.filter_map(|key| Some((key, state.levels().number(&key)?))).collect()
        };
        let keys: Vec<ItemKey> = except.iter().map(|(key, _)| *key).collect();
        if !turn.state().levels().would_rise(upto, level, &keys) {
            return Ok(());
        }
        turn.commit(vec![Change::Raise { upto, level, except }]).await?;
        self.events.advance();
        self.announce_level();
        Ok(())
    }

    /// Lowers levels that proved too high, and says so.
    ///
    /// # Errors
    /// Store errors.
    pub async fn lower_level(self: &Arc<Self>, level: Level, why: String) -> Result<(), Error> {
        let turn = self.turn().await;
        if !turn.state().levels().would_fall(level) {
            return Ok(());
        }
        turn.commit_told(vec![Change::Lower(level), Change::Verified(Verified::default())]).await?;
        self.alert("level_lowered", why);
        self.announce_level();
        Ok(())
    }

    /// Lowers levels when fewer nodes than `needed` are left of those that were proven to hold what was verified.
    ///
    /// # Errors
    /// Store errors.
    pub async fn check_level(self: &Arc<Self>, needed: usize) -> Result<(), Error> {
        let (left, verified) = {
            let state = self.read();
            let verified = state.marks().verified().sequence;
            let slot = state.names().own().slot;
            (slot.map_or(0, |slot| state.nodes().proven_from(slot, verified)), verified)
        };
        if verified == 0 || left >= needed {
            return Ok(());
        }
        let level = if left > 0 { Level::Published } else { Level::Local };
        let left = counted(left, "node holds", "nodes hold");
        self.lower_level(level, format!("only {left} what was verified")).await
    }

    /// An edition with this index was verified on enough nodes.
    ///
    /// # Errors
    /// Store errors.
    pub async fn note_verified(self: &Arc<Self>, verified: Verified) -> Result<(), Error> {
        let turn = self.turn().await;
        if turn.state().marks().verified() == verified {
            return Ok(());
        }
        let mut changes = vec![Change::Verified(verified)];
        changes.extend(turn.state().marks().is_stray().then_some(Change::Stray(false)));
        turn.commit(changes).await
    }

    /// Everything has to be published again, at the next sequence.
    ///
    /// # Errors
    /// Store errors.
    pub async fn publish_again(self: &Arc<Self>) -> Result<(), Error> {
        let turn = self.turn().await;
        let verified = Verified { index: None, ..turn.state().marks().verified() };
        turn.commit(vec![Change::Verified(verified)]).await?;
        self.events.wake_outbox();
        Ok(())
    }

    /// Tells listeners and those who wait how far the changes have come.
    pub fn announce_level(&self) {
        let (revision, ack, verified_nodes) = {
            let state = self.read();
            (state.revision(), state.levels().ack(), state.verified_nodes())
        };
        self.events.step();
        self.events.emit(Event::PublishChanged { revision, ack, verified_nodes });
        self.note_told(revision);
    }

    /// Whether something waits to be published: changes of this device; merged content that its own root does not have; or what
    /// others wrote and too few nodes hold any more, or none that counts; or the device's label.
    pub fn has_pending(&self) -> bool {
        {
            let state = self.read();
            if state.levels().pending() > 0 {
                return true;
            }
            let has_slot = state.names().own().slot.is_some();
            let is_low = state.marks().is_remote_low() || state.marks().is_stray();
            let is_worth = is_low && !state.holdings().has_empty_index();
            if !has_slot {
                return is_worth;
            }
            if state.is_label_due() {
                return true;
            }
        }
        self.is_in_own_root() == Some(false)
    }

    /// Whether all that is here is in the root of this device that was verified last. A block that was lost since is fetched
    /// again, and makes no new root. None when what is here cannot be sealed.
    pub fn is_in_own_root(&self) -> Option<bool> {
        let (index, keep) = self.seals().ok()?;
        let state = self.read();
        let verified = state.marks().verified();
        let is_kept = verified.keep == Some(keep) || !state.holdings().incomplete().is_empty();
        Some(verified.index == Some(index) && is_kept)
    }
}
