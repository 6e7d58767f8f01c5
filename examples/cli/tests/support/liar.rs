//! A server that answers every request on its port with the same bytes, whatever they are.
//!
//! It exists for lies below what a node can tell: broken HTTP, wrong encodings, answers without end. It judges the
//! client's reading of the wire and shares no code with it; since nothing in it imitates Kubo, nothing has to be kept true.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What comes after the canned bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The connection is closed.
    Close,
    /// More of the same without end.
    Endless,
}

/// The server; it lives as long as the test process.
pub struct Liar {
    pub url: String,
    hits: Arc<AtomicU64>,
}

impl Liar {
    pub fn start(answer: Vec<u8>, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let hits = Arc::new(AtomicU64::new(0));
        let counted = hits.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let answer = answer.clone();
                std::thread::spawn(move || serve(stream, &answer, then));
            }
        });
        Self { url, hits }
    }

    /// Connections so far.
    pub fn hits(&self) -> u64 {
        self.hits.load(Ordering::SeqCst)
    }
}

/// Whatever the client does is fine: it may hang up at any time.
fn serve(mut stream: TcpStream, answer: &[u8], then: Then) {
    let mut request = [0; 4_096];
    if stream.read(&mut request).is_err() || stream.write_all(answer).is_err() {
        return;
    }
    if then == Then::Endless {
        while stream.write_all(&[b'x'; 4_096]).is_ok() {}
    }
}

/// An HTTP/1.1 answer.
pub fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    [format!("{head}\r\n").as_bytes(), body].concat()
}
