//! A node that floods: what is read of it is bounded, whatever it sends.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::model::push::Topic;
use tauri_plugin_wallet_sync::node::kubo::{Http, KuboNode};
use tauri_plugin_wallet_sync::node::pubsub::Arrival;
use tauri_plugin_wallet_sync::node::{Call, Meter, Node};
use tauri_plugin_wallet_sync::{Code, Config, Error, limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that answers any request with the head of a stream, then with `part` as fast as it is read. Gives its address, and in the end how
/// many bytes were taken from it.
async fn flooding(part: Vec<u8>) -> (String, tokio::task::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).await.unwrap();
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
        let chunk = [format!("{:x}\r\n", part.len()).as_bytes(), &part, b"\r\n"].concat();
        let mut sent = 0;
        while stream.write_all(&chunk).await.is_ok() {
            sent += chunk.len();
        }
        sent
    });
    (format!("http://{address}"), serving)
}

/// Listens until it ends; how many arrivals came, and the bytes that were received.
async fn listen(api: &str) -> (Result<(), Error>, usize, u64) {
    let json = format!(r#"[{{"id":"hostile","api":"{api}"}}]"#);
    let config = Config::parse_nodes(&json).unwrap();
    let node = config.iter().next().unwrap();
    let node = KuboNode::new(node, &Http::new().unwrap(), &Config::default().timeouts).unwrap();
    let meter = Arc::new(Meter::default());
    let call = Call { deadline: monotonic() + Duration::from_secs(60), meter: meter.clone() };
    let mut arrivals = 0;
    let mut ear = |_: Arrival| {
        arrivals += 1;
        ControlFlow::Continue(())
    };
    let ended = node.subscribe(&Topic::new([3; 32]), &mut ear, &call).await;
    (ended, arrivals, meter.totals().bytes_in)
}

/// Whatever comes, no more is looked at than the bound, and the stream is given up.
async fn is_given_up(part: Vec<u8>) {
    let most = limits::PUSH_LINES.0 as usize;
    let (api, serving) = flooding(part).await;
    let (ended, arrivals, bytes) = listen(&api).await;
    assert_eq!(ended.unwrap_err().code(), Code::RateLimited);
    // Tokens come back while it is read.
    assert!(arrivals <= 2 * most, "{arrivals}");
    assert!(bytes <= (2 * most * (limits::PUSH_LINE_BYTES + 4096)) as u64, "{bytes}");
    // The connection goes with it.
    serving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_short_lines_is_given_up() {
    is_given_up(b"{\"data\":\"uAAAA\"}\n".to_vec()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_empty_lines_is_given_up() {
    is_given_up(vec![b'\n'; 4096]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_without_an_end_is_given_up() {
    is_given_up(vec![b'x'; limits::PUSH_LINE_BYTES]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_the_longest_messages_is_given_up() {
    let data = "A".repeat(limits::PUSH_BYTES.div_ceil(3) * 4 - 4);
    is_given_up(format!("{{\"data\":\"u{data}\"}}\n").into_bytes()).await;
}
