//! The delay proxy costs what it says, and nothing is lost or reordered in it.

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used
)]

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use wallet_sync_harness::{DelayProxy, LinkProfile};

const RTT: Duration = Duration::from_millis(40);

/// A node that sends back whatever it gets.
async fn echo_node() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = client.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    format!(r#"[{{"id":"n1","api":"http://{address}","swarm":[]}}]"#)
}

async fn connect(proxy: &DelayProxy) -> TcpStream {
    let nodes: serde_json::Value = serde_json::from_str(&proxy.nodes_json()).unwrap();
    TcpStream::connect(nodes[0]["api"].as_str().unwrap().strip_prefix("http://").unwrap()).await.unwrap()
}

async fn ask(stream: &mut TcpStream, len: usize) -> Vec<u8> {
    let sent: Vec<u8> = (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let mut back = vec![0; len];
    let (mut read, mut write) = stream.split();
    let (written, got) = tokio::join!(write.write_all(&sent), read.read_exact(&mut back));
    written.unwrap();
    got.unwrap();
    assert_eq!(sent, back);
    back
}

#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test(start_paused = true)]
async fn connecting_costs_one_round_trip_and_asking_another() {
    let profile = LinkProfile { rtt: RTT, bits_per_second: None };
    let proxy = DelayProxy::start(&echo_node().await, profile).await.unwrap();
    let mut stream = connect(&proxy).await;
    let began = now();
    ask(&mut stream, 100).await;
    assert_eq!(began.elapsed().as_millis(), 80, "connect and ask");
    let began = now();
    ask(&mut stream, 100).await;
    assert_eq!(began.elapsed().as_millis(), 40, "ask on an open connection");
    assert_eq!(proxy.bytes(), (200, 200));
    assert_eq!(proxy.links(0)[0].connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_thin_line_takes_its_time_and_keeps_the_order() {
    // 1 Mbit/s: 125,000 bytes a second each way.
    let profile = LinkProfile { rtt: Duration::ZERO, bits_per_second: Some(1_000_000) };
    let proxy = DelayProxy::start(&echo_node().await, profile).await.unwrap();
    let mut stream = connect(&proxy).await;
    let began = now();
    ask(&mut stream, 250_000).await;
    let took = began.elapsed().as_millis();
    assert!((2_000..2_300).contains(&took), "250 kB there and back, overlapping: {took} ms");
}

#[tokio::test]
async fn a_cut_closes_open_and_new_connections_until_opened() {
    let proxy = DelayProxy::start(&echo_node().await, LinkProfile::default()).await.unwrap();
    let mut stream = connect(&proxy).await;
    ask(&mut stream, 10).await;
    proxy.cut(0);
    assert!(matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_)), "the open one is closed");
    let mut second = connect(&proxy).await;
    assert!(matches!(second.read(&mut [0; 1]).await, Ok(0) | Err(_)), "a new one as well");
    proxy.open(0);
    ask(&mut connect(&proxy).await, 10).await;
}

#[tokio::test]
async fn a_blackhole_holds_bytes_back_and_then_goes_on() {
    let proxy = DelayProxy::start(&echo_node().await, LinkProfile::default()).await.unwrap();
    let mut stream = connect(&proxy).await;
    ask(&mut stream, 10).await;
    proxy.blackhole(0);
    let before = proxy.bytes();
    stream.write_all(b"later").await.unwrap();
    let mut back = [0; 5];
    tokio::select! {
        biased;
        read = stream.read_exact(&mut back) => panic!("came through: {read:?}"),
        () = tokio::task::yield_now() => {}
    }
    assert_eq!(proxy.bytes(), before);
    proxy.open(0);
    stream.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"later");
}
