//! A server that answers every question with as much as it can.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How it fills the memory of whoever asks.
#[derive(Clone, Copy, Debug)]
pub enum Flood {
    /// Heads that do not end.
    Heads,
    /// Lists of nothing, as JSON that is costly to hold.
    Lists,
    /// Bodies that do not end.
    Bodies,
    /// Messages of pubsub, as long as any is read and as fast as they are.
    Messages,
    /// All of these: messages where it is asked for them, else one of the others after the other.
    Every,
}

/// More than any head or body that is read, bytes.
const MUCH: usize = 9 * 1024 * 1024;

/// Gives its address.
pub async fn start(flood: Flood) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, flood, asked.clone()));
        }
    });
    (format!("http://{address}"), serving)
}

async fn serve(mut stream: TcpStream, flood: Flood, count: Arc<AtomicUsize>) {
    let mut head = vec![0; 16 * 1024];
    let Ok(read) = stream.read(&mut head).await else { return };
    let asked = String::from_utf8_lossy(&head[..read]).into_owned();
    let flood = match flood {
        Flood::Every if asked.contains("pubsub/sub") => Flood::Messages,
        // Heads are what takes the most.
        Flood::Every => match count.fetch_add(1, Ordering::Relaxed) % 8 {
            0 => Flood::Lists,
            4 => Flood::Bodies,
            _ => Flood::Heads,
        },
        one => one,
    };
    let is_record = asked.contains("name/get") || asked.contains("ipns-record");
    let kind = if is_record { "application/vnd.ipfs.ipns-record" } else { "application/json" };
    let begin = match flood {
        Flood::Heads => "HTTP/1.1 200 OK\r\nX-Much: ".to_owned(),
        Flood::Lists | Flood::Bodies | Flood::Messages | Flood::Every => {
            format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n")
        }
    };
    let fill = match flood {
        Flood::Heads => vec![b'a'; 64 * 1024],
        Flood::Lists => b"[[],".repeat(16 * 1024),
        Flood::Bodies | Flood::Every => vec![b'b'; 64 * 1024],
        Flood::Messages => format!("{{\"data\":\"u{}\"}}\n", "A".repeat(20_000)).into_bytes(),
    };
    if stream.write_all(begin.as_bytes()).await.is_err() {
        return;
    }
    let most = if matches!(flood, Flood::Messages) { usize::MAX } else { MUCH };
    let mut sent = 0;
    while sent < most {
        // The other end is gone; a connection that is kept would keep its descriptor from the tests behind this one.
        if stream.write_all(&fill).await.is_err() {
            return;
        }
        sent += fill.len();
    }
    // Never closed by this end.
    while matches!(stream.read(&mut head).await, Ok(1..)) {}
}
