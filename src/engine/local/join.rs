//! Joins items into the inventory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Local;
use super::load::short;
use super::room::{Room, left_out};
use super::state::change::Change;
use super::state::names::{OwnSlot, Shared};
use super::turn::Turn;
use crate::engine::api::event::{Arrived, Event};
use crate::error::Error;
use crate::limits;
use crate::model::cid::Cid;
use crate::model::inventory::{Actor, Item, Joined, Joiner, Twin};
use crate::model::seal::Sealer;
use crate::planted::{Bug, is_planted};
use crate::shown::plain;
use crate::store::{ItemKey, Level};

/// Who made the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// This device: each changed item becomes a change to publish.
    ThisDevice,
    /// Another device; who joins it here, and the actor that it takes where somebody else uses its own.
    Other { twin: Option<Shared>, spare: Actor },
    /// A device of this wallet, and a file has them: joined as another's, and this device's to publish.
    Copy { spare: Actor },
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
    /// Those among them that this device has to publish.
    pub made: usize,
    /// Items that found no room.
    pub left_out: usize,
    /// Entries among those that differ from before.
    pub entries: usize,
}

/// Items that differ from what is here, as changes.
#[derive(Default)]
pub struct Joining {
    changes: Vec<Change>,
    gain: Gain,
    /// Items that found no room, by their number.
    left_out: Vec<usize>,
    /// Of the last change of this device.
    number: u64,
    /// What a person should look at: kind and words.
    alerts: Vec<(&'static str, String)>,
    /// Somebody else sets versions under this device's actor.
    is_outrun: bool,
}

impl Turn {
    /// Joins items of distinct keys that this device made; `with` becomes true in the same commit, before them.
    ///
    /// # Errors
    /// `inventory_too_large` where something new finds no room, store errors; nothing is changed then.
    ///
    /// # Cancel safety
    /// As [`Turn::commit`]; the event may be left out.
    pub async fn join(&self, items: Vec<Item>, with: Vec<Change>) -> Result<Gain, Error> {
        {
            let state = self.state();
            let inventory = state.holdings().inventory();
            let mut room = Room::of(self.local().bounds, inventory);
            for item in &items {
                if inventory.is_new(item)? {
                    room.take(item)?;
                }
            }
        }
        let joining = self.joining(items, Author::ThisDevice)?;
        self.take(joining, with).await
    }

    /// What joining another device's items, of distinct keys, would do. `is_own`: this device published them, so there is room
    /// for them; of others' what fits is taken.
    ///
    /// # Errors
    /// `malformed` for an item that cannot be written.
    pub fn fit(&self, mut items: Vec<Item>, author: Author, is_own: bool) -> Result<Joining, Error> {
        let sealer = self.local().keys.sealer();
        let left = if is_own {
            Vec::new()
        } else {
            let state = self.state();
            let key_of = |item: &Item| item.index_key(sealer);
            left_out(self.local().bounds, state.holdings().inventory(), &items, key_of)?
        };
        if !left.is_empty() {
            let mut at = 0..;
            items.retain(|_| at.next().is_none_or(|at| left.binary_search(&at).is_err()));
        }
        let mut joining = self.joining(items, author)?;
        joining.gain.left_out = left.len();
        joining.left_out = left;
        Ok(joining)
    }

    /// Makes it true; `with` becomes true in the same commit, before it.
    ///
    /// # Errors
    /// Store errors; nothing is changed then.
    ///
    /// # Cancel safety
    /// As [`Turn::commit`]; the event may be left out.
    pub async fn take(&self, joining: Joining, with: Vec<Change>) -> Result<Gain, Error> {
        self.take_of(joining, with, None).await
    }

