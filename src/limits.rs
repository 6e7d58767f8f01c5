//! Every bound on size, count, depth and time, each with its reason.
//!
//! Nothing is read from a network, a file or a caller without one of these.

mod arriving;

use std::time::Duration;

pub use self::arriving::*;

// --- formats ---

/// Largest IPNS record, bytes: the IPNS specification and Kubo refuse more.
pub const RECORD_BYTES: usize = 10_240;
/// Longest CID text in a record's value, characters: the longest CIDv1 takes 112, and base58 is decoded in quadratic time.
pub const RECORD_VALUE_CHARS: usize = 256;
/// Most bytes of the blocks in a `_ws` extension: leaves room for signatures and value inside [`RECORD_BYTES`].
pub const EXTENSION_BYTES: usize = 8 * 1024;
/// Most blocks a record carries: root and a handful of index nodes; more never fit.
pub const EXTENSION_BLOCKS: usize = 64;
/// Largest block, bytes: Kubo and bitswap refuse more than 2 MiB.
pub const BLOCK_BYTES: usize = 2 * 1024 * 1024;
/// Largest inside of a root, bytes: 64 heads take 3,600, all unknown fields at their bound 16,400.
pub const ROOT_BYTES: usize = 24 * 1024;
/// Longest name of a pin, bytes: Kubo refuses more.
pub const PIN_NAME_BYTES: usize = 255;
/// Most predecessors a root names: the pinned ones, those of a former owner with them.
pub const PREDECESSORS: usize = 8;
/// Largest inside of an index node, bytes: a leaf of 32 items, each as large as an item may be, takes 1,705,200.
pub const NODE_BYTES: usize = 1_792 * 1024;
/// Largest item of the index, bytes: an entry with every actor, value and unknown field at its bound takes 51,730, a token
/// state 20,500.
pub const ITEM_BYTES: usize = 52 * 1024;
/// Deepest nesting in any CBOR that is read: our formats use at most 6.
pub const CBOR_DEPTH: usize = 32;
/// Highest sequence number: Kubo refuses 2^63 and above.
pub const SEQUENCE_MAX: u64 = i64::MAX as u64;
/// Largest data block, bytes: larger sealed bytes are cut, so that a body of 1 MB suffices and a thin line gets further.
pub const CHUNK_BYTES: usize = 256 * 1024;
/// Most chunks of one payload: [`PAYLOAD_BYTES`] take 1,081,372 bytes when they are sealed.
pub const CHUNKS: usize = 5;
/// Largest payload of one token state, bytes: the wallet's own bytes, design bound.
pub const PAYLOAD_BYTES: usize = 1024 * 1024;
/// Largest evidence of one intent or proof, bytes.
pub const EVIDENCE_BYTES: usize = 256 * 1024;
/// Largest summary, bytes: what a list row shows.
pub const SUMMARY_BYTES: usize = 256;
/// Longest token id, state hash or entry key, characters.
pub const KEY_CHARS: usize = 128;
/// Largest entry value, bytes.
pub const VALUE_BYTES: usize = 64 * 1024;
/// Entry values above this many bytes are blocks of their own, so that an index leaf stays small.
pub const VALUE_INLINE_BYTES: usize = 512;
/// Most payloads, intents or proofs kept for one state; a further one is refused where it is made.
pub const SET_ITEMS: usize = 8;
/// Actors an entry remembers: a device has one, and one more after each clone of it. Bounded so that an item of them all, each
/// with a value, stays within [`ITEM_BYTES`].
pub const ENTRY_ACTORS: usize = 32;
/// Rejections of proofs that one device confirms: each is a decision of a person.
pub const REJECTIONS: usize = 1_024;
/// Versions with one actor and counter: two devices that are clones of each other make two.
pub const ENTRY_SAME: usize = 2;
/// Highest counter of a version: one for each millisecond of 8,000 years. At it a device that sets again takes a new actor.
pub const ENTRY_COUNTER_MAX: u64 = 1 << 48;
/// Most unknown fields carried along per item or root: room for later releases, no more.
pub const UNKNOWN_FIELDS: usize = 32;
/// Largest unknown field, bytes of key and encoded value: bounded one by one, because a bound on their sum would make the
/// result of a merge depend on its order.
pub const UNKNOWN_FIELD_BYTES: usize = 512;
/// Most items of unknown kinds carried along.
pub const UNKNOWN_ITEMS: usize = 50_000;
/// Most token states in one wallet: bounds memory; above it the old state is kept.
pub const STATES: usize = 200_000;
/// Most entries in one wallet.
pub const ENTRIES: usize = 50_000;
/// Most items taken from one index: states, entries, and room for kinds of later releases.
pub const INDEX_ITEMS: usize = STATES + ENTRIES + UNKNOWN_ITEMS;
/// Most nodes of one index: a leaf has at least one item, and there are fewer inner nodes than leaves.
pub const INDEX_NODES: usize = 2 * INDEX_ITEMS;
/// Fan-out of the canonical tries: five bits of a key per level.
pub const TRIE_FANOUT: usize = 32;
/// Most items in a trie leaf before it splits.
pub const TRIE_LEAF: usize = 32;
/// Deepest trie level: 51 levels use up a 256-bit key; honest tries stay below 12.
pub const TRIE_DEPTH: usize = 51;
/// Most blocks accepted in one CAR: payloads, evidence and nodes of a full wallet.
pub const CAR_BLOCKS: usize = 1_000_000;
/// Most bytes accepted in one CAR: 200,000 states of 25 KB.
pub const CAR_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// Largest CAR header, bytes: one root takes 59.
pub const CAR_HEADER_BYTES: usize = 4 * 1024;
/// Longest CID of a CAR section, bytes: ours take 36, a 64-byte digest 70.
pub const CAR_CID_BYTES: usize = 128;
/// Most bytes held of CAR blocks that came before their parents: honest writers send parents first.
pub const CAR_EARLY_BYTES: usize = 8 * 1024 * 1024;

