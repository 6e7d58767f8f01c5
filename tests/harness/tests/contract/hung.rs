//! One node of the cluster accepts and never answers: what that does to the others.

use std::time::Duration;

use reqwest::Method;

use crate::made::{FAR, Key, car, some_value, tree};
use crate::target::{Target, hangs};
use crate::{Check, GATEWAY_WAIT, checks};

pub const CHECKS: &[Check] = checks![
    hung_node_accepts_and_says_nothing,
    offline_calls_are_not_touched,
    held_names_are_read_at_once,
    content_moves_between_the_others,
    missing_name_hangs,
    name_held_elsewhere_hangs,
    online_put_hangs_and_with_a_timeout_stays_here,
    gateway_hangs_for_a_missing_name,
];

const SECOND: Duration = Duration::from_secs(1);
const RECORD: &str = "application/vnd.ipfs.ipns-record";

async fn hung_node_accepts_and_says_nothing(target: &Target) {
    hangs(target.rpc_request(crate::NODES - 1, "version")).await;
    hangs(target.gateway(Method::GET, crate::NODES - 1, "/ipfs/bafkqaaa?format=raw")).await;
}

async fn offline_calls_are_not_touched(target: &Target) {
    let key = Key::of("hung offline");
    let name = key.k51();
    target.rpc(0, &format!("name/get?arg={name}&offline=true")).await.is_rpc_error(&target.words("absent"));
    let raw = key.record(&some_value(), 1, FAR);
    target
        .upload(0, &format!("routing/put?arg=/ipns/{name}&offline=true"), &raw)
        .await
        .is(200, "application/json");
    assert_eq!(target.own_record(0, &name).await, Some(raw));
}

async fn held_names_are_read_at_once(target: &Target) {
    let key = Key::of("hung held");
    let raw = key.record(&some_value(), 1, FAR);
    target.store(0, &key.k51(), &raw).await;
    assert_eq!(target.rpc(0, &format!("name/get?arg={}", key.k51())).await.is(200, RECORD).body, raw);
    let path = format!("/ipns/{}?format=ipns-record", key.k51());
    assert_eq!(target.get(0, &path).await.is(200, RECORD).body, raw);
}

async fn content_moves_between_the_others(target: &Target) {
    let [root, left, right] = tree("hung content");
    target.import(1, &car(&[&root, &left, &right])).await;
    target.rpc(0, &format!("pin/add?arg={}&timeout=5s", root.cid)).await.is(200, "application/json");
}

async fn missing_name_hangs(target: &Target) {
    let name = Key::of("hung missing").k51();
    hangs(target.rpc_request(0, &format!("name/get?arg={name}"))).await;
    let answer = target.rpc(0, &format!("name/get?arg={name}&timeout=1s")).await;
    answer.is_rpc_error_after(SECOND, "context deadline exceeded");
}

async fn name_held_elsewhere_hangs(target: &Target) {
    let key = Key::of("hung elsewhere");
    target.store(1, &key.k51(), &key.record(&some_value(), 1, FAR)).await;
    let answer = target.rpc(0, &format!("name/get?arg={}&timeout=1s", key.k51())).await;
    answer.is_rpc_error_after(SECOND, "context deadline exceeded");
}

async fn online_put_hangs_and_with_a_timeout_stays_here(target: &Target) {
    let key = Key::of("hung put");
    let raw = key.record(&some_value(), 1, FAR);
    let call = format!("routing/put?arg=/ipns/{}", key.k51());
    let answer = target.upload(0, &format!("{call}&timeout=1s"), &raw).await;
    answer.is_after(SECOND, 200, "application/json");
    assert_eq!(target.own_record(0, &key.k51()).await.as_ref(), Some(&raw));
    assert_eq!(target.own_record(1, &key.k51()).await, None);
    hangs(target.upload_request(0, &call, &raw)).await;
    let other = Key::of("hung name put");
    let call = format!("name/put?arg={}&timeout=1s", other.k51());
    let answer = target.upload(0, &call, &other.record(&some_value(), 1, FAR)).await;
    answer.is_after(SECOND, 200, "application/json");
}

async fn gateway_hangs_for_a_missing_name(target: &Target) {
    let name = Key::of("hung gateway").k51();
    hangs(target.gateway(Method::GET, 0, &format!("/routing/v1/ipns/{name}"))).await;
    for format in ["ipns-record", "raw"] {
        let answer = target.get(0, &format!("/ipns/{name}?format={format}")).await;
        answer.is_after(GATEWAY_WAIT, 504, "text/plain; charset=utf-8").says("Unable to retrieve content");
    }
}
