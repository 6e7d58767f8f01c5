//! What a fake node does wrong.

use tauri_plugin_wallet_sync::{Code, Error};

/// What a node does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Refuses connections.
    Dead,
    /// Accepts and never answers.
    Hung,
    /// Says ok to everything and keeps nothing.
    Amnesiac,
    /// Answers reads with an error that is not "absent".
    Broken,
    /// Gives records that do not verify.
    Forging,
    /// Shows the records it had when the fault began, takes none.
    Stale,
    /// Records are as ever, content never comes.
    Mute,
    /// Takes records, loses every block.
    BlockEater,
    /// Refuses to say which blocks it has.
    Hiding,
    /// Streams come whole in the moment of their deadline, and do not end.
    LastMoment,
    /// Never says what many names point at.
    Curt,
}

/// A node that refuses to say which blocks it has.
pub fn hidden(fault: Fault) -> Result<(), Error> {
    if fault == Fault::Hiding { Err(Error::new(Code::Denied, "status 403")) } else { Ok(()) }
}
