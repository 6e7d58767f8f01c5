//! Servers that answer every connection with given bytes, and end it in a given way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tauri_plugin_wallet_sync::model::block::Block;
use tauri_plugin_wallet_sync::model::cid::Codec;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::way::Door;

/// Longest wait for a client that does not hang up.
const PATIENCE: Duration = Duration::from_secs(30);

/// What comes after the bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The connection is closed in order.
    Close,
    /// It is reset: it is closed with something of the client unread.
    Reset,
    /// The last byte comes again and again.
    Endless,
}

/// A server, and how many bytes it could send.
pub struct Canned {
    pub door: Door,
    sent: Arc<AtomicU64>,
}

impl Canned {
    pub async fn open(answer: Vec<u8>, then: Then) -> Self {
        let sent = Arc::new(AtomicU64::new(0));
        let count = sent.clone();
        let door = Door::open(move |stream| serve(stream, answer.clone(), then, count.clone())).await;
        Self { door, sent }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.door.address)
    }

    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

async fn serve(mut stream: TcpStream, answer: Vec<u8>, then: Then, sent: Arc<AtomicU64>) {
    // All but the first byte of the request stays unread where the connection is to be reset.
    let mut request = vec![0; if then == Then::Reset { 1 } else { 4_096 }];
    if stream.read(&mut request).await.is_err() || stream.write_all(&answer).await.is_err() {
        return;
    }
    match then {
        Then::Reset => {}
        Then::Close => {
            let _ = stream.shutdown().await;
            let _ = tokio::time::timeout(PATIENCE, stream.read(&mut request)).await;
        }
        Then::Endless => {
            let more = vec![answer.last().copied().unwrap_or_default(); 16 * 1024];
            while stream.write_all(&more).await.is_ok() {
                sent.fetch_add(more.len() as u64, Ordering::SeqCst);
            }
        }
    }
}

/// The head of an answer, and its body.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\n");
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    [format!("{head}\r\n").as_bytes(), body].concat()
}

/// The answer of a node that has the block.
pub fn has(block: &Block) -> Vec<u8> {
    let length = block.bytes().len().to_string();
    let headers = [("Content-Type", "application/vnd.ipld.raw"), ("Content-Length", &length)];
    answer("200 OK", &headers, block.bytes())
}

/// A block of 300 bytes.
pub fn block() -> Block {
    Block::new(Codec::Raw, (0..300_u32).map(|n| n.to_be_bytes()[3] ^ 0x5a).collect::<Vec<u8>>())
}
