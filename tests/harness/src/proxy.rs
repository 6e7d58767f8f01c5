//! A TCP proxy in front of each node: one-way delay, one shared thin line, byte counts, cuts.
//!
//! Bytes leave in order, each chunk exactly one half of the round trip after it came in plus its time on the
//! line; there is no jitter and no loss, so a run repeats.
//!
//! It imitates the network, not a node: behind it stand real Kubo daemons. `tests/proxy.rs` holds it to its figures.

mod line;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

pub use line::Bandwidth;

/// Bytes of one chunk: small enough that a thin line is shared fairly, large enough to be cheap.
const CHUNK_BYTES: usize = 16 * 1024;
/// Chunks under way in one direction of one connection: 4 MiB, more than a fat line holds in one round trip.
const CHUNKS_UNDER_WAY: usize = 256;

/// What the network between the client and all nodes is like.
#[derive(Clone, Copy, Debug, Default)]
pub struct LinkProfile {
    /// Round-trip time; each direction takes half of it. A new connection costs one round trip.
    pub rtt: Duration,
    /// Bits per second in each direction, shared by all connections through one proxy; `None` = unlimited.
    pub bits_per_second: Option<u64>,
}

/// How a link behaves now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Open,
    /// Connections are closed, new ones at once after they were accepted.
    Cut,
    /// Connections stay, nothing passes.
    Blackhole,
}

/// The proxied ports of one node's surface.
#[derive(Debug)]
pub struct Link {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    bytes: Arc<Counts>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    to_node: AtomicU64,
    from_node: AtomicU64,
    connections: AtomicU64,
}

impl Link {
    /// Closes every connection and each new one, until [`open`](Self::open).
    pub fn cut(&self) {
        self.mode.send_replace(Mode::Cut);
    }

    /// Swallows everything without closing, until [`open`](Self::open).
    pub fn blackhole(&self) {
        self.mode.send_replace(Mode::Blackhole);
    }

    /// Lets bytes pass; what a blackhole held back goes on.
    pub fn open(&self) {
        self.mode.send_replace(Mode::Open);
    }

    /// Bytes sent by clients to the node.
    #[must_use]
    pub fn bytes_to_node(&self) -> u64 {
        self.bytes.to_node.load(Ordering::Relaxed)
    }

    /// Bytes sent by the node to clients.
    #[must_use]
    pub fn bytes_from_node(&self) -> u64 {
        self.bytes.from_node.load(Ordering::Relaxed)
    }

    /// Connections accepted so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.bytes.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.mode.send_replace(Mode::Cut);
        self.task.abort();
    }
}

/// Proxies in front of a whole nodes file; dropping it closes everything.
#[derive(Debug)]
pub struct DelayProxy {
    nodes: Value,
    links: Vec<Vec<Link>>,
}

impl DelayProxy {
    /// Puts a proxy in front of each `api` and `gateway` of a nodes file, one where they are the same server; TLS passes untouched.
    /// One line is shared by all of them.
    ///
    /// # Errors
    /// When the file does not parse, a URL has no `host:port`, or no port can be bound.
    ///
    /// # Cancel safety
    /// Dropping the future closes the proxies made so far.
    pub async fn start(nodes_json: &str, profile: LinkProfile) -> io::Result<Self> {
        let [up, down] = [(); 2].map(|()| profile.bits_per_second.map(Bandwidth::new));
        Self::on_line(nodes_json, profile.rtt, up, down).await
    }

    /// The same on the line of one home, which is wider towards it: bits per second to the nodes and from them.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    ///
    /// # Cancel safety
    /// Dropping the future closes the proxies made so far.
    pub async fn start_home(nodes_json: &str, rtt: Duration, up: u64, down: u64) -> io::Result<Self> {
        let [up, down] = [up, down].map(|rate| Some(Bandwidth::new(rate)));
        Self::on_line(nodes_json, rtt, up, down).await
    }

    async fn on_line(
        nodes_json: &str,
        rtt: Duration,
        up: Option<Bandwidth>,
        down: Option<Bandwidth>,
    ) -> io::Result<Self> {
        let mut nodes: Value = serde_json::from_str(nodes_json)?;
        let mut links = Vec::new();
        for node in nodes.as_array_mut().ok_or_else(|| wrong("nodes file: not an array"))? {
            let mut of_node = Vec::new();
            let mut former = None;
            for key in ["api", "gateway"] {
                let Some(url) = node.get(key).and_then(Value::as_str) else { continue };
                let (scheme, target) = server(url)?;
                // A front is both, and has one address.
                let address = match former {
                    Some((of, address)) if of == target => address,
                    _ => {
                        let link = link(target, rtt / 2, up.clone(), down.clone()).await?;
                        let address = link.address;
                        of_node.push(link);
                        address
                    }
                };
                former = Some((target, address));
                let proxied = Value::from(format!("{scheme}://{address}"));
                if let Some(node) = node.as_object_mut() {
                    node.insert(key.to_owned(), proxied);
                }
            }
            links.push(of_node);
        }
        Ok(Self { nodes, links })
    }

