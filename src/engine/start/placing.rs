//! Which nodes of a pool this wallet uses.

use crate::config::{Config, NodeConfig, Nodes};
use crate::limits;
use crate::model::identity::WalletKeys;
use crate::model::pool::{Member, PoolMark, place};
use crate::secret::Secret;

/// The nodes of one wallet: of a pool those that hold it, then those that did by earlier versions of the pool and are read only; else
/// all of them.
#[must_use]
pub fn nodes_of(secret: &Secret, config: &Config) -> Nodes {
    let nodes = &config.nodes;
    let Some(pool) = nodes.pool() else { return nodes.clone() };
    let members: Vec<Member<'_>> = nodes.iter().map(member).collect();
    let keys = WalletKeys::derive(secret, config.network.as_deref());
    let placement = place(keys.wallet_id(), &members, pool.version, pool.replicas, limits::NODES);
    nodes.placed(&placement.now, &placement.former)
}

/// What this device's roots say of the pool; the nodes are those of one wallet.
pub fn mark(nodes: &Nodes) -> Option<PoolMark> {
    let version = nodes.pool()?.version;
    let now = nodes.iter().enumerate().filter(|(at, _)| !nodes.is_former(*at));
    Some(PoolMark { version, keys: now.filter_map(|(_, node)| node.key.clone()).collect() })
}

fn member(node: &NodeConfig) -> Member<'_> {
    // In a pool that was checked each node has a key.
    Member { key: node.key.as_deref().unwrap_or(&node.id), since: node.since.unwrap_or(1), until: node.until }
}
