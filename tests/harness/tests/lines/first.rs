//! Over TLS one connection is opened first: how many there are is counted on the way to a real front. Time stands still in these
//! tests, so that no wait ends because the machine is busy.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dev_nodes::Cluster;
use futures_util::future::join_all;
use serde_json::json;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::node::Node;
use tauri_plugin_wallet_sync::node::kubo::KuboNode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Barrier, oneshot};
use tokio_rustls::TlsAcceptor;

use super::authority::{Authority, When};
use super::front::{call, node};
use super::nginx::Nginx;
use super::way::{Door, pass};

/// Questions at once.
const QUESTIONS: usize = 12;

/// As long as it lives, the paused clock goes on by `advance` alone: it does not run ahead beside work of other threads.
struct Still(Option<oneshot::Sender<()>>);

impl Still {
    fn new() -> Self {
        let (ended, ends) = oneshot::channel();
        tokio::task::spawn_blocking(move || ends.blocking_recv());
        Self(Some(ended))
    }
}

impl Drop for Still {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// Asks many questions at once; how many were answered.
async fn ask(node: &KuboNode) -> usize {
    let questions = (0..QUESTIONS).map(|_| async { node.machine(&call()).await });
    join_all(questions).await.iter().filter(|answer| answer.is_ok()).count()
}

#[tokio::test(start_paused = true)]
async fn a_dozen_questions_share_one_connection_of_http2() {
    let _still = Still::new();
    let cluster = Cluster::start(1).await.unwrap();
    let ca = Authority::new();
    let server = ca.issue(&["127.0.0.1"], When::Now);
    let nginx = Nginx::before(&[cluster.node(0).api_url()], "", "", Some(&server)).await;
    let front = nginx.address(0);
    let door = Door::open(move |stream| {
        let front = front.clone();
        async move { pass(stream, &front).await }
    })
    .await;
    let node = node(&json!({"id": "n", "api": format!("https://{}", door.address), "ca": ca.pem()}));
    assert_eq!(ask(&node).await, QUESTIONS);
    assert_eq!(ask(&node).await, QUESTIONS);
    assert_eq!(door.connections(), 1);
    assert!(nginx.log().iter().all(|line| line.contains(" HTTP/2.0 200 ")), "{:?}", nginx.log());
}

#[tokio::test(start_paused = true)]
async fn a_first_connection_that_hangs_stops_nobody() {
    let _still = Still::new();
    let cluster = Cluster::start(1).await.unwrap();
    let ca = Authority::new();
    let server = ca.issue(&["127.0.0.1"], When::Now);
    let nginx = Nginx::before(&[cluster.node(0).api_url()], "", "", Some(&server)).await;
    let (front, count) = (nginx.address(0), AtomicUsize::new(0));
    let door = Door::open(move |stream| {
        let (front, is_first) = (front.clone(), count.fetch_add(1, Ordering::SeqCst) == 0);
        async move {
            if is_first {
                std::future::pending::<()>().await;
            }
            pass(stream, &front).await;
        }
    })
    .await;
    let node = node(&json!({"id": "n", "api": format!("https://{}", door.address), "ca": ca.pem()}));
    let asked = ask(&node);
    let second_is_tried = async {
        while door.connections() == 0 {
            tokio::task::yield_now().await;
        }
        tokio::time::advance(limits::SECOND_CONNECTION).await;
    };
    let (answered, ()) = tokio::join!(asked, second_is_tried);
    assert_eq!((answered, door.connections()), (QUESTIONS, 2));
}

#[tokio::test(start_paused = true)]
async fn without_http2_all_questions_are_under_way_at_once() {
    let _still = Still::new();
    let ca = Authority::new();
    let mut config = ca.issue(&["127.0.0.1"], When::Now).served();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    // No question is answered before all have come, each on its own connection.
    let all = Arc::new(Barrier::new(QUESTIONS));
    let door = Door::open(move |stream| {
        let (acceptor, all) = (acceptor.clone(), all.clone());
        async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            all.wait().await;
            let body = r#"{"ID":"12D3KooWMDko1V8yJTrU1TQ9iRhzWsw7G15eRbtXEdSaBsexxYvR"}"#;
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        }
    })
    .await;
    let node = node(&json!({"id": "n", "api": format!("https://{}", door.address), "ca": ca.pem()}));
    assert_eq!(ask(&node).await, QUESTIONS);
    assert_eq!(door.connections(), QUESTIONS);
}
