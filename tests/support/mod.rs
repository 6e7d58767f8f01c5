//! What tests share: fake nodes and devices, lying servers, proxies.
#![allow(dead_code, missing_docs)]

pub mod fake_node;
pub mod peers;
pub mod world;
