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
mod connections;
mod target;

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;

use dev_nodes::{Cluster, Fault, Options};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use target::Target;
use tauri_plugin_wallet_sync::node::Outcome;
use tauri_plugin_wallet_sync::node::peers::Peers;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded_nodes_answer_as_peers() {
    let options = Options { count: NODES, swarm: true, ..Options::default() };
    keep(Target::embedded(Cluster::start_with(options).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn r01_b01_what_a_peer_forges_is_not_used() {
    let options = Options { count: 3, swarm: true, ..Options::default() };
    let cluster = Cluster::start_with(options).await.unwrap();
    let forger = cluster.node(0).clone();
    let target = Target::embedded(cluster);
    let (key, made) = (target::key("forged"), target::blocks("forged", 40, 2_000));
    let record = target::record(&key, 3);
    for i in 0..3 {
        target.store(i, &record).await;
    }
    target.import(&[0, 1], &made).await;
    forger.set_fault(Fault::Forge);
    let dht = target.dht();
    let answers = target::all(&dht, &key, &target::within(1_000)).await;
    let (good, bad): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| matches!(answer.outcome, Outcome::Found(..)));
    assert_eq!(good.iter().filter_map(|answer| answer.node).collect::<BTreeSet<_>>(), [1, 2].into());
    assert_eq!(bad.iter().filter_map(|answer| answer.node).collect::<Vec<_>>(), [0]);
    let fetched = dht.blocks(&target::cids(&made), &target::within(2_000)).await;
    assert_eq!((fetched.blocks.len(), fetched.failed.len()), (40, 0), "the honest peer has them all");
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
