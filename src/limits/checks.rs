//! Checking what one node is able to do.

use std::time::Duration;

/// Longest wait for one question of a check: a node that takes longer is of no use to a sync.
pub const CHECK_STEP: Duration = Duration::from_secs(10);
/// Size of the large upload, bytes: a little more than what nginx takes by default.
pub const CHECK_BODY_BYTES: usize = 1024 * 1024;
/// Longest wait for it: 0.2 Mbit/s.
pub const CHECK_BODY: Duration = Duration::from_secs(45);
/// Longest check of one node: longer than the large upload by what a far node needs for the rest.
pub const CHECK_WHOLE: Duration = Duration::from_secs(90);
/// How far a node's clock may be off; records are judged by it.
pub const CHECK_CLOCK: Duration = Duration::from_secs(60);
/// How long the record of a check lives, long enough for a clock that is off by less than that.
pub const CHECK_RECORD: Duration = Duration::from_secs(600);
/// Longest version that is repeated, characters.
pub const VERSION_CHARS: usize = 32;
