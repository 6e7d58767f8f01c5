//! Which machines of a pool a wallet uses: the same everywhere, spread evenly, and moved as little as can be.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tauri_plugin_wallet_sync::limits;
use tauri_plugin_wallet_sync::model::identity::WalletId;
use tauri_plugin_wallet_sync::model::pool::{Member, Placement, place};

const REPLICAS: usize = 5;

fn member(key: &str) -> Member<'_> {
    Member { key, since: 1, until: None }
}

fn now<'a>(wallet: &WalletId, keys: &[&'a str]) -> Vec<&'a str> {
    let members: Vec<Member<'_>> = keys.iter().map(|key| member(key)).collect();
    let placement = place(wallet, &members, 1, REPLICAS, limits::NODES);
    assert_eq!(placement.former, [] as [usize; 0]);
    placement.now.into_iter().map(|at| keys[at]).collect()
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("machine-{n}")).collect()
}

/// Wallets that differ in every byte of their ids, as those of hashes do.
fn wallet(n: u64) -> WalletId {
    let mixed = (u128::from(n) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    mixed.to_be_bytes()
}

fn keys() -> impl Strategy<Value = BTreeSet<String>> {
    prop::collection::btree_set("[!-~]{1,12}", 1..40)
}

/// A pool over time: each machine comes with a version, and may go with a later one.
fn pool_over_time() -> impl Strategy<Value = (u32, Vec<(String, u32, Option<u32>)>)> {
    let life = |version| (1..=version, prop::option::of(1..=version));
    (1..12_u32, keys()).prop_flat_map(move |(version, keys)| {
        let lives = prop::collection::vec(life(version), keys.len());
        (Just(version), Just(keys), lives).prop_map(|(version, keys, lives)| {
            let one = |(key, (since, until)): (String, (u32, Option<u32>))| {
                (key, since, until.filter(|until| *until > since))
            };
            (version, keys.into_iter().zip(lives).map(one).collect())
        })
    })
}

proptest! {
    #[test]
    fn every_device_finds_the_same_machines(id in any::<WalletId>(), keys in keys(), turn in 0..40_usize) {
        let sorted: Vec<&str> = keys.iter().map(String::as_str).collect();
        let mut turned = sorted.clone();
        turned.rotate_left(turn % sorted.len());
        let found = now(&id, &sorted);
        prop_assert_eq!(&found, &now(&id, &turned));
        let distinct: BTreeSet<&str> = found.iter().copied().collect();
        prop_assert_eq!(distinct.len(), REPLICAS.min(keys.len()), "that many, each once");
    }

    #[test]
    fn a_machine_that_is_added_displaces_the_last_one_or_none(
        id in any::<WalletId>(), keys in keys(), new in "[!-~]{1,12}",
    ) {
        prop_assume!(!keys.contains(&new));
        let before: Vec<&str> = keys.iter().map(String::as_str).collect();
        let after: Vec<&str> = before.iter().copied().chain([new.as_str()]).collect();
        let (was, is) = (now(&id, &before), now(&id, &after));
        let others: Vec<&str> = is.iter().copied().filter(|key| *key != new).collect();
        prop_assert_eq!(&others[..], &was[..others.len()], "in the order they had");
        prop_assert!(was.len() - others.len() <= 1);
    }

    #[test]
    fn a_machine_that_goes_is_replaced_and_no_other_is(
        id in any::<WalletId>(), keys in keys(), which in any::<prop::sample::Index>(),
    ) {
        prop_assume!(keys.len() > 1);
        let before: Vec<&str> = keys.iter().map(String::as_str).collect();
        let gone = *which.get(&before);
        let after: Vec<&str> = before.iter().copied().filter(|key| *key != gone).collect();
        let (was, is) = (now(&id, &before), now(&id, &after));
        let left: Vec<&str> = was.into_iter().filter(|key| *key != gone).collect();
        prop_assert_eq!(&is[..left.len()], &left[..]);
        prop_assert!(is.len() <= left.len() + 1);
    }

    #[test]
    fn whoever_held_the_wallet_before_is_read_and_counts_once(
        id in any::<WalletId>(), (version, pool) in pool_over_time(), most in 1..=limits::NODES,
    ) {
        let members: Vec<Member<'_>> =
            pool.iter().map(|(key, since, until)| Member { key, since: *since, until: *until }).collect();
        let at = |version: u32| place(&id, &members, version, REPLICAS, limits::NODES).now;
        let Placement { now, former } = place(&id, &members, version, REPLICAS, most);
        prop_assert_eq!(&now, &at(version));
        let is_in = |at: &usize| members[*at].since <= version && members[*at].until.is_none_or(|gone| version < gone);
        prop_assert!(now.iter().all(is_in), "of those that are there now");
        let all: BTreeSet<usize> = now.iter().chain(&former).copied().collect();
        prop_assert_eq!(all.len(), now.len() + former.len(), "none is both");
        prop_assert!(former.is_empty() || all.len() <= most);
        if most == limits::NODES && all.len() < most {
            let earlier: BTreeSet<usize> = (1..version).flat_map(at).collect();
            prop_assert!(earlier.is_subset(&all), "none that held it is left out while there is room");
        }
    }
}

#[test]
fn each_machine_holds_as_many_wallets_as_any_other() {
    let (names, wallets) = (names(20), 4_000);
    let keys: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut held: BTreeMap<&str, u64> = BTreeMap::new();
    (0..wallets).flat_map(|n| now(&wallet(n), &keys)).for_each(|key| *held.entry(key).or_default() += 1);
    let fair = wallets * REPLICAS as u64 / 20;
    assert_eq!(held.len(), 20);
    assert!(held.values().all(|count| count.abs_diff(fair) < fair / 8), "{held:?}");
}

#[test]
fn the_twenty_first_machine_moves_its_share_of_the_wallets() {
    let (names, wallets) = (names(21), 4_000);
    let keys: Vec<&str> = names.iter().map(String::as_str).collect();
    let moved = (0..wallets).filter(|n| now(&wallet(*n), &keys[..20]) != now(&wallet(*n), &keys)).count();
    let fair = wallets as usize * REPLICAS / 21;
    assert!(moved.abs_diff(fair) < fair / 8, "{moved} of {wallets}, {fair} expected");
}

/// Computed apart from this code: SHA-256 over "wallet-sync-pool-v1", the id and the key, the first eight bytes, highest first.
#[test]
fn the_choice_is_the_one_that_is_written_down() {
    let names = names(12);
    let keys: Vec<&str> = names.iter().map(String::as_str).collect();
    let chosen = |id: WalletId| {
        now(&id, &keys).iter().map(|key| key.trim_start_matches("machine-")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(chosen([0; 16]), "10 1 9 0 5");
    assert_eq!(chosen([0xab; 16]), "4 1 8 5 7");
}
