//! Local changes: checked, sealed, committed, then answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::allowance::{self, Granted};
use super::read::sealed_here;
use super::seal::{DELETED, SealedToken, bad, seal_all, seal_block, token_key};
use crate::engine::account::Account;
use crate::engine::api::tokens::{NewToken, PutReport, SpendKind, SpendReport};
use crate::engine::api::window::Added;
use crate::engine::local::state::change::Change;
use crate::engine::local::state::names::OwnSlot;
use crate::engine::local::turn::Turn;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::inventory::{Entry, EntryValue, Hlc, Item, TokenKey, TokenState, Version};
use crate::model::seal::Kind;
use crate::planted::{Bug, is_planted};
use crate::secret::Plain;
use crate::shown::counted;

pub async fn put(account: Arc<Account>, tokens: Vec<NewToken>) -> Result<PutReport, Error> {
    put_by(account, None, tokens).await
}

/// `window`: on whose behalf, if not of Rust code.
pub async fn put_by(
    account: Arc<Account>,
    window: Option<String>,
    tokens: Vec<NewToken>,
) -> Result<PutReport, Error> {
    account.tasks.check_open()?;
    if tokens.len() > limits::STATES {
        let message = format!("{} token states at once, at most {}", tokens.len(), limits::STATES);
        return Err(Error::new(Code::InventoryTooLarge, message));
    }
    let sealing = account.local.clone();
    let sealed = tokio::task::spawn_blocking(move || seal_all(sealing.keys(), tokens))
        .await
        .map_err(|_| Error::new(Code::TaskFailed, "sealing ended unexpectedly"))??;
    let turn = account.local.turn().await;
    let (mut items, mut blocks, mut unchanged, mut bytes) = (Vec::new(), Vec::new(), 0, 0_u64);
    let mut seen: BTreeMap<TokenKey, (TokenState, Plain)> = BTreeMap::new();
    for one in sealed {
        let twice = seen.get(&one.key).map(|(state, payload)| {
            state.previous == one.state.previous
                && state.summary == one.state.summary
                && *payload == one.payload
        });
        match twice {
            Some(true) => {
                unchanged += 1;
                continue;
            }
            Some(false) => return Err(conflict(&one.key)),
            None => seen.insert(one.key.clone(), (one.state.clone(), one.payload.clone())),
        };
        if is_known(&account, &one).await? {
            unchanged += 1;
            // A payload that was still on its way, or rotted here, is here now.
            blocks.extend(turn.lacking(one.blocks).await?);
            continue;
        }
        bytes = bytes.saturating_add(one.payload.len() as u64);
        items.push(Item::Token(one.key, one.state));
        blocks.extend(one.blocks.into_iter().map(Change::Block));
    }
    let added = items.len();
    let states = u32::try_from(added).unwrap_or(u32::MAX);
    let granted =
        allowance::ask(&account, &turn, window.as_deref(), Added { states, bytes, ..Added::default() })?;
    let rivals = if window.is_some() { allowance::rivals(&turn, allowance::states(&items)) } else { 0 };
    blocks.extend(granted.iter().map(Granted::change));
    turn.join(items, blocks).await?;
    if let Some(window) = window.filter(|_| rivals > 0) {
        let rivals = counted(rivals, "token that was on offer and is", "tokens that were on offer and are");
        let words = format!("put another state of {rivals} not now");
        allowance::tell(&account, &window, "rivals", &words);
    }
    if let Some(granted) = granted {
        granted.note(&account);
    }
    Ok(PutReport { added, unchanged })
}