// --- identity ---

/// Slots that are ever read or claimed.
pub const SLOTS: u8 = 64;
/// Slots read in the first round of a cold start.
pub const FIRST_ROUND_SLOTS: u8 = 4;
/// Slots read beyond the highest known one.
pub const SLOT_GAP: u8 = 2;
/// How long the nodes are asked for a slot before it is begun: longer than a far node takes.
pub const SLOT_LOOK: Duration = Duration::from_secs(1);
/// A slot whose record did not change for this long, as seen by this device, has no owner who works.
pub const QUIET_SLOT: Duration = Duration::from_secs(30 * 86_400);
/// What was read of a name this long ago is read again before a put goes over it.
pub const PUT_FRESH: Duration = Duration::from_millis(500);
/// How long content that a put would replace is fetched before this device takes another slot.
pub const CONTAIN: Duration = Duration::from_secs(10);
/// EOL of our records: after its EOL a node takes a lower sequence.
pub const RECORD_LIFETIME: Duration = Duration::from_secs(10 * 365 * 86_400);
/// Hybrid logical clocks further ahead than this are not shown and not followed.
pub const HLC_AHEAD: Duration = Duration::from_secs(600);

// --- nodes ---

/// Most configured nodes.
pub const NODES: usize = 32;
/// A TCP or TLS connection that takes longer is given up.
pub const CONNECT: Duration = Duration::from_secs(2);
/// Connections a publish uses on each node at once: its record and its content.
pub const PUBLISH_CONNECTIONS: usize = 2;
/// Idle connections are kept this long: Kubo and nginx keep theirs at least as long (measured).
pub const POOL_IDLE: Duration = Duration::from_secs(150);
/// Largest JSON answer of the RPC, bytes: the longest is the progress of a pin.
pub const RPC_ANSWER_BYTES: usize = 4 * 1024 * 1024;
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
/// Earliest and latest moment at which a second source joins.
pub const HEDGE_MIN: Duration = Duration::from_millis(30);
/// See [`HEDGE_MIN`].
pub const HEDGE_MAX: Duration = Duration::from_millis(600);
/// Consecutive failures that open a node's breaker.
pub const BREAKER_FAILURES: u32 = 3;
/// Leaves in a row, or blocks, after which a CAR is taken to be whole and the slower ones beside it are stopped: so much may come twice.
pub const FLOWING_LEAVES: usize = 2;
/// See [`FLOWING_LEAVES`].
pub const FLOWING_BLOCKS: usize = 16;
/// Once a CAR flows, a pause this long makes the next node join: two round trips of a slow line.
pub const CAR_STALL: Duration = Duration::from_millis(400);
/// Latencies remembered per node, for its percentiles.
pub const HEALTH_LATENCIES: usize = 64;
/// Longest time a breaker stays open before one request probes the node.
pub const BREAKER_OPEN: Duration = Duration::from_secs(30);

