//! What tests of more than one crate need: a cluster of real Kubo daemons, the same behind the front that operators use, and a network
//! with latency, a thin line and cuts between a client and its nodes.
//!
//! Nothing here knows the wallet engine; a nodes file (the JSON array of `walletsync --nodes`) goes in and out.

mod cluster;
mod kit;
mod proxy;

pub use cluster::{BEFORE_NEWEST, Daemons, NEWEST, OLDEST, RealCluster};
pub use kit::WalletNodes;
pub use proxy::{Bandwidth, DelayProxy, Link, LinkProfile};
