//! What stands between a device and its nodes: TLS with all kinds of certificates, proxies, fronts with limits, connections that
//! are no longer there. Everything over real sockets.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

mod authority;
mod bodies;
mod certificates;
#[path = "../front/device.rs"]
#[allow(dead_code)]
mod device;
mod first;
mod front;
mod limited;
mod nginx;
mod pooled;
mod proxies;
mod way;
mod words;
