//! The checks; each brings its own records and blocks.

use std::collections::BTreeSet;
use std::time::Duration;

use tauri_plugin_wallet_sync::clock::monotonic;
use tauri_plugin_wallet_sync::node::peers::{PeerAnswer, Peers};
use tauri_plugin_wallet_sync::node::{Outcome, Source};
use tauri_plugin_wallet_sync::{Code, NodeConfig};

use crate::target::{Target, all, blocks, cids, dht, key, record, within};
use crate::{Check, NODES};

/// The DHT's second.
const SECOND: u64 = 1_000;

pub const CHECKS: &[Check] = crate::checks![
    every_holder_shows_its_own_copy,
    a_missing_name_ends_without_an_answer,
    many_names_are_asked_at_once,
    content_of_a_small_wallet,
    content_of_100_tokens,
    content_of_1_000_tokens,
    a_large_block_comes_whole,
    blocks_are_found_wherever_they_are,
    what_nobody_has_is_given_up_soon,
    a_put_reaches_every_peer,
    an_older_record_replaces_nothing,
    holders_are_named,
    a_wrong_peer_id_is_no_peer,
    one_reachable_peer_is_enough,
    nobody_there_is_told_soon,
    an_idle_client_closes_and_starts_again,
    n16_a_frozen_peer_holds_up_nobody,
];

fn sequence(answer: &PeerAnswer) -> u64 {
    match &answer.outcome {
        Outcome::Found(record, Source::Dht) => record.sequence(),
        other => panic!("{other:?}"),
    }
}

async fn every_holder_shows_its_own_copy(target: &Target) {
    let key = key("holders");
    let (old, new) = (record(&key, 1), record(&key, 2));
    for i in 0..3 {
        target.store(i, &old).await;
    }
    target.store(3, &new).await;
    let dht = target.dht();
    let started = monotonic();
    let got = all(&dht, &key, &within(SECOND)).await;
    let of = |wanted: u64| -> BTreeSet<usize> {
        got.iter().filter(|answer| sequence(answer) == wanted).filter_map(|answer| answer.node).collect()
    };
    assert_eq!((of(1), of(2)), ([0, 1, 2].into(), [3].into()));
    println!("cold record {:?}, all {:?}", got[0].elapsed, started.elapsed());
    let warm = all(&dht, &key, &within(SECOND)).await;
    println!("warm record {:?}, last {:?}", warm[0].elapsed, warm.last().unwrap().elapsed);
}

