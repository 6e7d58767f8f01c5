//! A change of secret: what is here goes to the wallet of another one, is verified there, and only then each slot under the old secret
//! says that the wallet moved. A part of [`Engine`]'s public methods.
//!
//! Every step may be repeated: taking along is a join, a marker is an edition like any other. Who reads a marker publishes nothing under the
//! old secret any more, keeps all it has, and takes it along once the wallet supplies the new one; what stands under the old secret
//! by then is not read, since whoever stole it may have written it.

mod carry;

use std::sync::Arc;

use self::carry::{Carried, carry};
use super::Engine;
use super::account::Account;
use super::api::request::SyncRequest;
use super::api::secret_change::{SecretChange, Unmarked};
use super::api::status::Ack;
use super::local::state::marks::{Moved, Moving};
use super::local::state::names::KnownName;
use super::publish::marker::{Marked, is_marked, mark, mark_known};
use super::publish::retire;
use super::publish::run::Run;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::node::Meter;
use crate::shown::counted;
use crate::store::Level;

impl Engine {
    /// Changes the wallet's secret: `to` is an account that was opened with the new one, in a folder of its own and on the same nodes. All
    /// that is here is taken along and verified there; then every slot under the old secret is marked, so that the wallet's other devices
    /// publish nothing there any more and ask for the new secret. Call it on each of them too: it takes along what only that device has.
    ///
    /// Nothing is removed: this account stays as it is, and its content on the nodes too. What somebody read who has the old secret, he has.
    /// `leave_missing` goes on although payloads are on no node any more that answers.
    ///
    /// # Errors
    /// `bad_request` where both accounts have one secret; `unreachable` when something does not come, or is not verified under the new
    /// secret yet: nothing is marked then, and the call may be repeated; as [`Engine::sync`]; `inventory_too_large`; store errors.
    ///
    /// # Cancel safety
    /// Whatever was reached stays. Call it again: it goes on from there.
    pub async fn change_secret(&self, to: &Self, leave_missing: bool) -> Result<SecretChange, Error> {
        let (old, new) = (self.writable()?, to.writable()?);
        let [from_id, to_id] = [&old, &new].map(|account| *account.local.keys().wallet_id());
        if from_id == to_id {
            return Err(Error::new(Code::BadRequest, "the new secret is the old one"));
        }
        to.read_once().await?;
        let known = old.local.read().marks().moved();
        let is_begun_here = known.is_some_and(|known| known.to == to_id && known.how == Moving::Begun);
        let is_known_there = new.local.read().marks().former() == Some(from_id) && !is_begun_here;
        let how = if is_known_there { Moving::MadeElsewhere } else { Moving::Begun };
        old.local.note_moved(Moved { to: to_id, how }).await?;
        let mut report = SecretChange::default();
        self.carry_all(to, leave_missing, &mut report).await?;
        let moved = old.local.read().marks().moved();
        report.begun_elsewhere =
            moved.is_some_and(|moved| matches!(moved.how, Moving::MadeElsewhere | Moving::Joined));
        let how = if report.begun_elsewhere { Moving::Joined } else { Moving::Made };
        old.local.note_moved(Moved { to: to_id, how }).await?;
        Box::pin(self.mark_all(to, leave_missing, &mut report)).await?;
        report.verified_nodes = to.status().verified_nodes;
        Ok(report)
    }

    /// A new wallet has nothing to be read.
    async fn read_once(&self) -> Result<(), Error> {
        let request = SyncRequest { fresh: true, deadline: None, wait: None };
        Box::pin(self.sync(request, |_| ())).await.map_err(|failure| failure.error)?;
        Ok(())
    }

    /// Takes along all that is here and on the nodes, until what was verified there is all there is.
    async fn carry_all(
        &self,
        to: &Self,
        leave_missing: bool,
        report: &mut SecretChange,
    ) -> Result<(), Error> {
        let (old, new) = (self.writable()?, to.writable()?);
        for _ in 0..limits::CARRY_TRIES {
            if old.local.check_here().is_ok() {
                self.read_whole().await?;
            }
            let before = contents(&old)?;
            let Carried { items, added, missing, unknown } = carry(&old, &new).await?;
            (report.items, report.missing, report.unknown) = (items, missing, unknown);
            report.added = report.added.saturating_add(added);
            if missing > 0 && !leave_missing {
                let missing = counted(missing, "payload, proof or value", "payloads, proofs or values");
                let message = format!("{missing} of the wallet did not come from any node");
                return Err(Error::new(Code::Unreachable, message));
            }
            new.local.note_former(*old.local.keys().wallet_id()).await?;
            to.verify().await?;
            if contents(&old)? == before {
                return Ok(());
            }
        }
        Err(Error::new(Code::Conflict, "the wallet changes again and again while its secret is changed"))
    }

