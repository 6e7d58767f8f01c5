//! Commands: each checks its arguments, calls the engine and converts the result.

pub(super) mod admin;
pub(super) mod backup;
pub(super) mod care;
pub(super) mod proofs;
pub(super) mod read;
pub(super) mod sync;
pub(super) mod write;
