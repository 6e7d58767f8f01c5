//! Puts an edition over what a predecessor's record stands for.

use super::edition::prepare_retired;
use super::retire::{bring_here, check_verified, goes_over, to_nodes};
use super::run::Run;
use crate::engine::account::Account;
use crate::engine::local::records::RootFate;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::identity::Slot;
use crate::model::record::Record;

/// Signs what is here for slot 0, and puts it over these records, and no others, on every node. The caller knows that all they lead to is
/// here. What they lead to stays pinned: only roots of ours are ever unpinned.
///
/// # Errors
/// `pending_changes` while a change is not verified; `unreachable` before the first reading, or when too few nodes take it; `conflict` when
/// the slot has another owner or something else stands there; store errors.
///
/// # Cancel safety
/// Call it again.
pub async fn replace(account: &Account, records: Vec<Record>, run: &Run) -> Result<(), Error> {
    let slot = Slot::ZERO;
    check_verified(account)?;
    if !account.local.read().marks().first_read() {
        return Err(Error::new(Code::Unreachable, "nothing is published before the wallet was read once"));
    }
    for record in &records {
        // The edition goes above all of them.
        account.local.note_record(slot, record, RootFate::Foreign).await?;
    }
    let mut earlier = Vec::new();
    for _ in 0..limits::RETIRE_TRIES {
        let mut edition = prepare_retired(account, slot).await?;
        edition.replaces.clone_from(&records);
        goes_over(&mut edition, &mut earlier);
        match to_nodes(account, &edition, run).await? {
            None => return Ok(()),
            // An edition of ours, from an attempt that came to some nodes only, or from another device: it is brought here.
            Some((at, claim)) if claim.root.is_some() => bring_here(account, slot, at, &claim, run).await?,
            Some(_) => break,
        }
    }
    Err(Error::new(Code::Conflict, "something else stands in slot 0 by now: import it first"))
}
