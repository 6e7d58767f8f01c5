//! The door: the right to change, and the one place that commits to the store.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::sync::OwnedMutexGuard;

use super::state::change::Change;
use super::state::shown::Touched;
use super::{Local, Reading};
use crate::engine::api::event::Event;
use crate::error::{Code, Error};
use crate::store::Write;

/// The right to change the account. Others wait until it is dropped; what was read under it stays true until then.
pub struct Turn {
    local: Arc<Local>,
    right: Arc<OwnedMutexGuard<()>>,
}

impl Local {
    /// Waits for the right to change.
    pub async fn turn(self: &Arc<Self>) -> Turn {
        Turn { local: self.clone(), right: Arc::new(self.order.clone().lock_owned().await) }
    }
}

impl Turn {
    pub fn local(&self) -> &Arc<Local> {
        &self.local
    }

    /// The state as it is now.
    pub fn state(&self) -> Reading<'_> {
        self.local.read()
    }

    /// Makes all changes true, on disk and then in memory, or none of them.
    ///
    /// # Errors
    /// Store errors, with nothing changed.
    ///
    /// # Cancel safety
    /// Once polled it goes on to its end when the future is dropped, and no other turn begins before.
    pub async fn commit(&self, changes: Vec<Change>) -> Result<(), Error> {
        let mut writes = Vec::new();
        for change in &changes {
            writes.extend(change.to_writes(&self.local.keys)?);
        }
        if writes.is_empty() {
            self.local.apply(changes);
            return Ok(());
        }
        let (local, right) = (self.local.clone(), self.right.clone());
        // A task of its own: between disk and memory nobody may stop it.
        let task = tokio::spawn(async move {
            let _right = right;
            local.store.commit(writes).await?;
            local.apply(changes);
            Ok(())
        });
        task.await.map_err(|_| Error::new(Code::TaskFailed, "a write ended unexpectedly"))?
    }

    /// Leaves what a first look shows: the state as it is, for as long as nothing else is written.
    ///
    /// # Errors
    /// Store errors.
    pub async fn leave_first_look(&self, sealed: Bytes) -> Result<(), Error> {
        self.local.store.commit(vec![Write::FirstLook(sealed)]).await
    }

    /// The same for what is told of levels: who only reads along keeps it to itself.
    ///
    /// # Errors
    /// As [`Turn::commit`].
    pub async fn commit_told(&self, changes: Vec<Change>) -> Result<(), Error> {
        if self.local.reads_along() {
            self.local.apply(changes);
            return Ok(());
        }
        self.commit(changes).await
    }
}

impl Local {
    fn apply(&self, changes: Vec<Change>) {
        let is_shown = changes.iter().any(Change::is_shown);
        let mut state = self.state.write();
        let mut touched = Touched::default();
        for change in changes {
            state.touch(&change, &mut touched);
            change.apply(&mut state, &self.keys);
        }
        if is_shown {
            state.next_revision(touched);
        }
    }

    /// An event with this revision was sent.
    pub(super) fn note_told(&self, revision: u64) {
        self.told.fetch_max(revision, Ordering::AcqRel);
    }

    /// Nobody shows an old state because no event named its revision: payloads that came are told here.
    fn tell_rest(&self) {
        let revision = self.revision();
        if self.told.fetch_max(revision, Ordering::AcqRel) < revision {
            self.events.emit(Event::TokensChanged {
                revision,
                added: 0,
                spent: 0,
                origin: None,
                lag_ms: None,
            });
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.local.tell_rest();
    }
}
