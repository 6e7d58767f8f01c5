//! The configured nodes: what is told of them, and taking one out of use.

use serde::Serialize;

use super::Engine;
use crate::node::health::NodeHealth;
use crate::{Code, Error};

/// A configured node as it is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// How it has been doing.
    #[serde(flatten)]
    pub health: NodeHealth,
    /// Whether it is in use.
    pub enabled: bool,
    /// Whether it can be written to.
    pub writable: bool,
}

impl Engine {
    /// How many nodes are configured.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.account.nodes.len()
    }

    /// Each configured node, in the order of the configuration.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeStatus> {
        let nodes = &self.account.nodes;
        let told = self.node_health().into_iter().enumerate();
        told.map(|(at, health)| NodeStatus {
            health,
            enabled: nodes.is_enabled(at),
            writable: nodes.node(at).is_some_and(|node| node.has_api()),
        })
        .collect()
    }

    /// Takes a node out of use or back into it. It lasts until the account is closed: a node that is to go for good
    /// goes from the configuration. The node still counts as configured, so that a majority stays what it was.
    ///
    /// # Errors
    /// `not_found` when no node has this id.
    pub fn set_node_enabled(&self, id: &str, enabled: bool) -> Result<(), Error> {
        self.account.check_open()?;
        let nodes = &self.account.nodes;
        let found = (0..nodes.len()).find(|at| nodes.node(*at).is_some_and(|node| node.id() == id));
        let at = found.ok_or_else(|| Error::new(Code::NotFound, "there is no node of this id"))?;
        nodes.set_enabled(at, enabled);
        let revision = self.account.read().revision;
        self.account.emit(super::Event::NodeHealthChanged { revision });
        if enabled {
            // What it missed is published to it.
            self.account.changed.notify_one();
        }
        Ok(())
    }
}
