//! How much a wallet may hold, and which of what others bring finds room in it.
//!
//! A bound is not a wall. It is judged here and nowhere else, and only over what is new: what is here was accepted once, so
//! it changes, is published and comes back whatever the bounds are. Of another device's root that does not fit in whole the
//! same items fit on every device that has the same: spends first, so that proof of a token's end is never kept out by a
//! further token, then by place in the index.

use crate::error::{Code, Error};
use crate::limits;
use crate::model::inventory::{Inventory, Item};
use crate::store::ItemKey;

/// Most items of each kind in one wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Token states.
    pub states: usize,
    /// Entries.
    pub entries: usize,
    /// Items of kinds that this release does not know.
    pub unknown_items: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { states: limits::STATES, entries: limits::ENTRIES, unknown_items: limits::UNKNOWN_ITEMS }
    }
}

impl Bounds {
    /// Whose bounds they are: another release, or other bounds, may have room for what did not fit.
    pub fn name(&self) -> String {
        let Self { states, entries, unknown_items } = self;
        format!("{} {states} {entries} {unknown_items}", env!("CARGO_PKG_VERSION"))
    }
}

/// Places that are left.
pub struct Room {
    bounds: Bounds,
    left: [usize; 3],
}

impl Room {
    pub fn of(bounds: Bounds, inventory: &Inventory) -> Self {
        let left = [
            bounds.states.saturating_sub(inventory.len()),
            bounds.entries.saturating_sub(inventory.entry_count()),
            bounds.unknown_items.saturating_sub(inventory.unknown_count()),
        ];
        Self { bounds, left }
    }

    /// Takes a place for a new item.
    ///
    /// # Errors
    /// [`Code::InventoryTooLarge`] where none is left.
    pub fn take(&mut self, item: &Item) -> Result<(), Error> {
        let [states, entries, unknown] = &mut self.left;
        let (left, most, what) = match item {
            Item::Token(..) => (states, self.bounds.states, "token states"),
            Item::Entry(..) => (entries, self.bounds.entries, "entries"),
            Item::Unknown { .. } => (unknown, self.bounds.unknown_items, "items of unknown kinds"),
        };
        let words = || Error::new(Code::InventoryTooLarge, format!("more than {most} {what} in one wallet"));
        *left = left.checked_sub(1).ok_or_else(words)?;
        Ok(())
    }
}

/// Which of these items find no room, by their number; none of those that are here already.
///
/// # Errors
/// [`Code::Malformed`] for an unknown item that never was decoded.
pub fn left_out(
    bounds: Bounds,
    inventory: &Inventory,
    items: &[Item],
    key_of: impl Fn(&Item) -> ItemKey,
) -> Result<Vec<usize>, Error> {
    let mut new = Vec::new();
    for (at, item) in items.iter().enumerate() {
        if inventory.is_new(item)? {
            new.push((at, item));
        }
    }
    let mut room = Room::of(bounds, inventory);
    if new.iter().all(|(_, item)| room.take(item).is_ok()) {
        return Ok(Vec::new());
    }
    new.sort_by_cached_key(|(_, item)| (rank(item), key_of(item)));
    let mut room = Room::of(bounds, inventory);
    let mut left: Vec<usize> =
        new.into_iter().filter(|(_, item)| room.take(item).is_err()).map(|(at, _)| at).collect();
    left.sort_unstable();
    Ok(left)
}

