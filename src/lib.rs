//! Keeps a wallet's tokens on disk, backs them up encrypted on the user's own IPFS nodes, and brings every
//! device of the user to the same state.
//!
//! In a Tauri app register [`init`](fn@init) and open accounts through [`WalletSyncExt`] (feature `tauri`). Elsewhere start with
//! [`engine::Engine`]. [`model`] holds the pure formats. The modules [`node`] and [`store`] are seams
//! for tests and tools; their shape may change in a minor release.

// What tests share names this crate by its full name.
#[cfg(test)]
extern crate self as tauri_plugin_wallet_sync;

pub mod clock;
pub mod config;
pub mod engine;
pub mod error;
pub mod limits;
pub mod metrics;
pub mod model;
pub mod node;
#[cfg(not(feature = "planted-bugs"))]
mod planted;
#[cfg(feature = "planted-bugs")]
#[doc(hidden)]
pub mod planted;
#[cfg(feature = "tauri")]
pub mod plugin;
pub mod secret;
pub mod shown;
pub mod store;

pub use config::{Config, NodeConfig};
pub use engine::Engine;
pub use error::{Code, Error};
#[cfg(feature = "tauri")]
pub use plugin::{Builder, PLUGIN_NAME, ProofClaim, Verdict, WalletSync, WalletSyncExt, Wiped, init};
pub use secret::Secret;

// The samples of the guide are compiled.
#[cfg(all(doctest, feature = "tauri"))]
#[doc = include_str!("../docs/integration.md")]
struct IntegrationGuide;
#[cfg(all(doctest, feature = "tauri"))]
#[doc = include_str!("../README.md")]
struct Readme;
