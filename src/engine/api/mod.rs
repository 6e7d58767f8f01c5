//! Plain data that callers of the engine see: requests, reports, rows, events. No behaviour.

pub mod audit;
pub mod backup;
pub mod event;
pub mod first_look;
pub mod legacy;
pub mod rehearsal;
pub mod report;
pub mod request;
pub mod secret_change;
pub mod status;
pub mod tokens;
pub mod warning;
pub mod window;
