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
/// Nodes that send one CAR at once as long as bytes come: a thin line must not carry more copies.
pub const CAR_COPIES: usize = 2;
/// Blocks of roots that are on their way and kept on disk meanwhile, bytes in all: the largest index takes about 80 MB.
pub const KEPT_BYTES: u64 = 128 * 1024 * 1024;
/// While a root is on its way, what has come of it goes to the disk this often: so much is lost with the process.
pub const KEEP_EVERY: Duration = Duration::from_secs(1);
/// Bytes that flowed within this time still flow: such a download goes on behind the answer.
pub const STILL_FLOWS: Duration = Duration::from_secs(1);
/// A stream below this many bytes a second after its first second gives way to single requests: several at once may bring more.
pub const STREAM_RATE: u64 = 1024 * 1024;
/// Data blocks that have come go to the disk at least this often.
pub const WRITE_EVERY: Duration = Duration::from_millis(250);
/// Whether bytes flow is looked at this often.
pub const FLOW_LOOK: Duration = Duration::from_millis(250);
