//! Levels: how far the changes of this device have come, and whether something waits to be published.

use std::sync::Arc;

use super::Local;
use super::state::change::Change;
use super::state::marks::Verified;
use crate::engine::api::event::Event;
use crate::engine::api::status::Ack;
use crate::error::Error;
use crate::store::Level;

impl Local {
    /// Raises the level of changes up to a number.
    ///
    /// # Errors
    /// Store errors.
    pub async fn raise_level(self: &Arc<Self>, upto: u64, level: Level) -> Result<(), Error> {
        let turn = self.turn().await;
        if !turn.state().levels().would_rise(upto, level) {
            return Ok(());
        }
        turn.commit(vec![Change::Raise { upto, level }]).await?;
        drop(turn);
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
        turn.commit(vec![Change::Lower(level), Change::Verified(Verified::default())]).await?;
        drop(turn);
        self.alert("level_lowered", why);
        self.announce_level();
        Ok(())
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
        turn.commit(vec![Change::Verified(verified)]).await
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
    }

    /// Whether something waits to be published: changes of this device, or merged content that its own root does not
    /// have.
    pub fn has_pending(&self) -> bool {
        let (has_slot, verified) = {
            let state = self.read();
            if state.levels().pending() > 0 {
                return true;
            }
            let has_slot = state.names().own().slot.is_some();
            if state.levels().ack() == Ack::None && !has_slot {
                return false;
            }
            (has_slot, state.marks().verified().index)
        };
        has_slot && self.seal_index().is_ok_and(|index| verified != Some(index))
    }
}
