//! One signed record with everything it points at: on disk before anything is sent.

use std::collections::BTreeMap;

use crate::clock::millis;
use crate::engine::account::Account;
use crate::engine::local::edition::SignedEdition;
use crate::engine::local::slots::Signing;
use crate::engine::local::state::State;
use crate::engine::local::state::holdings::Contents;
use crate::engine::local::state::marks::Moved;
use crate::engine::local::state::names::{Edition, KnownName};
use crate::engine::local::turn::Turn;
use crate::error::{Code, Error};
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
/// `sequence_exhausted` when the name cannot be raised; `moved` once the wallet has another secret, but for this device's own
/// marker of that; store errors, with nothing sent.
///
/// # Cancel safety
/// What was signed is on disk and is taken up by the next call.
pub async fn prepare(account: &Account, slot: Slot) -> Result<SignedEdition, Error> {
    let turn = account.local.turn().await;
    check_secret(account)?;
    let contents = account.local.contents()?;
    if let Some((edition, record)) = last_if_current(account, slot, &contents)
        && let Some(root) = account.local.block(&edition.root).await?
    {
        return Ok(whole(account, edition, record, root, contents));
    }
    sign(account, &turn, slot, contents).await
}

/// Under a secret that was changed nothing is signed but this device's own marker of that.
///
/// # Errors
/// `moved`.
pub fn check_secret(account: &Account) -> Result<(), Error> {
    let is_marker = {
        let state = account.local.read();
        state.session().is_ending() && state.marks().moved().is_some_and(|moved| moved.marks())
    };
    if is_marker { Ok(()) } else { account.local.check_here() }
}

/// An edition of what is here now.
fn whole(
    account: &Account,
    edition: Edition,
    record: Record,
    root: Block,
    contents: Contents,
) -> SignedEdition {
    let is_whole = account.local.read().holdings().missing_count() == 0;
    let beacons = beacons(account, edition.slot);
    let mut whole = SignedEdition::new(edition, record, root, contents, beacons);
    whole.is_whole = is_whole;
    whole
}

/// Signs the present state for a slot of another device that is given back; that one's record may be replaced by it, and is
/// only once a node was looked at.
///
/// # Errors
/// As [`prepare`]; `conflict` when the slot is this device's own by now.
pub async fn prepare_retired(account: &Account, slot: Slot) -> Result<SignedEdition, Error> {
    let turn = account.local.turn().await;
    if turn.state().names().own().slot == Some(slot) {
        return Err(Error::new(Code::Conflict, format!("slot {slot} is this device's own")));
    }
    let contents = account.local.contents()?;
    // What is here now is signed: all that is contained now is contained in it.
    let contained = turn.state().names().all_contained();
    let mut predecessors = former(account, slot).await?;
    predecessors.truncate(limits::PREDECESSORS);
    let label = account.local.last_root(slot).await?.and_then(|(_, root)| root.label);
    let root = Root { retired: true, label, predecessors, ..root(account, slot, &contents)? };
    let (edition, record, block) = signed(account, &root, &[])?;
    // None of this device's changes is told to have come further by it.
    let edition = Edition { upto: 0, ..edition };
    turn.sign_for_another(&edition, &record, &block).await?;
    let mut whole = whole(account, edition, record, block, contents);
    whole.contained = Some(contained);
    Ok(whole)
}

/// The present state under a root of no slot, for a file: nobody signs it.
///
/// # Errors
/// Store errors; `too_large` when the index cannot be sealed.
pub fn unsigned(account: &Account) -> Result<(Block, Contents), Error> {
    let contents = account.local.contents()?;
    let block = root(account, Slot::ZERO, &contents)?.seal(account.local.keys().sealer())?;
    Ok((block, contents))
}

