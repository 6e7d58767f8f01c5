//! Which items of an index found no room here, counted at its nodes: the same nodes in a later index are not fetched again.

use std::collections::BTreeMap;

use super::index::Pulled;
use crate::engine::local::state::partly::Partly;
use crate::error::{Code, Error};
use crate::model::cid::Cid;

/// What of an index is not here.
pub struct LeftOut {
    pub items: u32,
    /// Nodes with such items at or under them.
    pub nodes: BTreeMap<Cid, u32>,
}

/// What of an index is not here after a join that had no room for these items of it; none where all is. What this release
/// cannot read is not here either.
///
/// # Errors
/// `unreachable` when another join changed meanwhile what need not be fetched.
pub fn left_out(pulled: &Pulled, no_room: &[usize], partly: &Partly) -> Result<Option<LeftOut>, Error> {
    let mut nodes: BTreeMap<Cid, u32> = BTreeMap::new();
    let mut items: u32 = 0;
    let mut add = |node: Cid, count: u32| {
        items = items.saturating_add(count);
        for node in std::iter::once(node).chain(pulled.diff.above(&node)) {
            let under = nodes.entry(node).or_default();
            *under = under.saturating_add(count);
        }
    };
    let mut from = 0;
    for leaf in &pulled.leaves {
        let here = no_room.partition_point(|at| *at < from)..no_room.partition_point(|at| *at < leaf.until);
        let count = u32::try_from(here.len()).unwrap_or(u32::MAX).saturating_add(leaf.unreadable);
        if count > 0 {
            add(leaf.node, count);
        }
        from = leaf.until;
    }
    for (node, count) in &pulled.known_out {
        if partly.under(node).is_none() {
            return Err(Error::new(Code::Unreachable, "what is here changed meanwhile: it is read again"));
        }
        add(*node, *count);
    }
    if pulled.is_cut {
        // What is under its nodes is not known.
        return Ok(Some(LeftOut { items: items.max(1), nodes: BTreeMap::new() }));
    }
    Ok((items > 0).then_some(LeftOut { items, nodes }))
}
