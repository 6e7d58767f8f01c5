//! Tokens, entries and their blocks: what is here, and what is still to be fetched.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bytes::Bytes;

use crate::clock::{UnixMs, millis};
use crate::engine::local::rows::Confirmed;
use crate::error::Error;
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::index::Index;
use crate::model::inventory::{BlockRef, Inventory, Item};
use crate::model::keep::Keep;
use crate::model::seal::Sealer;
use crate::store::ItemKey;

/// What a block is wanted for: payloads are fetched first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Payload of a live state.
    Payload,
    /// Evidence of a spend, or the value of an entry.
    Evidence,
}

/// A block that is not here, and the items that want it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Missing {
    purpose: Purpose,
    /// Bytes that it has at most.
    size: u64,
    wanted_by: BTreeSet<ItemKey>,
    /// How often it was asked for in vain since the account was opened, and when it may be asked for again.
    in_vain: u32,
    retry_at: UnixMs,
    /// It was asked for, and nothing came for a moment: others have their turn first.
    was_silent: bool,
}

/// Inventory, the two tries that publish it, and the blocks on disk.
#[derive(Debug, Default)]
pub struct Holdings {
    inventory: Inventory,
    index: Index,
    /// Data blocks on disk that items refer to.
    keep: Keep,
    /// The keep has blocks that no item refers to any more: it is made again before it is used.
    keep_is_stale: bool,
    /// Data blocks on disk and their sizes.
    on_disk: HashMap<Cid, u64>,
    missing: BTreeMap<Cid, Missing>,
    /// Blocks that were here and were damaged; one that came back is not missing.
    lost: BTreeSet<Cid>,
}

/// Index, keep and data blocks as they are at one moment.
pub struct Contents {
    pub index: Cid,
    pub keep: Cid,
    /// Nodes of the index, root first.
    pub index_blocks: Vec<Block>,
    /// Nodes of the keep, root first.
    pub keep_blocks: Vec<Block>,
    /// Data blocks, each with its size.
    pub data: Vec<(Cid, u64)>,
}

impl Holdings {
    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    pub fn is_on_disk(&self, cid: &Cid) -> bool {
        self.on_disk.contains_key(cid)
    }

    /// Whether every chunk of a payload, evidence or value is here.
    pub fn has_all_of(&self, block: &BlockRef) -> bool {
        block.chunks().all(|cid| self.is_on_disk(cid))
    }

    /// CIDs of the data blocks on disk.
    pub fn on_disk(&self) -> impl Iterator<Item = &Cid> {
        self.on_disk.keys()
    }

    /// How many data blocks are here.
    pub fn kept(&self) -> usize {
        self.keep.len()
    }

    /// Whether an item wants this block and it is not here.
    pub fn is_missing(&self, cid: &Cid) -> bool {
        self.missing.contains_key(cid)
    }

    /// Items that want a block which is not here.
    pub(super) fn wanting(&self, cid: &Cid) -> impl Iterator<Item = &ItemKey> {
        self.missing.get(cid).into_iter().flat_map(|missing| &missing.wanted_by)
    }

