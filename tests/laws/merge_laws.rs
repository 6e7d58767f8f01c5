//! Merge is a join for any input, and the view follows from what was joined.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::inventory::{Counts, Hlc, Inventory, Item, Spend, TokenKey, TokenState};

use crate::items::{self, entry, inventory, join, key, live, merged, token, wild_item};

fn row_keys(inventory: &Inventory, all: bool) -> Vec<(String, String, Spend, bool)> {
    let text = |key: &TokenKey| (key.token_id.as_str().to_owned(), key.state_hash.as_str().to_owned());
    inventory
        .view_from(None, all)
        .map(|row| {
            let (token, state) = text(row.key);
            (token, state, row.spend, row.forked)
        })
        .collect()
}

fn row(token: &str, state: &str, spend: Spend, forked: bool) -> (String, String, Spend, bool) {
    (token.to_owned(), state.to_owned(), spend, forked)
}

fn state_of(item: &Item) -> &TokenState {
    match item {
        Item::Token(_, state) => state,
        other => panic!("{other:?}"),
    }
}

#[test]
fn boomerang_is_not_swallowed() {
    let spent = token("t", "s0", &["p0"], &[], &["proof"]);
    let back = token("t", "s2", &["p2"], &[], &[]);
    for order in [[&spent, &back], [&back, &spent]] {
        assert_eq!(row_keys(&inventory(order), false), [row("t", "s2", Spend::None, false)]);
    }
}

#[test]
fn dead_tombstone_does_not_return() {
    let live = token("t", "s0", &["p"], &[], &[]);
    let mut held = inventory([&live, &token("t", "s0", &[], &[], &["proof"])]);
    assert_eq!(held.joined(&live).unwrap().changed, None, "an older device still thinks that it is unspent");
    join(&mut held, &live);
    assert_eq!(row_keys(&held, false), []);
    assert_eq!(row_keys(&held, true), [row("t", "s0", Spend::Proof, false)]);
}

#[test]
fn both_intents_survive() {
    let one = token("t", "s0", &["p"], &["salt of one"], &[]);
    let two = token("t", "s0", &["p"], &["salt of two"], &["proof"]);
    let held = inventory([&one, &two]);
    let state = held.state(&key("t", "s0")).unwrap();
    assert_eq!(state.intents, items::blocks(&["salt of one", "salt of two"]), "a proof removes no intent");
    assert_eq!(state.spend(&BTreeSet::new()), Spend::Proof);
}

#[test]
fn unknown_spend_state_stays_suspect() {
    let held = inventory([&token("t", "s0", &["p"], &["salt"], &[])]);
    assert_eq!(row_keys(&held, false), [row("t", "s0", Spend::Intent, false)]);
    assert_eq!(held.counts(), Counts { total: 1, unspent: 0, suspect: 1 });
}

#[test]
fn a_spend_may_be_known_before_its_state() {
    let mut held = inventory([&token("t", "s0", &[], &["salt"], &[])]);
    assert_eq!((row_keys(&held, true), held.counts(), held.len()), (vec![], Counts::default(), 1));
    let joined = held.joined(&token("t", "s0", &["p"], &[], &[])).unwrap();
    assert!(!joined.added, "it counts among the states already");
    held.apply(joined.changed.unwrap());
    assert_eq!(row_keys(&held, false), [row("t", "s0", Spend::Intent, false)]);
}

#[test]
fn two_live_states_are_forked_until_one_is_proven_spent() {
    let mut held = inventory([
        &token("a", "s0", &["p"], &[], &[]),
        &token("t", "s0", &["p"], &[], &[]),
        &token("t", "s1", &["q"], &[], &[]),
        &token("u", "s0", &["p"], &[], &[]),
    ]);
    let forked = |held: &Inventory| row_keys(held, true).iter().map(|row| row.3).collect::<Vec<_>>();
    assert_eq!(forked(&held), [false, true, true, false]);
    join(&mut held, &token("t", "s0", &[], &[], &["proof"]));
    assert_eq!(forked(&held), [false, false, false, false]);
    assert_eq!(held.len(), 4, "the spent one is still a state");
    let ids: Vec<_> = row_keys(&held, false).into_iter().map(|row| (row.0, row.1)).collect();
    assert_eq!(ids, [("a", "s0"), ("t", "s1"), ("u", "s0")].map(|(t, s)| (t.to_owned(), s.to_owned())));
}

#[test]
fn a_second_payload_is_a_conflict_and_both_stay() {
    let mut held = inventory([&token("t", "s0", &["p"], &[], &[])]);
    let joined = held.joined(&token("t", "s0", &["q"], &[], &[])).unwrap();
    assert!(joined.payload_conflict);
    held.apply(joined.changed.unwrap());
    assert_eq!(held.state(&key("t", "s0")).unwrap().payloads, items::blocks(&["p", "q"]));
    let again = held.joined(&token("t", "s0", &["q"], &[], &["proof"])).unwrap();
    assert!(!again.payload_conflict, "told once");
    assert!(again.spent);
}

