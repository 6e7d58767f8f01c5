//! Live push on real sockets: the client on real Kubo and on the embedded nodes, and two devices on real Kubo.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

mod client;
mod devices;
mod hostile;
