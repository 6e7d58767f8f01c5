//! Files that a person names.

use std::time::Duration;

/// Bytes of such a file that are in memory at once.
pub const FILE_CHUNK: u64 = 1024 * 1024;
/// Bytes of an import that are written in one transaction.
pub const IMPORT_COMMIT: usize = 4 * 1024 * 1024;
/// How often an export begins anew because a block was found damaged: after the first time all of them are known.
pub const BACKUP_TRIES: usize = 3;
/// How long an export waits for its turn to sign: a publish holds it that long only while it looks for a slot, and then there is
/// nothing to sign for.
pub const BACKUP_SIGN: Duration = Duration::from_secs(2);
/// Largest document of the predecessor, bytes: with 3 tokens it had 76 KB, with 2,500 it has this.
pub const LEGACY_BYTES: usize = 64 * 1024 * 1024;
/// Most parts of one: each is an item or an entry, written one by one.
pub const LEGACY_ITEMS: usize = 20_000;
/// Parts of a predecessor's wallet that could not be read and are named; the rest is counted.
pub const LEGACY_NAMED: usize = 64;
/// Pieces that the largest part of one is kept in.
pub const LEGACY_PIECES: usize = LEGACY_BYTES / super::VALUE_BYTES + 2;
/// Entries of kept parts that are looked at together, and bytes of their values: bounds memory.
pub const LEGACY_PAGE: usize = 1_000;
/// The same in bytes.
pub const LEGACY_PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Blocks that its file on the nodes is cut into: 256 KiB each, and as many nodes above them at most.
pub const LEGACY_BLOCKS: usize = 1_024;
/// Deepest file on the nodes: one level has 174 links.
pub const LEGACY_DEPTH: usize = 8;
/// How long it is fetched at most.
pub const LEGACY_FETCH: Duration = Duration::from_secs(120);