#[test]
fn a_summary_that_is_there_beats_none_and_of_two_the_smaller_stays() {
    let with = |summary: Option<&str>| {
        let summary = summary.map(str::to_owned);
        Item::Token(key("t", "s0"), TokenState { summary, ..TokenState::default() })
    };
    for (one, two, both) in [
        (Some("a"), None, Some("a")),
        (None, Some("b"), Some("b")),
        (Some("b"), Some("a"), Some("a")),
        (None, None, None),
    ] {
        let held = inventory([&with(one), &with(two)]);
        assert_eq!(held.state(&key("t", "s0")).unwrap().summary.as_deref(), both, "{one:?} and {two:?}");
    }
}

#[test]
fn a_full_set_keeps_the_smallest_and_a_proof_stays_a_proof() {
    let names: Vec<String> = (0..12).map(|n| format!("proof {n}")).collect();
    let of =
        |names: &[String]| token("t", "s0", &[], &[], &names.iter().map(String::as_str).collect::<Vec<_>>());
    let held = inventory([&of(&names[..7]), &of(&names[5..])]);
    let mut smallest: Vec<_> = names.iter().map(|name| items::block(name)).collect();
    smallest.sort_unstable();
    let proofs = &held.state(&key("t", "s0")).unwrap().proofs;
    assert_eq!(proofs.iter().cloned().collect::<Vec<_>>(), smallest[..limits::SET_ITEMS]);
}

#[test]
fn c04_the_clock_ticks_on_whatever_was_before() {
    let hlc = |ms, count| Hlc { ms, count };
    assert_eq!(Hlc::tick(hlc(5, 7), 6), hlc(6, 0));
    assert_eq!(Hlc::tick(hlc(5, 7), 5), hlc(5, 8));
    assert_eq!(Hlc::tick(hlc(5, 7), -1), hlc(5, 8), "a clock set back");
    assert_eq!(Hlc::tick(hlc(5, u32::MAX), 5), hlc(6, 0));
}

#[test]
fn b14_a_join_refuses_nothing_for_want_of_room_and_says_what_takes_some() {
    let mut held = Inventory::default();
    for n in 0..=limits::ENTRIES {
        let new = entry(&format!("k{n}"), &[live(1, 1, 1, "")]);
        assert!(held.is_new(&new).unwrap());
        held.apply(new);
    }
    let (more, known) = (entry("one more", &[live(1, 1, 1, "")]), entry("k7", &[live(1, 2, 1, "x")]));
    let is_new = |held: &Inventory, item: &Item| held.is_new(item).unwrap();
    assert!(is_new(&held, &more) && !is_new(&held, &known));
    assert!(held.joined(&more).unwrap().changed.is_some() && held.joined(&known).unwrap().changed.is_some());
    let future = |id| Item::Unknown { key: [1; 32], cbor: items::future_item(9, id, "").into() };
    held.apply(future("a"));
    assert!(!is_new(&held, &future("a")) && is_new(&held, &future("b")));
    assert_eq!(held.unknown_count(), 1);
}

#[test]
fn items_of_unknown_kinds_are_joined_by_their_name() {
    let of =
        |more: &str, place| Item::Unknown { key: [place; 32], cbor: items::future_item(9, "a", more).into() };
    for items in [[of("short", 1), of("longer", 2)], [of("longer", 2), of("short", 1)]] {
        assert_eq!(inventory(&items).items().collect::<Vec<_>>(), [of("longer", 2)]);
    }
}

/// The view, worked out from the items alone.
fn expected_view(held: &Inventory, all: bool) -> Vec<(String, String, Spend, bool)> {
    let states: Vec<_> = held
        .items()
        .filter_map(|item| match item {
            Item::Token(key, state) => Some((key, state)),
            _ => None,
        })
        .collect();
    let live = |state: &TokenState| !state.is_spent() && !state.payloads.is_empty();
    let mut per_token: BTreeMap<String, usize> = BTreeMap::new();
    for (key, _) in states.iter().filter(|(_, state)| live(state)) {
        *per_token.entry(key.token_id.as_str().to_owned()).or_default() += 1;
    }
    states
        .iter()
        .filter(|(_, state)| live(state) || all && !state.payloads.is_empty())
        .map(|(key, state)| {
            let forked = live(state) && per_token[key.token_id.as_str()] > 1;
            row(key.token_id.as_str(), key.state_hash.as_str(), state.spend(&BTreeSet::new()), forked)
        })
        .collect()
}

