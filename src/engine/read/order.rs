//! In which order the roots of a round are merged: first those that have the others' content, so that it is fetched once.
//!
//! A root names, sealed, the roots that it contains: one of each other slot, and its own former ones. Devices that are in
//! step have equal indexes.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::account::Account;
use crate::engine::network::heard::Heard;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::model::root::Root;

/// When a root is merged.
pub enum Turn {
    /// At once.
    First,
    /// After the first ones: the root here is in one of them, if that came.
    In(Cid, Box<Root>),
    /// After the first ones: one of them has the same index.
    Same,
}

/// The turn of each record.
pub fn turns(account: &Account, records: &[(Slot, &Record)]) -> Vec<Turn> {
    let roots: Vec<Option<(Cid, Root)>> = records.iter().map(|(_, record)| news(account, record)).collect();
    let own = account.local.read().names().own().device;
    // What may be this device's own, or a clone's, is always looked at.
    let whole = |(cid, root): &(Cid, Root)| match whole(&roots, cid, root) {
        Some(whole) if root.device != own => Some(whole),
        _ => None,
    };
    let wholes: Vec<Option<Cid>> = roots.iter().map(|one| whole(one.as_ref()?)).collect();
    // The first to have each index stands for all that have the same.
    let mut of_index: BTreeMap<Cid, Cid> = BTreeMap::new();
    for (one, whole) in roots.iter().zip(&wholes) {
        if let (Some((cid, root)), None) = (one, whole) {
            of_index.entry(root.index).or_insert(*cid);
        }
    }
    let stands_for = |cid: &Cid| {
        let index = roots.iter().flatten().find(|(other, _)| other == cid).map(|(_, root)| root.index)?;
        of_index.get(&index).copied()
    };
    let turn = |(one, whole): (&Option<(Cid, Root)>, &Option<Cid>)| {
        let Some((cid, root)) = one else { return Turn::First };
        match whole {
            Some(whole) => Turn::In(stands_for(whole).unwrap_or(*whole), Box::new(root.clone())),
            None if stands_for(cid).is_some_and(|first| first != *cid) => Turn::Same,
            None => Turn::First,
        }
    };
    roots.iter().zip(&wholes).map(turn).collect()
}

/// The root among these that has all of this one, and is in no other.
fn whole(roots: &[Option<(Cid, Root)>], cid: &Cid, root: &Root) -> Option<Cid> {
    let mut whole: Option<(&Cid, &Root)> = None;
    // Each step leads to a root that was made later: it ends.
    for _ in roots {
        let (cid, root) = whole.unwrap_or((cid, root));
        match roots.iter().flatten().find(|(_, other)| contains(other, root.slot, cid)) {
            Some((next, other)) => whole = Some((next, other)),
            None => break,
        }
    }
    whole.map(|(cid, _)| *cid)
}

/// Slots with a record, and those that the carried roots name: they can be asked for before anything is merged.
pub fn named(account: &Account, heard: &Heard) -> BTreeSet<Slot> {
    let mut named = BTreeSet::new();
    for slot in heard.answers.keys() {
        for record in heard.records(*slot) {
            named.insert(*slot);
            named.extend(news(account, record).into_iter().flat_map(|(_, root)| root.heads.into_keys()));
        }
    }
    named
}

/// The root that a record carries, if it is one of this wallet and not here yet.
fn news(account: &Account, record: &Record) -> Option<(Cid, Root)> {
    let cid = record.root()?;
    if account.local.read().names().is_merged(&cid) {
        return None;
    }
    let block = record.carried().into_iter().find(|block| *block.cid() == cid)?;
    let keys = account.local.keys();
    Some((cid, Root::open(&block, keys.sealer(), keys.wallet_id()).ok()?))
}

fn contains(other: &Root, slot: Slot, cid: &Cid) -> bool {
    let is_head = other.heads.get(&slot).is_some_and(|(_, head)| head == cid);
    is_head || (other.slot == slot && other.predecessors.contains(cid))
}