/// Proven spends before spends that were begun, both before what is not spent.
fn rank(item: &Item) -> u8 {
    match item {
        Item::Token(_, state) if state.is_spent() => 0,
        Item::Token(_, state) if !state.intents.is_empty() || !state.proofs.is_empty() => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use proptest::prelude::*;

    use crate::engine::local::room::{Bounds, Room, left_out};
    use crate::error::Code;
    use crate::model::cid::{Cid, Codec};
    use crate::model::inventory::{BlockRef, Entry, Id, Inventory, Item, TokenKey, TokenState};

    fn state(id: &str, intent: bool, proof: bool) -> Item {
        let block = |is: bool| is.then_some(BlockRef::new([Cid::of(Codec::Raw, id.as_bytes())], 1)).flatten();
        let key = TokenKey { token_id: Id::parse(id).unwrap(), state_hash: Id::parse("s").unwrap() };
        let (intents, proofs) = (block(intent).into_iter().collect(), block(proof).into_iter().collect());
        Item::Token(key, TokenState { intents, proofs, ..TokenState::default() })
    }

    fn name(item: &Item) -> [u8; 32] {
        let mut key = [0; 32];
        if let Item::Token(token, _) = item {
            key.iter_mut().zip(token.token_id.as_str().bytes()).for_each(|(to, from)| *to = from);
        }
        key
    }

    fn left(states: usize, held: &Inventory, items: &[Item]) -> Vec<String> {
        let bounds = Bounds { states, entries: 1, unknown_items: 1 };
        let left = left_out(bounds, held, items, name).unwrap();
        left.into_iter()
            .map(|at| match &items[at] {
                Item::Token(key, _) => key.token_id.as_str().to_owned(),
                Item::Entry(key, _) => key.clone(),
                Item::Unknown { .. } => "unknown".to_owned(),
            })
            .collect()
    }

    #[test]
    fn spends_come_first_then_the_place_in_whatever_order_they_are_given() {
        let mut held = Inventory::default();
        held.apply(state("here", false, false));
        let items = [
            state("a", false, false),
            state("z", false, true),
            state("y", true, false),
            state("b", false, false),
        ];
        for turn in 0..items.len() {
            let mut items = items.to_vec();
            items.rotate_left(turn);
            let at = items.len() / 2;
            items.insert(at, state("here", true, false));
            let out = |states| {
                let mut left = left(states, &held, &items);
                left.sort();
                left
            };
            assert!(out(5).is_empty());
            assert_eq!(out(4), ["b"]);
            assert_eq!(out(3), ["a", "b"]);
            assert_eq!(out(2), ["a", "b", "y"]);
            // What is here needs no room, not even where there is too much.
            assert_eq!(out(0), ["a", "b", "y", "z"]);
        }
    }

    #[test]
    fn each_kind_has_its_own_room_and_all_of_a_batch_counts() {
        let unknown = |id: u8| {
            let cbor = vec![0xa2, 0x61, b'i', 0x61, id, 0x61, b'k', 9];
            Item::decode([0; 32], &cbor).unwrap()
        };
        let items = [
            Item::Entry("k".into(), Entry::default()),
            unknown(b'a'),
            Item::Entry("l".into(), Entry::default()),
            unknown(b'b'),
            state("a", false, false),
        ];
        assert_eq!(left(1, &Inventory::default(), &items), ["l", "unknown"]);
        let mut room = Room::of(Bounds { states: 1, entries: 0, unknown_items: 0 }, &Inventory::default());
        assert!(room.take(&items[4]).is_ok());
        for item in &items {
            assert_eq!(room.take(item).unwrap_err().code(), Code::InventoryTooLarge);
        }
    }

    fn fitted(states: usize, held: &Inventory, items: &[Item]) -> Inventory {
        let bounds = Bounds { states, entries: 1, unknown_items: 1 };
        let left = left_out(bounds, held, items, name).unwrap();
        let mut now = held.clone();
        for (_, item) in items.iter().enumerate().filter(|(at, _)| !left.contains(at)) {
            if let Some(changed) = now.joined(item).unwrap().changed {
                now.apply(changed);
            }
        }
        now
    }

    fn wild() -> impl Strategy<Value = Vec<Item>> {
        let items = prop::collection::btree_map("[a-h]", any::<(bool, bool)>(), 0..8);
        items.prop_map(|items| {
            items.into_iter().map(|(id, (intent, proof))| state(&id, intent, proof)).collect()
        })
    }

    proptest! {
        #[test]
        fn what_fits_is_the_same_in_any_order_and_nothing_more_fits_the_second_time(
            (held, items, shuffled) in (wild(), wild()).prop_flat_map(|(held, items)| {
                (Just(held), Just(items.clone()), Just(items).prop_shuffle())
            }),
            states in 0_usize..10,
        ) {
            let held = fitted(usize::MAX, &Inventory::default(), &held);
            let now = fitted(states, &held, &items);
            prop_assert_eq!(&now, &fitted(states, &held, &shuffled));
            prop_assert_eq!(&now, &fitted(states, &now, &items));
            // As many as fit, and all of what was here.
            let all = fitted(usize::MAX, &held, &items);
            prop_assert_eq!(now.len(), all.len().min(states.max(held.len())));
            for item in &items {
                prop_assert!(held.is_new(item).unwrap() || now.joined(item).unwrap().changed.is_none());
            }
            // No proof is left out where anything else was taken.
            let is_proof = |item: &Item| matches!(item, Item::Token(_, state) if state.is_spent());
            let left = items.iter().any(|item| is_proof(item) && now.is_new(item).unwrap());
            let taken = |item: &&Item| held.is_new(item).unwrap() && !now.is_new(item).unwrap();
            prop_assert!(!left || items.iter().filter(taken).all(is_proof));
        }
    }
}
