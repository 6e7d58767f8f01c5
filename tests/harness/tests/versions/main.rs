//! The core of what a wallet does, on real Kubo of every supported version: the oldest and the newest always, all of them, mixed
//! and updated in every order, with the feature `kubo-matrix`.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "../front/device.rs"]
mod device;
mod first_days;
mod offline_daemons;
mod updates;
