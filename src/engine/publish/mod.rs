//! From this device to the nodes: one edition to every reachable node at once, and the level it reached.
//!
//! A node's 200 is never an acknowledgement. A node counts once its own store was read back: record, pin, root and
//! changed blocks, and the record a second time.

pub mod by_peers;
mod claim;
mod edition;
mod lane;
mod level;
mod look;
mod proof;
pub mod run;
mod spread;
mod stake;
mod steps;
mod upload;

use std::sync::Arc;

use self::run::{Published, Run};
use super::account::Account;
use crate::error::{Code, Error};
use crate::model::identity::Slot;
use crate::planted::{Bug, is_planted};
use crate::store::Level;

/// Publishes what is pending, once.
///
/// # Errors
/// `unreachable` before the first successful read of the wallet or when no node can be written to; `slots_exhausted`;
/// store errors.
///
/// # Cancel safety
/// Every step is on disk before its effect; an interrupted run is taken up by the next one.
pub async fn publish_once(account: &Arc<Account>, run: &Run) -> Result<Published, Error> {
    let _one = account.publishing.lock().await;
    account.tasks.check_open()?;
    let (own, first_read) = {
        let state = account.local.read();
        (state.names().own(), state.marks().first_read())
    };
    if !first_read {
        return Err(Error::new(Code::Unreachable, "nothing is published before the wallet was read once"));
    }
    if account.network.is_empty() {
        return Err(Error::new(Code::Unreachable, "no nodes are configured"));
    }
    match own.slot {
        Some(slot) if own.owned => publish_owned(account, slot, run).await,
        _ => claim::publish(account, run).await,
    }
}

async fn publish_owned(account: &Arc<Account>, slot: Slot, run: &Run) -> Result<Published, Error> {
    let edition = match edition::prepare(account, slot).await {
        Err(e) if e.code() == Code::SequenceExhausted => {
            account.local.abandon_slot().await?;
            return Ok(Published { again: true, ..Published::default() });
        }
        other => other?,
    };
    if is_planted(Bug::HandledBeforeDone) {
        account.local.raise_level(edition.edition.upto, Level::Verified).await?;
    }
    spread::publish(account, &edition, run).await
}

/// Whether a publish has work: pending content, or a reachable node that is not proven to hold the latest edition.
pub fn is_needed(account: &Account) -> bool {
    if !account.local.read().marks().first_read() {
        return false;
    }
    if account.local.has_pending() {
        return true;
    }
    let Some(edition) = account.local.read().names().edition().copied() else { return false };
    !spread::unproven(account, &edition).is_empty()
}
