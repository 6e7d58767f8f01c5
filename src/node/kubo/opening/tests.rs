use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::clock::monotonic;
use crate::config::{NodeConfig, Timeouts};
use crate::error::Code;
use crate::model::block::Block;
use crate::model::cid::Codec;
use crate::node::kubo::{Http, KuboNode};
use crate::node::{Call, Meter, Node};

/// Reads to the end of a request's head.
async fn head(client: &mut tokio::net::TcpStream) {
    let mut seen = Vec::new();
    while !seen.ends_with(b"\r\n\r\n") {
        seen.push(client.read_u8().await.unwrap());
    }
}

#[tokio::test]
async fn a_connection_that_opens_too_late_serves_the_next_question() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}", listener.local_addr().unwrap());
    let (late, is_late) = oneshot::channel();
    // One connection, and no other: the first answer comes when nobody waits for it any more.
    tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        drop(listener);
        head(&mut client).await;
        is_late.await.unwrap();
        loop {
            let body =
                "{\"Message\":\"block was not found locally (offline)\",\"Code\":0,\"Type\":\"error\"}";
            let answer = format!("HTTP/1.1 500 Error\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            client.write_all(answer.as_bytes()).await.unwrap();
            head(&mut client).await;
        }
    });
    let config = NodeConfig { api: Some(api), ..NodeConfig::new("n") };
    let node = KuboNode::new(&config, &Http::new().unwrap(), &Timeouts::default()).unwrap();
    let ask = |time: Duration| {
        let call = Call { deadline: monotonic() + time, meter: Arc::new(Meter::default()) };
        let node = &node;
        async move { node.holds(Block::new(Codec::Raw, vec![1]).cid(), &call).await }
    };
    let first = ask(Duration::from_millis(50)).await;
    assert_eq!(first.unwrap_err().code(), Code::Deadline);
    late.send(()).unwrap();
    // A new connection is refused.
    let until = monotonic() + Duration::from_secs(20);
    let mut second = ask(Duration::from_secs(5)).await;
    while second.is_err() && monotonic() < until {
        tokio::task::yield_now().await;
        second = ask(Duration::from_secs(5)).await;
    }
    second.unwrap();
}
