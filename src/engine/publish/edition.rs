//! One signed record with everything it points at: on disk before anything is sent.

use std::collections::BTreeMap;

use crate::clock::millis;
use crate::engine::account::Account;
use crate::engine::local::edition::SignedEdition;
use crate::engine::local::state::State;
use crate::engine::local::state::holdings::Contents;
use crate::engine::local::state::names::{Edition, KnownName};
use crate::engine::local::turn::Turn;
use crate::error::Error;
use crate::limits;
use crate::model::beacon::PLACES;
use crate::model::block::Block;
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::record::Record;
use crate::model::root::{FORMAT, Root};

/// CBOR heads around the carried blocks.
const CARRY_OVERHEAD: usize = 9;

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
        let beacons = beacons(account, slot);
        return Ok(SignedEdition::new(edition, record, root, contents, beacons));
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
    let index = if is_crowded(account, slot) { &[] } else { contents.index_blocks.as_slice() };
    let carried = carried(&block, index);
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
    Ok(SignedEdition::new(edition, record, block, contents, beacons(account, slot)))
}

fn beacons(account: &Account, slot: Slot) -> Vec<Block> {
    (0..PLACES).map(|place| account.local.keys().beacon(slot, place)).collect()
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
        published: u64::try_from(account.clock.now()).unwrap_or(0),
        predecessors: predecessors(&state, slot),
        retired: false,
        index: contents.index,
        keep: contents.keep,
        unknown: BTreeMap::new(),
    })
}

/// What stood under this name last and is contained: our own roots, or those of whoever had the slot before.
fn predecessors(state: &State, slot: Slot) -> Vec<Cid> {
    let names = state.names();
    let sequence =
        names.own().slot.filter(|own| *own == slot).and_then(|_| names.last_signed(slot)).unwrap_or(0);
    let before = names.get(slot).and_then(|known| known.merged_root);
    let mut roots: Vec<Cid> = names.signed_roots(slot).chain(before).collect();
    roots.retain(|root| names.is_contained(root, sequence.saturating_add(1)));
    roots.dedup();
    roots.truncate(limits::PREDECESSORS);
    roots
}

/// Whether so many devices write that each record is read on every node and few of them bring news: then the index is fetched
/// once, not carried by each.
fn is_crowded(account: &Account, slot: Slot) -> bool {
    let quiet = account.clock.now().saturating_sub(millis(limits::QUIET_NAME));
    let state = account.local.read();
    let writes =
        |(other, known): &(Slot, &KnownName)| *other != slot && !known.occupied && known.changed_at > quiet;
    // Where only the peers are left, what the record carries is all that gets there.
    !account.network.http_is_down() && state.names().iter().filter(writes).count() >= limits::CARRYING_DEVICES
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
