//! What is on the wire and in blocks: records, roots, index, CARs.

use super::inventory::{ENTRIES, STATES, UNKNOWN_ITEMS};

/// Largest IPNS record, bytes: the IPNS specification and Kubo refuse more.
pub const RECORD_BYTES: usize = 10_240;
/// Longest CID text in a record's value, characters: the longest CIDv1 takes 112, and base58 is decoded in quadratic time.
pub const RECORD_VALUE_CHARS: usize = 256;
/// Most bytes of the blocks in a `_ws` extension: leaves room for signatures and value inside [`RECORD_BYTES`].
pub const EXTENSION_BYTES: usize = 8 * 1024;
/// Most blocks a record carries: root and a handful of index nodes; more never fit.
pub const EXTENSION_BLOCKS: usize = 64;
/// Devices whose records carry the index: of more, twelve of 10 KB on five nodes would be 600 KB for a new device.
pub const CARRYING_DEVICES: usize = 2;
/// Largest block, bytes: Kubo and bitswap refuse more than 2 MiB.
pub const BLOCK_BYTES: usize = 2 * 1024 * 1024;
/// Largest inside of a root, bytes: 64 heads take 3,600, all unknown fields at their bound 16,400.
pub const ROOT_BYTES: usize = 24 * 1024;
/// Longest name of a pin, bytes: Kubo refuses more.
pub const PIN_NAME_BYTES: usize = 255;
/// Longest label of a device, bytes: a short name in any script.
pub const LABEL_BYTES: usize = 64;
/// Most predecessors a root names: the pinned ones, those of a former owner with them.
pub const PREDECESSORS: usize = 8;
/// Largest inside of an index node, bytes: a leaf of 32 items, each as large as an item may be, takes 1,705,200.
pub const NODE_BYTES: usize = 1_792 * 1024;
/// Largest item of the index, bytes: an entry with every actor, value and unknown field at its bound takes 51,730, a token
/// state 20,500.
pub const ITEM_BYTES: usize = 52 * 1024;
/// Deepest nesting in any CBOR that is read: our formats use at most 6.
pub const CBOR_DEPTH: usize = 32;
/// Highest sequence number: Kubo refuses 2^63 and above.
pub const SEQUENCE_MAX: u64 = i64::MAX as u64;
/// Largest data block, bytes: larger sealed bytes are cut, so that a body of 1 MB suffices and a thin line gets further.
pub const CHUNK_BYTES: usize = 256 * 1024;
/// Most chunks of one payload: [`PAYLOAD_BYTES`](super::PAYLOAD_BYTES) take 1,081,372 bytes when they are sealed.
pub const CHUNKS: usize = 5;
/// Most items taken from one index: states, entries, and room for kinds of later releases.
pub const INDEX_ITEMS: usize = STATES + ENTRIES + UNKNOWN_ITEMS;
/// Most nodes of one index: a leaf has at least one item, and there are fewer inner nodes than leaves.
pub const INDEX_NODES: usize = 2 * INDEX_ITEMS;
/// Fan-out of the canonical tries: five bits of a key per level.
pub const TRIE_FANOUT: usize = 32;
/// Most items in a trie leaf before it splits.
pub const TRIE_LEAF: usize = 32;
/// Deepest trie level: 51 levels use up a 256-bit key; honest tries stay below 12.
pub const TRIE_DEPTH: usize = 51;
/// Most blocks accepted in one CAR: payloads, evidence and nodes of a full wallet.
pub const CAR_BLOCKS: usize = 1_000_000;
/// Most bytes accepted in one CAR: 200,000 states of 25 KB.
pub const CAR_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// Largest CAR header, bytes: one root takes 59.
pub const CAR_HEADER_BYTES: usize = 4 * 1024;
/// Longest CID of a CAR section, bytes: ours take 36, a 64-byte digest 70.
pub const CAR_CID_BYTES: usize = 128;
/// Most bytes held of CAR blocks that came before their parents: honest writers send parents first.
pub const CAR_EARLY_BYTES: usize = 8 * 1024 * 1024;
/// Slots that are ever read or claimed.
pub const SLOTS: u8 = 64;
