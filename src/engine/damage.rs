//! Blocks that were found damaged in nodes' own stores: what a node believes to have it does not write again, so that they are
//! dropped there before they are put. [`Account::remember_damage`](super::account::Account::remember_damage) keeps them for the next
//! process: what one found and could not mend is not told as verified by another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::limits;
use crate::model::cid::Cid;

/// The damage that is known of, by node.
#[derive(Default)]
pub struct Damage {
    found: Mutex<BTreeMap<usize, BTreeMap<Cid, Harm>>>,
    /// Nodes that drop no block, for a reason that is not this wallet's.
    kept: Mutex<BTreeSet<usize>>,
}

/// One block on one node.
#[derive(Clone, Copy, Default)]
struct Harm {
    is_open: bool,
    /// How often it was put again.
    mended: u32,
}

impl Damage {
    fn found(&self) -> MutexGuard<'_, BTreeMap<usize, BTreeMap<Cid, Harm>>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, BTreeSet<usize>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a node keeps what is damaged there, as far as was tried: what others have pinned there cannot be read, or it is not let.
    pub fn is_kept(&self, at: usize) -> bool {
        self.kept().contains(&at)
    }

    /// Notes whether it does.
    pub fn note_kept(&self, at: usize, is_kept: bool) {
        let mut kept = self.kept();
        let _ = if is_kept { kept.insert(at) } else { kept.remove(&at) };
    }

    /// A node has other bytes than these blocks.
    pub fn note(&self, at: usize, cids: impl IntoIterator<Item = Cid>) {
        let mut found = self.found();
        let of_node = found.entry(at).or_default();
        for cid in cids {
            of_node.entry(cid).or_default().is_open = true;
        }
    }

    /// What is damaged on a node.
    pub fn on(&self, at: usize) -> Vec<Cid> {
        let found = self.found();
        let open = found.get(&at).into_iter().flatten().filter(|(_, harm)| harm.is_open);
        open.map(|(cid, _)| *cid).collect()
    }

    /// All that is damaged, by node.
    pub fn all(&self) -> BTreeMap<usize, Vec<Cid>> {
        let found = self.found();
        let open = |of_node: &BTreeMap<Cid, Harm>| {
            of_node.iter().filter(|(_, harm)| harm.is_open).map(|(cid, _)| *cid).collect::<Vec<_>>()
        };
        let all = found.iter().map(|(at, of_node)| (*at, open(of_node)));
        all.filter(|(_, cids)| !cids.is_empty()).collect()
    }

    /// Whether something was put again so often there that it is of no use: the node has other bytes all the same.
    pub fn is_hopeless(&self, at: usize) -> bool {
        let found = self.found();
        let mut harms = found.get(&at).into_iter().flat_map(BTreeMap::values);
        harms.any(|harm| harm.is_open && harm.mended >= limits::MENDS)
    }

    /// These were put again there.
    pub fn note_mended(&self, at: usize, cids: &[Cid]) {
        let mut found = self.found();
        let of_node = found.entry(at).or_default();
        for cid in cids {
            let harm = of_node.entry(*cid).or_default();
            (harm.is_open, harm.mended) = (false, harm.mended.saturating_add(1));
        }
    }

    /// These are of no use any more.
    pub fn forget(&self, at: usize, cids: &[Cid]) {
        if let Some(of_node) = self.found().get_mut(&at) {
            of_node.retain(|cid, _| !cids.contains(cid));
        }
    }
}
