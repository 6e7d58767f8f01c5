//! What all fronts of these tests do: accept, and pass bytes on. Connections of before can be made to hear nothing any more.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Bytes of one chunk.
const CHUNK_BYTES: usize = 16 * 1024;

/// Accepts connections until it is dropped.
pub struct Door {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Door {
    /// Each connection is taken up by `serve`.
    pub async fn open<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = connections.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                stream.set_nodelay(true).unwrap();
                tokio::spawn(serve(stream));
            }
        });
        Self { address, connections, task }
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// `host:port` of a base URL.
pub fn authority(url: &str) -> String {
    url.split_once("://").unwrap().1.trim_end_matches('/').to_owned()
}

/// Passes bytes both ways until one side ends.
pub async fn pass(client: impl AsyncRead + AsyncWrite + Unpin, backend: &str) {
    let mut client = client;
    if let Ok(mut backend) = TcpStream::connect(backend).await {
        backend.set_nodelay(true).unwrap();
        let _ = tokio::io::copy_bidirectional(&mut client, &mut backend).await;
    }
}

/// Passes bytes on as long as the era is this one; then it takes them and passes nothing, and closes nothing.
pub async fn pass_in_era(client: TcpStream, backend: &str, mut era: watch::Receiver<u64>) {
    let Ok(backend) = TcpStream::connect(backend).await else { return };
    backend.set_nodelay(true).unwrap();
    let begun = *era.borrow_and_update();
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_backend, mut to_backend) = backend.into_split();
    let there = relay(&mut from_client, &mut to_backend, begun, era.clone());
    let back = relay(&mut from_backend, &mut to_client, begun, era.clone());
    let _ = tokio::try_join!(there, back);
}

async fn relay(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    begun: u64,
    era: watch::Receiver<u64>,
) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = from.read(&mut chunk).await?;
        if *era.borrow() != begun {
            // As if the cable were pulled: nothing is passed on, nothing is said.
            std::future::pending::<()>().await;
        }
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        to.write_all(&chunk[..read]).await?;
    }
}
