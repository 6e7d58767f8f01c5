//! One signed record with everything it points at: on disk before anything is sent.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::engine::account::Account;
use crate::engine::open::{CLAIM_PUT, OWNED, SLOT, name_row, record_digest};
use crate::engine::resolve::millis;
use crate::engine::state::{Edition, KnownName, State};
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::{Name, Slot};
use crate::model::inventory::Counts;
use crate::model::record::Record;
use crate::model::root::{FORMAT, Root};
use crate::store::{BlockClass, Write, WrittenRow};
use crate::{Code, Error, limits};

/// CBOR heads around the carried blocks.
const CARRY_OVERHEAD: usize = 9;

/// A signed edition and its blocks.
pub(in crate::engine) struct Prepared {
    pub edition: Edition,
    pub name: Name,
    pub record: Record,
    /// Root, index and keep nodes; payloads stay in the store.
    pub blocks: HashMap<Cid, Block>,
    /// Every block under the root, children before parents.
    pub all: Vec<Cid>,
    /// Bytes of payloads, evidence and values by CID.
    pub sizes: HashMap<Cid, u64>,
    keep: HashSet<Cid>,
}

impl Prepared {
    /// Whether a block is a node of the keep.
    pub fn is_keep(&self, cid: &Cid) -> bool {
        self.keep.contains(cid)
    }
}

/// Signs the present state for a slot, or takes the last edition up again when nothing changed since.
///
/// # Errors
/// [`Code::SequenceExhausted`] when the name cannot be raised; store errors, with nothing sent.
pub(in crate::engine) async fn prepare(account: &Account, slot: Slot) -> Result<Prepared, Error> {
    let _order = account.order.lock().await;
    let parts = Parts::collect(account)?;
    let again = {
        let state = account.read();
        state
            .edition
            .as_ref()
            .filter(|last| {
                last.slot == slot
                    && last.index == parts.index
                    && last.keep == parts.keep
                    && last.upto >= state.last_change
                    && account.clock.now().saturating_sub(last.signed_at) < millis(limits::RESIGN_EVERY)
            })
            .cloned()
    };
    if let Some(edition) = again
        && let Some(prepared) = take_up(account, &edition, &parts).await?
    {
        return Ok(prepared);
    }
    sign(account, slot, parts).await
}

/// Index, keep and data as they are now.
struct Parts {
    index: Cid,
    keep: Cid,
    index_blocks: Vec<Block>,
    keep_blocks: Vec<Block>,
    data: Vec<Cid>,
    sizes: HashMap<Cid, u64>,
}

impl Parts {
    fn collect(account: &Account) -> Result<Self, Error> {
        let mut state = account.write();
        let State { index, keep, on_disk, .. } = &mut *state;
        let index_cid = index.seal(account.keys.sealer())?;
        let keep_cid = keep.seal()?;
        let data: Vec<Cid> = keep.iter().copied().collect();
        let sizes = data.iter().filter_map(|cid| Some((*cid, *on_disk.get(cid)?))).collect();
        Ok(Self {
            index: index_cid,
            keep: keep_cid,
            index_blocks: index.blocks(),
            keep_blocks: keep.blocks(),
            data,
            sizes,
        })
    }
}

async fn take_up(account: &Account, edition: &Edition, parts: &Parts) -> Result<Option<Prepared>, Error> {
    let record = {
        let state = account.read();
        let known = state.names.get(&edition.slot).and_then(|known| known.record.clone());
        known.filter(|record| record.sequence() == edition.sequence && record.root() == Some(edition.root))
    };
    let (Some(record), Some(root)) = (record, account.store.block(&edition.root).await?) else {
        return Ok(None);
    };
    Ok(Some(assemble(edition.clone(), record, root, parts)))
}

