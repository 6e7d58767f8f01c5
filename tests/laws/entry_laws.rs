//! Entries are registers of several values: a later write replaces what it has seen, and nothing else, whatever any clock says
//! and whoever sends what. Rejected proofs.

use std::collections::BTreeSet;

use proptest::prelude::*;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::inventory::{
    Entry, Hlc, Inventory, Item, Joiner, Seen, Spend, TokenState, Twin,
};

use crate::items::{
    any_entry, block, blocks, entry, inventory, join, key, live, merged, token, values, version,
};

const NOW: i64 = 1_767_225_600_000;
const AHEAD: i64 = 600_000;
const DAY: i64 = 86_400_000;

fn item(entry: &Entry) -> Item {
    Item::Entry("k".to_owned(), entry.clone())
}

fn held(entries: &[&Entry]) -> Entry {
    let items: Vec<Item> = entries.iter().map(|entry| item(entry)).collect();
    inventory(&items).entry("k").cloned().unwrap_or_default()
}

fn set(entry: &Entry, actor: u8, ms: i64, value: &str) -> Entry {
    entry.set([actor; 16], version(ms, value)).unwrap()
}

#[test]
fn f14_a_later_write_replaces_what_it_has_seen_whatever_the_clocks_say() {
    let red = set(&Entry::default(), 1, NOW, "red");
    let green = set(&red, 2, NOW + 400 * DAY, "green");
    let blue = set(&green, 2, NOW + 400 * DAY, "blue");
    for entries in [[&red, &green, &blue], [&blue, &green, &red], [&green, &blue, &red]] {
        assert_eq!(
            values(&held(&entries), NOW),
            ["blue"],
            "shown, though it is far ahead: there is no other"
        );
    }
    let white = set(&blue, 1, NOW + 1, "white");
    for entries in [[&white, &blue, &red], [&red, &blue, &white]] {
        assert_eq!(values(&held(&entries), NOW), ["white"]);
    }
}

#[test]
fn of_those_that_had_not_seen_each_other_all_stay() {
    let base = set(&Entry::default(), 1, NOW, "base");
    let (one, two) = (set(&base, 2, NOW + 5, "one"), set(&base, 3, NOW + 4, "two"));
    let both = held(&[&two, &one]);
    assert_eq!(values(&both, NOW), ["one", "two"], "the later one is shown");
    let three = set(&both, 1, NOW, "three");
    assert_eq!(values(&held(&[&one, &three, &two, &base]), NOW), ["three"]);
    let four = set(&one, 4, NOW, "four");
    assert_eq!(values(&held(&[&two, &four]), NOW), ["two", "four"], "what it had not seen stays");
}

#[test]
fn c04_what_is_far_ahead_is_shown_last_and_not_followed() {
    let (now, ahead) = (live(1, 1, NOW, "now"), live(2, 1, NOW + AHEAD + 1, "ahead"));
    let held = inventory([&entry("k", &[now, ahead])]);
    let shown = |at| values(held.entry("k").unwrap(), at);
    assert_eq!(shown(NOW), ["now", "ahead"]);
    assert_eq!(held.highest_hlc(NOW), Hlc { ms: NOW, count: 0 });
    assert_eq!(shown(NOW + 1), ["ahead", "now"]);
    assert_eq!(held.highest_hlc(NOW + 1), Hlc { ms: NOW + AHEAD + 1, count: 0 });
    assert_eq!(shown(NOW - AHEAD - 1), ["ahead", "now"], "both too far ahead: the highest");
    assert_eq!(held.highest_hlc(NOW - AHEAD - 1), Hlc::default());
}

#[test]
fn one_actor_and_counter_may_stand_for_two_versions() {
    let base = set(&Entry::default(), 1, NOW, "base");
    let (one, two) = (set(&base, 1, NOW + 1, "one"), set(&base, 1, NOW + 2, "two"));
    assert_eq!(values(&held(&[&one, &two]), NOW), ["two", "one"]);
    let seen = set(&two, 2, NOW, "after two");
    assert_eq!(values(&held(&[&seen, &one]), NOW), ["one", "after two"], "the other one was not seen");
    assert_eq!(values(&held(&[&seen, &two, &base]), NOW), ["after two"]);
}

#[test]
fn a_version_that_is_said_to_be_replaced_without_another_is_replaced() {
    let own = live(1, 3, NOW, "x");
    let mark = Entry::of([1; 16], 3, Seen::Replaced(version(NOW, "x").hash()));
    for entries in [[&own, &mark], [&mark, &own]] {
        assert_eq!(values(&held(&entries), NOW), Vec::<String>::new());
        assert_eq!(held(&entries).shown(NOW), None);
    }
    let again = set(&held(&[&own, &mark]), 2, NOW, "y");
    assert_eq!(values(&again, NOW), ["y"]);
}

