//! The engine at large: clocks, waits, the end of a process, what is remembered.

use std::time::Duration;

/// A slot whose record did not change for this long, as seen by this device, has no owner who works.
pub const QUIET_SLOT: Duration = Duration::from_secs(30 * 86_400);
/// With so many slots in use it is said that few are left: three quarters, so that there is time to retire devices that are gone.
pub const FEW_SLOTS: usize = 48;
/// How long the nodes are given to take the last edition of a device that is wiped: as long as a reading; without it the slot is taken
/// over a month later.
pub const ENDING: Duration = Duration::from_secs(2);
/// A device whose record changed within this time, as seen by this device, may be publishing at this moment: its slot is not given back by
/// another one, whose last rename of a beacon might come late (simulated: one of 6,000 runs loses otherwise).
pub const AT_WORK: Duration = Duration::from_secs(3600);
/// How long giving back the slot of another device may take, all steps together: content is fetched for [`CONTAIN`](super::CONTAIN).
pub const RETIRE: Duration = Duration::from_secs(30);
/// How often it is begun anew when something else is found in the slot meanwhile: its device is at work then.
pub const RETIRE_TRIES: usize = 3;
/// Hybrid logical clocks further ahead than this are not shown and not followed.
pub const HLC_AHEAD: Duration = Duration::from_secs(600);
/// Pause before a publish that fell short is run again within one wait, doubled each time: a node that restarts is back in seconds.
pub const RERUN_PAUSE: Duration = Duration::from_millis(250);
/// Doublings of that pause at most: 4 s, well within [`WAIT_IDLE`].
pub const RERUN_DOUBLINGS: u32 = 4;
/// A `sync --wait` without a deadline ends after this long without progress.
pub const WAIT_IDLE: Duration = Duration::from_secs(10);
/// A `sync --wait` without a deadline ends after this long in any case.
pub const WAIT_TOTAL: Duration = Duration::from_secs(600);
/// Leaving drains the outbox for at most this long.
pub const EXIT_DRAIN: Duration = Duration::from_secs(5);
/// Closing the folders after that takes at most this long; a write that hangs in the disk is not waited for.
pub const EXIT_CLOSE: Duration = Duration::from_secs(1);
/// Events a slow listener may fall behind before it gets a message that it lagged.
pub const EVENT_BACKLOG: usize = 256;
/// Changed rows of the token list remembered, so that a list is brought up to date without being read again: a few hundred KB.
pub const CHANGES_KEPT: usize = 4_096;
/// Slow operations remembered in a metrics snapshot.
pub const SLOW_OPERATIONS: usize = 10;
/// Roll-ups kept: one per minute for two days.
pub const ROLLUP_MINUTES: usize = 2 * 24 * 60;
/// Operations needed before a target is judged.
pub const TARGET_SAMPLES: u64 = 20;
/// Largest nodes file, bytes.
pub const NODES_FILE_BYTES: u64 = 1024 * 1024;
/// Warnings of one report: a screenful; the rest is counted.
pub const WARNINGS: usize = 64;
/// Alerts of one kind from one change: of a thousand tokens in dispute the first few are named, and the rest is counted.
pub const ALERTS_OF_A_CHANGE: usize = 8;
/// What a log keeps of foreign text, characters: a sentence.
pub const LOG_CHARS: usize = 160;
/// What a log keeps of a word of foreign text, characters: enough to find a token or a block again, too little to be one.
pub const LOG_WORD_CHARS: usize = 8;
