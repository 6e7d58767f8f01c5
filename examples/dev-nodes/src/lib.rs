//! Kubo-like nodes inside one process, for development, demos and tests.
//!
//! Each node answers the part of Kubo's RPC, gateway and routing API that the engine uses, with the status
//! codes, words and timing measured on Kubo 0.43, or, on request, those of 0.40. The nodes of a cluster exchange records and blocks as peers
//! do, and each can be made to misbehave ([`Fault`]). With [`Options::swarm`] each is a libp2p peer too, with the LAN
//! DHT and bitswap.
//!
//! They exist so that the demo, the QA wallet and most tests need no Kubo, and for faults that Kubo cannot be made to
//! show. They judge the whole client from the wire upward: records, CARs and bitswap are read by code of their own, only
//! names, CBOR and limits are the engine's. What keeps them true is one list of checks run against them and against
//! real daemons, `tests/harness/tests/contract` for HTTP and `tests/harness/tests/peers` for libp2p.

mod car;
mod cluster;
mod dag;
mod dialect;
mod fault;
mod http;
mod ipns;
mod node;
#[cfg(feature = "swarm")]
mod peer;
mod port;
mod pubsub;
mod records;
mod xxhash;

pub use cluster::{Cluster, Options, Settings};
pub use dag::PinMode;
pub use dialect::Dialect;
pub use fault::Fault;
pub use node::{DevNode, PinLine, RequestLine, Snapshot};
pub use tauri_plugin_wallet_sync::{Code, Error};
