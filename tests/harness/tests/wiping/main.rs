//! The same as `memory`, in a program that wipes whatever it frees: nothing of what libraries freed is left either.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used)]

#[path = "../faults/again.rs"]
#[allow(dead_code)]
mod again;
mod allocator;
#[path = "../memory/process.rs"]
mod process;
#[path = "../memory/wiped.rs"]
mod wiped;

use allocator::WIPES;
