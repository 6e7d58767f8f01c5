//! Connections and streams that fail are begun anew: each of these peers answers later what it left open at first.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use dev_nodes::{Cluster, DevNode, Fault, Options};
use tauri_plugin_wallet_sync::NodeConfig;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::node::dht::Resolver;
use tauri_plugin_wallet_sync::node::peers::Peers;
use tokio::net::TcpListener;

use crate::target::{Target, blocks, cids, dht, within};

const SETUP: Duration = Duration::from_millis(300);
/// More requests than any of these needs until it gets an answer.
const REQUESTS: usize = 20;

async fn one_peer() -> (Target, DevNode) {
    let options = Options { count: 1, swarm: true, ..Options::default() };
    let cluster = Cluster::start_with(options).await.unwrap();
    let node = cluster.node(0).clone();
    (Target::embedded(cluster), node)
}

/// A peer that takes connections and never says a word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_never_set_up_is_given_up_and_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = Arc::new(AtomicUsize::new(0));
    let count = taken.clone();
    let accepting = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            open.push(stream);
        }
    });
    let mut node = NodeConfig::new("silent");
    let id = "12D3KooWMDko1V8yJTrU1TQ9iRhzWsw7G15eRbtXEdSaBsexxYvR";
    node.swarm = vec![format!("/ip4/127.0.0.1/tcp/{port}/p2p/{id}")];
    let dht = dht(&[node]).set_up_within(SETUP);
    for connections in 1..=2 {
        let started = monotonic();
        let fetched = dht.blocks(&cids(&blocks("silent", 1, 100)), &within(5_000)).await;
        assert_eq!(fetched.blocks.len(), 0);
        let took = started.elapsed();
        assert!((SETUP..SETUP * 10).contains(&took), "the request ends with the connection, {took:?}");
        assert_eq!(taken.load(Ordering::SeqCst), connections);
    }
    accepting.abort();
}

/// Fails the first time, as when the machine has no network yet.
struct SecondTime(AtomicUsize);

#[async_trait]
impl Resolver for SecondTime {
    async fn look_up(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        assert_eq!(host, "node.example");
        match self.0.fetch_add(1, Ordering::SeqCst) {
            0 => Err(io::ErrorKind::NotFound.into()),
            _ => Ok(vec![Ipv4Addr::LOCALHOST.into()]),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_was_not_found_is_looked_up_again() {
    let (target, _) = one_peer().await;
    let made = blocks("named", 1, 100);
    target.import(&[0], &made).await;
    let mut node = target.configs[0].clone();
    for address in &mut node.swarm {
        *address = address.replace("/ip4/127.0.0.1/", "/dns4/node.example/");
    }
    let resolver = Arc::new(SecondTime(AtomicUsize::new(0)));
    let dht = dht(&[node]).with_resolver(resolver.clone());
    assert_eq!(dht.blocks(&cids(&made), &within(1_000)).await.blocks.len(), 0, "nobody is known at first");
    let mut ticks = tokio::time::interval(Duration::from_millis(200));
    let mut found = 0;
    for _ in 0..REQUESTS {
        found = dht.blocks(&cids(&made), &within(1_000)).await.blocks.len();
        if found > 0 {
            break;
        }
        ticks.tick().await;
    }
    assert_eq!(found, 1, "{} look-ups", resolver.0.load(Ordering::SeqCst));
    assert!(resolver.0.load(Ordering::SeqCst) <= 4, "not by every request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bitswap_stream_that_failed_is_opened_anew() {
    let (target, node) = one_peer().await;
    let made = blocks("deaf", 2, 100);
    target.import(&[0], &made).await;
    let dht = target.dht();
    let cids = cids(&made);
    assert_eq!(dht.blocks(&cids[..1], &within(2_000)).await.blocks.len(), 1, "it is connected");
    node.set_fault(Fault::Deaf);
    assert_eq!(dht.blocks(&cids[1..], &within(500)).await.blocks.len(), 0);
    node.set_fault(Fault::None);
    assert_eq!(dht.blocks(&cids[1..], &within(2_000)).await.blocks.len(), 1, "over the same connection");
}
