//! Plain data that callers of the engine see: requests, reports, rows, events. No behaviour.

pub mod event;
pub mod report;
pub mod request;
pub mod status;
pub mod tokens;
pub mod warning;
