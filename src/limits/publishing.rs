//! What goes to the nodes, how it is proven, and when it is tried again.

use std::time::Duration;

/// How long the nodes are asked for a slot before it is begun: longer than a far node takes.
pub const SLOT_LOOK: Duration = Duration::from_secs(1);
/// What was read of a name this long ago is read again before a put goes over it.
pub const PUT_FRESH: Duration = Duration::from_millis(500);
/// How long content that a put would replace is fetched before this device takes another slot.
pub const CONTAIN: Duration = Duration::from_secs(10);
/// No record of this format is older, Unix ms: 2025-01-01. A clock that says otherwise is off, and EOLs are reckoned from here.
pub const RECORDS_SINCE: i64 = 1_735_689_600_000;
/// EOL of our records: after its EOL a node takes a lower sequence.
pub const RECORD_LIFETIME: Duration = Duration::from_secs(10 * 365 * 86_400);
/// Largest CAR of an upload, bytes: a later run resumes after the last one.
pub const CAR_CHUNK_BYTES: usize = 8 * 1024 * 1024;
/// What nginx takes of a body by default, less the form around a CAR and its own head, bytes.
pub const BODY_USUAL: usize = 1024 * 1024 - 16 * 1024;
/// Largest body that is ever needed, bytes: of a single block. What a front has to take at least.
pub const BODY_NEEDED: usize = 1024 * 1024;
/// After so many bodies of nearly the largest size a larger one is tried: that costs one refused request.
pub const BODY_RETRY: u32 = 100;
/// How long a body counts as too large whose connection broke off: it may have been the line.
pub const CUT_OFF_COUNTS: Duration = Duration::from_secs(600);
/// Smallest CAR of an upload, and the first one of a node of which no rate is known, bytes: 0.7 s on a line of 0.8 Mbit/s.
pub const CAR_FIRST_BYTES: usize = 64 * 1024;
/// A CAR is at most so many times as large as the one before it: the first ones say little of a wide line.
pub const CAR_GROWTH: usize = 8;
/// Blocks, and their bytes, that a node is asked about where an earlier process was sending: a CAR of a line of 4 Mbit/s.
pub const PROBE_BLOCKS: usize = 16;
/// See [`PROBE_BLOCKS`].
pub const PROBE_BYTES: u64 = 512 * 1024;
/// What a CAR is to take at most at the measured rate: so much is lost with a process or a connection. Of a round trip of 40 ms a tenth
/// of the line is lost to waiting for answers.
pub const CAR_TIME: Duration = Duration::from_millis(500);
/// What the CARs of an upload take at first.
pub const CAR_TIME_FIRST: Duration = Duration::from_millis(150);
/// A CAR takes at most this part of what the upload took so far: a process that is killed again and again loses a tenth of what it sent.
pub const CAR_TIME_SHARE: u32 = 10;
/// A measured rate counts for this long: a device may have changed its line.
pub const RATE_FRESH: Duration = Duration::from_secs(60);
/// The thinnest line that is reckoned with, bytes a second: 0.5 Mbit/s. It is assumed where nothing was measured, and whoever is
/// slower is not left alone for long.
pub const THINNEST_LINE: u64 = 64 * 1024;
/// Deltas above this many bytes are bulk on any line: they go to two nodes, which hand them on.
pub const BULK_BYTES: usize = 1024 * 1024;
/// The same where nothing was measured: 13 s for five nodes on a line of 0.8 Mbit/s.
pub const SMALL_UNMEASURED: usize = 256 * 1024;
/// What a measured line carries within this goes to every node at once.
pub const SMALL_SHARE: Duration = Duration::from_millis(500);
/// Nodes a bulk upload is sent to at once on a wide line. On a thin one it is one.
pub const BULK_NODES: usize = 2;
/// How long whoever sends bulk may take for its first step before another one that answers begins: a fresh connection of a far node.
pub const SENDER_FIRST: Duration = Duration::from_secs(2);
/// Where whoever is first does not begin, another one that answers does after this, or after as long again as its answer took.
pub const HEAD_START: Duration = Duration::from_millis(100);
/// One that sends alone gets another one beside it for one CAR after this long, and then after twice as long each time: 64 KiB of the
/// first minute tell a slow node from a thin line. Below half of [`THINNEST_LINE`], after a quarter of it.
pub const TRIAL_AFTER: Duration = Duration::from_secs(8);
/// It must bring so many percent of what the first one brought alone: of a line that is full it gets half.
pub const TRIAL_PERCENT: u64 = 90;
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
/// Nodes that must hold a change before it is `verified` (all, if fewer are configured).
pub const VERIFIED_NODES: usize = 2;
/// Changed blocks up to this many are looked for one by one.
pub const STAT_BLOCKS: usize = 32;
/// Random blocks read and hashed when there are more.
pub const SAMPLE_BLOCKS: usize = 16;
/// Newest roots kept pinned per node and name.
pub const PINNED_ROOTS: usize = 4;
/// Roots that a node may have pinned without being proven to, remembered once it is proven with a later one: as many publishes in a
/// row may break off at a node, and leave nothing behind there.
pub const UNPROVEN_ROOTS: usize = 64;
/// Roots unpinned beside one publish: its lane takes up the next edition when they are gone.
pub const UNPINS_BESIDE: usize = 8;
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
/// First and longest wait between publishing attempts.
pub const RETRY_FIRST: Duration = Duration::from_secs(2);
/// See [`RETRY_FIRST`].
pub const RETRY_MAX: Duration = Duration::from_secs(300);
/// First wait of a lane that failed, doubled each time up to [`LANE_RETRY_MAX`]: a node that restarts is back in seconds.
pub const LANE_RETRY_FIRST: Duration = Duration::from_millis(250);
/// Longest wait of a lane: a node whose one verb fails for hours is sent no more than ten requests in two minutes.
pub const LANE_RETRY_MAX: Duration = Duration::from_secs(120);
/// Doublings of that wait: 250 ms to well above [`LANE_RETRY_MAX`].
pub const LANE_RETRY_DOUBLINGS: u32 = 12;
/// What takes no longer than this at the measured rate is sent to every node: Kubo takes 26 MB in a quarter of a second, and pulls
/// them in 1.2 s from a peer that it meets.
pub const PULL_FROM: Duration = Duration::from_secs(2);
/// Of a line of so many bytes a second every node is sent any amount: five nodes that exchange 10,000 small blocks take six times the
/// processor time of five that are sent them, and bring 3 MB a second.
pub const PULL_BELOW: u64 = 8 * 1024 * 1024;
/// A pin that was put beside its record and takes longer than this puts what that node shows in doubt: Kubo pins a small change in
/// milliseconds, on a line of 1.5 s round trip within this.
pub const PIN_USUAL: Duration = Duration::from_secs(2);
/// A rename of a beacon that was not answered may still arrive for this long.
pub const RENAME_DOUBT: Duration = Duration::from_secs(120);
/// A lane that waits for that looks again this often: a few requests, and it often ends sooner, when the rename shows.
pub const HELD_RETRY: Duration = Duration::from_secs(10);
/// Once a level is reached, a lane that came no step further for this long, or half as long again as others needed for one, is not
/// waited for: about what Kubo may take on a busy machine.
pub const STEP_PATIENCE: Duration = Duration::from_millis(80);
/// The same for bulk that another node has already: what is pulled Kubo counts every half second, what is sent shares the line.
pub const BULK_STEP: Duration = Duration::from_secs(1);
/// The same where only nodes that lag are brought along, so that no other lane gives a measure.
pub const REPAIR_PATIENCE: Duration = Duration::from_millis(500);
/// Least and longest time that the other lanes get once the level is reached; in between, as long again as it took.
pub const LINGER_MIN: Duration = Duration::from_millis(150);
/// See [`LINGER_MIN`].
pub const LINGER_MAX: Duration = Duration::from_secs(2);
/// How long a node may take in all to pull bulk content from its peers before it is sent directly.
pub const PULL_TOTAL: Duration = Duration::from_secs(120);
