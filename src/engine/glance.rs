//! Single figures of the status, for callers that ask often.

use super::{Engine, TokenCounts};
use crate::clock::UnixMs;

impl Engine {
    /// Revision of the account: grows with every change of what is shown.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.account.read().revision
    }

    /// Counts of the view.
    #[must_use]
    pub fn counts(&self) -> TokenCounts {
        self.account.read().counts()
    }

    /// The account's wall clock.
    #[must_use]
    pub fn now(&self) -> UnixMs {
        self.account.clock.now()
    }
}
