//! One list of facts about a node's HTTP surfaces, checked against the embedded nodes and against real Kubo.
//!
//! The engine relies on these facts; the embedded nodes stand in for Kubo in its other tests. Each check asserts
//! status, content type, the words of the body and how long the answer took. It talks plain HTTP, signs its
//! records and writes its CARs by itself, so that it shares no code with what it is there to check.

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used
)]

mod content;
mod gateway;
mod hung;
mod made;
mod pins;
mod pubsub;
mod puts;
mod reads;
mod surfaces;
mod target;
mod words;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use dev_nodes::{Cluster, Dialect, Options, Settings};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use target::Target;
use wallet_sync_harness::{Daemons, NEWEST, OLDEST, RealCluster};

/// Nodes of each cluster; the last one is hung in the end.
const NODES: usize = 3;
/// How long the gateways look for what is nowhere (30 s by default); longer than a check's patience.
const GATEWAY_WAIT: Duration = Duration::from_secs(3);

type Check = (&'static str, for<'a> fn(&'a Target) -> BoxFuture<'a, ()>);

/// Names of async functions as a list of checks.
#[macro_export]
macro_rules! checks {
    ($($name:ident),* $(,)?) => { &[$((stringify!($name), |target| Box::pin($name(target)))),*] };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded_nodes_keep_the_contract() {
    embedded(Dialect::Kubo43, NEWEST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded_nodes_that_speak_as_older_ones_keep_the_contract() {
    embedded(Dialect::Kubo40, OLDEST).await;
}

async fn embedded(dialect: Dialect, version: &'static str) {
    let settings = Settings { gateway_wait: GATEWAY_WAIT, dialect, ..Settings::default() };
    let options = Options { count: NODES, settings, ..Options::default() };
    let cluster = Cluster::start_with(options).await.unwrap();
    keep(Target::embedded(cluster, version)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_kubo_keeps_the_contract() {
    real(NEWEST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_real_kubo_keeps_the_contract() {
    real(OLDEST).await;
}

#[cfg(feature = "kubo-matrix")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_real_kubo_before_the_newest_keeps_the_contract() {
    real(wallet_sync_harness::BEFORE_NEWEST).await;
}

async fn real(version: &'static str) {
    let wait = format!(r#"Gateway.RetrievalTimeout="{}s""#, GATEWAY_WAIT.as_secs());
    let start = move || RealCluster::start_of(&[version; NODES], &Daemons { config: &wait, args: "" });
    let cluster = tokio::task::spawn_blocking(start).await.unwrap();
    keep(Target::real(cluster.unwrap(), version)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded_nodes_with_pubsub_keep_the_contract() {
    let settings = Settings { pubsub: true, ..Settings::default() };
    let options = Options { count: 2, settings, ..Options::default() };
    keep_pubsub(Target::embedded(Cluster::start_with(options).await.unwrap(), NEWEST)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_kubo_with_pubsub_keeps_the_contract() {
    real_with_pubsub(NEWEST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_real_kubo_with_pubsub_keeps_the_contract() {
    real_with_pubsub(OLDEST).await;
}

async fn real_with_pubsub(version: &'static str) {
    let daemons = Daemons { config: "Pubsub.Enabled=true", args: "" };
    let start = move || RealCluster::start_of(&[version; 2], &daemons);
    let cluster = tokio::task::spawn_blocking(start).await.unwrap();
    keep_pubsub(Target::real(cluster.unwrap(), version)).await;
}

async fn keep_pubsub(target: Target) {
    // One after the other: a node numbers what it sends, and drops what overtakes.
    let mut failed = Vec::new();
    for check in pubsub::ON {
        failed.extend(run(&target, *check).await);
    }
    assert!(failed.is_empty(), "{} on {}", failed.join(", "), target.kind());
}

/// Runs every check and tells all that failed.
async fn keep(target: Target) {
    let mut failed = Vec::new();
    let quick = [
        content::CHECKS,
        gateway::CHECKS,
        pins::CHECKS,
        pubsub::OFF,
        puts::CHECKS,
        reads::CHECKS,
        surfaces::CHECKS,
        words::CHECKS,
    ];
    for check in quick.concat() {
        failed.extend(run(&target, check).await);
    }
    // These wait for time to pass, so they do it together.
    let slow = [content::WAITING, gateway::WAITING, pins::WAITING, reads::WAITING].concat();
    failed.extend(join_all(slow.into_iter().map(|check| run(&target, check))).await.into_iter().flatten());
    target.hang(NODES - 1);
    failed
        .extend(join_all(hung::CHECKS.iter().map(|check| run(&target, *check))).await.into_iter().flatten());
    target.wake(NODES - 1);
    assert!(failed.is_empty(), "{} on {}", failed.join(", "), target.kind());
}

async fn run(target: &Target, (name, check): Check) -> Option<String> {
    let outcome = AssertUnwindSafe(check(target)).catch_unwind().await;
    outcome.err().map(|_| name.to_owned())
}