async fn a_missing_name_ends_without_an_answer(target: &Target) {
    let started = monotonic();
    assert!(all(&target.dht(), &key("missing"), &within(SECOND)).await.is_empty());
    println!("missing name {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_millis(SECOND));
}

async fn many_names_are_asked_at_once(target: &Target) {
    let keys: Vec<_> = (0..8).map(|at| key(&format!("many {at}"))).collect();
    for (at, key) in keys.iter().enumerate() {
        target.store(at % NODES, &record(key, 1)).await;
    }
    let names: Vec<_> = keys.iter().map(|key| key.name()).collect();
    let dht = target.dht();
    let mut answers = dht.records(&names, &within(SECOND));
    let mut seen = BTreeSet::new();
    while let Some(answer) = answers.recv().await {
        assert_eq!(answer.node, Some(answer.name % NODES));
        seen.insert(answer.name);
    }
    assert_eq!(seen.len(), keys.len());
}

async fn content(target: &Target, seed: &str, count: usize, size: usize, ms: u64) {
    let made = blocks(seed, count, size);
    target.import(&[0, 1, 2, 3, 4], &made).await;
    let dht = target.dht();
    for kind in ["cold", "warm"] {
        let call = within(ms);
        let started = monotonic();
        let fetched = dht.blocks(&cids(&made), &call).await;
        println!("{kind}: {count} blocks of {size} B in {:?}", started.elapsed());
        assert!(fetched.failed.is_empty(), "{} of {count}: {:?}", fetched.failed.len(), fetched.failed[0].1);
        let got: BTreeSet<_> = fetched.blocks.iter().map(|block| *block.cid()).collect();
        assert_eq!((got.len(), fetched.blocks.len()), (count, count));
        // Each block comes once.
        assert_eq!(call.meter.totals().bytes_in, (count * size) as u64);
    }
}

async fn content_of_a_small_wallet(target: &Target) {
    content(target, "small", 1, 3_000, SECOND).await;
}

async fn content_of_100_tokens(target: &Target) {
    content(target, "hundred", 100, 3_000, SECOND).await;
}

async fn content_of_1_000_tokens(target: &Target) {
    content(target, "thousand", 1_000, 3_000, 5 * SECOND).await;
}

async fn a_large_block_comes_whole(target: &Target) {
    content(target, "large", 3, 1_048_576, 5 * SECOND).await;
}

async fn blocks_are_found_wherever_they_are(target: &Target) {
    let made = blocks("spread", 20, 500);
    for (at, block) in made.iter().enumerate() {
        target.import(&[at % NODES], std::slice::from_ref(block)).await;
    }
    let started = monotonic();
    let fetched = target.dht().blocks(&cids(&made), &within(5 * SECOND)).await;
    println!("scattered: {:?}", started.elapsed());
    assert_eq!((fetched.blocks.len(), fetched.failed.len()), (20, 0));
}

async fn what_nobody_has_is_given_up_soon(target: &Target) {
    let made = blocks("nowhere", 2, 100);
    let started = monotonic();
    let fetched = target.dht().blocks(&cids(&made), &within(10 * SECOND)).await;
    println!("nowhere: {:?}", started.elapsed());
    assert_eq!((fetched.blocks.len(), fetched.failed.len()), (0, 2));
    assert_eq!(fetched.failed[0].1.code(), Code::Unreachable);
    assert!(started.elapsed() < Duration::from_millis(5 * SECOND));
}

async fn a_put_reaches_every_peer(target: &Target) {
    let key = key("put");
    let record = record(&key, 7);
    let dht = target.dht();
    let started = monotonic();
    assert_eq!(dht.put_record(&record, &within(5 * SECOND)).await, NODES);
    println!("put {:?}", started.elapsed());
    for i in 0..NODES {
        assert_eq!(target.sequence(i, &record).await, Some(7), "node {i}");
    }
    assert_eq!(all(&dht, &key, &within(SECOND)).await.len(), NODES);
}

async fn an_older_record_replaces_nothing(target: &Target) {
    let key = key("older");
    let newer = record(&key, 5);
    for i in 0..NODES {
        target.store(i, &newer).await;
    }
    assert_eq!(target.dht().put_record(&record(&key, 4), &within(2 * SECOND)).await, 0);
    for i in 0..NODES {
        assert_eq!(target.sequence(i, &newer).await, Some(5), "node {i}");
    }
}

async fn holders_are_named(target: &Target) {
    let made = blocks("held", 3, 2_000);
    target.import(&[1, 3], &made).await;
    target.import(&[2], &made[..2]).await;
    let started = monotonic();
    assert_eq!(target.dht().holders(&cids(&made), &within(5 * SECOND)).await, [1, 3]);
    println!("holders {:?}", started.elapsed());
}

fn only(node: &NodeConfig, swarm: Vec<String>) -> NodeConfig {
    let mut only = node.clone();
    only.swarm = swarm;
    only
}

async fn a_wrong_peer_id_is_no_peer(target: &Target) {
    let key = key("identity");
    for i in [0, 1] {
        target.store(i, &record(&key, 1)).await;
    }
    let id = |node: &NodeConfig| node.swarm[0].rsplit('/').next().unwrap().to_owned();
    let [first, second] = [&target.configs[0], &target.configs[1]];
    let swapped = first.swarm.iter().map(|address| address.replace(&id(first), &id(second))).collect();
    let dht = dht(&[only(first, swapped)]);
    let started = monotonic();
    assert!(all(&dht, &key, &within(SECOND)).await.is_empty());
    println!("wrong id {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_millis(SECOND), "told before the deadline");
}

async fn one_reachable_peer_is_enough(target: &Target) {
    let key = key("one of five");
    let made = blocks("one of five", 10, 3_000);
    target.import(&[4], &made).await;
    target.store(4, &record(&key, 1)).await;
    let closed = |node: &NodeConfig| {
        let id = node.swarm[0].rsplit('/').next().unwrap();
        only(node, vec![format!("/ip4/127.0.0.1/tcp/1/p2p/{id}")])
    };
    let mut nodes: Vec<_> = target.configs[..4].iter().map(closed).collect();
    nodes.push(target.configs[4].clone());
    let dht = dht(&nodes);
    let started = monotonic();
    let got = all(&dht, &key, &within(SECOND)).await;
    assert_eq!(got.iter().map(|answer| answer.node).collect::<Vec<_>>(), [Some(4)]);
    let fetched = dht.blocks(&cids(&made), &within(SECOND)).await;
    println!("one of five {:?}", started.elapsed());
    assert!(fetched.failed.is_empty());
}

async fn nobody_there_is_told_soon(target: &Target) {
    let id = target.configs[0].swarm[0].rsplit('/').next().unwrap();
    let dht = dht(&[only(&target.configs[0], vec![format!("/ip4/127.0.0.1/tcp/1/p2p/{id}")])]);
    let started = monotonic();
    assert!(all(&dht, &key("nobody"), &within(SECOND)).await.is_empty());
    let made = blocks("nobody", 1, 10);
    assert_eq!(dht.blocks(&cids(&made), &within(SECOND)).await.failed.len(), 1);
    println!("nobody {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_millis(SECOND));
}

async fn an_idle_client_closes_and_starts_again(target: &Target) {
    let key = key("idle");
    target.store(0, &record(&key, 1)).await;
    let dht = target.dht().idle_after(Duration::from_millis(50));
    assert!(!dht.is_running(), "nothing is opened before the first question");
    for _ in 0..2 {
        assert_eq!(all(&dht, &key, &within(SECOND)).await.len(), 1);
        assert!(dht.is_running());
        let closed = async {
            while dht.is_running() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), closed).await.expect("it closes by itself");
    }
}

async fn n16_a_frozen_peer_holds_up_nobody(target: &Target) {
    let key = key("frozen");
    let made = blocks("frozen", 100, 3_000);
    target.import(&[0, 1, 2, 3, 4], &made).await;
    for i in 0..NODES {
        target.store(i, &record(&key, 1)).await;
    }
    let warm = target.dht();
    assert_eq!(all(&warm, &key, &within(SECOND)).await.len(), NODES);
    target.hang(0);
    // Once over connections that were open before, once with a dial that hangs.
    for (kind, dht) in [("warm", warm), ("cold", target.dht())] {
        let started = monotonic();
        let mut answers = dht.records(&[key.name()], &within(SECOND));
        let first = answers.recv().await.expect("an answer");
        println!("frozen, {kind}: first record {:?}", started.elapsed());
        assert_ne!(first.node, Some(0));
        let mut seen = BTreeSet::from([first.node]);
        while seen.len() < NODES - 1 {
            seen.insert(answers.recv().await.expect("the others answer").node);
        }
        drop(answers);
        let started = monotonic();
        let fetched = dht.blocks(&cids(&made), &within(2 * SECOND)).await;
        println!("frozen, {kind}: 100 blocks {:?}", started.elapsed());
        assert!(fetched.failed.is_empty(), "{}", fetched.failed.len());
    }
    target.wake(0);
}
