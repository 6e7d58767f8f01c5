//! Whether others' content is held as their records say: pin, beacon and bytes of a node's own store, behind the answer.
//!
//! A record says where content is, not that it is there: nodes show records of what was never pinned, of blocks that a power cut
//! took. Only who publishes nothing looks this way: whoever has a slot has the content in its own root, and proves that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::{join, join_all};

use super::repairs::has_dag;
use crate::engine::account::Account;
use crate::engine::local::proofs::Confirmed;
use crate::engine::local::records::RemoteHeld;
use crate::engine::local::state::names::KnownName;
use crate::engine::network::heard::Heard;
use crate::error::Error;
use crate::limits;
use crate::model::beacon::{Beacon, PLACES};
use crate::model::cid::Cid;
use crate::model::identity::Slot;
use crate::model::index::Diff;
use crate::model::inventory::{BlockRef, Item};
use crate::model::root::Root;
use crate::node::{Call, Node, Outcome};
use crate::store::Level;

/// Which nodes showed the best record of each name of another device whose root is here. Names that too few answered for are
/// left out.
pub struct ShownBy {
    names: BTreeMap<Slot, Vec<usize>>,
    /// Whether no node shows any record of a name whose newest edition is known and not here: what its earlier ones brought is in
    /// none that can be judged, and a beacon alone says nothing of what a node has.
    is_gone: bool,
}

/// A root that a node may hold.
#[derive(Clone, Copy)]
struct Unproven {
    at: usize,
    slot: Slot,
    sequence: u64,
    root: Cid,
}

impl ShownBy {
    pub fn of(account: &Account, heard: &Heard) -> Self {
        let state = account.local.read();
        let own = state.names().own().slot;
        let majority = account.network.majority();
        let is_here = |slot, known: &KnownName| state.names().root_here(slot).is_some() && !known.occupied;
        let others = state.names().iter().filter(|(slot, known)| own != Some(*slot) && is_here(*slot, known));
        let shown = others.filter_map(|(slot, known)| {
            let nodes = heard.answers.get(&slot)?;
            let shows = |outcome: &Outcome| match (outcome, &known.record) {
                (Outcome::Found(found, _), Some(best)) => found.same_as(best),
                _ => false,
            };
            let by = nodes.iter().filter(|(at, (outcome, _))| shows(outcome) && account.network.is_own(**at));
            let by: Vec<usize> = by.map(|(at, _)| *at).collect();
            (!by.is_empty() || heard.answering(slot) >= majority).then_some((slot, by))
        });
        let names = shown.collect();
        let is_gone = state.names().unread().any(|slot| {
            // A first edition that is on its way had no earlier ones.
            own != Some(slot)
                && state.names().high_water(slot) > 1
                && heard.answering(slot) >= majority
                && heard.records(slot).is_empty()
        });
        Self { names, is_gone }
    }

    /// How well others' content is held: the weakest of their names. A record that no node shows any more counts as held by
    /// none; one that is not confirmed on enough nodes is no more than published. Nothing about it is in doubt where enough show it
    /// and this device's own verified root has the same content.
    pub fn held(&self, account: &Account, disproved: &BTreeSet<(Slot, usize)>) -> Option<RemoteHeld> {
        let needed = account.needed();
        let mut held = match self.is_gone {
            true => RemoteHeld { level: Level::Local, is_low: Some(true) },
            false => RemoteHeld { level: Level::Verified, is_low: Some(false) },
        };
        let is_ours_too = account.local.is_in_own_root() == Some(true);
        for (slot, by) in &self.names {
            let confirmed = confirmed_on(account, *slot, by);
            let left = by.iter().filter(|at| !disproved.contains(&(*slot, **at))).count();
            let level = match by.len() {
                0 => Level::Local,
                _ if confirmed >= needed => Level::Verified,
                _ => Level::Published,
            };
            held.level = held.level.min(level);
            held.is_low = match held.is_low {
                Some(true) => Some(true),
                _ if left < needed => Some(true),
                _ if confirmed < needed && !is_ours_too => None,
                other => other,
            };
        }
        (self.is_gone || !self.names.is_empty()).then_some(held)
    }

