//! The wallet's own reads: the list, payloads, entries. Only a payload or value that is not on this disk asks the network.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use super::seal::{DELETED, token_key};
use crate::engine::account::Account;
use crate::engine::api::tokens::{Entries, EntryRow, EntryVersionRow, EntryVersions, TokenChanges, TokenRow};
use crate::engine::local::state::State;
use crate::engine::network::flow::Flow;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::block::Block;
use crate::model::chunks;
use crate::model::cid::Cid;
use crate::model::inventory::{BlockRef, Entry, EntryValue, Item, Spend, TokenKey, Version, ViewRow};
use crate::model::seal::{Kind, Sealer};
use crate::secret::Plain;
use crate::store::Level;

pub fn tokens(account: &Account, after: Option<&TokenKey>, limit: usize, all: bool) -> Vec<TokenRow> {
    let remote = others_level(account);
    let state = account.local.read();
    let sealer = account.local.keys().sealer();
    let rows = state.holdings().inventory().view_from(after, all).take(limit);
    rows.map(|row| shown(&state, sealer, remote, &row)).collect()
}

/// What changed in the list after a revision; at most so many tokens and rows.
pub fn token_changes(account: &Account, revision: u64, all: bool, at_most: usize) -> TokenChanges {
    let remote = others_level(account);
    let state = account.local.read();
    let now = state.revision();
    let unknown = TokenChanges { revision: now, tokens: None, rows: Vec::new() };
    let Some(ids) = state.shown().since(revision).filter(|ids| revision <= now && ids.len() <= at_most)
    else {
        return unknown;
    };
    let sealer = account.local.keys().sealer();
    let inventory = state.holdings().inventory();
    let rows = ids.iter().flat_map(|id| inventory.view_of(id, all)).take(at_most + 1);
    let rows: Vec<TokenRow> = rows.map(|row| shown(&state, sealer, remote, &row)).collect();
    if rows.len() > at_most {
        return unknown;
    }
    TokenChanges { revision: now, tokens: Some(ids.into_iter().collect()), rows }
}

/// Level of what this device did not change.
pub fn others_level(account: &Account) -> Level {
    // What the own root has too is held as well as that.
    let is_in_own = account.local.is_in_own_root() == Some(true);
    let state = account.local.read();
    match state.names().own().slot {
        _ if is_in_own => Level::Verified,
        // It is on its way into the own root.
        Some(_) => Level::Published,
        // Nobody may answer for what gave way to something that is not here yet.
        None if state.marks().is_stray() || !state.names().displaced().is_empty() => Level::Published,
        None => state.marks().remote_level().unwrap_or(Level::Published),
    }
}

fn shown(state: &State, sealer: &Sealer, remote: Level, row: &ViewRow<'_>) -> TokenRow {
    let payload = row.state.payloads.first();
    // Most wallets have few changes of their own pending; the key is only made where it is needed.
    let own = if state.levels().is_empty() {
        None
    } else {
        let item = Item::Token(row.key.clone(), Default::default());
        state.levels().of(&item.index_key(sealer))
    };
    let level = own.unwrap_or(remote);
    let has_payload = payload.is_some_and(|payload| state.holdings().has_all_of(payload));
    // What is not here is known to be listed on the nodes, not to be there.
    let is_told = has_payload || row.spend == Spend::Proof;
    let level = if is_told { level } else { level.min(Level::Published) };
    TokenRow {
        key: row.key.clone(),
        previous: row.state.previous.as_ref().map(|id| id.as_str().to_owned()),
        summary: row.state.summary.clone(),
        size: payload.map_or(0, |payload| payload.size),
        spend: row.spend,
        forked: row.forked,
        ack: level,
        has_payload,
        own: own.is_some(),
    }
}

pub async fn get(account: &Account, key: &str) -> Result<Bytes, Error> {
    Entry::check_key(key)?;
    let now = account.clock.now();
    let value = {
        let state = account.local.read();
        let entry = state.holdings().inventory().entry(key);
        entry.and_then(|entry| entry.shown(now)).map(|version| version.value.clone())
    };
    match value {
        None => Err(Error::new(Code::NotFound, "there is no entry of this key")),
        Some(value) if is_deleted(&value) => {
            Err(Error::new(Code::NotFound, "the entry of this key was deleted"))
        }
        Some(EntryValue::Inline(bytes)) => Ok(bytes),
        Some(EntryValue::Block(block)) => open_block(account, Kind::Value, &block, limits::VALUE_BYTES).await,
    }
}

pub async fn payload(account: &Account, token_id: &str, state_hash: &str) -> Result<Bytes, Error> {
    let key = token_key(token_id, state_hash)?;
    let block = {
        let state = account.local.read();
        state.holdings().inventory().state(&key).and_then(|state| state.payloads.first().cloned())
    };
    let Some(block) = block else { return Err(Error::new(Code::NotFound, "there is no such token state")) };
    open_block(account, Kind::State, &block, limits::PAYLOAD_BYTES).await
}

/// Opens a data block, fetching it when it is not here.
pub async fn open_block(account: &Account, kind: Kind, block: &BlockRef, max: usize) -> Result<Bytes, Error> {
    let mut chunks = chunks_here(account, block).await?;
    let absent: Vec<Cid> = block.chunks().filter(|cid| !chunks.contains_key(*cid)).copied().collect();
    if !absent.is_empty() {
        let (came, error) = fetch_while_it_flows(account, &absent).await;
        if !account.local.reads_along() {
            account.local.keep_blocks(came.clone()).await?;
        }
        if let Some(e) = error {
            return Err(e);
        }
        chunks.extend(came.into_iter().map(|chunk| (*chunk.cid(), chunk)));
    }
    let Some(chunks) = in_order(block, &chunks) else {
        return Err(Error::new(Code::Unreachable, "no node gave the block"));
    };
    account.local.keys().sealer().open(kind, &chunks::join(&chunks)?, max).map(Plain::shared)
}

