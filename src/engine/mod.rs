//! The engine of one account.

/// Handle.
pub struct Engine {}
