//! The command line on real Kubo daemons, with its two seconds measured.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation
)]

#[path = "../support/mod.rs"]
mod support;

mod behind_the_front;
mod janitor;
mod legacy;
mod new_secret;
mod real_kubo;
mod thin_line;
#[cfg(feature = "dht")]
mod third_tier;