    /// Reads what the nodes have under the old secret, payloads too.
    async fn read_whole(&self) -> Result<(), Error> {
        let request = SyncRequest { fresh: true, deadline: Some(limits::CARRY_READ), wait: None };
        let read = Box::pin(self.sync(request, |_| ())).await;
        match read {
            // Another device was faster: what is here is taken along.
            Err(failure) if failure.error.code() == Code::Moved => return Ok(()),
            read => drop(read.map_err(|failure| failure.error)?),
        }
        let status = self.status();
        if status.unread.is_empty() && status.left_out.is_empty() {
            return Ok(());
        }
        let message = format!("of slots {:?} not everything could be read", status.unread);
        Err(Error::new(Code::Unreachable, message))
    }

    /// Publishes until all that is here is verified.
    async fn verify(&self) -> Result<(), Error> {
        let request = SyncRequest { fresh: false, deadline: None, wait: Some(Level::Verified) };
        Box::pin(self.sync(request, |_| ())).await.map_err(|failure| failure.error)?;
        let status = self.status();
        if status.pending == 0 && matches!(status.ack, Ack::Verified | Ack::None) {
            return Ok(());
        }
        let changes = counted(status.pending, "change is", "changes are");
        let message = format!("{changes} not verified under the new secret yet");
        Err(Error::new(Code::Unreachable, message))
    }

    /// Marks the slots of all devices, this one's last. Where another device made the change, only what nothing new stands in.
    async fn mark_all(&self, to: &Self, leave_missing: bool, report: &mut SecretChange) -> Result<(), Error> {
        let old = self.writable()?;
        let _one = old.retiring.lock().await;
        let run = Arc::new(Run::new(&old, Arc::new(Meter::default())));
        for slot in others(&old) {
            if is_marked(&old, slot).await? {
                report.marked.push(slot.number());
                continue;
            }
            let marked = if report.begun_elsewhere {
                bounded(mark_known(&old, slot, &run)).await
            } else {
                self.mark_one(to, leave_missing, report, slot, &run).await?
            };
            note(report, slot, marked)?;
        }
        let own = old.local.read().names().own().slot;
        if let Some(own) = own.filter(|_| !report.begun_elsewhere) {
            let ended = if is_marked(&old, own).await? {
                Ok(())
            } else {
                Box::pin(bounded(retire::end(&old, &run))).await
            };
            note(report, own, ended)?;
        }
        Ok(())
    }

    /// Marks one slot; what is found there that is not under the new secret yet is taken along first.
    async fn mark_one(
        &self,
        to: &Self,
        leave_missing: bool,
        report: &mut SecretChange,
        slot: Slot,
        run: &Run,
    ) -> Result<Result<(), Error>, Error> {
        let old = self.writable()?;
        for _ in 0..limits::CARRY_TRIES {
            let carried = contents(&old)?;
            let is_carried = || contents(&old).is_ok_and(|now| now == carried);
            match bounded(mark(&old, slot, is_carried, run)).await {
                Ok(Marked::News) => Box::pin(self.carry_all(to, leave_missing, report)).await?,
                marked => return Ok(marked.map(|_| ())),
            }
        }
        Ok(Err(Error::new(Code::Conflict, format!("in slot {slot} something else is found again and again"))))
    }
}

/// The slots of other devices, by number.
fn others(account: &Account) -> Vec<Slot> {
    let state = account.local.read();
    let (names, own) = (state.names(), state.names().own().slot);
    let is_other = |(slot, known): &(Slot, &KnownName)| Some(*slot) != own && !known.occupied;
    names.iter().filter(is_other).map(|(slot, _)| slot).collect()
}

/// What is here, by index and keep.
fn contents(account: &Account) -> Result<(Cid, Cid), Error> {
    account.local.seals()
}

async fn bounded<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let late = |_| Error::new(Code::Deadline, "the slot could not be marked in time");
    tokio::time::timeout(limits::RETIRE, work).await.map_err(late).flatten()
}

/// A slot that cannot be marked keeps no other from it; a disk that fails does.
fn note(report: &mut SecretChange, slot: Slot, marked: Result<(), Error>) -> Result<(), Error> {
    let slot = slot.number();
    match marked {
        Ok(()) => report.marked.push(slot),
        Err(e) if e.is_storage() => return Err(e),
        Err(e) => report.unmarked.push(Unmarked { slot, reason: e.message().to_owned() }),
    }
    Ok(())
}
