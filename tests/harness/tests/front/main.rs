//! The engine behind fronts that see every request, and may hold one back: on embedded nodes and on real Kubo.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

mod device;
mod fronts;
mod late_renames;
mod lost_counts;
mod pin_lists;
mod refused_verbs;
