//! Asks many nodes.
