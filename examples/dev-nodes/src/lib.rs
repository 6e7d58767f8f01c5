//! Kubo-like nodes inside one process, for development, demos and tests.
//!
//! Each node answers the part of Kubo's RPC, gateway and routing API that the engine uses, with the status
//! codes, words and timing measured on Kubo 0.43; `tests/harness/tests/contract` runs one list of checks
//! against these nodes and against real daemons. The nodes of a cluster exchange records and blocks as peers
//! do, and each can be made to misbehave ([`Fault`]). With [`Options::swarm`] each is a libp2p peer too, with the LAN
//! DHT and bitswap, which `tests/harness/tests/peers` holds against real daemons.

mod car;
mod cluster;
mod dag;
mod fault;
mod http;
mod ipns;
mod node;
#[cfg(feature = "swarm")]
mod peer;
mod port;
mod records;
mod xxhash;

pub use cluster::{Cluster, Options, Settings};
pub use dag::PinMode;
pub use fault::Fault;
pub use node::{DevNode, PinLine, RequestLine, Snapshot};
pub use tauri_plugin_wallet_sync::{Code, Error};
