//! Opening: the stored rows become changes, and the changes become the state, by the same code as while it runs.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::Local;
use super::guarded::Guarded;
use super::room::Bounds;
use super::rows::{self, Metas};
use super::state::State;
use super::state::change::{Change, SignedRecord};
use super::state::kept::KeptBlocks;
use super::state::marks::Verified;
use super::state::names::{KnownName, OwnSlot};
use super::state::partly::Partly;
use crate::clock::{Clock, Entropy};
use crate::engine::api::status::LastSync;
use crate::engine::events::Events;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::cid::Cid;
use crate::model::identity::{DeviceId, Slot, WalletKeys};
use crate::model::inventory::Item;
use crate::model::record::Record;
use crate::model::seal::Kind;
use crate::store::{ItemRow, Loaded, NameRow, SET_ASIDE, Store, WrittenRow};

/// What a local side is made of.
pub struct LocalParts {
    pub keys: WalletKeys,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub events: Arc<Events>,
    /// Damage that the store found when it was opened.
    pub warnings: Vec<String>,
    pub bounds: Bounds,
    pub reads_along: bool,
}

/// What was stored for others than the state.
#[derive(Default)]
pub struct Kept {
    pub health: Option<Bytes>,
    pub last_sync: Option<LastSync>,
}

impl Local {
    /// Reads everything and builds the state. A new folder is marked as this wallet's, and gets a device id.
    ///
    /// # Errors
    /// [`Code::WrongWallet`] when the folder belongs to another secret or network; store errors.
    pub async fn open(parts: LocalParts, entropy: &Entropy) -> Result<(Arc<Self>, Kept), Error> {
        let LocalParts { keys, store, clock, events, warnings, bounds, reads_along } = parts;
        let loaded = store.load().await?;
        let is_new = is_new_folder(&keys, &loaded)?;
        let was_set_aside = was_set_aside(is_new, &loaded);
        let kept = kept(&loaded);
        let mut first = Vec::new();
        if is_new {
            first.push(Change::Wallet);
        }
        if device(&loaded.meta).is_none() {
            let mut device = DeviceId::default();
            entropy.fill(&mut device);
            first.push(Change::Own(OwnSlot { device, actor: device, ..own(&loaded.meta) }));
        }
        let (keys, (state, damage)) = built(keys, loaded).await?;
        if was_set_aside || !damage.is_empty() || !warnings.is_empty() {
            // What a root had may be what was lost: every one is merged again before anything replaces it.
            first.extend(doubts(&state));
        }
        if !state.names().partly().is_of(&bounds.name()) {
            // There may be room now.
            first.push(Change::Partly(Partly::default()));
        }
        let local = Arc::new(Self {
            keys,
            store,
            clock,
            events,
            state: Guarded::new(state),
            order: Arc::default(),
            losses: Mutex::default(),
            damage: Mutex::new(warnings.into_iter().chain(damage).collect()),
            bounds,
            reads_along,
            few_slots_told: AtomicBool::new(false),
            told: AtomicU64::new(0),
        });
        // Who only reads along writes and publishes nothing, so needs neither.
        if !reads_along {
            local.turn().await.commit(first).await?;
        }
        Ok((local, kept))
    }
}

/// Whether rows were lost before this opening, and nobody has drawn the consequences: a process can end in between. A database
/// that was put together from a damaged one knows names, and not whose they are.
fn was_set_aside(is_new: bool, loaded: &Loaded) -> bool {
    loaded.meta.contains_key(SET_ASIDE) || is_new && !loaded.names.is_empty()
}

/// Takes back that the content of any root is here.
fn doubts(state: &State) -> Vec<Change> {
    let unmerged = |known: &KnownName| Box::new(KnownName { merged_root: None, ..known.clone() });
    let names = state.names().iter().map(|(slot, known)| Change::Name(slot, unmerged(known)));
    let roots = [
        Change::Merged(Vec::new()),
        Change::Contained(Vec::new()),
        Change::Partly(Partly::default()),
        Change::Doubted,
    ];
    names.chain(roots).collect()
}

/// The same as [`state`]; of many rows on a thread where it holds up nothing else.
async fn built(keys: WalletKeys, loaded: Loaded) -> Result<(WalletKeys, (State, Vec<String>)), Error> {
    if loaded.items.len() < limits::OPEN_ROWS {
        let state = state(&keys, loaded);
        return Ok((keys, state));
    }
    let build = move || {
        let state = state(&keys, loaded);
        (keys, state)
    };
    let built = tokio::task::spawn_blocking(build).await;
    built.map_err(|_| Error::new(Code::TaskFailed, "reading the wallet ended unexpectedly"))
}

