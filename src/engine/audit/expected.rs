//! What the nodes are expected to hold: the last edition of this device; of a device that has none, what others published and
//! this device has here.

use std::collections::{BTreeSet, HashSet};

use crate::engine::account::Account;
use crate::engine::local::state::holdings::Contents;
use crate::engine::local::state::names::Edition;
use crate::error::Error;
use crate::model::beacon::PLACES;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::{Name, Slot};
use crate::model::inventory::{BlockRef, Item};
use crate::model::record::Record;

/// A slot whose edition is looked for.
pub struct Subject {
    pub slot: Slot,
    pub name: Name,
    /// None when only a beacon showed it.
    pub record: Option<Record>,
    pub root: Cid,
    pub beacons: Vec<Cid>,
}

/// All that is looked for.
pub struct Expected {
    pub subjects: Vec<Subject>,
    /// Blocks and their sizes.
    pub blocks: Vec<(Cid, u64)>,
    /// Bytes of all blocks under the one root, where every one of them is known.
    pub dag: Option<u64>,
    /// It is the last edition of this device's own slot.
    pub edition: Option<Edition>,
    /// All that is here is in it.
    pub is_current: bool,
}

impl Expected {
    /// The same with these blocks alone.
    pub fn only(&self, cids: &BTreeSet<Cid>) -> Self {
        let subject = |subject: &Subject| Subject {
            slot: subject.slot,
            name: subject.name,
            record: subject.record.clone(),
            root: subject.root,
            beacons: subject.beacons.clone(),
        };
        Self {
            subjects: self.subjects.iter().map(subject).collect(),
            blocks: self.blocks.iter().filter(|(cid, _)| cids.contains(cid)).copied().collect(),
            dag: None,
            edition: self.edition,
            is_current: self.is_current,
        }
    }
}

/// What is expected now; nothing where nothing is known of any edition.
///
/// # Errors
/// Store errors.
pub async fn expected(account: &Account) -> Result<Option<Expected>, Error> {
    let contents = account.local.contents()?;
    let edition = {
        let state = account.local.read();
        let own = state.names().own().slot;
        state.names().edition().copied().filter(|edition| own == Some(edition.slot))
    };
    match edition {
        Some(edition) => own(account, edition, contents).await.map(Some),
        None => others(account, contents).await,
    }
}

/// Where something was changed since, the tries of the edition are not here any more: its data is looked for alone.
async fn own(account: &Account, edition: Edition, contents: Contents) -> Result<Expected, Error> {
    let is_current = edition.index == contents.index && edition.keep == contents.keep;
    let root = account.local.block(&edition.root).await?;
    let record = {
        let state = account.local.read();
        let record = state.names().get(edition.slot).and_then(|known| known.record.clone());
        record.filter(|record| record.root() == Some(edition.root))
    };
    let mut blocks = contents.data;
    let mut dag = None;
    if is_current {
        blocks.extend(sized(contents.index_blocks.iter().chain(&contents.keep_blocks)));
        blocks.extend(sized(root.iter()));
        dag = root.map(|_| blocks.iter().map(|(_, size)| *size).sum());
    }
    let subject = subject(account, edition.slot, record, edition.root);
    let beacons = (0..PLACES).map(|place| account.local.keys().beacon(edition.slot, place));
    blocks.extend(sized(beacons.collect::<Vec<_>>().iter()));
    Ok(Expected { subjects: vec![subject], blocks, dag, edition: Some(edition), is_current })
}

async fn others(account: &Account, contents: Contents) -> Result<Option<Expected>, Error> {
    let (subjects, live): (Vec<Subject>, HashSet<Cid>) = {
        let state = account.local.read();
        let names = state.names();
        let here = names.iter().filter(|(slot, known)| !known.occupied && !names.is_retired(*slot));
        let subjects = here.filter_map(|(slot, known)| {
            let record = known.record.clone();
            Some(subject(account, slot, record, names.root_here(slot)?))
        });
        (subjects.collect(), live_blocks(state.holdings().inventory().items()))
    };
    if subjects.is_empty() {
        return Ok(None);
    }
    // What is proven spent its owner may never have had.
    let mut blocks: Vec<(Cid, u64)> =
        contents.data.into_iter().filter(|(cid, _)| live.contains(cid)).collect();
    for subject in &subjects {
        let root = account.local.last_root(subject.slot).await?;
        if root.is_some_and(|(_, root)| root.index == contents.index) {
            blocks.extend(sized(contents.index_blocks.iter()));
            break;
        }
    }
    Ok(Some(Expected { subjects, blocks, dag: None, edition: None, is_current: true }))
}

fn live_blocks(items: impl Iterator<Item = Item>) -> HashSet<Cid> {
    let is_spent = |item: &Item| matches!(item, Item::Token(_, state) if state.is_spent());
    let live = items.filter(|item| !is_spent(item));
    live.flat_map(|item| item.refs()).flat_map(|block| chunks(&block)).collect()
}

fn chunks(block: &BlockRef) -> Vec<Cid> {
    block.chunks().copied().collect()
}

fn subject(account: &Account, slot: Slot, record: Option<Record>, root: Cid) -> Subject {
    let keys = account.local.keys();
    let beacons = (0..PLACES).map(|place| *keys.beacon(slot, place).cid()).collect();
    Subject { slot, name: keys.name(slot), record, root, beacons }
}

fn sized<'a>(blocks: impl Iterator<Item = &'a Block>) -> Vec<(Cid, u64)> {
    blocks.map(|block| (*block.cid(), block.bytes().len() as u64)).collect()
}