/// What came, and why not all did: after the time of a reading, silence ends it.
async fn fetch_while_it_flows(account: &Account, cids: &[Cid]) -> (Vec<Block>, Option<Error>) {
    let call = account.network.call(limits::WAIT_TOTAL);
    let until = account.clock.monotonic() + account.config.timeouts.sync;
    let silence = Flow::new(call.meter.clone(), until, account.network.still_flows()).end();
    let came = Mutex::new(Vec::new());
    let (network, started) = (&account.network, account.clock.monotonic());
    let at_once = network.pace.at_once(limits::CHUNK_BYTES as u64, network.health().usual(), started);
    let arrived = |block: &Block| came.lock().unwrap_or_else(PoisonError::into_inner).push(block.clone());
    let error = tokio::select! {
        biased;
        fetched = network.fetch_blocks_with(cids, at_once, &arrived, &call) => {
            let (now, way) = (account.clock.monotonic(), network.health().usual());
            let took = now.saturating_duration_since(started);
            network.pace.note(call.meter.totals().bytes_in, took, way, now);
            fetched.failed.into_iter().next().map(|(_, e)| e)
        }
        () = silence => Some(Error::new(Code::Deadline, "no answer in time")),
    };
    (came.into_inner().unwrap_or_else(PoisonError::into_inner), error)
}

/// The sealed bytes, if all of them are on this disk.
pub async fn sealed_here(account: &Account, block: &BlockRef) -> Result<Option<Bytes>, Error> {
    let chunks = chunks_here(account, block).await?;
    in_order(block, &chunks).map(|chunks| chunks::join(&chunks)).transpose()
}

/// Those chunks that are on this disk.
async fn chunks_here(account: &Account, block: &BlockRef) -> Result<HashMap<Cid, Block>, Error> {
    let mut chunks = HashMap::new();
    for cid in block.chunks() {
        chunks.extend(account.local.block(cid).await?.map(|chunk| (*cid, chunk)));
    }
    Ok(chunks)
}

fn in_order(block: &BlockRef, chunks: &HashMap<Cid, Block>) -> Option<Vec<Block>> {
    block.chunks().map(|cid| chunks.get(cid).cloned()).collect()
}

/// Entries whose key starts with `prefix`, in key order, after a key: up to `limit`, and no further ones once their
/// values exceed `max_bytes`.
pub async fn entries(
    account: &Account,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
    max_bytes: usize,
) -> Result<Entries, Error> {
    let now = account.clock.now();
    let shown: Vec<(String, Version)> = {
        let state = account.local.read();
        let listed = state.holdings().inventory().entries(now);
        listed
            .filter(|(_, version)| !is_deleted(&version.value))
            .filter(|(key, _)| key.starts_with(prefix) && after.is_none_or(|after| *key > after))
            .take(limit.saturating_add(1))
            .map(|(key, version)| (key.to_owned(), version.clone()))
            .collect()
    };
    let (mut rows, mut bytes) = (Vec::new(), 0_usize);
    let found = shown.len();
    for (key, version) in shown.into_iter().take(limit) {
        if bytes > max_bytes {
            break;
        }
        let (size, value) = value_here(account, &version.value).await?;
        bytes = bytes.saturating_add(size);
        rows.push(EntryRow { key, at: version.hlc.ms, size, value });
    }
    Ok(Entries { is_more: rows.len() < found, rows })
}

/// The versions of an entry that no other one replaces, the one that is shown first; no further ones once their values exceed
/// `max_bytes`.
pub async fn entry_versions(account: &Account, key: &str, max_bytes: usize) -> Result<EntryVersions, Error> {
    Entry::check_key(key)?;
    let now = account.clock.now();
    let live: Vec<Version> = {
        let state = account.local.read();
        let entry = state.holdings().inventory().entry(key);
        entry.iter().flat_map(|entry| entry.by_preference(now)).map(|live| live.version.clone()).collect()
    };
    let (mut rows, mut bytes) = (Vec::new(), 0_usize);
    for version in &live {
        if bytes > max_bytes {
            break;
        }
        let (size, value) = value_here(account, &version.value).await?;
        bytes = bytes.saturating_add(size);
        let is_deleted = is_deleted(&version.value);
        rows.push(EntryVersionRow { at: version.hlc.ms, size, value, is_deleted });
    }
    Ok(EntryVersions { is_more: rows.len() < live.len(), rows })
}

/// Whether a version says that the entry was deleted.
fn is_deleted(value: &EntryValue) -> bool {
    matches!(value, EntryValue::Inline(bytes) if bytes.as_ref() == DELETED)
}

/// Size of a value, and the value if it is on this disk.
async fn value_here(account: &Account, value: &EntryValue) -> Result<(usize, Option<Bytes>), Error> {
    let block = match value {
        EntryValue::Inline(bytes) => return Ok((bytes.len(), Some(bytes.clone()))),
        EntryValue::Block(block) => block,
    };
    let size = usize::try_from(block.size).unwrap_or(usize::MAX);
    let Some(sealed) = sealed_here(account, block).await? else { return Ok((size, None)) };
    let sealer = account.local.keys().sealer();
    let plain = sealer.open(Kind::Value, &sealed, limits::VALUE_BYTES)?;
    Ok((size, Some(Plain::shared(plain))))
}
