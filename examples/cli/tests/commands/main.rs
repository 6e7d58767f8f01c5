//! Every command as another program would run it: without a node, with embedded ones, killed in the middle.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation
)]

#[path = "../support/mod.rs"]
mod support;

mod arguments;
mod audit;
mod backup;
mod change_secret;
mod demo;
mod devices;
mod import_legacy;
mod input_files;
mod killed;
mod nodes_check;
mod offline;
mod pools;
mod two_processes;
mod verify;
mod watch;