    /// Where to look next for what is not confirmed on enough nodes: on no more than are needed at once, and on each once.
    fn open(&self, account: &Account, asked: &BTreeSet<(Slot, usize)>) -> Vec<Unproven> {
        let needed = account.needed();
        let mut open = Vec::new();
        for (slot, by) in &self.names {
            let confirmed = confirmed_on(account, *slot, by);
            let is_left =
                |at: &&usize| !asked.contains(&(*slot, **at)) && !is_confirmed(account, *slot, **at);
            // Before the state is read once more.
            let left: Vec<usize> = by.iter().filter(is_left).copied().collect();
            let state = account.local.read();
            let Some(known) = state.names().get(*slot) else { continue };
            let Some(root) = state.names().root_here(*slot) else { continue };
            let unproven = |at| Unproven { at, slot: *slot, sequence: known.sequence, root };
            open.extend(left.into_iter().take(needed.saturating_sub(confirmed)).map(unproven));
        }
        open
    }
}

/// On how many machines.
fn confirmed_on(account: &Account, slot: Slot, by: &[usize]) -> usize {
    let confirmed = by.iter().filter(|at| is_confirmed(account, slot, **at));
    let ids: Vec<String> = confirmed.map(|at| account.network.id(*at)).collect();
    account.local.read().nodes().machines_of(ids.iter().map(String::as_str))
}

fn is_confirmed(account: &Account, slot: Slot, at: usize) -> bool {
    let Some(node) = account.network.node(at) else { return false };
    let state = account.local.read();
    let known =
        state.names().get(slot).and_then(|known| Some((known.sequence, state.names().root_here(slot)?)));
    known.is_some_and(|(sequence, root)| state.nodes().is_confirmed(node.id(), slot, sequence, &root))
}

/// Looks at what is not confirmed, behind the answer.
pub async fn start(account: &Arc<Account>, shown: ShownBy) {
    let is_proven_otherwise = {
        let state = account.local.read();
        state.names().own().slot.is_some() || state.session().is_read_only()
    };
    if is_proven_otherwise || account.local.reads_along() || shown.open(account, &BTreeSet::new()).is_empty()
    {
        return;
    }
    let shared = account.clone();
    let look = async move {
        if let Err(e) = confirm(&shared, &shown).await {
            tracing::warn!(code = %e.code(), "what others published could not be noted");
        }
    };
    account.tasks.behind(look).await;
}

async fn confirm(account: &Arc<Account>, shown: &ShownBy) -> Result<(), Error> {
    let call = account.network.call(limits::CONFIRM);
    let (mut asked, mut disproved) = (BTreeSet::new(), BTreeSet::new());
    loop {
        let open = shown.open(account, &asked);
        if open.is_empty() {
            break;
        }
        let looks = open.iter().map(|unproven| look_at(account, unproven, &call));
        let answers = join_all(looks).await;
        let mut confirmed = Vec::new();
        for (unproven, answer) in open.into_iter().zip(answers) {
            let Unproven { at, slot, sequence, root } = unproven;
            asked.insert((slot, at));
            match answer {
                Ok(true) => confirmed.push(Confirmed { node: account.network.id(at), slot, sequence, root }),
                Ok(false) => drop(disproved.insert((slot, at))),
                Err(e) => tracing::debug!(code = %e.code(), "a node did not say what it holds"),
            }
        }
        account.local.note_confirmed(confirmed).await?;
    }
    // What the records alone showed was counted with the reading: it does not count twice.
    let is_counted = shown.held(account, &BTreeSet::new()).is_some_and(|held| held.is_low == Some(true));
    match shown.held(account, &disproved) {
        Some(held) if is_counted => account.local.note_remote(RemoteHeld { is_low: None, ..held }).await,
        Some(held) => account.local.note_remote(held).await,
        None => Ok(()),
    }
}