    /// The same for what another device made.
    ///
    /// # Errors
    /// As [`Turn::take`].
    ///
    /// # Cancel safety
    /// As [`Turn::take`].
    pub async fn take_of(
        &self,
        joining: Joining,
        with: Vec<Change>,
        arrived: Option<Arrived>,
    ) -> Result<Gain, Error> {
        let before = self.state().holdings().inventory().len();
        self.commit(with.into_iter().chain(joining.changes).collect()).await?;
        self.tell_half(before);
        self.local().announce(joining.gain, joining.alerts, arrived);
        Ok(joining.gain)
    }

    /// Half of the states that a wallet may hold are in use since this change.
    fn tell_half(&self, before: usize) {
        let most = self.local().bounds().states;
        let now = self.state().holdings().inventory().len();
        if before < most / 2 && now >= most / 2 {
            let words = format!("{now} of the {most} token states that one wallet may hold are in use");
            self.local().alert("limit", words);
        }
    }

    fn joining(&self, items: Vec<Item>, author: Author) -> Result<Joining, Error> {
        let state = self.state();
        let (inventory, own) = (state.holdings().inventory(), state.names().own());
        let sealer = self.local().keys.sealer();
        // Which of this device's own versions a twin has not seen.
        let is_unseen =
            |key: ItemKey, shared: Shared| state.levels().number(&key).is_none_or(|n| n > shared.upto);
        let joiner_of = |key: ItemKey| match author {
            Author::ThisDevice => None,
            Author::Copy { .. } => Some(Joiner { actor: own.actor, twin: None }),
            Author::Other { twin, .. } => Some(Joiner {
                actor: own.actor,
                twin: twin.map(|shared| Twin { has_seen: !is_unseen(key, shared), shared_until: shared.at }),
            }),
        };
        let mut joining = Joining { number: state.levels().last(), ..Joining::default() };
        let mut met = BTreeSet::new();
        for item in items {
            let joiner = joiner_of(item.index_key(sealer));
            let joined = inventory.joined_by(&item, joiner)?;
            let replaces = joiner.is_some() && is_planted(Bug::LastWriterWins);
            joining.note(&item, &joined);
            if let Item::Entry(key, _) = &item {
                met.insert(key.clone());
            }
            let changed = if replaces { Some(item) } else { joined.changed };
            let Some(item) = changed else { continue };
            let is_copy = matches!(author, Author::Copy { .. });
            let is_made = joiner.is_none() || joined.again || is_copy;
            let own = state.levels().of(&item.index_key(sealer)).filter(|_| matches!(item, Item::Token(..)));
            joining.put(item, is_made, sealer)?;
            if let Some(level) = own.filter(|_| !is_made) {
                joining.altered(level);
            }
        }
        let other = match author {
            Author::ThisDevice => None,
            Author::Other { twin, spare } => Some((twin, spare)),
            Author::Copy { spare } => Some((None, spare)),
        };
        if let Some((twin, spare)) = other
            && (twin.is_some() || joining.is_outrun)
        {
            // What only this device has is issued again before a twin can count past it.
            for (key, entry) in
                inventory.all_entries().filter(|(key, _)| twin.is_some() && !met.contains(*key))
            {
                let again = Item::Entry(key.clone(), entry.issued_again(&own.actor));
                let is_unseen = twin.is_some_and(|shared| is_unseen(again.index_key(sealer), shared));
                if is_unseen && !matches!(&again, Item::Entry(_, again) if again == entry) {
                    joining.put(again, true, sealer)?;
                }
            }
            joining.changes.push(Change::Own(OwnSlot { actor: spare, ..own }));
        }
        Ok(joining)
    }
}

impl Joining {
    /// Items that found no room, by their number.
    pub fn left_out(&self) -> &[usize] {
        &self.left_out
    }

    /// Whether it would change nothing.
    pub fn is_empty(&self) -> bool {
        self.gain.changed == 0
    }

