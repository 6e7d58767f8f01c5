//! What a wallet holds: token states, proofs, entries.

/// Largest payload of one token state, bytes: the wallet's own bytes, design bound.
pub const PAYLOAD_BYTES: usize = 1024 * 1024;
/// Largest evidence of one intent or proof, bytes.
pub const EVIDENCE_BYTES: usize = 256 * 1024;
/// Largest summary, bytes: what a list row shows.
pub const SUMMARY_BYTES: usize = 256;
/// Longest token id, state hash or entry key, characters.
pub const KEY_CHARS: usize = 128;
/// Largest entry value, bytes.
pub const VALUE_BYTES: usize = 64 * 1024;
/// Entry values above this many bytes are blocks of their own, so that an index leaf stays small.
pub const VALUE_INLINE_BYTES: usize = 512;
/// Most payloads, intents or proofs kept for one state; a further one is refused where it is made.
pub const SET_ITEMS: usize = 8;
/// Actors an entry remembers: a device has one, and one more after each clone of it. Bounded so that an item of them all, each
/// with a value, stays within [`ITEM_BYTES`](super::ITEM_BYTES).
pub const ENTRY_ACTORS: usize = 32;
/// Rejections of proofs that one device confirms: each is a decision of a person.
pub const REJECTIONS: usize = 1_024;
/// Versions with one actor and counter: two devices that are clones of each other make two.
pub const ENTRY_SAME: usize = 2;
/// Highest counter of a version: one for each millisecond of 8,000 years. At it a device that sets again takes a new actor.
pub const ENTRY_COUNTER_MAX: u64 = 1 << 48;
/// Most unknown fields carried along per item or root: room for later releases, no more.
pub const UNKNOWN_FIELDS: usize = 32;
/// Largest unknown field, bytes of key and encoded value: bounded one by one, because a bound on their sum would make the
/// result of a merge depend on its order.
pub const UNKNOWN_FIELD_BYTES: usize = 512;
/// Most items of unknown kinds carried along.
pub const UNKNOWN_ITEMS: usize = 50_000;
/// Most token states in one wallet: bounds memory; above it the old state is kept.
pub const STATES: usize = 200_000;
/// Most entries in one wallet.
pub const ENTRIES: usize = 50_000;
