//! Pins, their names, and garbage collection.

use std::time::Duration;

use serde_json::{Value, json};

use crate::made::{FAR, Key, Made, car, leaf, node, tree};
use crate::target::{Answer, Target, hangs};
use crate::{Check, checks};

pub const CHECKS: &[Check] = checks![
    unpinned_is_said,
    named_pin_is_found_by_its_name,
    name_filter_matches_a_part,
    second_pin_renames,
    pinned_import_takes_the_name_away,
    update_keeps_the_name_and_the_old_pin,
    update_errors_have_words,
    update_walks_only_the_difference,
    children_are_pinned_indirectly,
    unpinning_has_words,
    pin_fetches_from_other_nodes,
    names_are_resolved_offline_and_in_order,
    one_name_without_a_record_or_a_pin_spoils_the_answer,
    garbage_is_what_no_pin_keeps,
];

/// Checks that wait for a timeout.
pub const WAITING: &[Check] = checks![
    pin_with_a_missing_child_waits,
    pin_with_a_missing_child_ends_without_its_last_line,
    update_with_a_missing_child_waits,
];

const SECOND: Duration = Duration::from_secs(1);
const JSON: &str = "application/json";

async fn imported(target: &Target, seed: &str) -> [Made; 3] {
    let blocks = tree(seed);
    target.import(0, &car(&blocks.each_ref())).await;
    blocks
}

async fn by_name(target: &Target, name: &str) -> Value {
    let call = format!("pin/ls?type=recursive&names=true&name={name}");
    target.rpc(0, &call).await.is(200, JSON).json()
}

fn pins(answer: &Answer, roots: &[&Made]) {
    let cids: Vec<String> = roots.iter().map(|root| root.cid.to_string()).collect();
    assert_eq!(answer.is(200, JSON).json(), json!({ "Pins": cids }));
}

async fn unpinned_is_said(target: &Target) {
    let [root, ..] = imported(target, "pin none").await;
    target.rpc(0, &format!("pin/ls?arg={}", root.cid)).await.is_rpc_error("is not pinned");
    assert_eq!(by_name(target, &Key::of("pin none").k51()).await, json!({}));
}

async fn named_pin_is_found_by_its_name(target: &Target) {
    let [root, ..] = imported(target, "pin named").await;
    let name = Key::of("pin named").k51();
    let answer =
        target.rpc(0, &format!("pin/add?arg={}&name={name}&progress=true&timeout=5s", root.cid)).await;
    let lines: Vec<Value> =
        answer.is(200, JSON).text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, progress) = lines.split_last().unwrap();
    assert_eq!(*last, json!({"Pins": [root.cid.to_string()]}));
    assert_eq!(progress.last().unwrap()["Progress"], 3);
    assert!(progress.last().unwrap()["Bytes"].as_u64() > Some(0));
    let pin = json!({"Type": "recursive", "Name": name});
    assert_eq!(by_name(target, &name).await["Keys"][root.cid.to_string()], pin);
    let without = target.rpc(0, &format!("pin/ls?arg={}", root.cid)).await.json();
    assert_eq!(without["Keys"][root.cid.to_string()]["Name"], "", "names are told only when asked for");
}

async fn name_filter_matches_a_part(target: &Target) {
    let [root, ..] = imported(target, "pin part").await;
    let name = Key::of("pin part").k51();
    target.rpc(0, &format!("pin/add?arg={}&name={name}", root.cid)).await.is(200, JSON);
    assert_eq!(by_name(target, &name[3..40]).await["Keys"][root.cid.to_string()]["Name"], name);
    assert_eq!(by_name(target, &format!("{name}x")).await, json!({}));
}

async fn second_pin_renames(target: &Target) {
    let [root, ..] = imported(target, "pin twice").await;
    let [first, second] = ["pin twice 1", "pin twice 2"].map(|seed| Key::of(seed).k51());
    for name in [&first, &second] {
        pins(&target.rpc(0, &format!("pin/add?arg={}&name={name}", root.cid)).await, &[&root]);
    }
    assert_eq!(by_name(target, &first).await, json!({}));
    assert_eq!(by_name(target, &second).await["Keys"][root.cid.to_string()]["Name"], second);
    target.rpc(0, &format!("pin/add?arg={}", root.cid)).await.is(200, JSON);
    assert_eq!(by_name(target, &second).await, json!({}), "a pin without a name has none");
}

async fn pinned_import_takes_the_name_away(target: &Target) {
    let blocks = imported(target, "pin again").await;
    let name = Key::of("pin again").k51();
    target.rpc(0, &format!("pin/add?arg={}&name={name}", blocks[0].cid)).await.is(200, JSON);
    target.upload(0, "dag/import?stats=false&pin-roots=true", &car(&blocks.each_ref())).await.is(200, JSON);
    assert_eq!(by_name(target, &name).await, json!({}));
}

