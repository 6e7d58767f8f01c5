//! What a node has and cannot read. Asked for a DAG, it says only that something in it cannot be read: which block that is, is found
//! from the root down, so that of what is well nothing is given. Then it is dropped and put again like what an audit finds.

use std::collections::{BTreeSet, HashSet};

use futures_util::future::join_all;

use super::lane::Lane;
use super::release::links_of;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::{Cid, Codec};
use crate::node::is_unreadable;

/// What was found, block by block.
#[derive(Default)]
struct Found {
    damaged: BTreeSet<Cid>,
    missing: BTreeSet<Cid>,
    /// Blocks that are to be looked at next.
    below: Vec<Cid>,
}

impl Lane<'_> {
    /// Whether the next try has something to mend there: what is known of, else what is found now.
    ///
    /// # Errors
    /// Store errors. A node that goes silent meanwhile has said what it said.
    pub(super) async fn finds_unread(&self) -> Result<bool, Error> {
        let damage = &self.account.damage;
        if !damage.on(self.at).is_empty() {
            return Ok(true);
        }
        let (mut found, mut seen) = (Found::default(), HashSet::new());
        found.below.clone_from(&self.edition.beacons);
        found.below.push(self.edition.edition.root);
        while !found.below.is_empty() {
            let level = std::mem::take(&mut found.below);
            for some in level.chunks(limits::BLOCK_REQUESTS) {
                let looks = join_all(some.iter().map(|cid| self.look_at(*cid))).await;
                looks.into_iter().for_each(|look| found.add(look, &mut seen));
            }
        }
        let (damaged, missing) = (found.damaged.len(), found.missing.len());
        tracing::debug!(node = self.node.id(), damaged, missing, "looked for what the node cannot read");
        if missing > 0 {
            let slot = self.edition.edition.slot;
            self.account.local.note_lost(self.node.id(), slot, &found.missing, false).await?;
        }
        damage.note(self.at, found.damaged);
        self.account.remember_damage().await?;
        Ok(damaged + missing > 0)
    }

    /// One block; what is under it is to be looked at, unless the node says that all of that is well.
    async fn look_at(&self, cid: Cid) -> Found {
        let call = || self.run.usual_call(self.account);
        let mut found = Found::default();
        if cid.codec() == Codec::DagCbor && matches!(self.node.holds_dag(&cid, &call()).await, Ok(Some(_))) {
            return found;
        }
        found.below = self.edition.blocks.get(&cid).map(links_of).unwrap_or_default();
        let size = self.edition.bytes_of(std::slice::from_ref(&cid));
        let ask = async || self.node.own_block_of(&cid, size, &call()).await;
        let given = match ask().await {
            // Once may be by chance.
            Err(e) if is_unreadable(&e) => ask().await,
            first => first,
        };
        match given {
            Ok(Some(_)) => {}
            Ok(None) => drop(found.missing.insert(cid)),
            Err(e) if matches!(e.code(), Code::HashMismatch | Code::TooLarge) || is_unreadable(&e) => {
                found.damaged.insert(cid);
            }
            Err(_) => {}
        }
        found
    }
}

impl Found {
    fn add(&mut self, other: Self, seen: &mut HashSet<Cid>) {
        self.damaged.extend(other.damaged);
        self.missing.extend(other.missing);
        self.below.extend(other.below.into_iter().filter(|cid| seen.insert(*cid)));
    }
}
