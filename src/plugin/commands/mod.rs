//! Commands: check, call the engine, convert. Nothing is decided here.

pub(super) mod admin;
pub(super) mod read;
pub(super) mod sync;
pub(super) mod write;