/// The last edition and its record, if they say what a new one would say.
fn last_if_current(account: &Account, slot: Slot, contents: &Contents) -> Option<(Edition, Record)> {
    let state = account.local.read();
    let last = *state.names().edition()?;
    let age = account.clock.now().saturating_sub(last.signed_at);
    let is_retired = state.names().says_retired(slot, &last.root);
    let is_current = last.slot == slot
        && is_retired == state.session().is_ending()
        && !state.marks().label().is_due
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
    let is_own = account.local.read().names().own().slot == Some(slot);
    let mut former = if is_own { Vec::new() } else { former(account, slot).await? };
    let retired = account.local.read().session().is_ending();
    let predecessors = predecessors(&account.local.read(), slot, &former);
    let root = Root { retired, predecessors, ..root(account, slot, &contents)? };
    let index = if is_crowded(account, slot) { &[] } else { contents.index_blocks.as_slice() };
    let (edition, record, block) = signed(account, &root, index)?;
    former.reverse();
    turn.sign(Signing { edition, record: &record, root: &block, retired, former }).await?;
    Ok(whole(account, edition, record, block, contents))
}

/// Seals a root and signs its record, which carries as much of the index as fits.
fn signed(account: &Account, root: &Root, index: &[Block]) -> Result<(Edition, Record, Block), Error> {
    let keys = account.local.keys();
    let now = account.clock.now();
    let block = root.seal(keys.sealer())?;
    let carried = carried(&block, index);
    // A clock that fell back to its epoch would sign what every node takes for expired.
    let eol = now.max(limits::RECORDS_SINCE).saturating_add(millis(limits::RECORD_LIFETIME));
    let record = Record::create(&keys.slot(root.slot), root.sequence, block.cid(), eol, &carried)?;
    let edition = Edition {
        slot: root.slot,
        sequence: root.sequence,
        root: *block.cid(),
        index: root.index,
        keep: root.keep,
        upto: account.local.read().levels().last(),
        signed_at: now,
    };
    Ok((edition, record, block))
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
        predecessors: Vec::new(),
        retired: false,
        pool: account.pool.clone(),
        label: state.marks().label().text.clone(),
        moved: state.marks().moved().filter(Moved::marks).map(|moved| moved.to),
        former: state.marks().former(),
        index: contents.index,
        keep: contents.keep,
        unknown: BTreeMap::new(),
    })
}

/// What stood under this name last and is contained, newest first: our own roots, and those that whoever had the slot before has
/// pinned.
fn predecessors(state: &State, slot: Slot, former: &[Cid]) -> Vec<Cid> {
    let names = state.names();
    let sequence =
        names.own().slot.filter(|own| *own == slot).and_then(|_| names.last_signed(slot)).unwrap_or(0);
    let before = names.get(slot).and_then(|known| known.merged_root);
    let mut roots: Vec<Cid> = Vec::new();
    let is_own = names.own().slot == Some(slot);
    let mut left: Vec<Cid> = state.nodes().former_roots().filter(|_| is_own).collect();
    left.reverse();
    for root in names.signed_roots(slot).chain(before).chain(former.iter().copied()).chain(left) {
        if names.is_contained(&root, sequence.saturating_add(1)) && !roots.contains(&root) {
            roots.push(root);
        }
    }
    roots.truncate(limits::PREDECESSORS);
    roots
}

/// The last root of whoever has a slot, and what else that one has pinned, newest first; what is contained of it.
///
/// # Errors
/// Store errors.
async fn former(account: &Account, slot: Slot) -> Result<Vec<Cid>, Error> {
    let Some((last, root)) = account.local.last_root(slot).await? else { return Ok(Vec::new()) };
    let contained = account.local.read().names().all_contained();
    let roots = std::iter::once(last).chain(root.predecessors);
    Ok(roots.filter(|root| contained.contains(root)).collect())
}

/// Whether so many devices write that each record is read on every node and few of them bring news: then the index is fetched
/// once, not carried by each.
fn is_crowded(account: &Account, slot: Slot) -> bool {
    let quiet = account.clock.now().saturating_sub(millis(limits::QUIET_NAME));
    let state = account.local.read();
    let writes = |(other, known): &(Slot, &KnownName)| {
        let is_at_work = !known.occupied && !state.names().is_retired(*other);
        *other != slot && is_at_work && known.changed_at > quiet
    };
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
