//! Local changes: checked, sealed, committed, then answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::account::Account;
use super::apply::{Origin, apply};
use super::report::{NewToken, PutReport, SpendKind};
use crate::model::block::Block;
use crate::model::cid::Codec;
use crate::model::inventory::{BlockRef, Entry, EntryValue, Hlc, Id, Item, TokenKey, TokenState, Version};
use crate::model::seal::{Compression, Kind};
use crate::{Code, Error, limits};

/// A checked token with its sealed payload.
struct Sealed {
    key: TokenKey,
    state: TokenState,
    payload: Bytes,
    block: Block,
}

pub(super) async fn put(account: Arc<Account>, tokens: Vec<NewToken>) -> Result<PutReport, Error> {
    account.check_open()?;
    if tokens.len() > limits::STATES {
        let message = format!("{} token states at once, at most {}", tokens.len(), limits::STATES);
        return Err(Error::new(Code::InventoryTooLarge, message));
    }
    let sealing = account.clone();
    let sealed = tokio::task::spawn_blocking(move || seal_all(&sealing, tokens))
        .await
        .map_err(|_| Error::new(Code::TaskFailed, "sealing ended unexpectedly"))??;
    let order = account.order.lock().await;
    let (mut items, mut blocks, mut unchanged) = (Vec::new(), Vec::new(), 0_usize);
    let mut seen: BTreeMap<TokenKey, (TokenState, Bytes)> = BTreeMap::new();
    for one in sealed {
        let twice = seen.get(&one.key).map(|(state, payload)| {
            state.previous == one.state.previous
                && state.summary == one.state.summary
                && *payload == one.payload
        });
        match twice {
            Some(true) => {
                unchanged = unchanged.saturating_add(1);
                continue;
            }
            Some(false) => return Err(conflict(&one.key)),
            None => seen.insert(one.key.clone(), (one.state.clone(), one.payload.clone())),
        };
        if is_known(&account, &one).await? {
            unchanged = unchanged.saturating_add(1);
            // A payload that was still on its way is here now.
            if account.read().missing.contains_key(one.block.cid()) {
                blocks.push(one.block);
            }
            continue;
        }
        items.push(Item::Token(one.key, one.state));
        blocks.push(one.block);
    }
    let added = items.len();
    apply(&account, &order, items, blocks, Origin::Own, Vec::new(), |_| {}).await?;
    Ok(PutReport { added, unchanged })
}

fn seal_all(account: &Account, tokens: Vec<NewToken>) -> Result<Vec<Sealed>, Error> {
    tokens
        .into_iter()
        .enumerate()
        .map(|(at, token)| {
            seal_one(account, token).map_err(|e| e.within(&format!("token {}", at.saturating_add(1))))
        })
        .collect()
}

fn seal_one(account: &Account, token: NewToken) -> Result<Sealed, Error> {
    let key = token_key(&token.token_id, &token.state_hash)?;
    let previous = token.previous.as_deref().map(Id::parse).transpose().map_err(|e| e.within("previous"))?;
    if let Some(summary) = &token.summary
        && summary.len() > limits::SUMMARY_BYTES
    {
        return Err(bad(format!("summary: {} bytes, at most {}", summary.len(), limits::SUMMARY_BYTES)));
    }
    let (block, payload_ref) = seal_block(account, Kind::State, &token.payload, limits::PAYLOAD_BYTES)
        .map_err(|e| e.within("data"))?;
    let state = TokenState {
        previous,
        summary: token.summary,
        payloads: [payload_ref].into(),
        ..TokenState::default()
    };
    Ok(Sealed { key, state, payload: token.payload, block })
}

fn seal_block(account: &Account, kind: Kind, plain: &[u8], max: usize) -> Result<(Block, BlockRef), Error> {
    let too_large = || bad(format!("{} bytes, at most {max}", plain.len()));
    if plain.len() > max {
        return Err(too_large());
    }
    let size = u32::try_from(plain.len()).map_err(|_| too_large())?;
    let sealed = account.keys.sealer().seal(kind, plain, Compression::IfSmaller)?;
    let block = Block::new(Codec::Raw, sealed);
    let reference = BlockRef { cid: *block.cid(), size };
    Ok((block, reference))
}

/// Whether the same state is here already; `conflict` when it is here with other content.
async fn is_known(account: &Account, new: &Sealed) -> Result<bool, Error> {
    let (same_fields, payloads) = {
        let state = account.read();
        let Some(old) = state.inventory.state(&new.key).filter(|old| !old.payloads.is_empty()) else {
            return Ok(false);
        };
        let same = old.previous == new.state.previous && old.summary == new.state.summary;
        (same, old.payloads.clone())
    };
    if same_fields && payloads.iter().any(|old| old.cid == *new.block.cid()) {
        return Ok(true);
    }
    // The same bytes may have been sealed by another release's compressor.
    for old in payloads.iter().filter(|old| old.size as usize == new.payload.len()) {
        if let Some(block) = account.store.block(&old.cid).await?
            && same_fields
            && account
                .keys
                .sealer()
                .open(Kind::State, block.bytes(), limits::PAYLOAD_BYTES)
                .is_ok_and(|plain| plain == new.payload)
        {
            return Ok(true);
        }
    }
    Err(conflict(&new.key))
}