// --- the third tier ---

/// The DHT is asked this long after a sync began without a usable HTTP answer: four round trips of a slow line.
pub const DHT_AFTER: Duration = Duration::from_millis(800);
/// Peers are dialled this long after a sync began without a usable HTTP answer, so that the query finds open connections.
pub const DHT_WARM: Duration = Duration::from_millis(400);
/// Without work for this long every connection is closed and the swarm's task ends.
pub const DHT_IDLE: Duration = Duration::from_secs(60);
/// Deadlines, stalls and dropped questions are looked at this often while work is under way, and never otherwise.
pub const DHT_TICK: Duration = Duration::from_millis(20);
/// A stream to a peer that carries nothing for this long while something is expected is given up.
pub const DHT_STREAM_IDLE: Duration = Duration::from_secs(10);
/// Largest Kademlia message, bytes: a record and twenty peers with eight addresses each were seen to take 43 KB.
pub const DHT_PACKET_BYTES: usize = 64 * 1024;
/// Most addresses of one node, and longest of them, characters: Kubo announces about twenty.
pub const SWARM_ADDRESSES: usize = 64;
/// See [`SWARM_ADDRESSES`].
pub const SWARM_ADDRESS_CHARS: usize = 512;
/// Characters of a peer id; the longest in use have 59.
pub const PEER_ID_CHARS: usize = 128;
/// Most public peers to start from.
pub const BOOTSTRAP_PEERS: usize = 32;
/// Addresses taken of one host name.
pub const RESOLVED_ADDRESSES: usize = 8;
/// A host name that is not resolved by then is not dialled.
pub const RESOLVE: Duration = Duration::from_millis(500);
/// Addresses of one peer dialled at once.
pub const DIALS_AT_ONCE: u8 = 8;
/// Largest bitswap message, bytes: what Kubo's network layer takes; a block has at most half of it.
pub const BITSWAP_MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// Most blocks and presences in one message: Kubo fills messages up to 16 KiB, a presence takes 40 bytes.
pub const BITSWAP_ITEMS: usize = 4_096;
/// Inbound bitswap streams of one connection: Kubo has eight workers, each with a stream of its own.
pub const BITSWAP_STREAMS: usize = 32;
/// Bytes of messages that one connection may have half read.
pub const BITSWAP_BUFFER_BYTES: usize = 8 * 1024 * 1024;
/// Blocks asked of one peer at once, and entries of one message.
pub const BITSWAP_WANTS: usize = 64;
/// Blocks asked of a peer that has not sent any yet: what a hung one can hold up.
pub const BITSWAP_FIRST_WANTS: usize = 8;
/// A peer that sends nothing for this long while asked is joined by the next one.
pub const BITSWAP_STALL: Duration = Duration::from_millis(200);
/// Most blocks of one fetch; the caller asks again for the rest.
pub const BITSWAP_BLOCKS: usize = 4_096;
/// A fetch ends once it holds this many bytes, so that memory stays bounded; the caller asks again for the rest.
pub const BITSWAP_BYTES: usize = 32 * 1024 * 1024;

// --- publishing ---