/// Whether the same state is here already; `conflict` when it is here with other content.
async fn is_known(account: &Account, new: &SealedToken) -> Result<bool, Error> {
    let (same_fields, payloads) = {
        let state = account.local.read();
        let Some(old) = state.holdings().inventory().state(&new.key).filter(|old| !old.payloads.is_empty())
        else {
            return Ok(false);
        };
        let same = old.previous == new.state.previous && old.summary == new.state.summary;
        (same, old.payloads.clone())
    };
    if same_fields && payloads.iter().any(|old| old.is_same(&new.reference)) {
        return Ok(true);
    }
    // The same bytes may have been sealed by another release's compressor.
    for old in payloads.iter().filter(|old| old.size as usize == new.payload.len()) {
        if same_fields
            && let Some(sealed) = sealed_here(account, old).await?
            && account
                .local
                .keys()
                .sealer()
                .open(Kind::State, &sealed, limits::PAYLOAD_BYTES)
                .is_ok_and(|plain| plain.as_slice() == &*new.payload)
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

pub async fn spend(
    account: Arc<Account>,
    token_id: String,
    state_hash: String,
    kind: SpendKind,
    evidence: Bytes,
) -> Result<SpendReport, Error> {
    spend_by(account, None, (token_id, state_hash), kind, evidence).await
}

/// `window`: on whose behalf, if not of Rust code.
pub async fn spend_by(
    account: Arc<Account>,
    window: Option<String>,
    (token_id, state_hash): (String, String),
    kind: SpendKind,
    evidence: Bytes,
) -> Result<SpendReport, Error> {
    account.tasks.check_open()?;
    let (key, evidence) = (token_key(&token_id, &state_hash)?, Plain::new(evidence));
    let (blocks, reference) =
        seal_block(account.local.keys(), Kind::Evidence, &evidence, limits::EVIDENCE_BYTES)
            .map_err(|e| e.within("evidence"))?;
    let turn = account.local.turn().await;
    let mut state = turn.state().holdings().inventory().state(&key).cloned().unwrap_or_default();
    // A spend may be known before the state itself is.
    let report = SpendReport { known: !state.payloads.is_empty() };
    let set = match kind {
        SpendKind::Intent => &mut state.intents,
        SpendKind::Proof => &mut state.proofs,
    };
    let is_recorded = set.iter().any(|old| old.is_same(&reference));
    if is_recorded {
        let lacking = turn.lacking(blocks).await?;
        turn.join(Vec::new(), lacking).await?;
        return Ok(report);
    }
    allowance::fits_state(window.as_deref(), kind, set.len())?;
    set.insert(reference.clone());
    let is_new = turn.state().holdings().inventory().state(&key).is_none();
    let added = Added { states: is_new.into(), spends: 1, bytes: evidence.len() as u64, ..Added::default() };
    let granted = allowance::ask(&account, &turn, window.as_deref(), added)?;
    let mut items = vec![Item::Token(key, state)];
    if is_planted(Bug::SpendByTokenId) {
        let state = turn.state();
        for item in state.holdings().inventory().items() {
            if let Item::Token(other, mut state) = item
                && other.token_id.as_str() == token_id
                && other.state_hash.as_str() != state_hash
            {
                state.proofs.insert(reference.clone());
                items.push(Item::Token(other, state));
            }
        }
    }
    let with = blocks.into_iter().map(Change::Block).chain(granted.as_ref().map(Granted::change)).collect();
    turn.join(items, with).await?;
    if let Some(granted) = granted {
        granted.note(&account);
    }
    Ok(report)
}

/// An entry that is deleted is set to a value of its own, which replaces what was seen before like any other.
pub async fn delete(account: Arc<Account>, key: String) -> Result<(), Error> {
    delete_by(account, None, key).await
}

/// `window`: on whose behalf, if not of Rust code.
pub async fn delete_by(account: Arc<Account>, window: Option<String>, key: String) -> Result<(), Error> {
    store(account, window, key, Bytes::from_static(DELETED)).await
}

pub async fn set(account: Arc<Account>, key: String, value: Bytes) -> Result<(), Error> {
    set_by(account, None, key, value).await
}

/// `window`: on whose behalf, if not of Rust code.
pub async fn set_by(
    account: Arc<Account>,
    window: Option<String>,
    key: String,
    value: Bytes,
) -> Result<(), Error> {
    if value.as_ref() == DELETED {
        return Err(bad("value: this one says that an entry was deleted".to_owned()));
    }
    store(account, window, key, value).await
}

async fn store(
    account: Arc<Account>,
    window: Option<String>,
    key: String,
    value: Bytes,
) -> Result<(), Error> {
    account.tasks.check_open()?;
    Entry::check_key(&key)?;
    if value.len() > limits::VALUE_BYTES {
        return Err(bad(format!("value: {} bytes, at most {}", value.len(), limits::VALUE_BYTES)));
    }
    let bytes = value.len() as u64;
    let (value, blocks) = if value.len() > limits::VALUE_INLINE_BYTES {
        let (blocks, reference) = seal_block(account.local.keys(), Kind::Value, &value, limits::VALUE_BYTES)?;
        (EntryValue::Block(reference), blocks)
    } else {
        (EntryValue::Inline(value), Vec::new())
    };
    let turn = account.local.turn().await;
    let is_set = {
        let state = turn.state();
        let versions: Vec<_> =
            state.holdings().inventory().entry(&key).iter().flat_map(|e| e.live()).collect();
        matches!(versions.as_slice(), [one] if one.version.value == value)
    };
    if is_set {
        let lacking = turn.lacking(blocks).await?;
        turn.join(Vec::new(), lacking).await?;
        return Ok(());
    }
    let (entry, actor) = newer(&account, &turn, &key, value)?;
    let mut with: Vec<Change> = blocks.into_iter().map(Change::Block).collect();
    with.extend(actor.map(Change::Own));
    let is_new = turn.state().holdings().inventory().entry(&key).is_none();
    let added = Added { entries: is_new.into(), bytes, ..Added::default() };
    let granted = allowance::ask(&account, &turn, window.as_deref(), added)?;
    with.extend(granted.as_ref().map(Granted::change));
    turn.join(vec![Item::Entry(key, entry)], with).await?;
    if let Some(granted) = granted {
        granted.note(&account);
    }
    Ok(())
}

/// The entry with a version that replaces all that are here, and this device as another actor where it needs to be one.
fn newer(
    account: &Account,
    turn: &Turn,
    key: &str,
    value: EntryValue,
) -> Result<(Entry, Option<OwnSlot>), Error> {
    let state = turn.state();
    let (inventory, own) = (state.holdings().inventory(), state.names().own());
    let old = inventory.entry(key);
    let now = account.clock.now();
    let version = Version { hlc: Hlc::tick(inventory.highest_hlc(now), now), value };
    let old = old.cloned().unwrap_or_default();
    let is_live = |entry: &Entry| entry.live().any(|live| *live.version == version);
    if let Some(entry) = old.set(own.actor, version.clone()).filter(is_live) {
        return Ok((entry, None));
    }
    let own = OwnSlot { actor: account.entropy.draw(), ..own };
    let entry = old.set(own.actor, version.clone()).filter(is_live);
    let entry = entry.ok_or_else(|| Error::new(Code::Conflict, "this entry takes no further version"))?;
    Ok((entry, Some(own)))
}
