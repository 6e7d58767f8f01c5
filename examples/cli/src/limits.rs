//! Bounds of this tool's own input, each with its reason. The engine's are in its own `limits`.

use std::time::Duration;

/// Largest secret file, bytes: 64 digits and blanks around them.
pub const SECRET_FILE_BYTES: u16 = 4 * 1024;
/// Longest line of a token file, bytes: a payload of 1 MiB with every byte escaped takes six times as much.
pub const LINE_BYTES: usize = 8 * 1024 * 1024;
/// Most payload bytes in one token file: they are held in memory until all lines are checked.
pub const FILE_PAYLOAD_BYTES: usize = 1024 * 1024 * 1024;
/// Bytes read from a file at a time.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// Rows of the token list taken at a time.
pub const PAGE_ROWS: usize = 1_000;
/// Payloads fetched at the same time.
pub const FETCHES: usize = 8;
/// Longest time that `tokens --data` fetches a list that is not whole; it ends earlier where no bytes flow.
pub const FETCH: Duration = Duration::from_secs(600);
/// Longest `--deadline`, ms: one hour.
pub const DEADLINE_MS: u64 = 3_600_000;
/// How long background work of a finished command may still run: enough for a request on its way, below the
/// half second that `--deadline` promises.
pub const DRAIN: Duration = Duration::from_millis(250);

/// What is under way when a command has ended is waited for so long at most: it is dropped in a millisecond, but for a look-up in the
/// system's resolver that hangs.
pub const EXIT: Duration = Duration::from_millis(100);
