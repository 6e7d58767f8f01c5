//! Everything that this device has, as it would be published now; for a file.

use crate::engine::account::Account;
use crate::engine::local::edition::{EditionParts, SignedEdition};
use crate::engine::local::state::names::Standing;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::record::Record;

use super::edition::{prepare, unsigned};

/// Root, tries and data blocks, as they are at one moment.
pub struct Snapshot {
    /// Of the own slot; none where this device has none, or another one's record is preferred there.
    pub record: Option<Record>,
    pub root: Block,
    /// Nodes of index and keep, parents first.
    pub nodes: Vec<Block>,
    /// Data blocks, which are on the disk, and their sizes.
    pub data: Vec<(Cid, u64)>,
}

/// What is here now. Where this device has a slot, and its disk takes that, it is its next edition, which the next publish takes up; no
/// node is asked.
///
/// # Errors
/// `too_large` when the index cannot be sealed.
///
/// # Cancel safety
/// What was signed is on disk and is taken up by the next publish.
pub async fn snapshot(account: &Account) -> Result<Snapshot, Error> {
    if own(account).is_some() {
        // It is held for long only by who has no slot.
        let locked = tokio::time::timeout(limits::BACKUP_SIGN, account.publishing.lock()).await;
        if let (Ok(_one), Some(slot)) = (locked, own(account)) {
            match prepare(account, slot).await {
                Err(e) if e.code() == Code::SequenceExhausted => {}
                // A disk that takes no signature must not keep what it has.
                Err(e) if takes_none(account, &e) => tracing::warn!(code = %e.code(), "a copy is not signed"),
                prepared => return signed(prepared?),
            }
        }
    }
    // It names no slot by a signature: what it says of one counts for nothing.
    let (root, contents) = unsigned(account)?;
    let nodes = contents.index_blocks.into_iter().chain(contents.keep_blocks).collect();
    Ok(Snapshot { record: None, root, nodes, data: contents.data })
}

/// Whether the disk takes no signature, or none from here.
fn takes_none(account: &Account, error: &Error) -> bool {
    let is_kept_out = error.code() == Code::Locked && account.local.reads_along();
    is_kept_out || matches!(error.code(), Code::StorageFull | Code::StorageIo)
}

/// The slot of this device, unless another one's record is preferred there: to leave it is the publish's.
fn own(account: &Account) -> Option<Slot> {
    let state = account.local.read();
    let names = state.names();
    let slot = names.own().slot?;
    let best = names.get(slot).and_then(|known| known.record.as_ref());
    best.is_none_or(|record| names.standing(slot, record) == Standing::Ours).then_some(slot)
}

fn signed(edition: SignedEdition) -> Result<Snapshot, Error> {
    let EditionParts { record, root, nodes, data } = edition.into_parts();
    let root = root.ok_or_else(|| Error::new(Code::TaskFailed, "an edition without its root"))?;
    Ok(Snapshot { record: Some(record), root, nodes, data })
}
