//! The devices of a wallet, each with a slot of its own, and giving slots back. A part of [`Engine`]'s public methods.

use std::sync::Arc;

use super::Engine;
use super::api::status::DeviceRow;
use super::publish::retire;
use super::publish::run::Run;
use super::tasks::to_the_end;
use super::wallet::status;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::Slot;
use crate::node::Meter;
use crate::shown::is_mark;

impl Engine {
    /// The devices that have a slot, as far as they are known here, by slot. No network is asked.
    ///
    /// # Errors
    /// Store errors.
    ///
    /// # Cancel safety
    /// Reads only.
    pub async fn devices(&self) -> Result<Vec<DeviceRow>, Error> {
        status::devices(self.account()).await
    }

    /// What the owner calls this device, for the wallet's other devices to show: 1 to [`limits::LABEL_BYTES`] bytes without control
    /// characters; `None` takes it away. On disk when it returns, and in the next edition, which there is soon where the
    /// device has a slot. Nodes see nothing of it.
    ///
    /// # Errors
    /// `bad_request`, `locked`, store errors.
    ///
    /// # Cancel safety
    /// As [`Engine::put`].
    pub async fn set_device_label(&self, label: Option<&str>) -> Result<(), Error> {
        let account = self.writable()?;
        let is_good = |label: &str| {
            let is_seen = !label.trim().is_empty() && !label.chars().any(is_mark);
            is_seen && (1..=limits::LABEL_BYTES).contains(&label.len())
        };
        if !label.is_none_or(is_good) {
            let most = limits::LABEL_BYTES;
            let message = format!("label: 1 to {most} bytes, no blanks alone, no control or direction marks");
            return Err(Error::new(Code::BadRequest, message));
        }
        let label = label.map(str::to_owned);
        to_the_end(async move { account.local.note_label(label).await }).await
    }

    /// Gives back the slot of a device that is gone, once all it published is here and held by enough nodes under this device's
    /// signature. A device that was not gone after all loses nothing: it takes another slot. At most [`limits::RETIRE`].
    ///
    /// # Errors
    /// `not_found` when no device is known in this slot; `bad_request` for the own slot or one that does not exist;
    /// `pending_changes` while a change of this device is not verified; `conflict` when the slot holds something else, or its
    /// device is at work (its record changed within [`limits::AT_WORK`], as seen here; [`Error::retry_after`] says how long that is); `unreachable` when its content does not
    /// come or too few nodes take it; `deadline`; store errors.
    ///
    /// # Cancel safety
    /// It goes on to its end; call it again after a failure.
    pub async fn retire_device(&self, slot: u8) -> Result<(), Error> {
        let account = self.writable()?;
        let Some(slot) = Slot::new(slot) else {
            return Err(Error::new(Code::BadRequest, format!("slot: not 0 to {}", limits::SLOTS - 1)));
        };
        to_the_end(async move {
            let run = Run::new(&account, Arc::new(Meter::default()));
            // One at a time: two would sign for the same slot.
            let retired = async {
                let _one = account.retiring.lock().await;
                retire::retire(&account, slot, &run).await
            };
            let late = |_| Error::new(Code::Deadline, "the slot could not be given back in time");
            tokio::time::timeout(limits::RETIRE, retired).await.map_err(late).flatten()
        })
        .await
    }

    /// This device is about to be wiped: gives its slot back, for at most [`limits::ENDING`]. Does nothing where a change is not
    /// verified, and changes nothing of what is.
    ///
    /// # Errors
    /// `pending_changes`, `deadline`, `unreachable`; store errors. The slot is taken over later then.
    ///
    /// # Cancel safety
    /// As [`Engine::retire_device`].
    pub async fn end(&self) -> Result<(), Error> {
        let account = self.writable()?;
        let run = Arc::new(Run::new(&account, Arc::new(Meter::default())));
        let late = |_| Error::new(Code::Deadline, "no node took the last edition in time");
        tokio::time::timeout(limits::ENDING, retire::end(&account, &run)).await.map_err(late).flatten()
    }
}
