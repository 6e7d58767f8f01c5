//! What comes over a slow line, and the search of a first reading.

use std::time::Duration;

/// Slots that a search asks for at once, records and beacons: 48 requests of a node.
pub const SEARCH_SLOTS: u8 = 16;
/// A search behind the answers begins, and goes on, when no reading began for this long: it would be in the way of the next one.
pub const SEARCH_PAUSE: Duration = Duration::from_secs(5);
/// All slots are asked for again after this long: a device may have come back in any of them.
pub const SEARCH_EVERY: Duration = Duration::from_secs(86_400);
/// What one step of a search may take in a process that ends.
pub const SEARCH_AT_END: Duration = Duration::from_millis(500);
/// A search that a majority did not answer is tried again after this long, at once where the caller insists: each costs 240 requests.
pub const SEARCH_RETRY: Duration = Duration::from_secs(1800);
/// Bytes a second from which on another source is taken to share the line, not to add to it: below the thinnest line (0.8 Mbit/s),
/// above what drips.
pub const BUSY_LINE: u64 = 32 * 1024;
/// Bytes after which whoever was asked first for a block is taken to deliver it: those that joined it are stopped.
pub const COPY_BYTES: u64 = 4 * 1024;
/// Whether that is so is looked at this often where several were asked.
pub const COPY_LOOK: Duration = Duration::from_millis(30);
/// How long single blocks may be silent before others are asked for first: some round trips of a near node; of a far one, three.
pub const BLOCK_SILENT: Duration = Duration::from_millis(400);
/// So many times as long until the first byte of those that were silent in an earlier reading: 1.2 s of a reading's 1.8, for nodes that begin
/// slowly.
pub const SILENT_AGAIN: u32 = 3;
/// A block that waits while others come is asked of another node after this long: the line is busy, or this node has not got it.
pub const CONTENT_PATIENCE: Duration = Duration::from_secs(3);
/// Nodes that send one CAR at once as long as it drips: a thin line must not carry more copies.
pub const CAR_COPIES: usize = 2;
/// Blocks of roots that are on their way and kept on disk meanwhile, bytes in all: the largest index takes about 80 MB.
pub const KEPT_BYTES: u64 = 128 * 1024 * 1024;
/// While a root is on its way, what has come of it goes to the disk this often: so much is lost with the process.
pub const KEEP_EVERY: Duration = Duration::from_secs(1);
/// Bytes that flowed within this time still flow: such a download goes on behind the answer.
pub const STILL_FLOWS: Duration = Duration::from_secs(1);
/// A stream below this many bytes a second after its first second gives way to single requests: several at once may bring more. Of a
/// thin line (0.8 Mbit/s) more comes than that, and others would only share it.
pub const STREAM_RATE: u64 = 64 * 1024;
/// Bytes a second from which on what is here may come again with a stream of all: 8 Mbit/s.
pub const WIDE_LINE: u64 = 1024 * 1024;
/// Blocks above this many bytes are asked for singly: a request each costs little, and none that is here comes again.
pub const LARGE_BLOCK: u64 = 64 * 1024;
/// As long as nothing was measured, blocks of so many bytes are asked for at once: 0.7 s on a line of 0.8 Mbit/s.
pub const UNMEASURED_BYTES: u64 = 64 * 1024;
/// Least bytes that are a measure of a line.
pub const PACE_BYTES: u64 = 16 * 1024;
/// While the first large block comes, its rate is looked at this often: the others wait for that measure, not for the whole block.
pub const PACE_LOOK: Duration = Duration::from_millis(5);
/// What is asked for at once takes about this long at the measured rate.
pub const PACE_TIME: Duration = Duration::from_secs(1);
/// What is on its way when an account is closed may still come for so long: 100 KB of a line of 4 Mbit/s, within what a command leaves
/// to work behind it.
pub const LAST_BLOCK: Duration = Duration::from_millis(180);
/// Data blocks that have come go to the disk at least this often.
pub const WRITE_EVERY: Duration = Duration::from_millis(250);
/// Whether bytes flow is looked at this often.
pub const FLOW_LOOK: Duration = Duration::from_millis(250);
