//! Which names are read when, and how content comes.

use std::time::Duration;

/// Slots read in the first round of a cold start.
pub const FIRST_ROUND_SLOTS: u8 = 4;
/// Slots read beyond the highest known one.
pub const SLOT_GAP: u8 = 2;
/// Leaves in a row, or blocks, after which a CAR is taken to be whole and the slower ones beside it are stopped: so much may come twice.
pub const FLOWING_LEAVES: usize = 2;
/// See [`FLOWING_LEAVES`].
pub const FLOWING_BLOCKS: usize = 16;
/// Once a CAR flows, a pause this long makes the next node join: two round trips of a slow line.
pub const CAR_STALL: Duration = Duration::from_millis(400);
/// How long nodes are asked whether they hold what others published: behind the answer, a few round trips of a far node.
pub const CONFIRM: Duration = Duration::from_secs(10);
/// Unchanged names older than this are read only with the gap.
pub const QUIET_NAME: Duration = Duration::from_secs(7 * 86_400);
/// The gap beyond the known slots is read this often.
pub const GAP_EVERY: Duration = Duration::from_secs(600);
/// What gave way to a root that does not come is published again after this long: two readings of the slots beyond the known ones, and on
/// a thin line most indexes.
pub const DISPLACED_WAIT: Duration = Duration::from_secs(600);
/// Roots that gave way and are not judged yet: four for each slot, more than devices that meet make within one wait.
pub const DISPLACED: usize = 256;
/// A block that came from no node is asked for again after twice this long, doubled each time.
pub const MISSING_RETRY: Duration = Duration::from_secs(15);
/// A root whose content came in vain so often in a row is asked for with the same growing pauses.
pub const ROOT_TRIES: u32 = 3;
/// Such roots that are remembered: eight a slot.
pub const ROOTS_IN_VAIN: usize = 512;
/// Doublings of that wait: up to about an hour.
pub const MISSING_DOUBLINGS: u32 = 8;
/// Roots of which a part found no room here that are remembered: eight a slot.
pub const ROOTS_IN_PART: usize = 512;
/// Index nodes with such items that are remembered, so that they are not fetched again: twice the nodes of the largest index, 4 MB.
pub const NODES_IN_PART: usize = 100_000;
/// Content that a caller gave more time than a reading usually has is given up after this long without any.
pub const CONTENT_IDLE: Duration = Duration::from_secs(10);
/// A first reading waits for nodes of which nothing is known so much longer, once a majority has answered, at least: a quarter of what
/// that took where it is more. A new device beside a frozen node must not take noticeably longer than beside a good one.
pub const STRANGER_PATIENCE: Duration = Duration::from_millis(15);