/// The state that stored rows give, and sentences about those that are damaged.
pub fn state(keys: &WalletKeys, loaded: Loaded) -> (State, Vec<String>) {
    let (mut state, mut damage) = (State::default(), Vec::new());
    for (cid, size) in loaded.data_blocks {
        Change::OnDisk { cid, size }.apply(&mut state, keys);
    }
    each_item(keys, loaded.items, |opened| match opened {
        Ok(change) => change.apply(&mut state, keys),
        // The row's own hash was good, so the disk is not to blame; the nodes still have the item.
        Err(e) => damage.push(format!("a stored item does not open: {}", e.message())),
    });
    let mut changes: Vec<Change> = Vec::new();
    let set_aside = |token: &String| format!("a damaged row was set aside: {}", short(token));
    damage.extend(loaded.quarantined.iter().map(set_aside));
    changes.extend(loaded.changes.iter().map(|row| Change::Made {
        key: row.key,
        number: row.number,
        level: row.level,
    }));
    changes.extend(loaded.names.into_iter().filter_map(|row| name(keys, row)));
    changes.extend(loaded.written.into_iter().filter_map(signed));
    changes.extend(loaded.nodes.into_iter().map(Change::Node));
    changes.extend(loaded.held.into_iter().map(|(node, cids)| Change::HeldExactly { node, cids }));
    changes.push(Change::Own(own(&loaded.meta)));
    changes.extend(marks(&Metas(&loaded.meta)));
    changes.into_iter().for_each(|change| change.apply(&mut state, keys));
    (state, damage)
}

/// First characters of an id, as logs may show it: never the whole of one.
pub fn short(id: &str) -> String {
    let some = (id.chars().count() / 2).min(limits::LOG_WORD_CHARS);
    id.chars().take(some).chain(['…']).collect()
}

fn is_new_folder(keys: &WalletKeys, loaded: &Loaded) -> Result<bool, Error> {
    match loaded.meta.get(rows::WALLET) {
        Some(id) if id.as_ref() == keys.wallet_id() => Ok(false),
        Some(_) => {
            Err(Error::new(Code::WrongWallet, "this data folder belongs to another wallet or network"))
        }
        None => Ok(true),
    }
}

fn kept(loaded: &Loaded) -> Kept {
    let metas = Metas(&loaded.meta);
    let last_sync = metas.get(rows::LAST_SYNC).and_then(|value| serde_json::from_slice(value).ok());
    Kept { health: loaded.meta.get(rows::HEALTH).cloned(), last_sync }
}

/// Opens all rows, a part at a time, so that not everything is in memory twice; of many the next part while one is taken.
fn each_item(keys: &WalletKeys, rows: Vec<ItemRow>, mut take: impl FnMut(Result<Change, Error>)) {
    if rows.len() < limits::OPEN_ROWS {
        return items(keys, &rows).into_iter().for_each(take);
    }
    std::thread::scope(|scope| {
        let (next, parts) = std::sync::mpsc::sync_channel(1);
        scope.spawn(move || {
            let mut rows = rows.into_iter();
            loop {
                let part: Vec<ItemRow> = rows.by_ref().take(limits::OPEN_PART).collect();
                if part.is_empty() || next.send(items(keys, &part)).is_err() {
                    return;
                }
            }
        });
        parts.into_iter().flatten().for_each(&mut take);
    });
}

/// Opens rows; of many a part on each of some threads.
fn items(keys: &WalletKeys, rows: &[ItemRow]) -> Vec<Result<Change, Error>> {
    let open = |rows: &[ItemRow]| rows.iter().map(|row| item(keys, row.key, &row.sealed)).collect();
    if rows.len() < limits::OPEN_ROWS {
        return open(rows);
    }
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(limits::OPEN_THREADS);
    let each = rows.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let parts: Vec<_> = rows.chunks(each).map(|part| scope.spawn(move || open(part))).collect();
        let opened = parts.into_iter().map(|part| part.join());
        opened
            .flat_map(|part: std::thread::Result<Vec<_>>| part.unwrap_or_else(|e| resume_unwind(e)))
            .collect()
    })
}

fn item(keys: &WalletKeys, key: [u8; 32], sealed: &[u8]) -> Result<Change, Error> {
    let mut plain = keys.sealer().open(Kind::Row, sealed, limits::NODE_BYTES)?;
    let item = Box::new(Item::decode(key, &plain)?);
    Ok(Change::Item { key, encoded: std::mem::take(&mut *plain).into(), item })
}

fn name(keys: &WalletKeys, row: NameRow) -> Option<Change> {
    let slot = Slot::new(row.slot)?;
    let known = KnownName {
        sequence: row.sequence,
        record: Record::parse(row.record, &keys.name(slot)).ok(),
        merged_root: row.merged_root,
        verified_at: row.verified_at,
        changed_at: row.changed_at,
        occupied: row.occupied,
    };
    Some(Change::Name(slot, Box::new(known)))
}

