//! What an account shows before all of it was read.

use super::status::{Ack, Status};
use super::tokens::TokenRow;

/// The account as its last owner left it, of which nothing was written since.
#[derive(Clone, Debug)]
pub struct FirstLook {
    /// Its state; the revision is that of an account just opened.
    pub status: Status,
    /// Level of every state that this device did not change itself.
    pub others: Ack,
    /// The first rows of the list of live states, [`limits::LOOK_ROWS`](crate::limits::LOOK_ROWS) at most.
    pub tokens: Vec<TokenRow>,
    /// Whether these are all of them.
    pub is_whole: bool,
}
