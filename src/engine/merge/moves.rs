//! What a root says of a change of secret.

use crate::engine::account::Account;
use crate::engine::local::state::marks::{Moved, Moving};
use crate::error::Error;
use crate::model::root::Root;

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
