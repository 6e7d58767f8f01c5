//! The world that the engine's tests and the bench share: imitated nodes and peers, and devices on them.
//!
//! A node is imitated at five places, each for a reason of its own:
//! * here (`fake_node`, `peers`), behind the engine's traits, because only without sockets can time be paused;
//! * `tests/simulation/kubo.rs` and `line.rs`, the same with everything that goes wrong on a node and on the line to it;
//! * `examples/dev-nodes`, over real sockets, for everything that must run without Kubo, with faults on demand;
//! * `examples/cli/tests/support/liar.rs`, bytes that no node would send;
//! * `tests/harness/src/proxy.rs`, no node at all but the line to one.
//!
//! What a node really does is decided by Kubo itself: `tests/harness/tests/contract` and `peers` run one list of checks
//! on it and on the embedded nodes, `examples/cli/tests/kubo` runs the promises themselves.
#![allow(dead_code, missing_docs)]

pub mod air;
pub mod dag;
pub mod drip;
pub mod fake_node;
pub mod fault;
pub mod filling_store;
pub mod held;
pub mod home_line;
pub mod peers;
pub mod pulling;
pub mod rot;
pub mod world;
