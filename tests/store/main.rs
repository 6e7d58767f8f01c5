//! What the store on disk promises: through crashes, damage, a full disk and a second process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation
)]

mod account_folder;
mod conformance;
mod crash;
mod damage;
mod first_look;
mod full;
mod golden_schema;
mod memory;
mod one_sqlite;
mod open;
#[cfg(unix)]
mod owner;
#[cfg(unix)]
mod place;
mod secrets;
mod set_aside;
mod support;