fn conflict(key: &TokenKey) -> Error {
    let (token, state) = (key.token_id.as_str(), key.state_hash.as_str());
    Error::new(Code::Conflict, format!("token {token}, state {state}: already here with other content"))
}

fn token_key(token_id: &str, state_hash: &str) -> Result<TokenKey, Error> {
    Ok(TokenKey {
        token_id: Id::parse(token_id).map_err(|e| e.within("tokenId"))?,
        state_hash: Id::parse(state_hash).map_err(|e| e.within("stateHash"))?,
    })
}

pub(super) async fn spend(
    account: Arc<Account>,
    token_id: String,
    state_hash: String,
    kind: SpendKind,
    evidence: Bytes,
) -> Result<(), Error> {
    account.check_open()?;
    let key = token_key(&token_id, &state_hash)?;
    let (block, reference) = seal_block(&account, Kind::Evidence, &evidence, limits::EVIDENCE_BYTES)
        .map_err(|e| e.within("evidence"))?;
    let order = account.order.lock().await;
    let (mut state, here) = {
        let state = account.read();
        let here = state.on_disk.contains_key(&reference.cid);
        (state.inventory.state(&key).cloned().unwrap_or_default(), here)
    };
    let set = match kind {
        SpendKind::Intent => &mut state.intents,
        SpendKind::Proof => &mut state.proofs,
    };
    let known = set.iter().any(|old| old.cid == reference.cid);
    if known && here {
        return Ok(());
    }
    if !known && set.len() >= limits::SET_ITEMS {
        let what = if kind == SpendKind::Intent { "intents" } else { "proofs" };
        return Err(bad(format!("{} {what} of this state are recorded already", limits::SET_ITEMS)));
    }
    set.insert(reference);
    let item = Item::Token(key, state);
    apply(&account, &order, vec![item], vec![block], Origin::Own, Vec::new(), |_| {}).await?;
    Ok(())
}

pub(super) async fn set(account: Arc<Account>, key: String, value: Bytes) -> Result<(), Error> {
    account.check_open()?;
    check_entry_key(&key)?;
    if value.len() > limits::VALUE_BYTES {
        return Err(bad(format!("value: {} bytes, at most {}", value.len(), limits::VALUE_BYTES)));
    }
    let (value, block) = if value.len() > limits::VALUE_INLINE_BYTES {
        let (block, reference) = seal_block(&account, Kind::Value, &value, limits::VALUE_BYTES)?;
        (EntryValue::Block(reference), Some(block))
    } else {
        (EntryValue::Inline(value), None)
    };
    let order = account.order.lock().await;
    let now = account.clock.now();
    let (device, mut entry, hlc) = {
        let state = account.read();
        let entry = state.inventory.entry(&key).cloned().unwrap_or_default();
        let shown = entry.versions.iter().rev().find(|version| version.hlc.ms <= ahead(now)).cloned();
        if shown.is_some_and(|shown| shown.value == value) {
            return Ok(());
        }
        if entry.versions.is_empty() && state.inventory.entry_count() >= limits::ENTRIES {
            return Err(Error::new(
                Code::InventoryTooLarge,
                format!("more than {} entries", limits::ENTRIES),
            ));
        }
        (state.own.device, entry, Hlc::tick(state.inventory.highest_hlc(now), now))
    };
    let version = Version { hlc, device, value };
    entry.versions.insert(version.clone());
    while entry.versions.len() > limits::ENTRY_VERSIONS {
        entry.versions.pop_first();
    }
    if !entry.versions.contains(&version) {
        let message = "both kept versions are dated more than ten minutes ahead of this clock";
        return Err(Error::new(Code::Conflict, message));
    }
    let item = Item::Entry(key, Entry { versions: entry.versions, unknown: entry.unknown });
    apply(&account, &order, vec![item], block.into_iter().collect(), Origin::Own, Vec::new(), |_| {}).await?;
    Ok(())
}

fn ahead(now: crate::clock::UnixMs) -> crate::clock::UnixMs {
    now.saturating_add(i64::try_from(limits::HLC_AHEAD.as_millis()).unwrap_or(i64::MAX))
}

/// Entry keys: 1–128 characters, none of them a control character.
pub(super) fn check_entry_key(key: &str) -> Result<(), Error> {
    let count = key.chars().count();
    if count == 0 || count > limits::KEY_CHARS || key.chars().any(char::is_control) {
        return Err(bad(format!(
            "key: 1–{} characters, none of them a control character",
            limits::KEY_CHARS
        )));
    }
    Ok(())
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(Code::BadRequest, message)
}