    /// Blocks to fetch now, and the bytes that each has at most: those first that were asked for in vain least often, and of these
    /// those that were not silent yet; payloads before the rest. One that is nowhere keeps no other away, nor do many in a process
    /// that is short: among equals it begins where `luck` says.
    pub fn missing(&self, now: UnixMs, luck: u8) -> Vec<(Cid, u64)> {
        let due = self.missing.iter().filter(|(_, missing)| missing.retry_at <= now);
        let place = |cid: &Cid| cid.digest().last().map_or(0, |last| last.wrapping_sub(luck));
        let mut order: Vec<_> = due
            .map(|(cid, missing)| {
                let rank = (missing.in_vain, missing.was_silent, missing.purpose, place(cid));
                (rank, *cid, missing.size)
            })
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(_, cid, size)| (cid, size)).collect()
    }

    /// Whether a block was asked for before and did not come: a moment of silence says nothing new of it.
    pub fn was_silent(&self, cid: &Cid) -> bool {
        self.missing.get(cid).is_some_and(|missing| missing.was_silent)
    }

    /// Bytes of all blocks that are missing, at most.
    pub fn missing_bytes(&self) -> u64 {
        self.missing.values().map(|missing| missing.size).sum()
    }

    /// Whether something was asked for in vain.
    pub fn has_in_vain(&self) -> bool {
        self.missing.values().any(|missing| missing.in_vain > 0)
    }

    /// Items that want a block which was here and was lost: nobody else may have it.
    pub fn incomplete(&self) -> BTreeSet<ItemKey> {
        let lost = self.lost.iter().filter_map(|cid| self.missing.get(cid));
        lost.flat_map(|missing| missing.wanted_by.iter().copied()).collect()
    }

    /// The lost blocks that are still missing, with one more.
    pub fn lost_with(&self, cid: Cid) -> Vec<Cid> {
        let left = self.lost.iter().filter(|lost| self.missing.contains_key(*lost)).copied();
        left.filter(|lost| *lost != cid).chain(std::iter::once(cid)).collect()
    }

    /// The same with several more.
    pub fn lost_with_all(&self, cids: Vec<Cid>) -> Vec<Cid> {
        let left = self.lost.iter().filter(|lost| self.missing.contains_key(*lost)).copied();
        let more: BTreeSet<Cid> = left.chain(cids).collect();
        more.into_iter().collect()
    }

    pub fn missing_count(&self) -> usize {
        self.missing.len()
    }

    /// Live states whose payload is not on disk, or not all of it.
    pub fn missing_payloads(&self) -> usize {
        let payloads = self.missing.values().filter(|missing| missing.purpose == Purpose::Payload);
        payloads.flat_map(|missing| &missing.wanted_by).collect::<HashSet<_>>().len()
    }

    pub fn has_empty_index(&self) -> bool {
        self.index.is_empty()
    }

    /// Seals the index; gives its root. Unchanged nodes are not sealed again.
    pub fn seal_index(&mut self, sealer: &Sealer) -> Result<Cid, Error> {
        self.index.seal(sealer)
    }

    /// The CIDs of the sealed index.
    pub fn index_cids(&self) -> HashSet<Cid> {
        self.index.cids()
    }

    /// Seals both tries; gives their roots.
    pub fn seals(&mut self, sealer: &Sealer) -> Result<(Cid, Cid), Error> {
        if std::mem::take(&mut self.keep_is_stale) {
            self.keep = self.keep_of_items();
        }
        Ok((self.index.seal(sealer)?, self.keep.seal()?))
    }

    /// Seals both tries and gives all that an edition is made of.
    pub fn contents(&mut self, sealer: &Sealer) -> Result<Contents, Error> {
        let (index, keep) = self.seals(sealer)?;
        let data = self.keep.iter().filter_map(|cid| Some((*cid, *self.on_disk.get(cid)?))).collect();
        let (index_blocks, keep_blocks) = (self.index.blocks(), self.keep.blocks());
        Ok(Contents { index, keep, index_blocks, keep_blocks, data })
    }

    /// Puts a joined item in the place of the one with its key.
    pub(super) fn put_item(&mut self, key: ItemKey, encoded: Bytes, item: Item) {
        for cid in self.dropped_by(&item) {
            self.no_longer_wants(&cid, &key);
            self.keep_is_stale |= self.on_disk.contains_key(&cid);
        }
        for (cid, size, purpose, is_wanted) in blocks_of(&item) {
            if self.on_disk.contains_key(&cid) {
                self.keep.insert(cid);
            } else if is_wanted {
                self.want(cid, size, purpose, key);
            } else {
                self.no_longer_wants(&cid, &key);
            }
        }
        self.index.insert(key, encoded);
        self.inventory.apply(item);
    }

    pub(super) fn set_confirmed(&mut self, confirmed: Confirmed) {
        self.inventory.set_confirmed(confirmed);
    }

    /// A data block that items refer to was stored.
    pub(super) fn put_block(&mut self, cid: Cid, size: u64) {
        self.note_on_disk(cid, size);
        self.missing.remove(&cid);
        self.keep.insert(cid);
    }

    /// A data block was stored; the item that refers to it may come later.
    pub(super) fn put_block_ahead(&mut self, cid: Cid, size: u64) {
        if self.missing.contains_key(&cid) {
            self.put_block(cid, size);
        } else {
            // Items that are here and refer to it without wanting it have it now.
            self.note_on_disk(cid, size);
            self.keep_is_stale = true;
        }
    }

    /// A data block is on the disk, whether or not an item refers to it.
    pub(super) fn note_on_disk(&mut self, cid: Cid, size: u64) {
        self.on_disk.insert(cid, size);
    }

    /// A data block was found damaged: it is no longer here, and the items that refer to it want it again.
    pub(super) fn lose_block(&mut self, cid: Cid, sealer: &Sealer) {
        self.on_disk.remove(&cid);
        self.keep_is_stale = true;
        let wants = |item: &Item| {
            let mut blocks = blocks_of(item).into_iter();
            let found = blocks.find(|(block, .., is_wanted)| *block == cid && *is_wanted);
            found.map(|(_, size, purpose, _)| (size, purpose))
        };
        let wanted: Vec<((u64, Purpose), ItemKey)> =
            self.inventory.items().filter_map(|item| Some((wants(&item)?, item.index_key(sealer)))).collect();
        wanted.into_iter().for_each(|((size, purpose), key)| self.want(cid, size, purpose, key));
    }

    pub(super) fn set_lost(&mut self, lost: Vec<Cid>) {
        self.lost = lost.into_iter().collect();
    }

    /// These blocks did not come. One that was asked for before its time is not counted again.
    pub(super) fn note_in_vain(&mut self, cids: &[Cid], now: UnixMs) {
        for cid in cids {
            if let Some(missing) = self.missing.get_mut(cid).filter(|missing| missing.retry_at <= now) {
                missing.in_vain = missing.in_vain.saturating_add(1);
                let doubled = 1_u32 << missing.in_vain.min(limits::MISSING_DOUBLINGS);
                missing.retry_at = now.saturating_add(millis(limits::MISSING_RETRY.saturating_mul(doubled)));
            }
        }
    }

    /// Nothing came of these blocks for a moment; of those that were silent before, for a longer one: that was in vain.
    pub(super) fn note_silent(&mut self, cids: &[Cid], now: UnixMs) {
        for cid in cids {
            let missing = self.missing.get_mut(cid);
            if missing.is_some_and(|missing| std::mem::replace(&mut missing.was_silent, true)) {
                self.note_in_vain(std::slice::from_ref(cid), now);
            }
        }
    }

    fn keep_of_items(&self) -> Keep {
        let mut keep = Keep::new();
        for item in self.inventory.items() {
            for (cid, ..) in blocks_of(&item) {
                if self.on_disk.contains_key(&cid) {
                    keep.insert(cid);
                }
            }
        }
        keep
    }

    /// Blocks that the item in the same place referred to and the new one does not. The sets of a token only grow; an
    /// entry drops old versions.
    fn dropped_by(&self, item: &Item) -> Vec<Cid> {
        let Item::Entry(key, _) = item else { return Vec::new() };
        let Some(old) = self.inventory.entry(key) else { return Vec::new() };
        let old = Item::Entry(key.clone(), old.clone());
        let new: Vec<Cid> = blocks_of(item).into_iter().map(|(cid, ..)| cid).collect();
        blocks_of(&old).into_iter().map(|(cid, ..)| cid).filter(|cid| !new.contains(cid)).collect()
    }

    /// Everything that must survive, in an order that does not depend on chance.
    #[cfg(test)]
    pub fn durable(&self) -> String {
        let items: Vec<Item> = self.inventory.items().collect();
        let keep = if self.keep_is_stale { self.keep_of_items() } else { self.keep.clone() };
        let keep: BTreeSet<Cid> = keep.iter().copied().collect();
        let on_disk: BTreeMap<_, _> = self.on_disk.iter().collect();
        let missing: Vec<_> =
            self.missing.iter().map(|(cid, one)| (cid, one.purpose, &one.wanted_by)).collect();
        let confirmed = self.inventory.confirmed();
        format!("{items:?} {confirmed:?} {keep:?} {on_disk:?} {missing:?}")
    }

    fn want(&mut self, cid: Cid, size: u64, purpose: Purpose, key: ItemKey) {
        let missing = self.missing.entry(cid);
        let missing = missing.or_insert_with(|| Missing {
            purpose,
            size,
            wanted_by: BTreeSet::new(),
            in_vain: 0,
            retry_at: 0,
            was_silent: false,
        });
        missing.wanted_by.insert(key);
    }

    fn no_longer_wants(&mut self, cid: &Cid, key: &ItemKey) {
        if let Some(missing) = self.missing.get_mut(cid) {
            missing.wanted_by.remove(key);
            if missing.wanted_by.is_empty() {
                self.missing.remove(cid);
            }
        }
    }
}

/// The blocks an item refers to, the bytes that each has at most, what for, and whether it wants them on this disk: the payload of
/// a state that is proven spent is not fetched.
fn blocks_of(item: &Item) -> Vec<(Cid, u64, Purpose, bool)> {
    match item {
        Item::Token(_, state) => {
            let is_live = !state.is_spent();
            let payloads = state.payloads.iter().flat_map(BlockRef::sized_chunks);
            let evidence = state.intents.iter().chain(&state.proofs).flat_map(BlockRef::sized_chunks);
            let payloads = payloads.map(|(cid, size)| (cid, size, Purpose::Payload, is_live));
            payloads.chain(evidence.map(|(cid, size)| (cid, size, Purpose::Evidence, true))).collect()
        }
        other => {
            let refs = other.refs();
            let chunks = refs.iter().flat_map(BlockRef::sized_chunks);
            chunks.map(|(cid, size)| (cid, size, Purpose::Evidence, true)).collect()
        }
    }
}
