//! The pure core: bytes in, values out.
//!
//! No I/O, no clock, no randomness; whatever needs the time takes it as an argument. Types say what was checked:
//! a [`block::Block`] hashes to its CID, a [`record::Record`] has a good signature and belongs to its name.
//! `docs/format.md` fixes every published byte.

pub mod backup;
pub mod beacon;
pub mod block;
pub mod car;
pub mod cbor;
pub mod chunks;
pub mod cid;
mod envelope;
mod fields;
pub mod identity;
pub mod index;
pub mod inventory;
pub mod keep;
pub mod legacy;
pub mod pool;
pub(crate) mod protobuf;
pub mod push;
pub mod record;
pub mod root;
pub mod seal;
mod trie;
pub mod unixfs;
