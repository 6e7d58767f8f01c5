//! Keeps a wallet's tokens on disk, backs them up encrypted on the user's own IPFS nodes, and brings every
//! device of the user to the same state.
//!
//! Start with [`engine::Engine`]; [`model`] holds the pure formats. The modules [`node`] and [`store`] are seams
//! for tests and tools; their shape may change in a minor release.

pub mod clock;
pub mod config;
pub mod engine;
pub mod error;
pub mod limits;
pub mod metrics;
pub mod model;
pub mod node;
pub mod secret;
pub mod store;

pub use config::{Config, NodeConfig};
pub use engine::Engine;
pub use error::{Code, Error};
pub use secret::Secret;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