/// Size of one CAR of a first upload, bytes: a later run resumes after the last one.
pub const CAR_CHUNK_BYTES: usize = 8 * 1024 * 1024;
/// Deltas above this many bytes go to two nodes, which hand them on.
pub const BULK_BYTES: usize = 1024 * 1024;
/// Nodes a bulk upload is sent to.
pub const BULK_NODES: usize = 2;
/// How long a node may take to pull bulk content from its peers without a further block: bitswap between two nodes can be
/// broken for minutes (measured).
pub const PULL_IDLE: Duration = Duration::from_secs(3);
/// How long a pin of what was sent may say nothing before it counts a block: nothing has to be fetched.
pub const PIN_SILENT: Duration = Duration::from_secs(5);
/// How long it may say nothing new once it counts.
pub const PIN_IDLE: Duration = Duration::from_secs(30);
/// The second look at a put record comes no earlier: racing puts show within it (measured).
pub const SECOND_LOOK: Duration = Duration::from_millis(50);
/// Blocks this old are on a node's disk: Kubo does not force them, the kernel writes within half of this.
pub const UNSAFE_ON_DISK: Duration = Duration::from_secs(60);
/// What was proven is asked for again this often.
pub const CHECK_EVERY: Duration = Duration::from_secs(86_400);
/// How long a node is asked which machine it is, beside a publish and behind its answer.
pub const MACHINE_LOOK: Duration = Duration::from_secs(4);
/// How long nodes are asked whether they hold what others published: behind the answer, a few round trips of a far node.
pub const CONFIRM: Duration = Duration::from_secs(10);
/// Nodes that must hold a change before it is `verified` (all, if fewer are configured).
pub const VERIFIED_NODES: usize = 2;
/// Changed blocks up to this many are looked for one by one.
pub const STAT_BLOCKS: usize = 32;
/// Random blocks read and hashed when there are more.
pub const SAMPLE_BLOCKS: usize = 16;
/// Newest roots kept pinned per node and name.
pub const PINNED_ROOTS: usize = 4;
/// A record goes to the DHT after this long without a change.
pub const SPREAD_QUIET: Duration = Duration::from_secs(30);
/// Server-side bound on a background spread.
pub const SPREAD_TIMEOUT: Duration = Duration::from_secs(5);
/// Records are put again this often: a node forgets them after 48 h.
pub const REPUT_EVERY: Duration = Duration::from_secs(12 * 3600);
/// One that could not be put is tried again after this long.
pub const REPUT_RETRY: Duration = Duration::from_secs(1800);
/// Records are signed again this often.
pub const RESIGN_EVERY: Duration = Duration::from_secs(365 * 86_400);
/// Unchanged names older than this are read only with the gap.
pub const QUIET_NAME: Duration = Duration::from_secs(7 * 86_400);
/// The gap beyond the known slots is read this often.
pub const GAP_EVERY: Duration = Duration::from_secs(600);
/// First and longest wait between publishing attempts.
pub const RETRY_FIRST: Duration = Duration::from_secs(2);
/// See [`RETRY_FIRST`].
pub const RETRY_MAX: Duration = Duration::from_secs(300);
/// First wait of a lane that failed, doubled each time up to [`RETRY_MAX`]: a node that restarts is back in seconds.
pub const LANE_RETRY_FIRST: Duration = Duration::from_millis(250);
/// Doublings of that wait: 250 ms to well above [`RETRY_MAX`].
pub const LANE_RETRY_DOUBLINGS: u32 = 12;
/// How long a node waits for bulk to be on another one before it is sent it directly.
pub const PULL_WAIT: Duration = Duration::from_secs(10);
/// A rename of a beacon that was not answered may still arrive for this long.
pub const RENAME_DOUBT: Duration = Duration::from_secs(120);
/// A lane that waits for that looks again this often: a few requests, and it often ends sooner, when the rename shows.
pub const HELD_RETRY: Duration = Duration::from_secs(10);
/// A block that came from no node is asked for again after twice this long, doubled each time.
pub const MISSING_RETRY: Duration = Duration::from_secs(15);
/// A root whose content came in vain so often in a row is asked for with the same growing pauses.
pub const ROOT_TRIES: u32 = 3;
/// Such roots that are remembered: eight a slot.
pub const ROOTS_IN_VAIN: usize = 512;
/// Doublings of that wait: up to about an hour.
pub const MISSING_DOUBLINGS: u32 = 8;
/// Pause before a publish that fell short is run again within one wait, doubled each time: a node that restarts is back in seconds.
pub const RERUN_PAUSE: Duration = Duration::from_millis(250);
/// Doublings of that pause at most: 4 s, well within [`WAIT_IDLE`].
pub const RERUN_DOUBLINGS: u32 = 4;
/// Once a level is reached, a lane that came no step further for this long, or half as long again as others needed for one, is not
/// waited for: about what Kubo may take on a busy machine.
pub const STEP_PATIENCE: Duration = Duration::from_millis(80);
/// The same where only nodes that lag are brought along, so that no other lane gives a measure.
pub const REPAIR_PATIENCE: Duration = Duration::from_millis(500);
/// Least and longest time that the other lanes get once the level is reached; in between, as long again as it took.
pub const LINGER_MIN: Duration = Duration::from_millis(150);
/// See [`LINGER_MIN`].
pub const LINGER_MAX: Duration = Duration::from_secs(2);
/// Content that a caller gave more time than a reading usually has is given up after this long without any.
pub const CONTENT_IDLE: Duration = Duration::from_secs(10);
/// A `sync --wait` without a deadline ends after this long without progress.
pub const WAIT_IDLE: Duration = Duration::from_secs(10);
/// A `sync --wait` without a deadline ends after this long in any case.
pub const WAIT_TOTAL: Duration = Duration::from_secs(600);
/// Leaving drains the outbox for at most this long.
pub const EXIT_DRAIN: Duration = Duration::from_secs(5);

