//! What a root says of a change of secret.

use crate::engine::account::Account;
use crate::engine::local::state::marks::{Moved, Moving};
use crate::error::Error;
use crate::model::block::Block;
use crate::model::record::Record;
use crate::model::root::Root;

/// Notes what the roots say that records carry, before any content is looked at: what stands beside a marker may be a thief's.
///
/// # Errors
/// Store errors.
pub async fn foresee(account: &Account, records: impl Iterator<Item = &Record>) -> Result<(), Error> {
    let keys = account.local.keys();
    for record in records {
        let root = record.carried().into_iter().find(|block| record.root() == Some(*block.cid()));
        let opened = root.and_then(|block| Root::open(&block, keys.sealer(), keys.wallet_id()).ok());
        if let Some(root) = opened.filter(|root| root.moved.is_some()) {
            look(account, &root).await?;
        }
    }
    Ok(())
}

/// Whether a block is a root that says so.
pub fn is_marker(account: &Account, block: &Block) -> bool {
    let keys = account.local.keys();
    Root::open(block, keys.sealer(), keys.wallet_id()).is_ok_and(|root| root.moved.is_some())
}

/// Notes it, whatever becomes of the root's content.
///
/// # Errors
/// Store errors.
pub async fn look(account: &Account, root: &Root) -> Result<(), Error> {
    if let Some(to) = root.moved {
        account.local.note_moved(Moved { to, how: Moving::MadeElsewhere }).await?;
    }
    if let Some(former) = root.former {
        account.local.note_former(former).await?;
    }
    Ok(())
}
