//! What a process holds: no secret of a wallet that was closed, and no more than so many bytes whatever nodes and peers send.
//!
//! Each test starts this program once more, as a process of its own whose memory it reads or whose size it takes. What
//! the process knows comes over its stdin, and the nodes are in the test's own process.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "../faults/again.rs"]
#[allow(dead_code)]
mod again;
mod floods;
mod hostile_frames;
mod hostile_http;
mod hostile_peer;
mod large;
mod process;
mod size;
mod wiped;

/// Whether this program wipes what it frees: without that, what the HTTP library freed is left.
const WIPES: bool = false;