    fn note(&mut self, item: &Item, joined: &Joined) {
        self.gain.added += usize::from(joined.added);
        self.gain.spent += usize::from(joined.spent);
        self.is_outrun |= joined.outrun;
        match item {
            Item::Token(key, _) if joined.payload_conflict => {
                let token = short(key.token_id.as_str());
                let words = format!("two different payloads for one state of token {token}");
                self.alerts.push(("payload_conflict", words));
            }
            Item::Entry(key, _) if joined.crowded => {
                let words = format!("entry {} has more versions than are kept", plain(&short(key)));
                self.alerts.push(("entry_versions", words));
            }
            _ => {}
        }
    }

    /// The item that was just taken is a change of this device, of this level, and another one has altered it: as it is now, no node
    /// was proven to hold it.
    fn altered(&mut self, level: Level) {
        let Some(Change::Item { key, .. }) = self.changes.last() else { return };
        self.number = self.number.saturating_add(1);
        let level = level.min(Level::Published);
        self.changes.push(Change::Made { key: *key, number: self.number, level });
    }

    /// Takes a changed item; `is_made`: by this device, so that it is to be published.
    fn put(&mut self, item: Item, is_made: bool, sealer: &Sealer) -> Result<(), Error> {
        let key = item.index_key(sealer);
        self.gain.changed += 1;
        self.gain.entries += usize::from(matches!(item, Item::Entry(..)));
        self.changes.push(Change::Item { key, encoded: item.encode()?, item: Box::new(item) });
        if is_made {
            self.number = self.number.saturating_add(1);
            self.changes.push(Change::Made { key, number: self.number, level: Level::Local });
            self.gain.made += 1;
        }
        Ok(())
    }
}

impl Local {
    /// Joins items of a file of this wallet. There is room for them: it was there once, and the file may be all that is left.
    /// `lacking`: what they want and neither the file nor this device has.
    ///
    /// # Errors
    /// Store errors, with nothing changed.
    ///
    /// # Cancel safety
    /// As [`Turn::commit`].
    pub async fn take_copy(
        self: &Arc<Self>,
        items: Vec<Item>,
        lacking: Vec<Cid>,
        spare: Actor,
    ) -> Result<Gain, Error> {
        let turn = self.turn().await;
        let joining = turn.fit(items, Author::Copy { spare }, true)?;
        if joining.is_empty() {
            // Blocks of items that were here may have come.
            self.events.wake_outbox();
            return Ok(joining.gain);
        }
        let with =
            (!lacking.is_empty()).then(|| Change::Lost(turn.state().holdings().lost_with_all(lacking)));
        turn.take(joining, with.into_iter().collect()).await
    }

    /// The first of each kind are told, and how many more there are.
    fn tell_some(&self, alerts: Vec<(&'static str, String)>) {
        let mut kinds: BTreeMap<&'static str, usize> = BTreeMap::new();
        for (kind, words) in alerts {
            let count = kinds.entry(kind).or_default();
            *count += 1;
            if *count <= limits::ALERTS_OF_A_CHANGE {
                self.alert(kind, words);
            }
        }
        for (kind, count) in kinds {
            let more = count.saturating_sub(limits::ALERTS_OF_A_CHANGE);
            if more > 0 {
                self.alert(kind, format!("and {more} more of the same change"));
            }
        }
    }

    fn announce(&self, gain: Gain, alerts: Vec<(&'static str, String)>, arrived: Option<Arrived>) {
        if gain.changed > 0 {
            let revision = self.revision();
            let lag = arrived.as_ref().and_then(|arrived| arrived.lag);
            self.events.emit(Event::TokensChanged {
                revision,
                added: gain.added,
                spent: gain.spent,
                origin: arrived.map(|arrived| arrived.origin),
                lag_ms: lag.and_then(|lag| u64::try_from(lag.as_millis()).ok()),
            });
            if gain.entries > 0 {
                self.events.emit(Event::EntriesChanged { revision });
            }
            self.note_told(revision);
        }
        self.tell_some(alerts);
        if gain.made > 0 {
            self.events.wake_outbox();
        }
    }
}
