//! What the third tier gets from nodes as libp2p peers, checked against the embedded nodes and against real Kubo.
//!
//! Records and blocks are put over HTTP, then read over the DHT and bitswap only.

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod checks;
mod target;

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use target::Target;
use wallet_sync_harness::RealCluster;

/// Nodes of each cluster.
const NODES: usize = 5;

type Check = (&'static str, for<'a> fn(&'a Target) -> BoxFuture<'a, ()>);

/// Names of async functions as a list of checks.
#[macro_export]
macro_rules! checks {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), |target| Box::pin($name(target)))),*] };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_kubo_answers_as_a_peer() {
    let cluster = tokio::task::spawn_blocking(|| RealCluster::start(NODES)).await.unwrap();
    keep(Target::real(cluster.unwrap())).await;
}

/// Runs every check and tells all that failed.
async fn keep(target: Target) {
    let mut failed = Vec::new();
    for (name, check) in checks::CHECKS {
        let outcome = AssertUnwindSafe(check(&target)).catch_unwind().await;
        if outcome.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "{} on {}", failed.join(", "), target.kind());
}
