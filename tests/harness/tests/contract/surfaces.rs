//! What is where, for whom: methods, origins, `/routing/v1`.

use reqwest::Method;

use crate::made::{FAR, Key, PAST, some_value};
use crate::target::{Answer, Target, send};
use crate::{Check, checks};

pub const CHECKS: &[Check] = checks![
    rpc_tells_its_version_and_id,
    rpc_takes_posts_only,
    rpc_refuses_browsers,
    unknown_commands_are_404,
    routing_gives_records,
    routing_names_are_cids,
    routing_misses_with_200_and_text,
    routing_put_spreads,
    routing_put_says_yes_to_an_older_record,
    routing_put_refuses_what_is_wrong,
    routing_put_needs_its_type,
];

const RECORD: &str = "application/vnd.ipfs.ipns-record";

async fn rpc_tells_its_version_and_id(target: &Target) {
    let version = target.rpc(0, "version").await;
    assert_eq!(version.is(200, "application/json").json()["Version"], target.version());
    let ids = [target.rpc(0, "id").await, target.rpc(1, "id").await];
    let [one, other] = ids.map(|answer| answer.is(200, "application/json").json()["ID"].clone());
    assert!(one.as_str().unwrap().starts_with("12D3KooW"));
    assert_ne!(one, other);
}

async fn rpc_takes_posts_only(target: &Target) {
    let url = format!("{}/api/v0/version", target.api(0));
    let get = send(target.request(Method::GET, url.clone())).await.unwrap();
    get.is_text(405, "405 - Method Not Allowed");
    assert_eq!(get.header("allow"), "OPTIONS, POST");
    assert_eq!(send(target.request(Method::PUT, url.clone())).await.unwrap().status, 405);
    assert_eq!(send(target.request(Method::OPTIONS, url)).await.unwrap().status, 204);
}

async fn rpc_refuses_browsers(target: &Target) {
    let refused = [
        ("origin", "http://evil.example"),
        ("origin", "tauri://localhost"),
        ("referer", "http://evil.example/page"),
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64)"),
    ];
    for (name, value) in refused {
        let answer = send(target.rpc_request(0, "version").header(name, value)).await.unwrap();
        answer.is_text(403, "403 - Forbidden");
    }
    let own = target.rpc_request(0, "version").header("origin", target.api(0));
    send(own).await.unwrap().is(200, "application/json");
}

async fn unknown_commands_are_404(target: &Target) {
    target.rpc(0, "no/such").await.is_text(404, "404 page not found");
}

async fn routing_gives_records(target: &Target) {
    let key = Key::of("routing get");
    let raw = key.record(&some_value(), 1, FAR);
    target.store(0, &key.k51(), &raw).await;
    let showing: &[usize] = if target.shares_offline_puts() { &[0, 1] } else { &[0] };
    for i in showing.iter().copied() {
        let got = target.get(i, &format!("/routing/v1/ipns/{}", key.k51())).await;
        assert_eq!(got.is(200, RECORD).body, raw, "node {i}");
    }
    let path = format!("/routing/v1/ipns/{}", key.k51());
    assert_eq!(target.head(0, &path).await.status, 405);
    let tag = target.get(0, &path).await.header("etag").to_owned();
    assert!(tag.starts_with('"'));
    let condition = target.gateway(Method::GET, 0, &path).header("if-none-match", tag);
    assert_eq!(send(condition).await.unwrap().status, 200);
    let other = target.gateway(Method::GET, 0, &path).header("accept", "application/json");
    send(other).await.unwrap().is_text(406, "not supported");
}

async fn routing_names_are_cids(target: &Target) {
    let key = Key::of("routing names");
    let raw = key.record(&some_value(), 1, FAR);
    target.store(0, &key.k51(), &raw).await;
    assert_eq!(target.get(0, &format!("/routing/v1/ipns/{}", key.base32())).await.is(200, RECORD).body, raw);
    for wrong in [key.name().peer_id(), "xx".to_owned()] {
        target.get(0, &format!("/routing/v1/ipns/{wrong}")).await.is_text(400, "unable to parse CID");
    }
}

async fn routing_misses_with_200_and_text(target: &Target) {
    let name = Key::of("routing missing").k51();
    target.get(0, &format!("/routing/v1/ipns/{name}")).await.is_text(200, "routing: not found");
}

async fn put(target: &Target, key: &Key, raw: Vec<u8>, content_type: Option<&str>) -> Answer {
    let mut request = target.gateway(Method::PUT, 0, &format!("/routing/v1/ipns/{}", key.k51())).body(raw);
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    send(request).await.unwrap()
}

async fn routing_put_spreads(target: &Target) {
    let key = Key::of("routing put");
    let raw = key.record(&some_value(), 1, FAR);
    let answer = put(target, &key, raw.clone(), Some(RECORD)).await;
    assert_eq!(answer.is(200, "").body, b"");
    for i in 0..crate::NODES {
        assert_eq!(target.own_record(i, &key.k51()).await.as_ref(), Some(&raw), "node {i}");
    }
}

async fn routing_put_says_yes_to_an_older_record(target: &Target) {
    let key = Key::of("routing older");
    let held = key.record(&some_value(), 2, FAR);
    target.store(0, &key.k51(), &held).await;
    put(target, &key, key.record(&some_value(), 1, FAR), Some(RECORD)).await.is(200, "");
    assert_eq!(target.own_record(0, &key.k51()).await, Some(held));
}

async fn routing_put_refuses_what_is_wrong(target: &Target) {
    let key = Key::of("routing wrong");
    let cases = [
        (key.record(&some_value(), 1, PAST), "record is expired"),
        (b"nonsense".to_vec(), "record is malformed"),
        (Vec::new(), "record is malformed"),
        (key.forged(1), "signature verification failed"),
        (key.record(&format!("/ipfs/{}", "x".repeat(11_000)), 1, FAR), "record is malformed"),
    ];
    for (raw, words) in cases {
        put(target, &key, raw, Some(RECORD)).await.is_text(400, words);
    }
    assert_eq!(target.own_record(0, &key.k51()).await, None);
}

async fn routing_put_needs_its_type(target: &Target) {
    let key = Key::of("routing type");
    for wrong in [None, Some("text/plain")] {
        let answer = put(target, &key, key.record(&some_value(), 1, FAR), wrong).await;
        answer.is_text(406, "missing or not supported");
    }
}