fn signed(row: WrittenRow) -> Option<Change> {
    let digest = row.record.as_ref().try_into().ok()?;
    let WrittenRow { slot, sequence, root, upto, signed_at, .. } = row;
    Some(Change::Signed(SignedRecord { slot, sequence, digest, root, upto, signed_at }))
}

fn device(meta: &BTreeMap<String, Bytes>) -> Option<DeviceId> {
    Metas(meta).get(rows::DEVICE)?.try_into().ok()
}

fn own(meta: &BTreeMap<String, Bytes>) -> OwnSlot {
    let metas = Metas(meta);
    let device = device(meta).unwrap_or_default();
    OwnSlot {
        device,
        actor: metas.get(rows::ACTOR).and_then(|actor| actor.try_into().ok()).unwrap_or(device),
        slot: metas.get(rows::SLOT).and_then(|value| value.first().copied()).and_then(Slot::new),
    }
}

/// The small values that are part of the state.
fn marks(metas: &Metas<'_>) -> Vec<Change> {
    let verified = Verified {
        index: metas.get(rows::VERIFIED_INDEX).and_then(|value| Cid::from_bytes(value).ok()),
        keep: metas.get(rows::VERIFIED_KEEP).and_then(|value| Cid::from_bytes(value).ok()),
        sequence: u64::try_from(metas.time(rows::VERIFIED_SEQUENCE)).unwrap_or(0),
    };
    let mut changes = vec![
        Change::Verified(verified),
        Change::Proved(metas.time(rows::PROVED)),
        Change::Checked(metas.time(rows::CHECKED)),
        Change::Gap(metas.time(rows::GAP)),
        Change::Failed(metas.get(rows::FAILED).and_then(rows::parse_time)),
        Change::Edition(metas.get(rows::EDITION).and_then(rows::parse_edition)),
    ];
    changes.extend(metas.get(rows::REMOTE_LEVEL).and_then(rows::parse_level).map(Change::RemoteLevel));
    changes.extend(metas.get(rows::MERGED).map(|value| Change::Merged(rows::parse_cids(value))));
    let contained = metas.get(rows::CONTAINED).map(rows::parse_contained);
    changes.push(Change::RemoteLow(
        metas.get(rows::REMOTE_LOW).and_then(|low| low.first().copied()).unwrap_or(0),
    ));
    changes.extend(metas.get(rows::KEPT).map(|value| Change::Kept(KeptBlocks::of_row(value))));
    changes.extend(metas.get(rows::LOST).map(|value| Change::Lost(rows::parse_cids(value))));
    changes.extend(contained.map(Change::Contained));
    changes.extend(metas.get(rows::PARTLY).map(|value| Change::Partly(Partly::of_row(value))));
    changes.extend(metas.get(rows::DISPLACED).map(|value| Change::Displaced(rows::parse_displaced(value))));
    changes.extend(metas.get(rows::RETIRED).map(|value| Change::Retired(rows::parse_retired(value))));
    changes.extend(metas.get(rows::FORMER).map(|value| Change::Former(rows::parse_former(value))));
    changes.extend(metas.get(rows::DOUBTS).map(|value| Change::Doubts(rows::parse_doubts(value))));
    changes
        .extend(metas.get(rows::CONFIGURED).map(|value| Change::Configured(rows::parse_configured(value))));
    changes.extend(metas.get(rows::MACHINES).map(|value| Change::Machines(rows::parse_machines(value))));
    changes.extend(metas.get(rows::POOL).and_then(rows::parse_pool).map(Change::Pool));
    changes.extend(metas.get(rows::MOVED).and_then(rows::parse_moved).map(Change::Moved));
    changes.extend(metas.get(rows::FORMER_WALLET).and_then(rows::parse_wallet).map(Change::FormerWallet));
    changes.extend(metas.get(rows::DAMAGED).map(|value| Change::Damaged(rows::parse_damaged(value))));
    changes.push(Change::Stray(metas.get(rows::STRAY).is_some()));
    changes.extend(metas.get(rows::WINDOWS).map(|value| Change::Windows(rows::parse_tally(value))));
    changes.extend(metas.get(rows::LABEL).map(|value| Change::Label(rows::parse_label(value))));
    changes.extend(metas.get(rows::CONFIRMED).map(|value| Change::Confirmed(rows::parse_confirmed(value))));
    let searched = metas.get(rows::SEARCHED).and_then(rows::parse_searched);
    changes.extend(searched.map(|(below, at)| Change::Searched(below, at)));
    changes.extend(metas.get(rows::FIRST_READ).map(|_| Change::FirstRead));
    changes
}
