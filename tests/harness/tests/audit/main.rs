//! Audits and rehearsals over real sockets: what nodes lost is found by the next look, put back while one device lives, and never
//! told as verified in between. Each harm on embedded nodes and on real Kubo.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "../front/device.rs"]
mod device;
mod farm;
mod harms;
mod lost_by_others;
mod mending;
mod no_audit_before;
mod rehearsals;
