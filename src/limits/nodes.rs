//! Requests to the HTTP nodes.

use std::time::Duration;

/// Most configured nodes.
pub const NODES: usize = 32;
/// Most machines of a pool: a wallet uses a few of them, and a file of so many is a third of what is read of one.
pub const POOL_NODES: usize = 1_024;
/// Longest key of a machine in a pool, characters: a wallet's root names those that hold it.
pub const POOL_KEY_CHARS: usize = 64;
/// Fewest and most machines that hold a wallet of a pool: what is on one alone is never verified, and each more costs as much again.
pub const REPLICAS: (usize, usize) = (2, 8);
/// Most further headers of one node.
pub const NODE_HEADERS: usize = 16;
/// Longest value of such a header, bytes: servers refuse longer heads.
pub const HEADER_BYTES: usize = 8 * 1024;
/// Most PEM of one setting, bytes: a bundle of all public certificate authorities is a quarter of it.
pub const PEM_BYTES: usize = 1024 * 1024;
/// A TCP or TLS connection that takes longer is given up: TLS to a node of 1.5 s takes 4.5 s. Each request has its own, shorter time.
pub const CONNECT: Duration = Duration::from_secs(10);
/// Over TLS one connection to a server is opened first, for all to share; after this long a second one is tried, as RFC 8305 does.
pub const SECOND_CONNECTION: Duration = Duration::from_millis(250);
/// And after this long whoever still waits opens its own.
pub const OWN_CONNECTION: Duration = Duration::from_millis(500);
/// A connection that all share serves the others this long after it was opened, at the latest: no byte is waited for in between.
pub const SHARED_SOON: Duration = Duration::from_millis(100);
/// Short questions whose time is up and that are heard to their end, over all nodes: two for each of [`NODES`].
pub const OPENING_REQUESTS: usize = 2 * NODES;
/// Answers of up to so many bytes are short: a record, a pin's name.
pub const SHORT_ANSWER_BYTES: usize = 32 * 1024;
/// A request gets a quarter of what its caller gives, up to this, where that is more than is usual: a frozen node takes no more.
pub const LONGEST_SHARE: Duration = Duration::from_secs(15);
/// What a cap of the configuration lets pass at once after a moment without use.
pub const CAP_BURST: Duration = Duration::from_millis(100);
/// A body under a cap is sent in parts of this many bytes.
pub const CAP_PART_BYTES: usize = 16 * 1024;
/// Smallest and largest cap of the configuration, kbit/s: below, no step of a publish ends in time.
pub const CAP_KBIT: (u32, u32) = (256, 10_000_000);
/// Connections a publish uses on each node at once: its record and its content.
pub const PUBLISH_CONNECTIONS: usize = 2;
/// Idle connections are kept this long, longer than a pause between two readings: Kubo keeps its own as long. nginx closes them after
/// 75 s, and says so.
pub const POOL_IDLE: Duration = Duration::from_secs(150);
/// A short question on a connection that was used before and hears nothing for this long is asked once more on a new one.
pub const POOLED_SILENCE: Duration = Duration::from_millis(500);
/// The same where the usual answer takes longer: this many times as long.
pub const POOLED_TIMES: u32 = 3;
/// Longest such wait, after questions that were answered late on connections that were alive.
pub const POOLED_SILENCE_MAX: Duration = Duration::from_secs(5);
/// After this long without an answer, connections are tried by a short question before much is sent.
pub const POOLED_RESTED: Duration = Duration::from_secs(10);
/// A file of up to this many bytes is simply sent again where connections were found dead.
pub const RESENT_BYTES: usize = 64 * 1024;
/// While something is under way over HTTP/2, the connection is tried this often.
pub const H2_PING: Duration = Duration::from_secs(15);
/// And given up after this long without an answer to that.
pub const H2_PONG: Duration = Duration::from_secs(10);
/// A request that a server over HTTP/2 says not to have looked at is sent so often again: a reading of a new wallet asks 50 questions
/// at once, and a proxy may end each connection after two.
pub const NOT_TAKEN_AGAIN: u32 = 32;
/// Largest JSON answer of the RPC that is held, bytes: a line for each of a thousand blocks that are dropped takes 150 KB. As a value in
/// memory it takes up to eleven times as much.
pub const RPC_ANSWER_BYTES: usize = 256 * 1024;
/// Most bytes of a pin's progress, which is looked at line by line: one of 60 bytes every half second for nine hours.
pub const PIN_PROGRESS_BYTES: usize = 4 * 1024 * 1024;
/// Longest line of it, bytes: the result with a root's CID takes 90.
pub const PIN_LINE_BYTES: usize = 4 * 1024;
/// Answers up to so many bytes need no room: records, names, small blocks.
pub const SMALL_ANSWER_BYTES: usize = 64 * 1024;
/// Larger answers of one node that are read at once: what is not judged yet by its hash takes [`BLOCK_BYTES`](super::BLOCK_BYTES) each at
/// most. Each node has room of its own, so that one that drips hinders itself alone; with five nodes it is 30 MiB in all.
pub const LARGE_ANSWERS: usize = 3;
/// Headers of one answer: Kubo behind nginx sends fifteen.
pub const ANSWER_HEADERS: usize = 64;
/// Bytes of those over HTTP/2; over HTTP/1 the library's bound is 408 KiB.
pub const ANSWER_HEADER_BYTES: u32 = 16 * 1024;
/// What a node may send over HTTP/2 on one stream, and on one connection, before it is looked at, bytes: 2 MiB in a round trip of 100 ms
/// are 20 MB/s.
pub const H2_STREAM_BYTES: u32 = 2 * 1024 * 1024;
/// See [`H2_STREAM_BYTES`].
pub const H2_CONNECTION_BYTES: u32 = 4 * 1024 * 1024;
/// Largest error body that is read for its words.
pub const ERROR_BODY_BYTES: usize = 4 * 1024;
/// Longest `Retry-After` that is honoured.
pub const RETRY_AFTER: Duration = Duration::from_secs(60);
/// Concurrent block requests per node.
pub const BLOCK_REQUESTS: usize = 16;
/// A loser of a race may drain this long so that its HTTP/1.1 connection survives.
pub const LOSER_DRAIN: Duration = Duration::from_millis(250);
/// A second source joins after this multiple of the first one's smoothed latency.
pub const HEDGE_FACTOR: f64 = 1.2;
/// Earliest and latest moment at which a second source joins: a far node ([`FARTHEST_NODE`]) is slow, not silent.
pub const HEDGE_MIN: Duration = Duration::from_millis(30);
/// See [`HEDGE_MIN`].
pub const HEDGE_MAX: Duration = Duration::from_millis(2_400);
/// The longest way to a node and back that is reckoned with: two hops over a satellite.
pub const FARTHEST_NODE: Duration = Duration::from_secs(2);
/// Times that wait for the answer about many names at once, before each is asked for by itself.
pub const SHOWN_PATIENCE: u32 = 3;
/// A node that answers no such question is asked it again after this long: it may have been updated.
pub const SHOWN_RETRY: Duration = Duration::from_secs(600);
/// Consecutive failures that open a node's breaker.
pub const BREAKER_FAILURES: u32 = 3;
/// Latencies remembered per node, for its percentiles.
pub const HEALTH_LATENCIES: usize = 64;
/// Longest time a breaker stays open before one request probes the node.
pub const BREAKER_OPEN: Duration = Duration::from_secs(30);
/// A verb that a node refused is asked for again after this long, where another way was taken: it may be let through by then.
pub const REFUSED_AGAIN: Duration = Duration::from_secs(600);
