//! The embedded nodes over plain HTTP, and the program that runs them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation
)]

mod faults;
#[cfg(unix)]
mod program;
mod support;
mod upkeep;
