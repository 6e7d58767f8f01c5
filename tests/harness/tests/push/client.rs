//! The client's own subscription and messages: one list, run on real Kubo and on the embedded nodes.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dev_nodes::{Cluster, Fault, Options, Settings};
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::model::push::Topic;
use tauri_plugin_wallet_sync::node::kubo::{Http, KuboNode};
use tauri_plugin_wallet_sync::node::pubsub::Arrival;
use tauri_plugin_wallet_sync::node::{Call, Meter, Node};
use tauri_plugin_wallet_sync::{Code, Config, Error, limits};
use tokio::sync::mpsc;
use wallet_sync_harness::{Daemons, NEWEST, RealCluster};

/// More than any of it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn call() -> Call {
    Call { deadline: monotonic() + PATIENCE, meter: Arc::new(Meter::default()) }
}

fn nodes(json: &str) -> Vec<Arc<KuboNode>> {
    let nodes = Config::parse_nodes(json).unwrap();
    let (http, timeouts) = (Http::new().unwrap(), Config::default().timeouts);
    nodes.iter().map(|node| Arc::new(KuboNode::new(node, &http, &timeouts).unwrap())).collect()
}

async fn embedded(pubsub: bool) -> Cluster {
    let settings = Settings { pubsub, ..Settings::default() };
    Cluster::start_with(Options { count: 2, settings, ..Options::default() }).await.unwrap()
}

async fn real(config: &'static str) -> RealCluster {
    let start = move || RealCluster::start_of(&[NEWEST; 2], &Daemons { config, args: "" });
    tokio::task::spawn_blocking(start).await.unwrap().unwrap()
}

/// What a subscription brings, and how it ends; the second message of `last` ends it.
fn listen(
    node: &Arc<KuboNode>,
    topic: &Topic,
    last: &'static [u8],
) -> (mpsc::UnboundedReceiver<Arrival>, tokio::task::JoinHandle<Result<(), Error>>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let (node, topic) = (node.clone(), topic.clone());
    let listening = tokio::spawn(async move {
        let mut ear = |arrival: Arrival| {
            let is_last = matches!(&arrival, Arrival::Message(bytes) if bytes == last);
            let _ = sender.send(arrival);
            if is_last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        node.subscribe(&topic, &mut ear, &call()).await
    });
    (receiver, listening)
}

async fn keeps_the_list(nodes: &[Arc<KuboNode>]) {
    let topic = Topic::new([0xfe; 32]);
    let (mut heard, listening) = listen(&nodes[0], &topic, b"end");
    assert_eq!(heard.recv().await, Some(Arrival::Begun));
    // Until the nodes know who listens, what is sent on the other one does not come.
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    let first = loop {
        tokio::select! {
            arrival = heard.recv() => break arrival.unwrap(),
            _ = ticks.tick() => nodes[1].announce(&topic, Bytes::from_static(b"first"), &call()).await.unwrap(),
        }
    };
    assert_eq!(first, Arrival::Message(Bytes::from_static(b"first")));
    let longest = Bytes::from(vec![0x81; limits::PUSH_BYTES]);
    let longer = Bytes::from(vec![0x81; limits::PUSH_BYTES + 1]);
    for message in [longest.clone(), longer, Bytes::from_static(b"end")] {
        nodes[0].announce(&topic, message, &call()).await.unwrap();
    }
    let mut rest = Vec::new();
    while let Some(arrival) = heard.recv().await {
        if arrival != first {
            rest.push(arrival);
        }
    }
    assert_eq!(rest.len(), 3, "the longest, one that is too long, and the last");
    assert!(rest[0] == Arrival::Message(longest) && rest[1] == Arrival::Noise);
    assert!(listening.await.unwrap().is_ok(), "it ends well where enough was heard");
}

async fn refuses(nodes: &[Arc<KuboNode>]) {
    let topic = Topic::new([1; 32]);
    let (_heard, listening) = listen(&nodes[0], &topic, b"");
    assert_eq!(listening.await.unwrap().unwrap_err().code(), Code::Denied);
    let told = nodes[0].announce(&topic, Bytes::from_static(b"x"), &call()).await;
    assert_eq!(told.unwrap_err().code(), Code::Denied);
    assert!(nodes[0].refused_verbs().is_empty(), "no warning is made of it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_hears_and_tells_on_embedded_nodes() {
    let cluster = embedded(true).await;
    keeps_the_list(&nodes(&cluster.nodes_json())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_hears_and_tells_on_real_kubo() {
    let cluster = real("Pubsub.Enabled=true").await;
    keeps_the_list(&nodes(&cluster.nodes_json().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn embedded_nodes_without_pubsub_refuse() {
    let cluster = embedded(false).await;
    refuses(&nodes(&cluster.nodes_json())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_kubo_without_pubsub_refuses() {
    let cluster = real("Pubsub.Enabled=false").await;
    refuses(&nodes(&cluster.nodes_json().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_or_a_node_that_goes_ends_the_stream_with_an_error() {
    let cluster = embedded(true).await;
    let nodes = nodes(&cluster.nodes_json());
    let topic = Topic::new([2; 32]);
    let (mut heard, listening) = listen(&nodes[0], &topic, b"");
    assert_eq!(heard.recv().await, Some(Arrival::Begun));
    cluster.node(0).kill();
    assert!(listening.await.unwrap().is_err());
    cluster.node(1).set_fault(Fault::Html);
    let (mut heard, listening) = listen(&nodes[1], &topic, b"");
    assert_eq!(listening.await.unwrap().unwrap_err().code(), Code::Unreachable);
    assert_eq!(heard.recv().await, None, "a page begins no subscription");
}
