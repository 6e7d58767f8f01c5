//! The crash matrix: the real program under `strace`, which ends it before a system call, or lets the call fail, at every write,
//! sync, rename, truncation, removal and opening of a file of the wallet. After each the wallet opens, nothing that was answered
//! is missing, no sequence is used twice, and the same command brings it to where a run without the fault would have been.
//!
//! An ordinary run takes some of the places, the same ones each time; `CRASH_MATRIX=all` takes all.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation
)]

#[path = "../support/mod.rs"]
mod support;

mod full_disk;
mod inject;
mod local;
mod matrix;
mod nodes;
mod told;