async fn look_at(account: &Account, unproven: &Unproven, call: &Call) -> Result<bool, Error> {
    let (held, learnt) = join(is_held(account, unproven, call), account.learn_machine(unproven.at)).await;
    learnt.and(held)
}

/// Whether a node's own store has the root pinned, named by a beacon, and gives it.
///
/// # Errors
/// The node's error: then nothing is known.
async fn is_held(account: &Account, unproven: &Unproven, call: &Call) -> Result<bool, Error> {
    let node = account.network.require(unproven.at)?;
    let keys = account.local.keys();
    let named = async {
        let cids: Vec<Cid> = (0..PLACES).map(|place| *keys.beacon(unproven.slot, place).cid()).collect();
        let names = join_all(cids.iter().map(|cid| node.pin_name(cid, call))).await;
        for name in names {
            let beacon = name?.and_then(|name| Beacon::open(&name, keys.sealer()).ok());
            if beacon.is_some_and(|beacon| beacon.slot == unproven.slot && beacon.root == unproven.root) {
                return Ok::<bool, Error>(true);
            }
        }
        Ok(false)
    };
    let (pinned, named) = join(node.pin_name(&unproven.root, call), named).await;
    Ok(pinned?.is_some()
        && named?
        && has_dag(node, &unproven.root, call).await?
        && gives(account, node, unproven, call).await?)
}

/// Reads one random way down from the root to a payload: a node that says yes to every question has to have the bytes.
async fn gives(account: &Account, node: &dyn Node, unproven: &Unproven, call: &Call) -> Result<bool, Error> {
    let keys = account.local.keys();
    let Some(block) = node.own_block(&unproven.root, call).await? else { return Ok(false) };
    let root = Root::open(&block, keys.sealer(), keys.wallet_id())?;
    let mut diff = Diff::new(root.index, Default::default());
    let mut passed: BTreeSet<Cid> = BTreeSet::new();
    loop {
        let below: Vec<Cid> = diff.wanted().into_iter().filter(|cid| passed.insert(*cid)).collect();
        let Some(cid) = draw(account, &below) else { return Ok(true) };
        let Some(block) = node.own_block(&cid, call).await? else { return Ok(false) };
        let items = diff.offer(&block, keys.sealer())?;
        if !items.is_empty() {
            return gives_content(account, node, items, call).await;
        }
    }
}

/// Whether the node has what live items refer to and this device has too: more no edition of its owner may ever have held.
async fn gives_content(
    account: &Account,
    node: &dyn Node,
    items: Vec<([u8; 32], Bytes)>,
    call: &Call,
) -> Result<bool, Error> {
    let mut wanted = Vec::new();
    for (key, encoded) in items {
        match Item::decode(key, &encoded)? {
            // What is proven spent may be gone.
            Item::Token(_, state) if state.is_spent() => {}
            other => wanted.extend(other.refs().iter().flat_map(BlockRef::chunks).copied()),
        }
    }
    {
        let state = account.local.read();
        wanted.retain(|cid| state.holdings().is_on_disk(cid));
    }
    let at = account.entropy.below(wanted.len().max(1) as u64);
    wanted.rotate_left(usize::try_from(at).unwrap_or(0));
    wanted.truncate(limits::SAMPLE_BLOCKS);
    let blocks = join_all(wanted.iter().map(|cid| node.own_block(cid, call))).await;
    blocks.into_iter().try_fold(true, |all, block| Ok(all && block?.is_some()))
}

fn draw<T: Clone>(account: &Account, some: &[T]) -> Option<T> {
    let at = usize::try_from(account.entropy.below(some.len().max(1) as u64)).ok()?;
    some.get(at).cloned()
}
