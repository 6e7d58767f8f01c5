//! What a window may ask for.

use std::time::Duration;

/// Longest account id, characters: it names a folder.
pub const ACCOUNT_CHARS: usize = 64;
/// Backup files of one account that windows may fill the app's folder with.
pub const BACKUP_FILES: usize = 64;
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
/// Payloads and pages of entries being read at once for one account, or not taken by their window yet, half of them for one window; further
/// calls wait.
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
/// Listeners of one window, over all accounts: each copy of the package in a page, and in each frame, is one for every account that it
/// listens to.
pub const LISTENERS_PER_WINDOW: usize = 64;
/// Credit below which a listener has not renewed its subscription in time: it gives way where a window has no room for another.
pub const CREDIT_OF_THE_LIVING: u32 = 128;
/// Longest name of a listener and of a call, characters: what a page draws is shorter.
pub const PAGE_ID_CHARS: usize = 64;
/// How long the answer to a call is remembered after it was given: a web view sends a call again within seconds after a reload.
pub const CALL_REMEMBERED: Duration = Duration::from_secs(60);
/// Answers remembered at most; the oldest go first. A window that makes as many calls as it may fills this in forty seconds.
pub const CALLS_REMEMBERED: usize = 4_096;
/// Rows that are looked through for one page of spendable states, at most, a few milliseconds of the main thread: a page with fewer rows
/// may have another one after it.
pub const PAGE_SCAN: usize = 2_000;
/// How long an app that was told to end by a signal may take beyond the drain before it is ended.
pub const SIGNAL_SLACK: Duration = Duration::from_secs(3);
/// Messages sent to a listener that does not renew its subscription: bounds what piles up for a window that hangs.
pub const SUBSCRIPTION_CREDIT: u32 = 256;
/// Time of a `flush` when the caller does not say.
pub const FLUSH: Duration = Duration::from_secs(10);
/// Shortest and longest deadline that a window may ask for, ms.
pub const CALL_MS: (u32, u32) = (100, 600_000);
/// Calls of one window that read and are not answered yet, or whose answer was not taken; further ones are refused. A page may ask for all
/// that it shows at once.
pub const READS_PER_WINDOW: usize = 1_024;
/// The same of calls that write: each may hold a body, or an answer of a page's size.
pub const WRITES_PER_WINDOW: usize = 256;
/// Syncs and flushes that one window may wait for at once: half of [`SYNCS_IN_FLIGHT`], so that none holds all turns. A window that waits
/// for none gets a turn all the same, up to [`WINDOWS_SYNCING`].
pub const SYNCS_PER_WINDOW: usize = 8;
/// Windows that may wait for a sync of one account at once, whatever the others hold.
pub const WINDOWS_SYNCING: usize = 64;
/// Rows of the token list that one read call is worth: a page of a thousand counts as eleven calls, so a window reads 90,000 rows a second at most.
pub const ROWS_PER_CALL: u32 = 100;
/// Pages of the token list being made at once for one account, half of them for one window: each holds the state against writes for as
/// long as it takes, and its answer is kept until the window took it.
pub const LISTINGS_IN_FLIGHT: usize = 4;
/// How long the app's own check of a proof may take: it may ask a ledger.
pub const VERIFY_PROOF: Duration = Duration::from_secs(10);
/// Proofs of one account that the app checks at once; further calls wait.
pub const VERIFYING: usize = 4;
/// The same thing is told of a window once in this time, with how often it was tried: an alert is for a person.
pub const TOLD_AGAIN: Duration = Duration::from_secs(600);
/// Windows and things told of them that are remembered.
pub const TOLD_WINDOWS: usize = 256;
