//! One signed record with everything it points at: on disk before anything is sent.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::clock::millis;
use crate::engine::account::Account;
use crate::engine::local::state::holdings::Contents;
use crate::engine::local::state::names::Edition;
use crate::engine::local::turn::Turn;
use crate::error::Error;
use crate::limits;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::{Name, Slot};
use crate::model::record::Record;
use crate::model::root::{FORMAT, Root};

/// CBOR heads around the carried blocks.
const CARRY_OVERHEAD: usize = 9;

/// A signed edition and its blocks.
pub struct SignedEdition {
    pub edition: Edition,
    pub name: Name,
    pub record: Record,
    /// Root, index and keep nodes; payloads stay in the store.
    pub blocks: HashMap<Cid, Block>,
    /// Every block under the root, children before parents.
    pub all: Vec<Cid>,
    /// Bytes of payloads, evidence and values by CID.
    sizes: HashMap<Cid, u64>,
    keep: HashSet<Cid>,
}

impl SignedEdition {
    /// Whether a block is a node of the keep.
    pub fn is_keep(&self, cid: &Cid) -> bool {
        self.keep.contains(cid)
    }

    /// Bytes of these blocks.
    pub fn bytes_of(&self, cids: &[Cid]) -> u64 {
        let size = |cid: &Cid| match self.blocks.get(cid) {
            Some(block) => block.bytes().len() as u64,
            None => self.sizes.get(cid).copied().unwrap_or(0),
        };
        cids.iter().map(size).sum()
    }

    fn new(edition: Edition, record: Record, root: Block, contents: Contents) -> Self {
        let keep = contents.keep_blocks.iter().map(|block| *block.cid()).collect();
        let nodes = || contents.keep_blocks.iter().rev().chain(contents.index_blocks.iter().rev());
        let mut all: Vec<Cid> = contents.data.iter().map(|(cid, _)| *cid).collect();
        all.extend(nodes().map(|block| *block.cid()));
        all.push(*root.cid());
        let blocks =
            nodes().cloned().chain(std::iter::once(root)).map(|block| (*block.cid(), block)).collect();
        Self {
            name: *record.name(),
            edition,
            record,
            blocks,
            all,
            sizes: contents.data.into_iter().collect(),
            keep,
        }
    }
}

/// Signs the present state for a slot, or takes the last edition up again when nothing changed since.
///
/// # Errors
/// `sequence_exhausted` when the name cannot be raised; store errors, with nothing sent.
///
/// # Cancel safety
/// What was signed is on disk and is taken up by the next call.
pub async fn prepare(account: &Account, slot: Slot) -> Result<SignedEdition, Error> {
    let turn = account.local.turn().await;
    let contents = account.local.contents()?;
    if let Some((edition, record)) = last_if_current(account, slot, &contents)
        && let Some(root) = account.local.block(&edition.root).await?
    {
        return Ok(SignedEdition::new(edition, record, root, contents));
    }
    sign(account, &turn, slot, contents).await
}

/// The last edition and its record, if they say what a new one would say.
fn last_if_current(account: &Account, slot: Slot, contents: &Contents) -> Option<(Edition, Record)> {
    let state = account.local.read();
    let last = *state.names().edition()?;
    let age = account.clock.now().saturating_sub(last.signed_at);
    let is_current = last.slot == slot
        && last.index == contents.index
        && last.keep == contents.keep
        && last.upto >= state.levels().last()
        && age < millis(limits::RESIGN_EVERY);
    let record = state.names().get(slot)?.record.clone()?;
    let is_its_record = record.sequence() == last.sequence && record.root() == Some(last.root);
    (is_current && is_its_record).then_some((last, record))
}

async fn sign(
    account: &Account,
    turn: &Turn,
    slot: Slot,
    contents: Contents,
) -> Result<SignedEdition, Error> {
    let keys = account.local.keys();
    let now = account.clock.now();
    let root = root(account, slot, &contents)?;
    let block = root.seal(keys.sealer())?;
    let carried = carried(&block, &contents.index_blocks);
    let eol = now.saturating_add(millis(limits::RECORD_LIFETIME));
    let record = Record::create(&keys.slot(slot), root.sequence, block.cid(), eol, &carried)?;
    let edition = Edition {
        slot,
        sequence: root.sequence,
        root: *block.cid(),
        index: contents.index,
        keep: contents.keep,
        upto: account.local.read().levels().last(),
        signed_at: now,
    };
    turn.sign(edition, &record, &block).await?;
    Ok(SignedEdition::new(edition, record, block, contents))
}

fn root(account: &Account, slot: Slot, contents: &Contents) -> Result<Root, Error> {
    let sequence = account.local.next_sequence(slot)?;
    let state = account.local.read();
    let others = state.names().iter().filter(|(other, _)| *other != slot);
    let heads: BTreeMap<_, _> =
        others.filter_map(|(other, known)| Some((other, (known.sequence, known.merged_root?)))).collect();
    Ok(Root {
        format: FORMAT,
        wallet: *account.local.keys().wallet_id(),
        device: state.names().own().device,
        slot,
        sequence,
        heads,
        counts: state.holdings().inventory().counts(),
        index: contents.index,
        keep: contents.keep,
        unknown: BTreeMap::new(),
    })
}

/// The root, and as much of the index as fits with it, top first.
fn carried(root: &Block, index: &[Block]) -> Vec<Block> {
    let mut room = limits::EXTENSION_BYTES.saturating_sub(CARRY_OVERHEAD);
    let mut carried = Vec::new();
    for block in std::iter::once(root).chain(index).take(limits::EXTENSION_BLOCKS) {
        let Some(left) = room.checked_sub(block.bytes().len() + CARRY_OVERHEAD) else { break };
        room = left;
        carried.push(block.clone());
    }
    carried
}
