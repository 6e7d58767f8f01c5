//! Connections that are no longer there: after sleep, behind a router that forgot, at the end of what a server grants one.

use std::sync::Arc;
use std::time::Duration;

use dev_nodes::Cluster;
use serde_json::json;
use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::car::CarWriter;
use tauri_plugin_wallet_sync::model::cid::Codec;
use tauri_plugin_wallet_sync::node::{Call, Meter, Node};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::front::{call, node};
use super::way::{Door, authority, pass_in_era};

/// What a dead connection may cost: the wait for it, and what a busy machine adds.
const MOST: Duration = Duration::from_millis(500 + 400);

struct Eras {
    door: Door,
    era: watch::Sender<u64>,
}

impl Eras {
    async fn before(api: &str) -> Self {
        let (era, current) = watch::channel(0);
        let backend = authority(api);
        let door = Door::open(move |stream| {
            let (backend, current) = (backend.clone(), current.clone());
            async move { pass_in_era(stream, &backend, current).await }
        })
        .await;
        Self { door, era }
    }

    /// All connections of before hear nothing any more, and are not closed.
    fn forget(&self) {
        self.era.send_modify(|era| *era += 1);
    }
}

#[tokio::test]
async fn dead_connections_cost_half_a_second_once() {
    let cluster = Cluster::start(1).await.unwrap();
    let front = Eras::before(&cluster.node(0).api_url()).await;
    let node = node(&json!({"id": "n", "api": format!("http://{}", front.door.address)}));
    node.warm(4).await;
    node.machine(&call()).await.unwrap();
    front.forget();
    let started = monotonic();
    // Several at once: all of them are on dead connections.
    let asked = [call(), call(), call()];
    let answers = futures_util::future::join_all(asked.iter().map(|call| node.machine(call))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert!(started.elapsed() < MOST, "{:?}", started.elapsed());
    let requests: u64 = asked.iter().map(|call| call.meter.totals().requests).sum();
    assert!(requests <= 6, "each is sent once more at most: {requests}");
    let again = monotonic();
    for _ in 0..5 {
        node.machine(&call()).await.unwrap();
    }
    assert!(again.elapsed() < Duration::from_millis(400), "it costs that once: {:?}", again.elapsed());
}

#[tokio::test]
async fn an_upload_on_a_dead_connection_is_sent_again_when_a_question_finds_it_dead() {
    let cluster = Cluster::start(1).await.unwrap();
    let front = Eras::before(&cluster.node(0).api_url()).await;
    let node = node(&json!({"id": "n", "api": format!("http://{}", front.door.address)}));
    node.warm(4).await;
    node.machine(&call()).await.unwrap();
    front.forget();
    let started = monotonic();
    let block = Block::new(Codec::Raw, vec![7; 1_000]);
    let mut car = CarWriter::new(block.cid());
    car.push(&block);
    let (upload, question) = (call(), call());
    let (sent, asked) = tokio::join!(node.import(car.finish(), &upload), node.machine(&question));
    assert!(sent.is_ok() && asked.is_ok(), "{sent:?} {asked:?}");
    assert!(started.elapsed() < MOST, "{:?}", started.elapsed());
    assert!(node.holds(block.cid(), &call()).await.unwrap());
}

#[tokio::test]
async fn a_node_that_never_answers_is_asked_once_and_no_more() {
    let door = Door::open(|stream| async move {
        let _stream = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let node = node(&json!({"id": "n", "api": format!("http://{}", door.address)}));
    let call = Call { deadline: monotonic() + Duration::from_secs(2), meter: Arc::new(Meter::default()) };
    node.machine(&call).await.unwrap_err();
    assert_eq!(call.meter.totals().requests, 1, "a fresh connection is not a dead one");
    assert_eq!(door.connections(), 1);
}

#[tokio::test]
async fn a_slow_node_is_not_asked_twice_again_and_again() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = node(&json!({"id": "n", "api": cluster.node(0).api_url()}));
    node.machine(&call()).await.unwrap();
    cluster.node(0).set_fault(dev_nodes::Fault::Slow(Duration::from_millis(700)));
    let mut requests = 0;
    for _ in 0..6 {
        let call = call();
        node.machine(&call).await.unwrap();
        requests += call.meter.totals().requests;
    }
    assert!(requests <= 8, "six questions, and one or two more until it is known as slow: {requests}");
}

/// Answers one request on each connection and closes it as soon as the next one begins: the moment in which a server's patience with
/// an idle connection ends.
async fn answers_once(mut stream: TcpStream, backend: String) {
    let mut node = TcpStream::connect(&backend).await.unwrap();
    let mut head = vec![0; 4096];
    let Ok(read) = stream.read(&mut head).await else { return };
    node.write_all(&head[..read]).await.unwrap();
    let mut answer = vec![0; 64 * 1024];
    let read = node.read(&mut answer).await.unwrap();
    stream.write_all(&answer[..read]).await.unwrap();
    let _ = stream.read(&mut head).await;
    // Closed with the request unanswered.
}

#[tokio::test]
async fn a_request_that_meets_the_end_of_its_connection_is_sent_once_more() {
    let cluster = Cluster::start(1).await.unwrap();
    let backend = authority(&cluster.node(0).api_url());
    let door = Door::open(move |stream| answers_once(stream, backend.clone())).await;
    let node = node(&json!({"id": "n", "api": format!("http://{}", door.address)}));
    let mut requests = 0;
    for _ in 0..4 {
        let call = call();
        node.machine(&call).await.unwrap();
        requests += call.meter.totals().requests;
    }
    assert!(requests <= 7, "{requests}");
}

/// It may have been carried out although its answer never came, and what was dropped may have been put again since.
#[tokio::test]
async fn a_drop_that_meets_the_end_of_its_connection_is_not_sent_again() {
    let cluster = Cluster::start(1).await.unwrap();
    let backend = authority(&cluster.node(0).api_url());
    let door = Door::open(move |stream| answers_once(stream, backend.clone())).await;
    let node = node(&json!({"id": "n", "api": format!("http://{}", door.address)}));
    node.machine(&call()).await.unwrap();
    let (cid, call) = (*Block::new(Codec::Raw, vec![7; 1_000]).cid(), call());
    node.discard(&[cid], &call).await.unwrap_err();
    assert_eq!(call.meter.totals().requests, 1);
}