proptest! {
    #[test]
    fn p01_order_and_repetition_do_not_matter(
        (items, shuffled) in prop::collection::vec(wild_item(), 0..24).prop_flat_map(|items| {
            let twice: Vec<Item> = items.iter().chain(&items).cloned().collect();
            (Just(items), Just(twice).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(inventory(&items), inventory(&shuffled));
    }

    #[test]
    fn p01_merge_is_commutative_associative_and_idempotent(
        a in prop::collection::vec(wild_item(), 0..12),
        b in prop::collection::vec(wild_item(), 0..12),
        c in prop::collection::vec(wild_item(), 0..12),
    ) {
        let [a, b, c] = [a, b, c].map(|items| inventory(&items));
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(&merged(&a, &a), &a);
    }

    #[test]
    fn p02_nothing_is_taken_back(
        items in prop::collection::vec(wild_item(), 0..12), more in prop::collection::vec(wild_item(), 0..12),
    ) {
        let old = inventory(&items);
        let new = more.iter().fold(old.clone(), |mut held, item| {
            join(&mut held, item);
            held
        });
        prop_assert_eq!(&merged(&new, &old), &new);
        prop_assert!(new.len() >= old.len());
        for item in old.items() {
            if let Item::Token(key, old) = item {
                let new = new.state(&key).unwrap();
                let spend = |state: &TokenState| state.spend(&BTreeSet::new());
                prop_assert!(spend(new) >= spend(&old) || new.rejected != old.rejected && spend(new) > Spend::None);
                prop_assert!(new.payloads.is_empty() <= old.payloads.is_empty());
            }
        }
    }

    #[test]
    fn p03_no_proven_spent_state_is_in_the_view(items in prop::collection::vec(wild_item(), 0..24)) {
        let held = inventory(&items);
        for row in held.view_from(None, false) {
            prop_assert!(!row.state.is_spent() && row.spend < Spend::Proof);
        }
        for all in [false, true] {
            prop_assert_eq!(row_keys(&held, all), expected_view(&held, all));
        }
        let rows = row_keys(&held, false);
        let suspect = rows.iter().filter(|row| row.2 == Spend::Intent).count();
        let counts = Counts { total: rows.len(), unspent: rows.len() - suspect, suspect };
        prop_assert_eq!(held.counts(), counts);
    }

    #[test]
    fn pages_cover_the_view_once(items in prop::collection::vec(wild_item(), 0..40), page in 1..5_usize) {
        let held = inventory(&items);
        for all in [false, true] {
            let (mut paged, mut after): (Vec<TokenKey>, Option<TokenKey>) = (Vec::new(), None);
            loop {
                let next: Vec<_> = held.view_from(after.as_ref(), all).take(page).map(|row| row.key.clone()).collect();
                let Some(last) = next.last() else { break };
                after = Some(last.clone());
                paged.extend(next);
            }
            prop_assert_eq!(paged, held.view_from(None, all).map(|row| row.key.clone()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn p06_looking_and_bytes_that_do_not_parse_change_nothing(
        items in prop::collection::vec(wild_item(), 0..12),
        item in wild_item(),
        bytes in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let held = inventory(&items);
        let before = held.clone();
        let _ = held.joined(&item);
        if let Ok(item) = Item::decode([0; 32], &bytes) {
            let _ = held.joined(&item);
        }
        prop_assert_eq!(held, before);
    }

    #[test]
    fn what_was_joined_can_be_published(items in prop::collection::vec(items::good_item(), 0..24)) {
        for item in inventory(&items).items() {
            let at = match &item {
                Item::Unknown { key, .. } => *key,
                _ => [0; 32],
            };
            prop_assert_eq!(Item::decode(at, &item.encode().unwrap()).unwrap(), item);
        }
    }

    #[test]
    fn highest_time_is_that_of_a_live_version(items in prop::collection::vec(wild_item(), 0..24), now in 0..4_i64) {
        let held = inventory(&items);
        // Ten minutes are added; times of the strategy are 0 to 3.
        let now = now - 600_000;
        let latest = held
            .items()
            .filter_map(|item| match item {
                Item::Entry(_, entry) => Some(entry.live().map(|live| live.version.hlc).collect::<Vec<_>>()),
                _ => None,
            })
            .flatten()
            .filter(|hlc| hlc.ms <= now + 600_000)
            .max();
        prop_assert_eq!(held.highest_hlc(now), latest.unwrap_or_default());
    }
}

#[test]
fn map_merge_is_commutative() {
    let with = |fields: &[(&str, i128)]| {
        let unknown = fields.iter().map(|(key, n)| ((*key).to_owned(), ipld_core::ipld::Ipld::Integer(*n)));
        Item::Token(key("t", "s0"), TokenState { unknown: unknown.collect(), ..TokenState::default() })
    };
    let (a, b) = (with(&[("x", 1), ("y", 2)]), with(&[("y", 1), ("z", 3)]));
    let both = inventory([&a, &b]);
    assert_eq!(both, inventory([&b, &a]));
    let joined: Vec<Item> = both.items().collect();
    assert_eq!(state_of(&joined[0]), state_of(&with(&[("x", 1), ("y", 1), ("z", 3)])));
}