    /// The same nodes file with the proxies' addresses.
    #[must_use]
    pub fn nodes_json(&self) -> String {
        self.nodes.to_string()
    }

    /// The links of node `i`, `api` before `gateway` if that is another server; empty beyond the last node.
    #[must_use]
    pub fn links(&self, i: usize) -> &[Link] {
        self.links.get(i).map_or(&[], Vec::as_slice)
    }

    /// Closes all connections of node `i`, and each new one.
    pub fn cut(&self, i: usize) {
        self.links(i).iter().for_each(Link::cut);
    }

    /// Swallows all bytes from and to node `i`.
    pub fn blackhole(&self, i: usize) {
        self.links(i).iter().for_each(Link::blackhole);
    }

    /// Lets bytes from and to node `i` pass again.
    pub fn open(&self, i: usize) {
        self.links(i).iter().for_each(Link::open);
    }

    /// Connections to all nodes so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.links.iter().flatten().map(Link::connections).sum()
    }

    /// Bytes that went to all nodes, and that came from them.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        let links = || self.links.iter().flatten();
        (links().map(Link::bytes_to_node).sum(), links().map(Link::bytes_from_node).sum())
    }
}

/// Scheme and address of a base URL.
fn server(url: &str) -> io::Result<(&str, SocketAddr)> {
    let parts = url.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
    let parsed = parts.and_then(|(scheme, rest)| Some((scheme, rest.trim_end_matches('/').parse().ok()?)));
    parsed.ok_or_else(|| wrong("nodes file: a URL is not http(s)://ip:port"))
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

/// What one direction of a connection needs to know.
#[derive(Clone)]
struct Way {
    delay: Duration,
    line: Option<Bandwidth>,
    mode: watch::Receiver<Mode>,
    counts: Arc<Counts>,
}

async fn link(
    target: SocketAddr,
    delay: Duration,
    up: Option<Bandwidth>,
    down: Option<Bandwidth>,
) -> io::Result<Link> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (mode, seen) = watch::channel(Mode::Open);
    let bytes = Arc::new(Counts::default());
    let up = Way { delay, line: up, mode: seen, counts: bytes.clone() };
    let down = Way { line: down, ..up.clone() };
    let task = tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            up.counts.connections.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(connection(client, target, up.clone(), down.clone()));
        }
    });
    Ok(Link { address, mode, bytes, task })
}

async fn connection(client: TcpStream, target: SocketAddr, up: Way, down: Way) {
    let mut mode = up.mode.clone();
    let _ = client.set_nodelay(true);
    tokio::select! {
        // Whoever asks for a cut gets it even while bytes are under way.
        _ = mode.wait_for(|mode| *mode == Mode::Cut) => {}
        () = carry(client, target, up, down) => {}
    }
}

async fn carry(client: TcpStream, target: SocketAddr, up: Way, down: Way) {
    // The handshake: the client's side was answered by the local kernel, so its round trip is paid here.
    tokio::time::sleep_until(now() + up.delay.saturating_mul(2)).await;
    let Ok(node) = TcpStream::connect(target).await else { return };
    let _ = node.set_nodelay(true);
    let (client_read, client_write) = client.into_split();
    let (node_read, node_write) = node.into_split();
    tokio::join!(
        one_way(client_read, node_write, up, |counts| &counts.to_node),
        one_way(node_read, client_write, down, |counts| &counts.from_node),
    );
}

async fn one_way(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut way: Way,
    count: fn(&Counts) -> &AtomicU64,
) {
    let (sender, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(CHUNKS_UNDER_WAY);
    let line = way.line.take();
    let delay = way.delay;
    let reading = async move {
        let mut buffer = vec![0; CHUNK_BYTES];
        while let Ok(read) = from.read(&mut buffer).await {
            let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
            if let Some(line) = &line {
                line.pass(chunk.len()).await;
            }
            if sender.send((now() + delay, chunk.to_vec())).await.is_err() {
                break;
            }
        }
    };
    let writing = async move {
        while let Some((at, chunk)) = under_way.recv().await {
            tokio::time::sleep_until(at).await;
            if way.mode.wait_for(|mode| *mode == Mode::Open).await.is_err()
                || to.write_all(&chunk).await.is_err()
            {
                return;
            }
            count(&way.counts).fetch_add(chunk.len() as u64, Ordering::Relaxed);
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(reading, writing);
}

/// Monotonic time of the runtime; follows a paused clock.
#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}
