//! Each fault shows on the wire as it is described, and ends when it is taken away.

use std::time::Duration;

use dev_nodes::{Cluster, Fault, Options, Settings};
use tauri_plugin_wallet_sync::clock;
use tauri_plugin_wallet_sync::model::cid::Cid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{block, get_raw, name, put, put_block, record, rpc, shown, upload};

/// Long enough for whatever comes at all.
const A_WHILE: Duration = Duration::from_millis(300);

#[tokio::test]
async fn refuse_and_kill_close_the_ports_and_every_connection() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    let address = node.api_url().strip_prefix("http://").unwrap().to_owned();
    for kill in [false, true] {
        let mut open = TcpStream::connect(&address).await.unwrap();
        // An answered request shows that the connection was accepted.
        open.write_all(b"POST /api/v0/version HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
            .await
            .unwrap();
        open.read_exact(&mut [0; 12]).await.unwrap();
        if kill {
            node.kill();
        } else {
            node.set_fault(Fault::Refuse);
        }
        let mut rest = Vec::new();
        let _ = tokio::time::timeout(A_WHILE * 10, open.read_to_end(&mut rest)).await.expect("closed");
        let refused = TcpStream::connect(&address).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        assert!(get_raw(node, &block(1)).await.unwrap_err().is_connect());
        if kill {
            node.set_fault(Fault::Slow(Duration::ZERO));
            assert!(rpc(node, "version").await.is_err(), "another fault does not revive a killed node");
            node.revive().await.unwrap();
        }
        node.set_fault(Fault::None);
        assert_eq!(rpc(node, "version").await.unwrap().status(), 200, "same port again");
    }
}

#[tokio::test]
async fn hang_accepts_and_answers_nothing_until_it_ends() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    node.set_fault(Fault::Hang);
    let asked = tokio::spawn({
        let node = node.clone();
        async move { rpc(&node, "version").await.unwrap().status() }
    });
    assert!(tokio::time::timeout(A_WHILE, rpc(node, "version")).await.is_err());
    assert!(!asked.is_finished());
    node.set_fault(Fault::None);
    assert_eq!(asked.await.unwrap(), 200, "the one that waited is answered in the end");
}

#[tokio::test]
async fn slow_and_delay_wait_before_each_request() {
    let cluster = Cluster::start(1).await.unwrap();
    cluster.node(0).set_delay(Duration::from_millis(60));
    cluster.node(0).set_fault(Fault::Slow(Duration::from_millis(60)));
    let began = clock::monotonic();
    rpc(cluster.node(0), "version").await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn drip_lets_bytes_out_slowly_and_all_of_them() {
    let cluster = Cluster::start(1).await.unwrap();
    let content = block(3_000);
    put_block(cluster.node(0), &content).await;
    cluster.node(0).set_fault(Fault::Drip(10_000));
    let began = clock::monotonic();
    let body = get_raw(cluster.node(0), &content).await.unwrap().bytes().await.unwrap();
    assert_eq!(body, content.bytes());
    assert!(began.elapsed() >= Duration::from_millis(280), "{:?}", began.elapsed());
}

#[tokio::test]
async fn reset_comes_after_exactly_as_many_bytes() {
    let cluster = Cluster::start(1).await.unwrap();
    let content = block(100_000);
    put_block(cluster.node(0), &content).await;
    for after_bytes in [0, 1, 97, 50_000, 99_999] {
        cluster.node(0).set_fault(Fault::Reset { after_bytes });
        let mut answer = get_raw(cluster.node(0), &content).await.unwrap();
        assert_eq!(answer.status(), 200);
        let mut got = 0;
        let error = loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => got += chunk.len() as u64,
                Ok(None) => panic!("a whole body"),
                Err(error) => break error,
            }
        };
        assert_eq!(got, after_bytes);
        assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
    }
}

#[tokio::test]
async fn forge_changes_what_is_given_out_and_nobody_in_the_cluster_takes_it() {
    let cluster = Cluster::start(2).await.unwrap();
    let [liar, honest] = [cluster.node(0), cluster.node(1)];
    let content = block(100);
    put_block(liar, &content).await;
    put(liar, record(1)).await;
    liar.set_fault(Fault::Forge);
    let body = get_raw(liar, &content).await.unwrap().bytes().await.unwrap();
    assert_eq!(body.len(), content.bytes().len());
    assert_ne!(Cid::of(content.cid().codec(), &body), *content.cid());
    let raw = shown(liar).await.unwrap();
    assert!(tauri_plugin_wallet_sync::model::record::Record::parse(raw, &name()).is_err());
    let online = rpc(honest, &format!("name/get?arg={}", name().k51())).await.unwrap();
    assert_eq!(online.status(), 500);
    liar.set_fault(Fault::None);
    assert_eq!(shown(liar).await, Some(record(1)));
}