#[test]
fn of_too_many_actors_those_that_wrote_longest_ago_go_and_it_is_told() {
    let mut held = Inventory::default();
    let late = live(0, 1, NOW, "a write from long ago");
    let mut newest = Entry::default();
    for actor in 1..=limits::ENTRY_ACTORS as u8 {
        newest = set(&newest, actor, NOW, "next");
    }
    assert_eq!(values(&newest, NOW), ["next"], "one after the other");
    join(&mut held, &item(&newest));
    let joined = held.joined(&item(&late)).unwrap();
    assert!(joined.crowded && joined.changed.is_none());
    let fine = live(201, 9, NOW, "not so long ago");
    let joined = held.joined(&item(&fine)).unwrap();
    assert!(!joined.crowded && joined.changed.is_some(), "a replaced one makes room");
    let after = set(&newest, 77, NOW, "after");
    assert_eq!(values(&after, NOW), ["after"], "there is always room to set");
}

#[test]
fn an_actor_at_the_highest_counter_gives_way_to_another() {
    let top = live(1, limits::ENTRY_COUNTER_MAX, NOW, "top");
    assert!(top.set([1; 16], version(NOW, "x")).is_none());
    let other = set(&top, 2, NOW, "x");
    assert_eq!(values(&held(&[&other, &top]), NOW), ["x"]);
}

/// A twin that parted at a time, and had not seen what the joiner set last.
fn parted(shared_until: i64) -> Option<Twin> {
    Some(Twin { has_seen: false, shared_until })
}

fn by(one: &Entry, other: &Entry, actor: u8, twin: Option<Twin>) -> Entry {
    let mut held = inventory([&item(one)]);
    let joined = held.joined_by(&item(other), Some(Joiner { actor: [actor; 16], twin })).unwrap();
    joined.changed.into_iter().for_each(|changed| held.apply(changed));
    held.entry("k").unwrap().clone()
}

#[test]
fn what_a_clone_counted_past_is_issued_again() {
    let base = set(&Entry::default(), 1, NOW, "base");
    let mine = set(&base, 1, NOW + 9, "mine");
    let theirs = set(&set(&base, 1, NOW + 1, "first"), 1, NOW + 2, "theirs");
    assert_eq!(values(&held(&[&mine, &theirs]), NOW), ["theirs"], "nobody else can know");
    let saved = by(&mine, &theirs, 1, None);
    assert_eq!(values(&saved, NOW), ["mine", "theirs"]);
    // Everybody gets it from there, and it is replaced like any other.
    assert_eq!(values(&held(&[&theirs, &mine, &saved]), NOW), ["mine", "theirs"]);
    let last = set(&saved, 2, NOW, "last");
    assert_eq!(values(&held(&[&theirs, &saved, &mine, &last]), NOW), ["last"]);
    let found =
        inventory([&item(&mine)]).joined_by(&item(&theirs), Some(Joiner { actor: [1; 16], twin: None }));
    let found = found.unwrap();
    assert!(found.outrun && found.again);
}

#[test]
fn what_a_known_clone_set_is_not_passed_over_and_both_make_the_same_of_it() {
    let base = set(&Entry::default(), 1, NOW, "base");
    let first = set(&base, 1, NOW + 1, "first");
    let last = set(&first, 1, NOW + 2, "last");
    let other = set(&base, 1, NOW + 3, "other");
    let (one, two) = (by(&last, &other, 1, parted(NOW)), by(&other, &last, 1, parted(NOW)));
    assert_eq!(values(&one, NOW), ["other", "last"]);
    assert_eq!(values(&two, NOW), ["other", "last"]);
    assert_eq!(values(&held(&[&one, &two, &other, &last]), NOW), ["other", "last"]);
    assert_eq!(by(&base, &base, 1, parted(NOW)), base, "what both have needs nothing");
    assert_eq!(base.issued_again(&[1; 16]), base.clone().issued_again(&[1; 16]));
    assert_eq!(values(&held(&[&base, &base.issued_again(&[1; 16])]), NOW), ["base"]);
}

#[test]
fn what_both_had_when_they_parted_and_one_replaced_does_not_come_back() {
    let small = set(&Entry::default(), 1, NOW, "small");
    let medium = set(&small, 1, NOW + 5, "medium");
    assert_eq!(values(&by(&medium, &small, 1, parted(NOW)), NOW), ["medium"]);
    let seen = Some(Twin { has_seen: true, shared_until: NOW });
    assert_eq!(values(&by(&small, &medium, 1, seen), NOW), ["medium"]);
}

