//! From the store's rows to the state in memory.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::state::{Edition, KnownName, Own, State};
use crate::clock::Entropy;
use crate::model::cid::Cid;
use crate::model::identity::{Slot, WalletKeys};
use crate::model::inventory::Item;
use crate::model::record::Record;
use crate::model::root::Root;
use crate::model::seal::Kind;
use crate::store::{Loaded, NameRow, Store, Write};
use crate::{Code, Error, limits};

pub(super) const WALLET: &str = "wallet";
pub(super) const DEVICE: &str = "device";
pub(super) const SLOT: &str = "slot";
pub(super) const OWNED: &str = "owned";
pub(super) const CLAIM_PUT: &str = "claim_put";
pub(super) const FIRST_READ: &str = "first_read";
pub(super) const MERGED: &str = "merged";
pub(super) const VERIFIED_INDEX: &str = "verified_index";
pub(super) const VERIFIED_SEQUENCE: &str = "verified_sequence";
pub(super) const GAP: &str = "gap";
pub(super) const FAILED: &str = "failed";
pub(super) const LAST_SYNC: &str = "last_sync";
pub(super) const REMOTE_LEVEL: &str = "remote_level";
pub(super) const HEALTH: &str = "health";
pub(super) const REPUT: &str = "reput";

/// Reads everything and builds the state.
///
/// # Errors
/// [`Code::WrongWallet`] when the folder belongs to another secret or network; store errors.
pub(super) async fn load(
    store: &Arc<dyn Store>,
    keys: &WalletKeys,
    entropy: &Entropy,
    read_along: bool,
) -> Result<(State, Loaded), Error> {
    let mut loaded = store.load().await?;
    let mut state = State::default();
    check_wallet(store, keys, &loaded, read_along).await?;
    state.own = own(store, entropy, &loaded, read_along).await?;
    state.on_disk = loaded.data_blocks.iter().copied().collect();
    for row in std::mem::take(&mut loaded.items) {
        match keys.sealer().open(Kind::Row, &row.sealed, limits::NODE_BYTES).and_then(|plain| {
            let item = Item::decode(row.key, &plain)?;
            Ok((Bytes::from(plain), item))
        }) {
            Ok((encoded, item)) => state.put_item(row.key, encoded, item),
            // The row's own hash was good, so the store is not to blame; the network still has it.
            Err(e) => {
                state.alerts.push(("quarantined", format!("a stored item does not open: {}", e.message())))
            }
        }
    }
    for token in &loaded.quarantined {
        state.alerts.push(("quarantined", format!("a damaged row was set aside: {}", short(token))));
    }
    for change in &loaded.changes {
        state.note_change(change.key, change.number);
    }
    let levels: Vec<_> = loaded.changes.iter().map(|c| (c.key, c.number, c.level)).collect();
    for (key, number, level) in levels {
        state.changes.insert(key, (number, level));
    }
    state.levels = [0; 3];
    for (_, level) in state.changes.values() {
        let count = State::level_slot(&mut state.levels, *level);
        *count = count.saturating_add(1);
    }
    names(&mut state, keys, &loaded);
    state.written = loaded
        .written
        .iter()
        .filter_map(|row| Some(((row.slot, row.sequence), row.record.as_ref().try_into().ok()?)))
        .collect();
    state.nodes = loaded.nodes.iter().map(|row| (row.node.clone(), row.clone())).collect();
    state.held = loaded
        .held
        .iter()
        .map(|(node, cids)| (node.clone(), cids.iter().copied().collect::<HashSet<Cid>>()))
        .collect();
    metas(&mut state, &loaded);
    state.edition = edition(store, keys, &loaded, &state).await?;
    Ok((state, loaded))
}

/// First characters of an id, as logs may show it.
pub(super) fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

/// What the written log keeps of a record.
pub(super) fn record_digest(record: &Record) -> [u8; 32] {
    Sha256::digest(record.data()).into()
}

async fn check_wallet(
    store: &Arc<dyn Store>,
    keys: &WalletKeys,
    loaded: &Loaded,
    read_along: bool,
) -> Result<(), Error> {
    match loaded.meta.get(WALLET) {
        Some(id) if id.as_ref() == keys.wallet_id() => Ok(()),
        Some(_) => {
            Err(Error::new(Code::WrongWallet, "this data folder belongs to another wallet or network"))
        }
        None if read_along => Ok(()),
        None => {
            let value = Some(Bytes::copy_from_slice(keys.wallet_id()));
            store.commit(vec![Write::Meta { key: WALLET, value }]).await
        }
    }
}