#[tokio::test]
async fn stale_shows_the_records_of_before_and_swallows_puts() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    put(node, record(1)).await;
    node.set_fault(Fault::Stale);
    assert_eq!(put(node, record(2)).await, 200);
    assert_eq!(shown(node).await, Some(record(1)));
    node.set_fault(Fault::None);
    assert_eq!(shown(node).await, Some(record(1)), "the put was dropped");
}

#[tokio::test]
async fn roll_back_shows_the_first_record_and_keeps_the_last() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    put(node, record(1)).await;
    put(node, record(2)).await;
    node.set_fault(Fault::RollBack);
    assert_eq!(shown(node).await, Some(record(1)));
    assert_eq!(put(node, record(3)).await, 200);
    assert_eq!(shown(node).await, Some(record(1)));
    node.set_fault(Fault::None);
    assert_eq!(shown(node).await, Some(record(3)));
}

#[tokio::test]
async fn forget_says_yes_and_keeps_nothing() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    node.set_fault(Fault::Forget);
    assert_eq!(put(node, record(1)).await, 200);
    assert_eq!(put_block(node, &block(10)).await, 200);
    let pin = format!("pin/add?arg={}&name=x&progress=true", block(10).cid());
    assert_eq!(rpc(node, &pin).await.unwrap().status(), 200);
    assert_eq!(shown(node).await, None);
    assert!(node.blocks().is_empty());
    assert!(node.pins().is_empty());
}

#[tokio::test]
async fn full_refuses_writes_and_goes_on_reading() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    put(node, record(1)).await;
    node.set_fault(Fault::Full);
    assert_eq!(put(node, record(2)).await, 500);
    let answer = upload(node, "block/put?cid-codec=raw", vec![1]).await;
    assert!(answer.text().await.unwrap().contains("no space left on device"));
    assert_eq!(shown(node).await, Some(record(1)));
}

#[tokio::test]
async fn denied_concerns_the_rpc_only() {
    let cluster = Cluster::start(1).await.unwrap();
    let content = block(10);
    put_block(cluster.node(0), &content).await;
    cluster.node(0).set_fault(Fault::Denied);
    let answer = rpc(cluster.node(0), "version").await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(answer.text().await.unwrap().starts_with("Kubo RPC Access Denied"));
    assert_eq!(get_raw(cluster.node(0), &content).await.unwrap().status(), 200);
}

#[tokio::test]
async fn server_errors_and_web_pages_are_answers_to_everything() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    node.set_fault(Fault::ServerError(502));
    assert_eq!(rpc(node, "version").await.unwrap().status(), 502);
    assert_eq!(get_raw(node, &block(1)).await.unwrap().status(), 502);
    node.set_fault(Fault::Html);
    let page = rpc(node, "version").await.unwrap();
    assert_eq!(
        (page.status().as_u16(), &page.headers()["content-type"]),
        (200, &"text/html; charset=utf-8".parse().unwrap())
    );
}

#[tokio::test]
async fn r17_racing_puts_let_the_lower_sequence_win() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    node.set_fault(Fault::Racy(A_WHILE));
    let higher = tokio::spawn({
        let node = node.clone();
        async move { put(&node, record(2)).await }
    });
    // The lower one is asked for once the higher one has arrived and was compared, and lands after it.
    let arrived = |line: &dev_nodes::RequestLine| line.bytes_in > record(2).len() as u64;
    while !node.request_log().iter().any(arrived) {
        tokio::task::yield_now().await;
    }
    assert_eq!(put(node, record(1)).await, 200);
    assert_eq!(higher.await.unwrap(), 200);
    assert_eq!(shown(node).await, Some(record(1)));
}

#[tokio::test]
async fn faults_add_up_and_none_clears_them() {
    let cluster = Cluster::start(1).await.unwrap();
    let node = cluster.node(0);
    node.set_fault(Fault::Forge);
    node.add_fault(Fault::Forget);
    node.add_fault(Fault::Forget);
    assert_eq!(node.faults(), [Fault::Forge, Fault::Forget]);
    node.set_fault(Fault::None);
    assert_eq!(node.faults(), []);
}

#[tokio::test]
async fn n16_hung_node_stalls_walks_of_the_others_only_where_that_is_wanted() {
    let settings = Settings { walk_stall: None, ..Settings::default() };
    let cluster = Cluster::start_with(Options { count: 3, settings, ..Options::default() }).await.unwrap();
    cluster.node(2).set_fault(Fault::Hang);
    let missing = format!("name/get?arg={}", name().k51());
    assert_eq!(rpc(cluster.node(0), &missing).await.unwrap().status(), 500);
    cluster.set_settings(Settings::default());
    assert!(tokio::time::timeout(A_WHILE, rpc(cluster.node(0), &missing)).await.is_err());
    cluster.node(2).kill();
    assert_eq!(rpc(cluster.node(0), &missing).await.unwrap().status(), 500, "a dead node costs nothing");
}
