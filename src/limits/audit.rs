//! Auditing what the nodes' own stores hold, and mending it.

use std::time::Duration;

/// Blocks of each node that are read and hashed in an audit that is no full one; of all the rest it is asked how many bytes they
/// have together.
pub const AUDIT_SAMPLE: usize = 16;
/// How long one node may take to say how many bytes a DAG has, and how much longer for each of its blocks: Kubo walks 10,000 in half
/// a second (measured), from a slow disk it takes longer. An answer that does not come is asked for once more.
pub const AUDIT_DAG: Duration = Duration::from_secs(4);
/// The same for each block.
pub const AUDIT_DAG_BLOCK: Duration = Duration::from_micros(500);
/// Where a node does not say how many bytes it has, each block is asked for its size, up to so many: sixteen at once, they take under
/// a second at 40 ms. Of more the audit says that the node did not answer.
pub const AUDIT_SIZES: usize = 256;
/// Questions to one node that may fail before the others are not asked: it does not answer any more.
pub const AUDIT_FAILURES: usize = 16;
/// An account that is opened is audited after this long, so that its first readings have the line.
pub const AUDIT_START: Duration = Duration::from_secs(10);
/// How often it is looked whether an audit is due: after a day, or once a node is back.
pub const AUDIT_LOOK: Duration = Duration::from_secs(60);
/// An audit that ran into a publish, or that a node did not answer, is not made again for that before this long.
pub const AUDIT_PAUSE: Duration = Duration::from_secs(600);
/// How long an audit that mends waits for a node without further progress.
pub const MEND_IDLE: Duration = Duration::from_secs(15);
/// Damaged blocks that are dropped in one call, in a line of 5 KB. The first is dropped alone: it shows whether the node can.
pub const DISCARD_BLOCKS: usize = 64;
/// For each block that it drops a node walks through all that is pinned, 8 µs a block (measured: 30 ms with 4,000, and 40 ms with 10,000
/// on a machine that had nothing else to do). Where it would come by so many blocks of the wallet, about five seconds, that is
/// unpinned first.
pub const DISCARD_WALKED: usize = 640_000;
/// How long a node may take for it: it walks through all that is pinned there, others' content too.
pub const DISCARD: Duration = Duration::from_secs(60);
/// The same at first: where what is damaged leads to a block that is nowhere, the walk waits for it. Then what is pinned is released.
pub const DISCARD_FIRST: Duration = Duration::from_secs(5);
/// Blocks that are looked at under a root which is not whole any more, so that what is left of it stays pinned: one that is nowhere among
/// 10,000 leaves about a hundred parts.
pub const PARTS_LOOKED: usize = 2_048;
/// How often an audit mends, looks again and mends what was published meanwhile: other devices may go on without end.
pub const AUDIT_ROUNDS: usize = 3;
/// Blocks that are here on no disk and asked of every node, so that what is nowhere is named; with five nodes that is a second at 40 ms.
pub const LOST_LOOKED: usize = 256;
/// How long the list of a device is looked through for what is nowhere, and how long a node may take to say what it holds.
pub const LOST_LOOK: Duration = Duration::from_secs(5);
/// Things named of one kind in a report of a rehearsal; the rest is counted.
pub const REHEARSAL_NAMES: usize = 100;
/// How long a rehearsal may take to read the wallet's list, as long as bytes flow.
pub const REHEARSAL_LIST: Duration = Duration::from_secs(120);
/// How often what is here is taken along to a new secret, where it changes meanwhile.
pub const CARRY_TRIES: usize = 8;
/// How long the old wallet is read before its secret is changed, as long as bytes flow.
pub const CARRY_READ: Duration = Duration::from_secs(600);
/// Payloads that are sealed anew at once, of a few bytes each.
pub const CARRY_BATCH: usize = 256;
/// Damaged blocks of a node that are remembered for the next process: 1 MB. Of more, an audit finds the rest.
pub const DAMAGE_KEPT: usize = 16_384;
/// How often a damaged block is put again on one node before that counts as of no use: its disk fails, or it does not mean well.
pub const MENDS: u32 = 3;