async fn own(
    store: &Arc<dyn Store>,
    entropy: &Entropy,
    loaded: &Loaded,
    read_along: bool,
) -> Result<Own, Error> {
    let device = match loaded.meta.get(DEVICE).and_then(|id| id.as_ref().try_into().ok()) {
        Some(device) => device,
        None => {
            let mut device = [0; 16];
            entropy.fill(&mut device);
            if !read_along {
                let value = Some(Bytes::copy_from_slice(&device));
                store.commit(vec![Write::Meta { key: DEVICE, value }]).await?;
            }
            device
        }
    };
    let slot = loaded.meta.get(SLOT).and_then(|v| v.first().copied()).and_then(Slot::new);
    Ok(Own {
        device,
        slot,
        owned: loaded.meta.contains_key(OWNED),
        claim_put_at: number(loaded, CLAIM_PUT).unwrap_or(0),
    })
}

fn number(loaded: &Loaded, key: &str) -> Option<i64> {
    loaded.meta.get(key).and_then(|value| value.as_ref().try_into().ok()).map(i64::from_be_bytes)
}

fn names(state: &mut State, keys: &WalletKeys, loaded: &Loaded) {
    for row in &loaded.names {
        let Some(slot) = Slot::new(row.slot) else { continue };
        let name = keys.slot(slot).name();
        let record = Record::parse(row.record.clone(), &name).ok();
        state.names.insert(
            slot,
            KnownName {
                sequence: row.sequence,
                record,
                merged_root: row.merged_root,
                verified_at: row.verified_at,
                changed_at: row.changed_at,
                occupied: row.occupied,
            },
        );
    }
}

/// The row of a known name.
pub(super) fn name_row(slot: Slot, known: &KnownName) -> NameRow {
    NameRow {
        slot: slot.number(),
        sequence: known.sequence,
        record: known.record.as_ref().map(|record| record.raw().clone()).unwrap_or_default(),
        merged_root: known.merged_root,
        verified_at: known.verified_at,
        changed_at: known.changed_at,
        occupied: known.occupied,
    }
}

fn metas(state: &mut State, loaded: &Loaded) {
    state.first_read = loaded.meta.contains_key(FIRST_READ);
    state.gap_at = number(loaded, GAP).unwrap_or(0);
    state.reput_at = number(loaded, REPUT).unwrap_or(0);
    state.failed_at = number(loaded, FAILED);
    state.verified_index = loaded.meta.get(VERIFIED_INDEX).and_then(|v| Cid::from_bytes(v).ok());
    state.verified_sequence =
        number(loaded, VERIFIED_SEQUENCE).and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    state.last_sync = loaded.meta.get(LAST_SYNC).and_then(|v| serde_json::from_slice(v).ok());
    state.remote_level = loaded.meta.get(REMOTE_LEVEL).and_then(|v| match v.first() {
        Some(2) => Some(crate::store::Level::Verified),
        Some(1) => Some(crate::store::Level::Published),
        _ => None,
    });
    if let Some(merged) = loaded.meta.get(MERGED) {
        state.merged = merged.chunks(36).filter_map(|bytes| Cid::from_bytes(bytes).ok()).collect();
    }
}

/// The list of merged roots as it is stored.
pub(super) fn merged_value(merged: &[Cid]) -> Bytes {
    merged.iter().flat_map(Cid::to_bytes).collect::<Vec<u8>>().into()
}

async fn edition(
    store: &Arc<dyn Store>,
    keys: &WalletKeys,
    loaded: &Loaded,
    state: &State,
) -> Result<Option<Edition>, Error> {
    let Some(slot) = state.own.slot else { return Ok(None) };
    let own = loaded.written.iter().filter(|row| row.slot == slot.number());
    let Some(row) = own.max_by_key(|row| row.sequence) else { return Ok(None) };
    // Without its root block the edition cannot be told again; the next publish signs a new one.
    let Some(block) = store.block(&row.root).await? else { return Ok(None) };
    let Ok(root) = Root::open(&block, keys.sealer(), keys.wallet_id()) else { return Ok(None) };
    Ok(Some(Edition {
        slot,
        sequence: row.sequence,
        root: row.root,
        index: root.index,
        keep: root.keep,
        upto: row.upto,
        signed_at: row.signed_at,
    }))
}
