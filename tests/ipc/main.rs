//! The plugin as a window sees it: every command, error and permission, over the mock runtime with the real permission
//! files. Without a display; `--features test-ipc`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

mod accounts;
mod again;
mod backup;
mod commands;
mod errors;
mod events;
mod fixture;
mod leaving;
mod lists;
mod opening;
mod permissions;
mod privilege;
mod readme;
mod secrets;
mod values;