async fn update_keeps_the_name_and_the_old_pin(target: &Target) {
    let [old, left, _] = imported(target, "pin update").await;
    let added = leaf("pin update added");
    let new = node(&[&left, &added]);
    target.import(0, &car(&[&new, &added])).await;
    let name = Key::of("pin update").k51();
    target.rpc(0, &format!("pin/add?arg={}&name={name}", old.cid)).await.is(200, JSON);
    let update = format!("pin/update?arg={}&arg={}&timeout=5s", old.cid, new.cid);
    pins(&target.rpc(0, &format!("{update}&unpin=false")).await, &[&old, &new]);
    let keys = by_name(target, &name).await["Keys"].clone();
    for root in [&old, &new] {
        assert_eq!(keys[root.cid.to_string()]["Name"], name);
    }
    // Without a word about it, the old pin goes.
    target.rpc(0, &format!("pin/rm?arg={}", new.cid)).await.is(200, JSON);
    pins(&target.rpc(0, &update).await, &[&old, &new]);
    assert_eq!(by_name(target, &name).await["Keys"][old.cid.to_string()], Value::Null);
}

async fn update_errors_have_words(target: &Target) {
    let [old, left, _] = imported(target, "pin words").await;
    let new = node(&[&left]);
    target.import(0, &car(&[&new])).await;
    let update = format!("pin/update?arg={}&arg={}&unpin=false&timeout=5s", old.cid, new.cid);
    target.rpc(0, &update).await.is_rpc_error("'from' cid was not recursively pinned already");
    target.rpc(0, &format!("pin/add?arg={}", old.cid)).await.is(200, JSON);
    target.rpc(0, &update).await.is(200, JSON);
    target.rpc(0, &update).await.is_rpc_error("'to' cid was already recursively pinned");
}

async fn update_walks_only_the_difference(target: &Target) {
    // The old pin was made without looking at its children, and one of them is nowhere.
    let [shared, added] = ["shared", "added"].map(|which| leaf(&format!("pin difference {which}")));
    let old = node(&[&shared]);
    let new = node(&[&shared, &added]);
    target.upload(0, "block/put?cid-codec=dag-cbor&mhtype=sha2-256&pin=true", &old.bytes).await.is(200, JSON);
    target.import(0, &car(&[&new, &added])).await;
    let update = format!("pin/update?arg={}&arg={}&unpin=true&timeout=5s", old.cid, new.cid);
    pins(&target.rpc(0, &update).await, &[&old, &new]);
    target.rpc(0, &format!("pin/rm?arg={}", new.cid)).await.is(200, JSON);
}

async fn children_are_pinned_indirectly(target: &Target) {
    let [root, left, _] = imported(target, "pin indirect").await;
    target.rpc(0, &format!("pin/add?arg={}", root.cid)).await.is(200, JSON);
    let json = target.rpc(0, &format!("pin/ls?arg={}", left.cid)).await.is(200, JSON).json();
    assert_eq!(json["Keys"][left.cid.to_string()]["Type"], format!("indirect through {}", root.cid));
    target.rpc(0, &format!("pin/ls?arg={}&type=recursive", left.cid)).await.is_rpc_error("is not pinned");
    target.rpc(0, "pin/ls?type=bogus").await.is_rpc_error("invalid type 'bogus'");
}

async fn unpinning_has_words(target: &Target) {
    let [root, left, _] = imported(target, "pin remove").await;
    target.rpc(0, &format!("pin/add?arg={}", root.cid)).await.is(200, JSON);
    target.rpc(0, &format!("pin/rm?arg={}", left.cid)).await.is_rpc_error("not pinned or pinned indirectly");
    pins(&target.rpc(0, &format!("pin/rm?arg={}", root.cid)).await, &[&root]);
    target.rpc(0, &format!("pin/rm?arg={}", root.cid)).await.is_rpc_error("not pinned or pinned indirectly");
}

async fn pin_fetches_from_other_nodes(target: &Target) {
    let [root, _, right] = imported(target, "pin fetch").await;
    pins(&target.rpc(1, &format!("pin/add?arg={}&timeout=5s", root.cid)).await, &[&root]);
    target.rpc(1, &format!("block/stat?arg={}&offline=true", right.cid)).await.is(200, JSON);
}

/// The question that a warm reading asks: what the records of these names point at, from this node's own store.
fn shown(names: &[String]) -> String {
    let args: String = names.iter().map(|name| format!("arg=%2Fipns%2F{name}&")).collect();
    format!("pin/ls?{args}type=recursive&offline=true&stream=true")
}

/// A pinned root with a record on node 0; its name.
async fn pinned_and_named(target: &Target, seed: &str, sequence: u64) -> (String, Made) {
    let [root, ..] = imported(target, seed).await;
    target.rpc(0, &format!("pin/add?arg={}", root.cid)).await.is(200, JSON);
    let key = Key::of(seed);
    target.store(0, &key.k51(), &key.record(&format!("/ipfs/{}", root.cid), sequence, FAR)).await;
    (key.k51(), root)
}

