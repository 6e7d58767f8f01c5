//! Joins items into the inventory: to disk in one transaction, then to memory.

use bytes::Bytes;
use tokio::sync::MutexGuard;

use super::account::Account;
use super::event::Event;
use super::open::short;
use super::state::State;
use crate::model::block::Block;
use crate::model::inventory::Item;
use crate::model::seal::{Compression, Kind};
use crate::store::{BlockClass, ItemKey, ItemRow, Write};
use crate::{Code, Error, limits};

/// Who made the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// This device: each changed item becomes a change to publish.
    Own,
    /// Another device.
    Remote,
}

/// What a join changed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Applied {
    pub added: usize,
    pub spent: usize,
    pub changed: usize,
}

struct Prepared {
    key: ItemKey,
    encoded: Bytes,
    item: Item,
}

/// Joins items of distinct keys. `extra` goes into the same transaction, `then` runs with the state it led to.
///
/// # Errors
/// [`Code::InventoryTooLarge`] with the old state kept; store errors with nothing changed.
pub(super) async fn apply(
    account: &Account,
    _order: &MutexGuard<'_, ()>,
    items: Vec<Item>,
    blocks: Vec<Block>,
    origin: Origin,
    extra: Vec<Write>,
    then: impl FnOnce(&mut State) + Send,
) -> Result<Applied, Error> {
    let (prepared, applied, conflicts) = prepare(account, items)?;
    let mut batch =
        Vec::with_capacity(prepared.len().saturating_add(blocks.len()).saturating_add(extra.len()));
    let arrived: Vec<_> = blocks.iter().map(|block| (*block.cid(), block.bytes().len() as u64)).collect();
    batch.extend(blocks.into_iter().map(|block| Write::Block { block, class: BlockClass::Data }));
    let mut number = account.read().last_change;
    let mut changes = Vec::new();
    for one in &prepared {
        batch.push(row(account, one)?);
        if origin == Origin::Own {
            number = number.saturating_add(1);
            batch.push(Write::Change { key: one.key, number });
            changes.push((one.key, number));
        }
    }
    batch.extend(extra);
    if !batch.is_empty() {
        account.store.commit(batch).await?;
    }
    let revision = {
        let mut state = account.write();
        arrived.into_iter().for_each(|(cid, size)| state.put_block(cid, size));
        for one in prepared {
            state.put_item(one.key, one.encoded, one.item);
        }
        changes.into_iter().for_each(|(key, number)| state.note_change(key, number));
        then(&mut state);
        if applied.changed > 0 {
            state.revision = state.revision.wrapping_add(1);
        }
        state.revision
    };
    if applied.changed > 0 {
        account.emit(Event::TokensChanged { revision, added: applied.added, spent: applied.spent });
    }
    for token in conflicts {
        account.alert("payload_conflict", format!("two different payloads for one state of token {token}"));
    }
    if origin == Origin::Own && applied.changed > 0 {
        account.changed.notify_one();
    }
    Ok(applied)
}

fn prepare(account: &Account, items: Vec<Item>) -> Result<(Vec<Prepared>, Applied, Vec<String>), Error> {
    let state = account.read();
    let (mut prepared, mut applied, mut conflicts) = (Vec::new(), Applied::default(), Vec::new());
    let mut entries = 0_usize;
    for item in items {
        let joined = state.inventory.joined(&item)?;
        let Some(item) = joined.changed else { continue };
        if let (true, Item::Token(key, _)) = (joined.payload_conflict, &item) {
            conflicts.push(short(key.token_id.as_str()));
        }
        if let Item::Entry(key, _) = &item {
            entries = entries.saturating_add(usize::from(state.inventory.entry(key).is_none()));
        }
        applied.added = applied.added.saturating_add(usize::from(joined.added));
        applied.spent = applied.spent.saturating_add(usize::from(joined.spent));
        applied.changed = applied.changed.saturating_add(1);
        prepared.push(Prepared { key: item.index_key(account.keys.sealer()), encoded: item.encode()?, item });
    }
    if state.inventory.len().saturating_add(applied.added) > limits::STATES {
        let message = format!("more than {} token states in one wallet", limits::STATES);
        return Err(Error::new(Code::InventoryTooLarge, message));
    }
    if state.inventory.entry_count().saturating_add(entries) > limits::ENTRIES {
        let message = format!("more than {} entries in one wallet", limits::ENTRIES);
        return Err(Error::new(Code::InventoryTooLarge, message));
    }
    Ok((prepared, applied, conflicts))
}

fn row(account: &Account, one: &Prepared) -> Result<Write, Error> {
    let sealed = account.keys.sealer().seal(Kind::Row, &one.encoded, Compression::Never)?;
    let (token_id, state_hash) = match &one.item {
        Item::Token(key, _) => (key.token_id.as_str().to_owned(), key.state_hash.as_str().to_owned()),
        _ => (String::new(), String::new()),
    };
    Ok(Write::Item(ItemRow { key: one.key, token_id, state_hash, sealed: sealed.into() }))
}