async fn sign(account: &Account, slot: Slot, parts: Parts) -> Result<Prepared, Error> {
    let now = account.clock.now();
    let (root, upto, old) = {
        let state = account.read();
        (root(account, &state, slot, &parts)?, state.last_change, state.names.get(&slot).cloned())
    };
    let sequence = root.sequence;
    let block = root.seal(account.keys.sealer())?;
    let carried = carried(&block, &parts.index_blocks);
    let eol = now.saturating_add(millis(limits::RECORD_LIFETIME));
    let record = Record::create(&account.keys.slot(slot), sequence, block.cid(), eol, &carried)?;
    let edition = Edition {
        slot,
        sequence,
        root: *block.cid(),
        index: parts.index,
        keep: parts.keep,
        upto,
        signed_at: now,
    };
    let known = KnownName {
        sequence,
        record: Some(record.clone()),
        merged_root: Some(edition.root),
        verified_at: old.map_or(0, |old| old.verified_at),
        changed_at: now,
        occupied: false,
    };
    let digest = record_digest(&record);
    let mut batch = vec![
        Write::Block { block: block.clone(), class: BlockClass::Cache },
        Write::Written(WrittenRow {
            slot: slot.number(),
            sequence,
            record: digest.to_vec().into(),
            root: edition.root,
            upto,
            signed_at: now,
        }),
        Write::Name(name_row(slot, &known)),
    ];
    let claims = account.read().own.slot != Some(slot);
    if claims {
        batch.push(Write::Meta { key: SLOT, value: Some(vec![slot.number()].into()) });
        batch.push(Write::Meta { key: OWNED, value: None });
        batch.push(Write::Meta { key: CLAIM_PUT, value: None });
    }
    account.store.commit(batch).await?;
    {
        let mut state = account.write();
        state.written.insert((slot.number(), sequence), digest);
        state.names.insert(slot, known);
        state.edition = Some(edition.clone());
        if claims {
            state.own.slot = Some(slot);
            state.own.owned = false;
            state.own.claim_put_at = 0;
        }
    }
    Ok(assemble(edition, record, block, &parts))
}

fn root(account: &Account, state: &State, slot: Slot, parts: &Parts) -> Result<Root, Error> {
    let written =
        state.written.keys().filter(|(of, _)| *of == slot.number()).map(|(_, sequence)| *sequence).max();
    let seen = state.names.get(&slot).map_or(0, |known| known.sequence);
    let sequence = written.unwrap_or(0).max(seen).saturating_add(1);
    if sequence > limits::SEQUENCE_MAX {
        return Err(Error::new(Code::SequenceExhausted, format!("slot {slot} is at the highest sequence")));
    }
    let heads: BTreeMap<_, _> = state
        .names
        .iter()
        .filter(|(other, _)| **other != slot)
        .filter_map(|(other, known)| Some((*other, (known.sequence, known.merged_root?))))
        .collect();
    let counts: Counts = state.inventory.counts();
    Ok(Root {
        format: FORMAT,
        wallet: *account.keys.wallet_id(),
        device: state.own.device,
        slot,
        sequence,
        heads,
        counts,
        index: parts.index,
        keep: parts.keep,
        unknown: BTreeMap::new(),
    })
}

/// The root, and as much of the index as fits beside it, top first.
fn carried(root: &Block, index: &[Block]) -> Vec<Block> {
    let mut room = limits::EXTENSION_BYTES.saturating_sub(CARRY_OVERHEAD);
    let mut carried = Vec::new();
    for block in std::iter::once(root).chain(index).take(limits::EXTENSION_BLOCKS) {
        let need = block.bytes().len().saturating_add(CARRY_OVERHEAD);
        let Some(left) = room.checked_sub(need) else { break };
        room = left;
        carried.push(block.clone());
    }
    carried
}

fn assemble(edition: Edition, record: Record, root: Block, parts: &Parts) -> Prepared {
    let nodes = parts.keep_blocks.iter().rev().chain(parts.index_blocks.iter().rev());
    let mut all = parts.data.clone();
    all.extend(nodes.clone().map(|block| *block.cid()));
    all.push(*root.cid());
    let blocks = nodes.cloned().chain(std::iter::once(root)).map(|block| (*block.cid(), block)).collect();
    let keep = parts.keep_blocks.iter().map(|block| *block.cid()).collect();
    Prepared { name: *record.name(), edition, record, blocks, all, sizes: parts.sizes.clone(), keep }
}