/// Closing the folders after that takes at most this long; a write that hangs in the disk is not waited for.
pub const EXIT_CLOSE: Duration = Duration::from_secs(1);

// --- engine ---

/// Events a slow listener may fall behind before it gets a message that it lagged.
pub const EVENT_BACKLOG: usize = 256;
/// Slow operations remembered in a metrics snapshot.
pub const SLOW_OPERATIONS: usize = 10;
/// Roll-ups kept: one per minute for two days.
pub const ROLLUP_MINUTES: usize = 2 * 24 * 60;
/// Operations needed before a target is judged.
pub const TARGET_SAMPLES: u64 = 20;
/// Largest nodes file, bytes.
pub const NODES_FILE_BYTES: u64 = 1024 * 1024;
/// How long a node may take in all to pull bulk content from its peers before it is sent directly.
pub const PULL_TOTAL: Duration = Duration::from_secs(120);

// --- metrics ---

/// Shortest latency told apart, µs: a cached answer takes tens of them.
pub const LATENCY_MIN_US: u64 = 1;
/// Longest latency told apart, µs: a wait for the outbox ends after ten minutes; longer ones count as this.
pub const LATENCY_MAX_US: u64 = 600_000_000;
/// Longest detail of a slow operation, characters: an error code takes at most 18.
pub const SLOW_DETAIL_CHARS: usize = 64;
/// Largest roll-up row that is read, bytes: 30 series with every one of 20,000 latency steps in use take 12 MB.
pub const ROLLUP_BYTES: usize = 16 * 1024 * 1024;
/// Largest number in a roll-up row: above it JSON numbers lose digits in JavaScript.
pub const ROLLUP_NUMBER: u64 = 1 << 53;
/// Target: 95 % of the waits are shorter than this.
pub const TARGET_P95: Duration = Duration::from_secs(2);
/// Target: the mean wait is shorter than this.
pub const TARGET_MEAN: Duration = Duration::from_millis(500);
/// Target: the share of operations that succeed is above this.
pub const TARGET_SUCCESS: f64 = 0.99;
/// Target: the share of cache look-ups that hit is above this.
pub const TARGET_CACHE_HITS: f64 = 0.5;

// --- store ---

