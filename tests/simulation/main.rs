//! A seeded simulation of the whole engine: nodes, lines, disks and clocks that fail in every way that is known, and a
//! checker that holds the promises against what came of it. `docs/simulation.md` tells how to use it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod answers;
mod expected;
mod kubo;
mod line;
#[cfg(feature = "planted-bugs")]
mod planted;
mod process;
mod random;
mod run;
mod scenarios;
mod script;
mod seeds;
mod shrink;
mod words;
mod world;

#[path = "../support/mod.rs"]
mod support;
