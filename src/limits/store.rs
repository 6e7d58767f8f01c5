//! Database and files.

use std::time::Duration;

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
/// Bytes read of the system's table of mounts: a machine full of containers has some thousand of a hundred each.
pub const MOUNT_TABLE_BYTES: u64 = 1024 * 1024;
/// From so many states on, a first look is left at closing: below it an account opens in 50 ms, and no write is worth that.
pub const LOOK_STATES: usize = 5_000;
/// Rows of the list in it: a page.
pub const LOOK_ROWS: usize = 100;
/// Bytes in it: its rows with the longest ids and summaries, escaped, and the status of 64 names.
pub const LOOK_BYTES: usize = 1024 * 1024;
/// How long a folder is waited for that somebody else in this process is opening, or gave up opening: the largest wallet on a slow disk.
pub const OPENING: Duration = Duration::from_secs(30);
/// Threads that open rows of a large wallet: four share the work well, more wait for memory.
pub const OPEN_THREADS: usize = 4;
/// Rows from which on more than one does.
pub const OPEN_ROWS: usize = 5_000;
/// Rows that are opened before the next ones: some 5 MB.
pub const OPEN_PART: usize = 5_000;
/// Bytes read from the file that marks a damaged database: a number.
pub const MARKER_FILE_BYTES: u64 = 32;
