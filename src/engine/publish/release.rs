//! The wallet's own roots on a node: which of them are pinned, and pinning them again once they were released for a mend.
//!
//! What another device published last may name a block that no node has any more, nor this device. It cannot be pinned as a whole
//! then, and as long as it is, the node drops no damaged block. So it is released like all others, and what is left of it is pinned
//! in parts: it may be all that there is of a token.

use std::collections::{HashSet, VecDeque};

use futures_util::future::join_all;

use super::lane::Lane;
use super::mend::Pinned;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::beacon::{Beacon, PLACES};
use crate::model::block::Block;
use crate::model::cbor;
use crate::model::cid::{Cid, Codec};
use crate::model::identity::{Name, Slot};

impl Lane<'_> {
    /// The wallet's roots that are pinned there, each with its slot; those of other devices have our index where we have theirs. What
    /// others published since, and what could not be read, is known by the beacons there.
    ///
    /// # Errors
    /// The node's error; store errors.
    pub(super) async fn pinned_roots(&self) -> Result<Vec<Pinned>, Error> {
        let local = &self.account.local;
        let own = self.edition.edition.slot;
        let (mut roots, others): (Vec<Pinned>, Vec<Slot>) = {
            let state = local.read();
            let nodes = state.nodes();
            let known = nodes.rows_at(self.node.id()).flat_map(|row| row.pinned.iter().copied());
            let signed = state.names().signed_roots(own).take(limits::UNPROVEN_ROOTS);
            let own_roots = known.chain(nodes.former(self.node.id())).chain(signed);
            let roots = own_roots.map(|root| (None, root)).collect();
            (roots, state.names().iter().map(|(slot, _)| slot).filter(|slot| *slot != own).collect())
        };
        roots.push((None, self.edition.edition.root));
        for slot in others {
            let mut newest = self.named_roots(slot).await?;
            if let Some((last, root)) = local.last_root(slot).await? {
                newest.push(last);
                roots.extend(root.predecessors.into_iter().map(|root| (None, root)));
            }
            roots.retain(|(_, known)| !newest.contains(known));
            roots.extend(newest.into_iter().map(|root| (Some(slot), root)));
        }
        roots.sort_unstable();
        roots.dedup_by_key(|(_, root)| *root);
        let call = self.run.usual_call(self.account);
        let names = join_all(roots.iter().map(|(_, root)| self.node.pin_name(root, &call))).await;
        let mut pinned = Vec::new();
        for (root, name) in roots.into_iter().zip(names) {
            pinned.extend(name?.map(|_| root));
        }
        Ok(pinned)
    }

    /// Roots that the beacons of a slot name there.
    async fn named_roots(&self, slot: Slot) -> Result<Vec<Cid>, Error> {
        let (keys, call) = (self.account.local.keys(), self.run.usual_call(self.account));
        let places = (0..PLACES).map(|place| *keys.beacon(slot, place).cid());
        let names = join_all(places.map(|cid| {
            let call = &call;
            async move { self.node.pin_name(&cid, call).await }
        }))
        .await;
        let mut roots = Vec::new();
        for name in names {
            let beacon = name?.and_then(|name| Beacon::open(&name, keys.sealer()).ok());
            roots.extend(beacon.filter(|beacon| beacon.slot == slot).map(|beacon| beacon.root));
        }
        Ok(roots)
    }

    /// Pins the newest roots again, of other devices and, where it was there, the own one. Of one that is not whole any more what is
    /// left is pinned, and its device is named.
    pub(super) async fn pin_again(&self, released: &[Pinned]) {
        let own = &self.edition.edition;
        for (slot, root) in released {
            let own_slot = (*root == own.root).then_some(own.slot);
            let Some(slot) = slot.or(own_slot) else { continue };
            let name = self.account.local.keys().name(slot);
            let call = self.run.call(self.account, limits::CONTAIN);
            let Err(e) = self.node.pin(root, &name, &|_| (), &call).await else { continue };
            tracing::debug!(node = self.node.id(), %slot, code = %e.code(), "a root is not pinned");
            if slot == own.slot {
                // The lane goes on with it.
                continue;
            }
            let lacking = self.pin_parts(root, &name).await;
            if lacking > 0 {
                let words = format!(
                    "what the device of slot {slot} published last is not whole on {}; blocks of it that are wanting there: {lacking}",
                    self.node.id()
                );
                self.account.local.alert("content_lost", words);
            }
        }
    }

    /// Pins what is left under a root, the largest parts that are whole; gives how many blocks were found wanting.
    async fn pin_parts(&self, root: &Cid, name: &Name) -> usize {
        let (mut left, mut seen) = (VecDeque::from([*root]), HashSet::from([*root]));
        let mut wanting = 0;
        for _ in 0..limits::PARTS_LOOKED {
            let Some(cid) = left.pop_front() else { break };
            if self.is_whole(&cid).await {
                self.pin_part(&cid, name).await;
                continue;
            }
            match self.node.own_block(&cid, &self.run.usual_call(self.account)).await {
                Ok(Some(block)) => {
                    // Alone: under the codec that has no links.
                    self.pin_part(&cid.under_other_codec(), name).await;
                    left.extend(links_of(&block).into_iter().filter(|link| seen.insert(*link)));
                }
                Ok(None) => wanting += 1,
                Err(e) if matches!(e.code(), Code::HashMismatch | Code::TooLarge) => wanting += 1,
                Err(e) => {
                    tracing::debug!(node = self.node.id(), code = %e.code(), "a part was not looked at")
                }
            }
        }
        wanting
    }

    async fn pin_part(&self, cid: &Cid, name: &Name) {
        let call = self.run.call(self.account, limits::CONTAIN);
        if let Err(e) = self.node.pin(cid, name, &|_| (), &call).await {
            tracing::debug!(node = self.node.id(), code = %e.code(), "a part of a root is not pinned");
        }
    }

    /// Whether the node's own store has everything under a block. What does not say so is looked at more closely.
    async fn is_whole(&self, cid: &Cid) -> bool {
        let call = self.run.usual_call(self.account);
        match cid.codec() {
            Codec::Raw => matches!(self.node.holds(cid, &call).await, Ok(true)),
            Codec::DagCbor => matches!(self.node.holds_dag(cid, &call).await, Ok(Some(_))),
        }
    }
}

/// What a block links to.
pub(super) fn links_of(block: &Block) -> Vec<Cid> {
    match block.cid().codec() {
        Codec::Raw => Vec::new(),
        Codec::DagCbor => cbor::decode(block.bytes()).and_then(|node| cbor::links(&node)).unwrap_or_default(),
    }
}