/// Calls waiting for a thread of the store; further ones wait for a place, so that memory stays bounded.
pub const STORE_QUEUE: usize = 256;
/// How long a short lock of another process on the database is waited for: recovery after a crash takes milliseconds.
pub const STORE_BUSY: Duration = Duration::from_secs(1);
/// The write-ahead log is cut back to this many bytes after a large batch.
pub const STORE_WAL_BYTES: u32 = 8 * 1024 * 1024;
/// Database pages each connection keeps in memory, KiB.
pub const STORE_CACHE_KIB: u32 = 8 * 1024;
/// After an unclean end a database up to this size is checked whole; a larger one would delay the start by seconds.
pub const STORE_CHECK_BYTES: u64 = 64 * 1024 * 1024;
/// Most damaged databases kept in one folder; more mean a dying disk, which is said instead.
pub const STORE_SET_ASIDE: u32 = 1_000;
/// Most rows of one table carried over from a damaged database: a full wallet on five nodes, and an end for a looping tree.
pub const STORE_SALVAGE_ROWS: usize = 2_000_000;
/// Newest quarantined rows that are kept; older ones go, so that a dying disk does not fill itself.
pub const STORE_QUARANTINE_ROWS: u32 = 10_000;
/// Block reads remembered for the cache's order before they are written along with the next commit.
pub const STORE_TOUCHED: usize = 16_384;
/// Cached blocks removed in one transaction, so that trimming does not swell the write-ahead log.
pub const STORE_TRIM_BLOCKS: usize = 512;
/// Bytes read from the lock file: a process id has at most 20 digits.
pub const LOCK_FILE_BYTES: u64 = 32;
/// Bytes read from the file that marks a damaged database: a number.
pub const MARKER_FILE_BYTES: u64 = 32;

// --- plugin ---

/// Longest account id, characters: it names a folder.
pub const ACCOUNT_CHARS: usize = 64;
/// Accounts open at once: each keeps a database, connections and its inventory in memory.
pub const ACCOUNTS: usize = 16;
/// Most rows of one page: about 300 KB of JSON, a few milliseconds of IPC.
pub const PAGE_ROWS: u32 = 1_000;
/// Rows of a page when the caller does not say.
pub const PAGE_ROWS_DEFAULT: u32 = 100;
/// A page of entries ends once its values exceed this many bytes.
pub const ENTRY_PAGE_BYTES: usize = 1024 * 1024;
/// Token states put by one call.
pub const PUT_TOKENS: usize = 1_000;
/// Largest body of one put, bytes: sixteen of the largest payloads.
pub const PUT_BODY_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of bodies being put at once, over all windows; further calls are refused.
pub const PUT_BYTES_IN_FLIGHT: usize = 64 * 1024 * 1024;
/// Payloads being read at once for one account; further calls wait.
pub const PAYLOADS_IN_FLIGHT: usize = 32;
/// Syncs and flushes that one account's windows may wait for at once; further calls are refused.
pub const SYNCS_IN_FLIGHT: usize = 16;
/// Read calls one window may make at once, and then per second: far above what a screen needs, far below what stalls.
pub const READ_CALLS: (u32, u32) = (2_000, 1_000);
/// Write and admin calls one window may make at once, and then per second: each may cost an fsync.
pub const WRITE_CALLS: (u32, u32) = (400, 100);
/// Shortest time between two messages to a listener: twenty per second.
pub const EVENT_SPACING: Duration = Duration::from_millis(50);
/// Shortest time between two `metrics-updated`: each makes a dashboard read a snapshot.
pub const METRICS_SPACING: Duration = Duration::from_secs(1);
/// Alerts in one message to a listener; more are counted as missed.
pub const EVENT_ALERTS: usize = 16;
/// Longest alert or warning that goes to a window, characters.
pub const SENTENCE_CHARS: usize = 512;
/// Messages sent to a listener that does not renew its subscription: bounds what piles up for a window that hangs.
pub const SUBSCRIPTION_CREDIT: u32 = 256;
/// Time of a `flush` when the caller does not say.
pub const FLUSH: Duration = Duration::from_secs(10);
/// Shortest and longest deadline that a window may ask for, ms.
pub const CALL_MS: (u32, u32) = (100, 600_000);