async fn names_are_resolved_offline_and_in_order(target: &Target) {
    let (first, one) = pinned_and_named(target, "shown one", 1).await;
    let (second, two) = pinned_and_named(target, "shown two", 5).await;
    for (names, roots) in
        [([first.clone(), second.clone()], [&one, &two]), ([second.clone(), first.clone()], [&two, &one])]
    {
        let answer = target.rpc(0, &shown(&names)).await;
        let lines: Vec<Value> =
            answer.is(200, JSON).text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let cids: Vec<&str> = lines.iter().map(|line| line["Cid"].as_str().unwrap()).collect();
        assert_eq!(cids, roots.map(|root| root.cid.to_string()));
        assert!(answer.text().len() < 200, "{}", answer.text());
    }
    // A record that only another node has is none, and no walk is waited for.
    target.rpc(1, &shown(std::slice::from_ref(&first))).await.is_rpc_error("could not resolve name");
    // It is read anew each time.
    let key = Key::of("shown one");
    target.store(0, &first, &key.record(&format!("/ipfs/{}", two.cid), 2, FAR)).await;
    let text = target.rpc(0, &shown(&[first])).await.text();
    assert!(text.contains(&two.cid.to_string()), "{text}");
}

async fn one_name_without_a_record_or_a_pin_spoils_the_answer(target: &Target) {
    let (named, _) = pinned_and_named(target, "shown whole", 1).await;
    let missing = Key::of("shown missing").k51();
    stops_at_the_second(target, &[named.clone(), missing.clone()], "could not resolve name").await;
    target.rpc(0, &shown(&[missing, named.clone()])).await.is_rpc_error("could not resolve name");
    let [root, ..] = imported(target, "shown unpinned").await;
    let key = Key::of("shown unpinned");
    target.store(0, &key.k51(), &key.record(&format!("/ipfs/{}", root.cid), 1, FAR)).await;
    let words = format!("path '/ipns/{}' is not pinned", key.k51());
    stops_at_the_second(target, &[named.clone(), key.k51()], &words).await;
    target.rpc(0, &shown(&[key.k51(), named])).await.is_rpc_error(&words);
}

/// An error, or the line of the first where that was sent already.
async fn stops_at_the_second(target: &Target, names: &[String], words: &str) {
    let answer = target.rpc(0, &shown(names)).await;
    if answer.status == 200 {
        assert_eq!(answer.text().lines().count(), 1, "{}", answer.text());
    } else {
        answer.is_rpc_error(words);
    }
}

async fn garbage_is_what_no_pin_keeps(target: &Target) {
    let [kept, leaf_of_kept, _] = imported(target, "gc kept").await;
    let [loose, ..] = imported(target, "gc loose").await;
    target.rpc(0, &format!("pin/add?arg={}", kept.cid)).await.is(200, JSON);
    let answer = target.rpc(0, "repo/gc").await;
    answer.is(200, JSON);
    let stat = |cid| format!("block/stat?arg={cid}&offline=true");
    target.rpc(0, &stat(leaf_of_kept.cid)).await.is(200, JSON);
    target.rpc(0, &stat(loose.cid)).await.is_rpc_error("block was not found locally");
}

/// A root on node 0 whose second leaf is nowhere.
async fn holed(target: &Target, seed: &str) -> [Made; 3] {
    let blocks = tree(seed);
    target.import(0, &car(&[&blocks[0], &blocks[1]])).await;
    blocks
}

async fn pin_with_a_missing_child_waits(target: &Target) {
    let [root, ..] = holed(target, "pin hole").await;
    // Not even an offline call stays at home.
    hangs(target.rpc_request(0, &format!("pin/add?arg={}&offline=true", root.cid))).await;
    let answer = target.rpc(0, &format!("pin/add?arg={}&timeout=1s", root.cid)).await;
    answer.is_rpc_error_after(SECOND, "context deadline exceeded");
}

async fn pin_with_a_missing_child_ends_without_its_last_line(target: &Target) {
    let [root, ..] = holed(target, "pin hole told").await;
    let answer = target.rpc(0, &format!("pin/add?arg={}&progress=true&timeout=1s", root.cid)).await;
    answer.is_after(SECOND, 200, JSON).says("\"Progress\":2");
    assert!(!answer.text().contains("Pins"), "{}", answer.text());
    target.rpc(0, &format!("pin/ls?arg={}&type=recursive", root.cid)).await.is_rpc_error("is not pinned");
}

async fn update_with_a_missing_child_waits(target: &Target) {
    let [old, left, _] = imported(target, "pin update hole").await;
    let new = node(&[&left, &leaf("pin update nowhere")]);
    target.import(0, &car(&[&new])).await;
    target.rpc(0, &format!("pin/add?arg={}", old.cid)).await.is(200, JSON);
    let update = format!("pin/update?arg={}&arg={}&unpin=false", old.cid, new.cid);
    hangs(target.rpc_request(0, &update)).await;
    target
        .rpc(0, &format!("{update}&timeout=1s"))
        .await
        .is_rpc_error_after(SECOND, "context deadline exceeded");
}