#[test]
fn what_was_seen_and_replaced_is_not_issued_again() {
    let mine = set(&Entry::default(), 1, NOW, "mine");
    let theirs = set(&mine, 2, NOW, "theirs");
    assert_eq!(by(&mine, &theirs, 1, None), theirs);
    assert_eq!(by(&mine, &theirs, 1, parted(NOW)), theirs);
}

proptest! {
    #[test]
    fn p01_any_entries_join_in_any_order(a in any_entry(30), b in any_entry(30), c in any_entry(30)) {
        let [a, b, c] = [a, b, c].map(|entry| inventory(&[item(&entry)]));
        prop_assert_eq!(merged(&a, &b), merged(&b, &a));
        prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
        prop_assert_eq!(&merged(&a, &a), &a);
        prop_assert_eq!(&merged(&merged(&a, &b), &b), &merged(&a, &b));
    }

    #[test]
    fn p01_joining_as_somebody_loses_nothing_of_ones_own(
        a in any_entry(30), b in any_entry(30), actor in 0..50_u8, twin in prop::option::of((-1..3_i64).prop_map(|at| Twin { has_seen: false, shared_until: at })),
    ) {
        let joined = by(&a, &b, actor, twin);
        let plain = held(&[&a, &b]);
        prop_assert_eq!(held(&[&joined, &plain]), joined.clone(), "it is above what others make of both");
        let shown: BTreeSet<_> = joined.live().map(|live| live.version.clone()).collect();
        for mine in a.live().filter(|live| *live.actor == [actor; 16]) {
            let is_replaced = plain.fate(mine.actor, mine.counter, mine.hash) == Some(false);
            prop_assert!(is_replaced || shown.contains(mine.version));
        }
    }

    #[test]
    fn p04_setting_replaces_everything_and_wins(a in any_entry(30), b in any_entry(30), actor in any::<u8>()) {
        if let Some(last) = a.set([actor; 16], version(0, "last")) {
            prop_assert_eq!(values(&last, NOW), ["last"]);
            prop_assert_eq!(&held(&[&a, &last]), &last);
            let seen: BTreeSet<_> = a.live().map(|live| (*live.actor, live.counter, *live.hash)).collect();
            let joined = held(&[&b, &last]);
            for live in joined.live() {
                prop_assert!(!seen.contains(&(*live.actor, live.counter, *live.hash)));
            }
        }
    }
}

fn rejecting(proofs: &[&str], rejected: &[&str]) -> TokenState {
    TokenState {
        payloads: blocks(&["p"]),
        proofs: blocks(proofs),
        rejected: rejected.iter().map(|name| block(name).hash()).collect(),
        ..TokenState::default()
    }
}

#[test]
fn a_rejected_proof_spends_nothing_and_leaves_a_doubt_until_it_is_confirmed() {
    let hash = |name: &str| block(name).hash();
    let spend = |state: &TokenState, confirmed: &[&str]| {
        state.spend(&confirmed.iter().map(|name| hash(name)).collect())
    };
    let one = rejecting(&["f"], &["f"]);
    assert_eq!((spend(&one, &[]), spend(&one, &["f"])), (Spend::Intent, Spend::None));
    let two = rejecting(&["f", "g"], &["f"]);
    assert_eq!(spend(&two, &["f"]), Spend::Proof, "one that nobody rejected is enough");
    let names = ["1", "2", "3", "4", "5", "6", "7", "8"];
    assert_eq!(spend(&rejecting(&names, &names), &names), Spend::Intent, "there may have been a ninth");
    let early = rejecting(&[], &["f"]);
    assert_eq!((spend(&early, &[]), spend(&early, &["f"])), (Spend::Intent, Spend::None));
}

#[test]
fn rejections_are_joined_and_the_view_follows() {
    let spent = token("t", "s0", &["p"], &[], &["f"]);
    let rejection = Item::Token(key("t", "s0"), rejecting(&[], &["f"]));
    for order in [[&spent, &rejection], [&rejection, &spent]] {
        let mut held = inventory(order);
        assert_eq!((held.counts().suspect, held.spend(&key("t", "s0"))), (1, Spend::Intent));
        let confirmed = [(key("t", "s0"), [block("f").hash()].into())];
        held.set_confirmed(confirmed.into());
        assert_eq!((held.counts().unspent, held.counts().suspect), (1, 0));
        held.set_confirmed([].into());
        assert_eq!((held.counts().unspent, held.counts().suspect), (0, 1));
    }
}
