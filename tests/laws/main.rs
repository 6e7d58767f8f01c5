//! What bytes and merges promise, whoever sends them: the pure model, without a file, a socket or a clock.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation
)]

mod backup_laws;
mod beacon_laws;
mod car_bounds;
mod car_edges;
mod car_laws;
mod cbor_laws;
mod chunk_laws;
mod edges;
mod entry_laws;
mod forge;
mod fullest;
mod golden_blocks;
mod golden_record;
mod identity_vectors;
mod index_hostile;
mod index_laws;
mod item_codec;
mod items;
mod keep_laws;
mod legacy_laws;
mod merge_laws;
mod order;
mod pool_laws;
mod push_laws;
mod record_data;
mod record_laws;
mod record_vectors;
mod root_codec;
mod seal_vectors;
