//! Joins items into the inventory.

use super::Local;
use super::load::short;
use super::state::change::Change;
use super::turn::Turn;
use crate::engine::api::event::Event;
use crate::error::{Code, Error};
use crate::limits;
use crate::model::inventory::Item;
use crate::planted::{Bug, is_planted};
use crate::store::Level;

/// Who made the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// This device: each changed item becomes a change to publish.
    ThisDevice,
    /// Another device.
    Other,
}

/// What a join brought.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gain {
    /// States that are new here.
    pub added: usize,
    /// States whose first proof of spending came.
    pub spent: usize,
    /// Items that differ from before.
    pub changed: usize,
}

/// Items that differ from what is here, as changes.
#[derive(Default)]
struct Joining {
    changes: Vec<Change>,
    gain: Gain,
    new_entries: usize,
    /// Tokens of which one state came with two payloads.
    conflicts: Vec<String>,
}

impl Turn {
    /// Joins items of distinct keys; `with` becomes true in the same commit, before them.
    ///
    /// # Errors
    /// [`Code::InventoryTooLarge`], store errors; nothing is changed then.
    ///
    /// # Cancel safety
    /// As [`Turn::commit`]; the event may be left out.
    pub async fn join(&self, items: Vec<Item>, author: Author, with: Vec<Change>) -> Result<Gain, Error> {
        let Joining { changes, gain, conflicts, .. } = self.joining(items, author)?;
        self.commit(with.into_iter().chain(changes).collect()).await?;
        self.local().announce(gain, author, conflicts);
        Ok(gain)
    }

    fn joining(&self, items: Vec<Item>, author: Author) -> Result<Joining, Error> {
        let state = self.state();
        let inventory = state.holdings().inventory();
        let sealer = self.local().keys.sealer();
        let mut number = state.levels().last();
        let mut joining = Joining::default();
        for item in items {
            let joined = inventory.joined(&item)?;
            let replaces = author == Author::Other && is_planted(Bug::LastWriterWins);
            let changed = if replaces { Some(item) } else { joined.changed };
            let Some(item) = changed else { continue };
            match &item {
                Item::Token(key, _) if joined.payload_conflict => {
                    joining.conflicts.push(short(key.token_id.as_str()));
                }
                Item::Entry(key, _) => joining.new_entries += usize::from(inventory.entry(key).is_none()),
                _ => {}
            }
            joining.gain.added += usize::from(joined.added);
            joining.gain.spent += usize::from(joined.spent);
            joining.gain.changed += 1;
            let key = item.index_key(sealer);
            joining.changes.push(Change::Item { key, encoded: item.encode()?, item: Box::new(item) });
            if author == Author::ThisDevice {
                number = number.saturating_add(1);
                joining.changes.push(Change::Made { key, number, level: Level::Local });
            }
        }
        within(inventory.len() + joining.gain.added, limits::STATES, "token states")?;
        within(inventory.entry_count() + joining.new_entries, limits::ENTRIES, "entries")?;
        Ok(joining)
    }
}

impl Local {
    fn announce(&self, gain: Gain, author: Author, conflicts: Vec<String>) {
        if gain.changed > 0 {
            let revision = self.revision();
            self.events.emit(Event::TokensChanged { revision, added: gain.added, spent: gain.spent });
        }
        for token in conflicts {
            self.alert("payload_conflict", format!("two different payloads for one state of token {token}"));
        }
        if author == Author::ThisDevice && gain.changed > 0 {
            self.events.wake_outbox();
        }
    }
}

fn within(count: usize, most: usize, what: &str) -> Result<(), Error> {
    if count > most {
        let message = format!("more than {most} {what} in one wallet");
        return Err(Error::new(Code::InventoryTooLarge, message));
    }
    Ok(())
}
